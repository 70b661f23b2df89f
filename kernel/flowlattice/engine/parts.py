"""What of a record is not a member of its JSON: fields that are headers, and the one that is the body itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from pydantic import BaseModel

from flowlattice.headers import header_value
from flowlattice.record import placed


@dataclass(frozen=True, slots=True)
class Parts:
    """How the records of one class are taken apart.

    Attributes:
        headers: Attribute and header of each field that is a header.
        hidden: The attributes that are in no answer: ids of sessions.
        body: The attribute that is the body; none where the body is the object of all fields that are no headers.
    """

    headers: tuple[tuple[str, bytes], ...]
    body: str | None
    hidden: tuple[str, ...] = ()

    @classmethod
    def of(cls, record: type[BaseModel]) -> Parts | None:
        """How a class is taken apart; none where all its fields are members of its JSON."""
        places = {name: placed(info) for name, info in record.model_fields.items()}
        headers = tuple(
            (name, (record.model_fields[name].alias or name).lower().encode())
            for name, place in places.items()
            if place == "header"
        )
        body = next((name for name, place in places.items() if place == "body"), None)
        hidden = tuple(name for name, place in places.items() if place == "session")
        return cls(headers, body, hidden) if headers or hidden or body is not None else None

    @property
    def outside(self) -> set[str]:
        """The attributes that are no members of the JSON."""
        return {name for name, _ in self.headers} | {*self.hidden}

    def header_lines(self, record: BaseModel) -> tuple[tuple[bytes, bytes], ...]:
        """The headers that a record stands for; one whose value is null is left out."""
        values = ((header, getattr(record, name)) for name, header in self.headers)
        return tuple((header, header_value(text_of(value)).encode()) for header, value in values if value is not None)


def text_of(value: object) -> str:
    """A value where it stands as text, as in its JSON but without quotes."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if isinstance(value, date) else str(value)
