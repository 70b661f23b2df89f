"""What a run's model calls have cost, read from its record."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

from pydantic import BaseModel, ConfigDict

RECORD_FILE = "exchanges.jsonl"


class Spending(BaseModel):
    """Calls, tokens and money.

    Attributes:
        usd: Money, as a decimal text in dollars.
        tokens: All tokens, read and written.
        prompt_tokens: Tokens that were read.
        completion_tokens: Tokens that were written.
        calls: Calls that were answered.
    """

    model_config = ConfigDict(frozen=True)

    usd: str = "0"
    tokens: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    calls: int = 0


def spending_of(folder: Path) -> Spending:
    """What the exchanges in a run's folder have cost; a line that a crash cut off is not counted."""
    file = folder / RECORD_FILE
    if not file.exists():
        return Spending()
    usd, read, written, calls = Decimal(0), 0, 0, 0
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            exchange = json.loads(line)
        except ValueError:
            continue
        usd += Decimal(exchange["usd"])
        read += exchange["usage"]["prompt_tokens"]
        written += exchange["usage"]["completion_tokens"]
        calls += 1
    return Spending(
        usd=f"{usd.normalize():f}", tokens=read + written, prompt_tokens=read, completion_tokens=written, calls=calls
    )
