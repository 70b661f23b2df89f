"""Parts of a table, as many rows as are cleaned at once."""

from flowlattice import Record


class Rows(Record, data="internal"):
    """A part of a file.

    Attributes:
        source: The file's digest.
        number: Which part of it, from 0.
        rows: Cells by column.
    """

    source: str
    number: int
    rows: list[dict[str, str]]
