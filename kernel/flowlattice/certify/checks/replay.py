"""Replay: strict routes answer byte for byte the same in processes that differ in all that must not matter."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import cast

from pydantic import JsonValue

from flowlattice.certify.bench import Bench
from flowlattice.certify.laboratory import WORLDS
from flowlattice.certify.model import Check

NAME = "replay"
TITLE = "Strict routes answer the same in other processes, zones and locales"


def applies(bench: Bench) -> str | None:
    """It needs a route."""
    return bench.no_routes()


def run(bench: Bench) -> Check:
    """Answer some requests of each strict route again in every world."""
    made = cast(Mapping[str, JsonValue], bench.probe("replayed", bench.subject()))
    requests, answers = made["requests"], made["answers"]
    if not requests:
        return Check(name=NAME, verdict="not_applicable", summary="no route is strict from end to end")

    def again(world: int) -> JsonValue:
        return bench.probe(NAME, {"requests": requests}, world=world)

    with ThreadPoolExecutor(max_workers=len(WORLDS)) as pool:
        replays = list(pool.map(again, range(len(WORLDS))))
    differing = sum(replay != answers for replay in replays)
    if differing:
        said = f"{differing} of {len(WORLDS)} processes answered otherwise"
        return Check(name=NAME, verdict="failed", summary=said, failures=(said,), parts=bench.route_parts("failed"))
    count = len(cast(list[JsonValue], requests))
    summary = f"{count} answers repeated in {len(WORLDS)} processes of other hash seeds, zones and locales"
    return Check(name=NAME, verdict="passed", summary=f"{summary}, byte for byte", parts=bench.route_parts("passed"))
