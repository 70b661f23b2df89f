"""`backend = "smtp"`: a mail server that takes messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from flowlattice.bindings.entries.base import BaseEntry
from flowlattice.bindings.references import Reference, Source


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

    def references(self) -> Mapping[str, Source]:
        """The password."""
        return {} if self.password is None else {"password": self.password}

    def addresses(self) -> tuple[tuple[str, int], ...]:
        """The server."""
        return ((self.host, self.port),)
