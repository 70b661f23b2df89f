"""Flow IR made by hand, for what is planned from IR alone."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from flowlattice.ir import model as ir

HERE = ir.Source(file="flow.py", line=1)


class Drawn:
    """A flow that is put together node by node; what is connected is named.

    `edge("gate[true]", "charge")` leaves the branch `true` of `gate`; `edge("a", "pair.left")` reaches a side.
    """

    def __init__(self, name: str = "drawn", profile: str = "web", version: str = "1.0.0", **more: Any) -> None:
        self.name, self.version, self.profile, self.more = name, version, profile, more
        self.nodes: dict[str, ir.Node] = {}
        self.edges: list[ir.Edge] = []
        self.surfaces: list[ir.Surface] = []
        self.checkpoints: list[ir.Checkpoint] = []
        self.subflows: dict[str, ir.FlowIR] = {}

    def id(self, name: str):
        """A node's id."""
        return ir.node_id(self.name, self.version, name)

    def node(self, name: str, kind: Any = "node", *uses: str, **more: Any) -> Drawn:
        """A node that asks for capabilities: `charge("node", "http.write stripe")`; it may lead to the last one."""
        capabilities = [_use(use) for use in uses]
        if "compensate" in more:
            more["compensate"] = self.id(more["compensate"])
        self.nodes[name] = ir.Node(
            id=self.id(name), name=name, kind=kind, capabilities=tuple(capabilities), source=HERE, **more
        )
        return self

    def effect(self, name: str, *uses: str, **more: Any) -> Drawn:
        """An asynchronous node with an effect."""
        promises = {"effects": "effectful", "determinism": "best_effort", "is_async": True}
        return self.node(name, "node", *uses, **{**promises, **more})

    def trigger(self, name: str, kind: Any, **more: Any) -> Drawn:
        """A trigger."""
        return self.node(name, "trigger", trigger=ir.Trigger(kind=kind, **more))

    def line(self, *names: str, **more: Any) -> Drawn:
        """Edges from each to the next."""
        for source, target in pairwise(names):
            self.edge(source, target, **more)
        return self

    def edge(self, source: str, target: str, **more: Any) -> Drawn:
        """An edge."""
        start, _, case = source.rstrip("]").partition("[")
        end, _, into = target.partition(".") if target not in self.nodes else (target, "", "")
        self.edges.append(
            ir.Edge(
                source_id=self.id(start),
                target_id=self.id(end),
                case=case or None,
                into=into or None,
                source=HERE,
                **more,
            )
        )
        return self

    def surface(self, kind: Any, /, *names: str, **config: Any) -> Drawn:
        """A control surface."""
        targets = tuple(self.id(name) for name in names)
        self.surfaces.append(ir.Surface(kind=kind, targets=targets, config=config, source=HERE))
        return self

    def checkpoint(self, name: str, on: str, **more: Any) -> Drawn:
        """A checkpoint on a way out."""
        start, _, case = on.rstrip("]").partition("[")
        self.checkpoints.append(ir.Checkpoint(id=name, on=self.id(start), case=case or None, source=HERE, **more))
        return self

    def subflow(self, name: str, inner: ir.FlowIR, **more: Any) -> Drawn:
        """A node that stands for the only export of another flow."""
        [export] = inner.exports
        self.subflows[f"{inner.name}@{inner.version}"] = inner
        use = ir.SubflowUse(flow=inner.name, version=inner.version, export=export.name)
        promises = {"effects": export.effects, "determinism": export.determinism}
        return self.node(name, "subflow", subflow=use, **{**promises, **more})

    def export(self, entry: str, exit_: str, **more: Any) -> ir.FlowIR:
        """The flow, with a way in and out."""
        given = ir.Export(name="it", entry=self.id(entry), exit=self.id(exit_), source=HERE, **more)
        return self.ir().model_copy(update={"exports": (given,)})

    def ir(self) -> ir.FlowIR:
        """The flow."""
        return ir.FlowIR.model_validate(
            {
                "id": ir.flow_id(self.name, self.version),
                "name": self.name,
                "version": self.version,
                "profile": self.profile,
                "nodes": tuple(self.nodes.values()),
                "edges": tuple(self.edges),
                "surfaces": tuple(self.surfaces),
                "checkpoints": tuple(self.checkpoints),
                "subflows": self.subflows,
                "source": HERE,
                **self.more,
            }
        )


_OWNERS = {"http": "orchestrator", "blob": "orchestrator", "ai": "orchestrator", "db": "connector", "kv": "connector"}


def _use(text: str) -> ir.CapabilityUse:
    name, _, binding = text.partition(" ")
    owner: Any = _OWNERS.get(name.partition(".")[0])
    return ir.CapabilityUse(name=name, binding=binding or name.replace(".", "_"), retry_owner=owner)
