"""Delta certification: what is known of the routes that did not change is carried over from a certificate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from flowlattice.certify.bench import Bench
from flowlattice.certify.changes import settings_digest, title
from flowlattice.certify.model import Certificate, Check, Sample
from flowlattice.certify.subject import behind
from flowlattice.ir.model import FlowIR, Node


@dataclass(frozen=True)
class Carrying:
    """What is carried over.

    Attributes:
        base: The certificate that it comes from, which passed.
        routes: All routes of the flow.
        kept: The routes that are carried over.
        settings_changed: Whether limits or promises of the whole flow are others than in the base.
    """

    base: Certificate
    routes: frozenset[str]
    kept: frozenset[str]
    settings_changed: bool

    @classmethod
    def over(cls, ir: FlowIR, only: frozenset[str] | None, base: Certificate | None) -> Carrying | None:
        """What can be carried over to a flow whose other routes did not change; none where all is to be exercised."""
        routes = frozenset(title(node) for node in ir.triggers())
        if only is None or base is None or not base.passed:
            return None
        known = {sample.route for sample in base.samples}  # a route without one was never shown to answer
        kept = (routes - only) & known
        return cls(base, routes, kept, settings_digest(ir) != base.settings) if kept else None

    def scope(self, check: str, bench: Bench, every: tuple[str, ...]) -> Bench | None:
        """What a check has to look at: all where it may be new, nothing where what it says is known."""
        if check in _WHOLE or check in self._of_the_flow():
            return replace(bench, routes=every)
        if check == "limits" or not bench.routes:
            return None
        if check == "idempotency" and not any(node.effects == "effectful" for node in self._reached(bench)):
            return None
        return bench

    def noted(self, check: Check) -> Check:
        """A check of the other routes, with the note; one that does not apply to them is the base's."""
        if check.name in _WHOLE or check.carried is not None or check.name in self._of_the_flow():
            return check
        known = self.base.check(check.name)
        if check.verdict == "not_applicable" and known is not None:
            return known.model_copy(update={"carried": self._note()})
        return check.model_copy(update={"carried": self._note()})

    def missing(self, done: set[str]) -> Iterator[Check]:
        """The base's checks that said nothing of the other routes."""
        for check in self.base.checks:
            if check.name not in done:
                yield check.model_copy(update={"carried": self._note()})

    def samples(self, fresh: Sequence[Sample]) -> list[Sample]:
        """The samples of all routes."""
        return [*(sample for sample in self.base.samples if sample.route in self.kept), *fresh]

    def _of_the_flow(self) -> frozenset[str]:
        return frozenset({"limits", "latency"}) if self.settings_changed else frozenset()

    @staticmethod
    def _reached(bench: Bench) -> Iterator[Node]:
        for start in bench.ir.triggers():
            if title(start) in bench.routes:
                yield from behind(bench.ir, start)

    def _note(self) -> str:
        return f"{len(self.kept)} of {len(self.routes)} routes carried over from certificate {self.base.digest[:12]}"


_WHOLE = frozenset({"examples", "host"})
