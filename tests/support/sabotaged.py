"""What came of the lying flows in a run of the tests, in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

_LIE, _HONEST = "tests/sabotage/test_sabotage.py::test_lie[", "tests/sabotage/test_sabotage.py::test_honest["


def figures(stats: Mapping[str, Sequence[object]]) -> str | None:
    """How many lies were caught and how many honest twins were accused; none where none were run.

    Args:
        stats: The reports of the run by outcome, as pytest keeps them.
    """
    caught, lies = _counted(stats, _LIE)
    cleared, twins = _counted(stats, _HONEST)
    if not lies and not twins:
        return None
    return f"sabotage: {caught} of {lies} lies caught on their check alone, {twins - cleared} false alarms of {twins}"


def _counted(stats: Mapping[str, Sequence[object]], prefix: str) -> tuple[int, int]:
    """How many tests whose ids begin so passed, and how many there were."""
    ids = {
        outcome: {report.nodeid for report in stats.get(outcome, ()) if isinstance(report, pytest.TestReport)}
        for outcome in ("passed", "failed", "error")
    }
    mine = {outcome: {one for one in found if one.startswith(prefix)} for outcome, found in ids.items()}
    passed = mine["passed"] - mine["failed"] - mine["error"]
    return len(passed), len(set[str]().union(*mine.values()))
