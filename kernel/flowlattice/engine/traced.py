"""Nodes that are waited for, each as a span; a stream's lasts until its last item is through."""

from __future__ import annotations

from collections.abc import Callable

from flowlattice.engine.attempts import Attempts
from flowlattice.engine.nodes import BoundCall, Ways
from flowlattice.engine.reply import Reply
from flowlattice.engine.results import Results
from flowlattice.engine.run import Run
from flowlattice.engine.streams import Awaited, BoundStream, Otherwise
from flowlattice.engine.tracing import Tracer, spanned
from flowlattice.ir import model as ir


class TracedCall(BoundCall):
    """A `BoundCall` that is a span."""

    def __init__(  # noqa: PLR0913 - those of the base, and where spans go
        self,
        node: ir.Node,
        function: Callable[..., object],
        ways: Ways,
        *,
        in_place: bool,
        attempts: Attempts | None,
        results: Results | None,
        tracer: Tracer,
    ) -> None:
        super().__init__(node, function, ways, in_place=in_place, attempts=attempts, results=results)
        self._tracer = tracer

    async def call(self, record: object, run: Run, timeout: float | None) -> object:  # noqa: ASYNC109 - the node's own bound
        """Run the node on a record."""
        with spanned(self._tracer, self.name, "internal", _attributes(self.name, run)):
            return await super().call(record, run, timeout)


class TracedStream(BoundStream):
    """A `BoundStream` that is a span."""

    def __init__(
        self, node: ir.Node, function: Callable[..., object], ways: Ways, *, attempts: Attempts | None, tracer: Tracer
    ) -> None:
        super().__init__(node, function, ways, attempts=attempts)
        self._tracer = tracer

    async def pull(
        self,
        record: object,
        run: Run,
        timeout: float | None,  # noqa: ASYNC109 - the node's own bound
        then: Awaited,
        otherwise: Otherwise | None = None,
    ) -> Reply | None:
        """Take all that the node gives for a record."""
        with spanned(self._tracer, self.name, "internal", _attributes(self.name, run)):
            return await super().pull(record, run, timeout, then, otherwise)


def _attributes(node: str, run: Run) -> dict[str, str | int]:
    return {"flowlattice.flow": run.flow, "flowlattice.node": node, "flowlattice.run": run.id}
