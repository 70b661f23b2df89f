"""Which questions are asked: few, and none that the answer to another one settles."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flowlattice_agents.models.offline.routes import Gap

_SETTLED = re.compile(r"value_of_|type_of_|reply$|error_body$|expression$|example$|bands$|table$|switch$")


def asked_together(gaps: Sequence[Gap]) -> list[Gap]:
    """The gaps without repetitions, parts of sentences that are asked about as a whole, and what follows from those."""
    distinct = list({gap.text: gap for gap in gaps}.values())
    unclear = [gap for gap in distinct if gap.slot == "clause"]
    wholes = [whole for gap in unclear if (whole := _whole(gap))]
    kept = []
    for gap in distinct:
        part = gap.slot == "clause" and not _whole(gap) and any(_quoted(gap) in whole for whole in wholes)
        follows = bool(wholes) or (bool(unclear) and "your example" not in gap.text)
        settled = follows and _SETTLED.match(gap.slot) is not None
        if not part and not settled:
            kept.append(gap)
    return kept


def type_gap(name: str, likely: str | None) -> Gap:
    """The question for a field's type; what its name suggests may be assumed."""
    return Gap(f"type_of_{name}", f"What type is the field `{name}`: text, a number, a list?", likely)


def _whole(gap: Gap) -> str:
    """The sentence that a question quotes as a whole."""
    _, here, whole = gap.text.partition(' here: "')
    return whole.removesuffix('"?') if here else ""


def _quoted(gap: Gap) -> str:
    match = re.search(r'"(.+)"', gap.text, re.DOTALL)
    return match[1] if match else gap.text
