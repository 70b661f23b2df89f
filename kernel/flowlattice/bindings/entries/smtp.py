"""`backend = "smtp"`: a mail server that takes messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from pydantic import Field, model_validator

from flowlattice.bindings.entries.base import BaseEntry
from flowlattice.bindings.references import Reference, Source

_THIS_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class SmtpEntry(BaseEntry):
    """For mail.send.

    Attributes:
        host: The server.
        port: Its port.
        sender: The address that messages come from.
        tls: `start` (STARTTLS), `whole` (from the first byte) or `none` (on this machine alone).
        username: Who connects; none where the server asks nobody.
        password: The user's password.
    """

    backend: Literal["smtp"]
    host: str
    port: int = Field(default=587, gt=0, le=65_535)
    sender: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")
    tls: Literal["start", "whole", "none"] = "start"
    username: str | None = None
    password: Reference | None = None

    @model_validator(mode="after")
    def _is_private(self) -> SmtpEntry:
        if self.tls == "none" and self.host not in _THIS_MACHINE:
            raise ValueError(
                'tls = "none" is for a server on this machine alone; what is sent could be read on the way'
            )
        return self

    def references(self) -> Mapping[str, Source]:
        """The password."""
        return {} if self.password is None else {"password": self.password}

    def addresses(self) -> tuple[tuple[str, int], ...]:
        """The server."""
        return ((self.host, self.port),)
