"""Lowering of edges: as they were connected, then what was said of them afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from uuid import UUID

from flowlattice.durations import in_ms
from flowlattice.ir import model as ir
from flowlattice.ir._keys import on_the_wire
from flowlattice.ir._ports import PortTypes
from flowlattice.ir.numbers import whole
from flowlattice.ir.schemas import Schemas
from flowlattice.language.edges import Buffer, Connection, EdgeControls, Spill
from flowlattice.language.flow import Flow


@dataclass(frozen=True)
class EdgeLowering:
    """Lowers the edges of one flow; `ids` are the nodes' by the identity of their elements."""

    flow: Flow
    ids: Mapping[int, UUID]
    schemas: Schemas
    ports: PortTypes

    def edge(self, connection: Connection) -> ir.Edge:
        """A connection with all that was said of it; the last word counts."""
        later = [statement for statement in self.flow.edge_statements if statement.joins(connection)]
        controls = reduce(EdgeControls.then, (statement.controls for statement in later), connection.controls)
        return ir.Edge(
            source_id=self.ids[id(connection.source)],
            target_id=self.ids[id(connection.target)],
            case=connection.case,
            into=connection.into,
            ordering=controls.ordering or "ordered",
            delivery=controls.delivery or "at_least_once",
            partition_key=self._partition_key(connection),
            buffer=_buffer(controls.buffer),
            timeout_ms=in_ms(controls.timeout),
            carries=self.schemas.name(self.ports.output(connection.source, connection.case)),
            controls=tuple(self._statements(connection, later)),
            source=self.schemas.source(connection.place),
        )

    def misplaced(self) -> Iterator[ir.Misplaced]:
        """Statements about edges that nobody connected."""
        for statement in self.flow.edge_statements:
            if not any(statement.joins(connection) for connection in self.flow.connections):
                source = self.schemas.source(statement.place)
                name = statement.source.name + (f".{statement.case}" if statement.case is not None else "")
                for control in statement.controls.names():
                    yield ir.Misplaced.model_validate(
                        {"control": control, "source_name": name, "target_name": statement.target.name,
                         "source": source}
                    )  # fmt: skip

    def said(self, statement: Connection) -> ir.Buffer:
        """The buffer that one statement alone gives an edge.

        Raises:
            TypeError: Its timeout is no duration.
            ValueError: What it says of the buffer cannot be.
        """
        in_ms(statement.controls.timeout)
        return whole(_buffer(statement.controls.buffer))

    def spills(self) -> Iterator[ir.Surface]:
        """The edges that spill, as surfaces that govern both ends."""
        for connection in self.flow.connections:
            edge = self.edge(connection)
            if edge.buffer.on_full == "spill":
                yield ir.Surface(
                    kind="spill",
                    targets=(edge.source_id, edge.target_id),
                    config={
                        "bytes": edge.buffer.spill_bytes,
                        "bandwidth_bytes_s": edge.buffer.spill_bytes_per_s,
                        "blob": edge.buffer.spill_blob,
                    },
                    source=edge.controls[-1].source if edge.controls else edge.source,
                )

    def _partition_key(self, connection: Connection) -> str | None:
        record = self.ports.incoming(connection.target)
        keys = [part.fields for part in self.flow.partitions if part.target is connection.target]
        return ",".join(on_the_wire(keys[-1], record)) if keys else None

    def _statements(self, connection: Connection, later: list[Connection]) -> Iterator[ir.EdgeControl]:
        """What was said after it was connected; what `connect` said too counts where it is said again."""
        repeated = {name for one in later for name in one.controls.names()}
        for one in (connection, *later):
            for control in one.controls.names():
                if control in repeated:
                    source = self.schemas.source(one.place)
                    yield ir.EdgeControl.model_validate({"control": control, "source": source})


def _buffer(given: Buffer | None) -> ir.Buffer:
    if given is None:
        return ir.Buffer()
    spill = given.spill or Spill()
    return ir.Buffer(
        max_items=given.max_items,
        spill_bytes=spill.max_bytes,
        spill_bytes_per_s=spill.bytes_per_second,
        spill_blob=spill.blob,
        on_full=given.on_full or ("backpressure" if given.spill is None else "spill"),
    )
