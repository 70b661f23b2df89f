"""What each hunk of a change does to the certificate of the flow as it was: which parts lose their evidence.

A hunk is applied alone and the flow built with it; where it cannot be built so, it is taken out of the whole change;
where that cannot be built either, what the whole change does is said of it. A part keeps its evidence where nothing
that it depends on is another, which is what certification carries over by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flowlattice.certify import Certificate
from flowlattice.certify.parts import parts_of
from flowlattice.ir.model import FlowIR
from flowlattice_agents.hunks import Hunk, applied, hunks
from flowlattice_agents.obligations import ir_of
from flowlattice_agents.review import Impact
from flowlattice_agents.workbench import FLOW_FILE, Workbench

MOST_BUILT = 12
"""So many hunks are looked at alone at most: each is a build of the flow."""

Parts = Mapping[str, str]


@dataclass(frozen=True)
class Impacts:
    """The hunks between two texts, and the evidence for each text.

    Attributes:
        bench: The workbench.
        before: The flow file as it was.
        after: As it is proposed.
        was: The IR of the flow as it was.
        ir: The IR of the proposal.
        certificate: The certificate of the proposal.
    """

    bench: Workbench
    before: str
    after: str
    was: FlowIR
    ir: FlowIR
    certificate: Certificate

    def of_each(self) -> tuple[Impact, ...]:
        """What each hunk does, in their order."""
        found = hunks(self.before, self.after)
        old, new = _parts(self.before, self.was), _parts(self.after, self.ir)
        return tuple(self._of(hunk, found, old, new) for hunk in found)

    def _of(self, hunk: Hunk, found: tuple[Hunk, ...], old: Parts, new: Parts) -> Impact:
        if len(found) == 1:
            return self._impact(hunk, old, new)
        if len(found) <= MOST_BUILT:
            alone = self._built(found, {hunk.number})
            if alone is not None:
                return self._impact(hunk, old, alone)
            without = self._built(found, {other.number for other in found} - {hunk.number})
            if without is not None:
                return self._impact(hunk, without, new)
        return self._impact(hunk, old, new, "it cannot be looked at alone; this is what all hunks do")

    def _built(self, found: tuple[Hunk, ...], accepted: set[int]) -> Parts | None:
        text = applied(self.before, found, accepted)
        ir = ir_of(text, self.bench)
        return None if ir is None else _parts(text, ir)

    def _impact(self, hunk: Hunk, old: Parts, new: Parts, note: str = "") -> Impact:
        loses = {name for name, digest in old.items() if new.get(name) != digest}
        adds = new.keys() - old.keys()
        again, stays = set[str](), set[str]()
        for check in self.certificate.checks:
            looked_at = {part.name for part in check.parts}
            if looked_at:
                (again if looked_at & (loses | adds) else stays).add(check.name)
            elif check.verdict != "not_applicable":
                again.add(check.name)
        return Impact(
            hunk=hunk.number,
            loses=tuple(sorted(loses)),
            adds=tuple(sorted(adds)),
            keeps=tuple(sorted(old.keys() - loses)),
            again=tuple(sorted(again)) if loses or adds else (),
            stays=tuple(sorted(stays if loses or adds else stays | again)),
            note=note,
        )


def _parts(text: str, ir: FlowIR) -> Parts:
    return parts_of({FLOW_FILE: text}, ir)
