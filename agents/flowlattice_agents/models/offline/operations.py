"""What the grammar's heads mean in operators of the catalogue (`grammar/operations.txt`), and the catalogue's own phrases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from flowlattice.operators import Operator, catalogue

_LINE = re.compile(r"(?P<head>\w+) (?P<args>[\w ]+?) (?P<open>\?)?= (?P<templates>.+)")


@dataclass(frozen=True)
class Operation:
    """A head with so many arguments: templates over `$a`, `$b`; with `open` all that fit are readings."""

    parameters: tuple[str, ...]
    templates: tuple[str, ...]
    open: bool

    def fill(self, arguments: tuple[str, ...]) -> list[str]:
        """The templates with these expressions as arguments."""
        values = dict(zip(self.parameters, arguments, strict=True))
        return [re.sub(r"\$(\w)", lambda match: f"({values[match[1]]})", template) for template in self.templates]


@cache
def operations() -> Mapping[str, tuple[Operation, ...]]:
    """The operations of each head."""
    found: dict[str, tuple[Operation, ...]] = {}
    text = (resources.files(__package__) / "grammar" / "operations.txt").read_text("utf-8")
    for line in text.splitlines():
        match = _LINE.fullmatch(line.strip())
        if match is not None and not line.startswith("#"):
            operation = Operation(
                tuple(match["args"].split()),
                tuple(part.strip() for part in match["templates"].split(" ; ")),
                bool(match["open"]),
            )
            found[match["head"]] = (*found.get(match["head"], ()), operation)
    return found


def operation(head: str, count: int) -> Operation | None:
    """The operation of a head with so many arguments."""
    return next((found for found in operations().get(head, ()) if len(found.parameters) == count), None)


@cache
def phrases() -> Mapping[tuple[str, ...], tuple[Operator, ...]]:
    """The catalogue's operators by the words that name them."""
    found: dict[tuple[str, ...], tuple[Operator, ...]] = {}
    for named in catalogue().values():
        for phrase in named.phrases:
            words = tuple(re.findall(r"[^\W_]+", phrase.lower()))
            if words and named not in found.get(words, ()):
                found[words] = (*found.get(words, ()), named)
    return found
