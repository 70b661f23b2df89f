"""Facts about a flow that a brief expects of its IR."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from pydantic import JsonValue

from flowlattice_agents.evals.brief import Expectation, Fields, Match
from flowlattice_agents.evals.matching import matches


def first_missing(expect: Expectation, ir: Fields) -> str | None:
    """What the IR lacks of what is expected, as a sentence; none if it lacks nothing."""
    return next(_missing(expect, ir), None)


def _missing(expect: Expectation, ir: Fields) -> Iterator[str]:
    if expect.profile is not None and ir.get("profile") != expect.profile:
        yield f"the profile is {ir.get('profile')}, not {expect.profile}"
    triggers = [node.get("trigger") or {} for node in _parts(ir, "nodes")]
    if expect.trigger is not None and not any(matches(cast(JsonValue, expect.trigger), found) for found in triggers):
        yield f"no trigger has {expect.trigger}; there are {[found for found in triggers if found]}"
    wanted: tuple[tuple[str, Sequence[Match]], ...] = (
        ("nodes", expect.nodes),
        ("edges", expect.edges),
        ("surfaces", expect.surfaces),
    )
    for kind, parts in wanted:
        for part in parts:
            found = sum(matches(cast(JsonValue, part.match), entry) for entry in _parts(ir, kind))
            if found < part.min:
                yield f"{found} {kind} have {part.match}, not {part.min}"
    places = len(_parts(ir, "checkpoints"))
    if expect.checkpoints is not None and places < expect.checkpoints.min:
        yield f"{places} checkpoints, not {expect.checkpoints.min}"


def _parts(ir: Fields, kind: str) -> list[Fields]:
    found = ir.get(kind)
    return [part for part in found if isinstance(part, dict)] if isinstance(found, list) else []
