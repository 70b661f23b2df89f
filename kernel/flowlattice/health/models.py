"""Whether language models can be asked: is their library there, and their price known where money bounds their use."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from importlib.util import find_spec

from flowlattice.bindings.entries import Entry, OpenaiEntry
from flowlattice.chat import known_price


def language_models(entry: Entry, unpriced: Iterable[str]) -> tuple[str, str] | None:
    """What is wrong, and what helps; nothing for other backends.

    Args:
        entry: What a binding is bound to.
        unpriced: Models whose use money bounds, and of which the flow does not say what they cost.
    """
    if not isinstance(entry, OpenaiEntry):
        return None
    if find_spec("openai") is None:
        return "the OpenAI SDK is not installed", "pip install 'flowlattice[openai]'"
    today = datetime.now(UTC).date()
    unknown = [model for model in unpriced if model not in entry.usd_per_million and known_price(model, today) is None]
    if not unknown:
        return None
    said = f"the price of {', '.join(name or 'its model' for name in unknown)} is not known, and money bounds its use"
    return said, 'say usd_per_million=("IN", "OUT") in model(...), or usd_per_million in the binding\'s table'
