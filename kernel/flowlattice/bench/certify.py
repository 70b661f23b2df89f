"""`flows bench certify`: what certifying costs: a small flow, a larger one, and that one again after a change.

Whole processes are measured, from their start to their end, as a person runs them. The change is in the code of one
node, another one each time; it is certified since the certificate before it, and as a whole.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Final

from flowlattice.bench.processes import timed
from flowlattice.bench.report import FLOW, Bound, Report, Reporter, Task
from flowlattice.bench.rounds import Measured
from flowlattice.errors import EngineUnavailable, UsageError

SMALL, LARGE = "s01_echo", "s02_site"
MOST_S: Final = {SMALL: 20.0, LARGE: 60.0}
SHARE: Final = 1 / 3
"""After a change of one node, at most this share of what a whole certification may take."""

_FIELDS: Final = {"wall_s": "time from start to end, s", "cpu_s": "CPU time of all processes, s"}
_WHOLE: Final = "whole"
_NODE: Final = "def render_missing"
_TEXT: Final = "There is no page"
_LONGEST: Final = timedelta(minutes=10)


def measure(reporter: Reporter, examples: Path) -> Report:
    """Measure all.

    Args:
        reporter: Where the results go.
        examples: The folder with the examples S1 and S2.

    Raises:
        UsageError: They are not there.
        EngineUnavailable: A process could not be run, or certified nothing.
    """
    for name in (SMALL, LARGE):
        if not (examples / name / "flow.py").is_file():
            raise UsageError(f"{examples / name}: no flow there; name the examples' folder with --examples")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        for name in (SMALL, LARGE):
            flow = examples / name
            reporter.measure(
                Task(
                    title=f"flows certify {name}",
                    fields=_FIELDS,
                    arms={FLOW: lambda flow=flow: _certified(home, flow)[0]},  # type: ignore[misc]  # bound now
                    bounds=[Bound(field="wall_s", most=MOST_S[name])],
                )
            )
        changing = _Changing(home, Path(shutil.copytree(examples / LARGE, Path(folder) / LARGE)))
        reporter.measure(
            Task(
                title=f"{LARGE} after a change of one node, since the certificate before it",
                fields=_FIELDS,
                arms={FLOW: changing.since, _WHOLE: changing.whole},
                bounds=[Bound(field="wall_s", most=MOST_S[LARGE] * SHARE)],
            )
        )
    arms = {
        FLOW: "flows certify, in a process of its own",
        _WHOLE: "the same changed flow without a certificate before",
    }
    return reporter.report("certify", arms)


class _Changing:
    """A flow in which one node changes, again and again."""

    def __init__(self, home: Path, flow: Path) -> None:
        self._home, self._flow = home, flow
        self._changes = 0
        self._before = _certified(home, flow)[1]

    def since(self) -> Measured:
        """Change it, and certify what the change touches."""
        self._change()
        measured, self._before = _certified(self._home, self._flow, "--changed-since", self._before)
        return measured

    def whole(self) -> Measured:
        """Certify it as it is, as a whole."""
        return _certified(self._home, self._flow)[0]

    def _change(self) -> None:
        file = self._flow / "flow.py"
        before, node, after = file.read_text(encoding="utf-8").partition(_NODE)
        self._changes += 1
        changed = after.replace(_TEXT, f"{_TEXT}, {self._changes},", 1)
        if changed == after:
            raise EngineUnavailable(f"{file}: not the example that is measured here")
        file.write_text(before + node + changed, encoding="utf-8")


def _certified(home: Path, flow: Path, *options: str) -> tuple[Measured, str]:
    """Certify in a process of its own; gives what it took, and the certificate's digest."""
    took = timed(home, ["-m", "flowlattice", "certify", str(flow), "--json", *options], most=_LONGEST)
    return Measured({"wall_s": took.wall_s, "cpu_s": took.cpu_s}), str(json.loads(took.stdout)["digest"])
