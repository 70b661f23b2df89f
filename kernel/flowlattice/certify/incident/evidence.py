"""What there is to look at: logged calls, how runs ended, kept keys, and the flow as it stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from flowlattice.bindings.call_log import LoggedCall, logged
from flowlattice.bindings.kept import KeptKey, kept_keys
from flowlattice.capabilities import registry
from flowlattice.engine.calls import RunEnd
from flowlattice.ir.model import FlowIR
from flowlattice.lattice import Effects

SETTLED: Final = timedelta(minutes=5)
"""A run of which nothing was heard for so long has ended: effects are given up and written within two minutes."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known of a flow's effects.

    Attributes:
        flow: The flow's name.
        since: From when calls are looked at.
        now: When they were read.
        calls: Its effects: calls that carry a key, or change something, oldest first.
        ends: How runs ended whose effects are undone where they fail.
        kept: The keys that its stores remember, of whatever time.
        ir: The flow as it stands; none where nobody said where it is.
    """

    flow: str
    since: datetime
    now: datetime
    calls: tuple[LoggedCall, ...]
    ends: Mapping[str, RunEnd]
    kept: tuple[KeptKey, ...]
    ir: FlowIR | None = None

    def is_over(self, run: str) -> bool:
        """Whether a run has ended, or nothing was heard of it for long."""
        last = max((call.at for call in self.calls if call.run == run), default=self.since)
        return run in self.ends or self.now - last > SETTLED


def gathered(  # noqa: PLR0913 - where each part comes from
    flow: str, *, since: datetime, now: datetime, logs: Iterable[Path], stores: Iterable[Path], ir: FlowIR | None
) -> Evidence:
    """Read what there is.

    Args:
        flow: The flow's name.
        since: From when calls are looked at.
        now: The time.
        logs: Files of run logs.
        stores: Files that keep keys.
        ir: The flow as it stands.
    """
    calls: list[LoggedCall] = []
    ends: dict[str, RunEnd] = {}
    for log in dict.fromkeys(logs):
        read, ended = logged(log, flow, since)
        calls += [call for call in read if _is_effect(call)]
        ends |= ended
    kept = tuple(key for key in kept_keys(stores) if key.flow == flow)
    return Evidence(
        flow=flow,
        since=since,
        now=now,
        calls=tuple(sorted(calls, key=lambda call: call.at)),
        ends=ends,
        kept=kept,
        ir=ir,
    )


def _is_effect(call: LoggedCall) -> bool:
    declared = registry.named(call.capability)
    changes = declared is None or declared.effects is Effects.EFFECTFUL
    return call.capability != "dedupe" and (changes or call.key is not None)
