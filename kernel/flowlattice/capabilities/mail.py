"""Sending mail."""

from __future__ import annotations

from typing import Protocol

from flowlattice.capabilities.base import capability
from flowlattice.lattice import Determinism, Effects


@capability(
    "mail.send",
    effects=Effects.EFFECTFUL,
    determinism=Determinism.BEST_EFFORT,
    retry_owner="orchestrator",
    idempotent_sink=False,
    backends=["smtp"],
)
class Mail(Protocol):
    """Sending messages; who they come from is the binding's to say.

    SMTP knows no keys: a message that is sent again arrives again, with the same Message-ID.
    """

    async def send(self, *, to: str, subject: str, text: str, reply_to: str | None = None) -> None:
        """Send a message of plain text to one address."""
