"""Flow IR: what tools may rely on. Frozen models, JSON round trip; fields are added, never renamed.

Ids are uuid5 in NAMESPACE_URL: the flow's of `name@version`, a node's of `name@version#node`. Durations are whole
milliseconds (`*_ms`) or seconds (`*_s`). `from`, `to`, `targets` and `compensate` are node ids.
"""

from __future__ import annotations

from typing import Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field, JsonValue

IR_SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"

NodeKind = Literal[
    "trigger", "node", "respond", "switch", "if", "merge", "join", "zip", "foreach", "window", "aggregate",
    "subflow", "plugin",
]  # fmt: skip
SurfaceKind = Literal[
    "switch", "if", "foreach", "window", "partition", "merge", "join", "zip", "error_handler", "timeout", "rate_limit",
    "respond",
]  # fmt: skip
EffectsName = Literal["pure", "read_only", "effectful"]
DeterminismName = Literal["strict", "stable", "best_effort", "nondeterministic"]


class IRModel(BaseModel):
    """Base of all parts of the IR."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, serialize_by_alias=True)


class Source(IRModel):
    """Where something is written: file relative to the flow's folder, lines from 1, columns from 1 (end exclusive)."""

    file: str
    line: int
    column: int = 1
    end_line: int | None = None
    end_column: int | None = None


class CapabilityUse(IRModel):
    """A capability that a node asks for: its type's name, the binding (the parameter's name), hosts it may reach."""

    name: str
    binding: str
    egress: tuple[str, ...] = ()


class InvalidReply(IRModel):
    """What a trigger answers to invalid input; the first that fits wins.

    Attributes:
        fields: Names on the wire; empty: any field.
        problem: Only this kind of problem; none: any.
        status: The answer's status, 4xx.
        body: JSON body, each field with its reason where there is neither body nor text; the texts `$fields`,
            `$field`, `$reason` stand for what failed.
        text: A plain-text body instead.
    """

    fields: tuple[str, ...] = ()
    problem: Literal["missing", "type", "value"] | None = None
    status: int = 422
    body: JsonValue = None
    text: str | None = None


class Trigger(IRModel):
    """What starts a run. `method` and `path` are an http trigger's; `body` says how its body is encoded."""

    kind: Literal["http", "cron", "kafka", "queue", "blob"]
    method: str | None = None
    path: str | None = None
    topic: str | None = None
    cron: str | None = None
    prefix: str | None = None
    respond: Literal["on_last", "immediate", "explicit"] = "on_last"
    deadline_ms: int | None = None
    body: Literal["json", "form"] | None = None
    max_body_bytes: int | None = None
    invalid: tuple[InvalidReply, ...] = ()


class Idempotency(IRModel):
    """What identifies an effect: fields of the node's input, and for how long it is remembered."""

    fields: tuple[str, ...]
    scope: Literal["node", "edge", "partition"] = "node"
    ttl_ms: int | None = None


class Retry(IRModel):
    """Who retries, how often, and after how long first."""

    owner: Literal["orchestrator", "connector"]
    max: int = 0
    backoff_ms: int = 0


class Reason(IRModel):
    """Why a node has the effects or the determinism it has, and the place that is the cause.

    `capability` is the binding whose type is the reason; none where the body is.
    """

    of: Literal["effects", "determinism"]
    level: str
    because: str
    capability: str | None = None
    source: Source


class Parameter(IRModel):
    """A parameter of a node's function, or what it returns (`return`): its annotation as written, if it has one."""

    name: str
    annotation: str | None = None
    source: Source


class Declared(IRModel):
    """What the author claims about a node; never trusted, only checked."""

    effects: EffectsName | None = None
    determinism: DeterminismName | None = None


class UrlUse(IRModel):
    """An absolute URL written in a node's body; `credential` if it carries one."""

    host: str
    credential: bool = False
    source: Source


class Misuse(IRModel):
    """A method that a node calls on a capability whose type does not offer it."""

    binding: str
    capability: str
    method: str
    source: Source


class Node(IRModel):
    """A node. `in_schema` and `out_schema` name entries of `schemas`; null where the author gave no type.

    `source` is where it entered the graph, `definition` where its function is written; `derivations` says of each
    field of its output which fields of its input it was made from, `!` standing for a clock or a random source and
    `*` for the whole input. `stream` says that records, or what is answered, go out piece by piece.
    """

    id: UUID
    name: str
    kind: NodeKind
    in_schema: str | None = None
    out_schema: str | None = None
    stream: bool = False
    effects: EffectsName = "pure"
    determinism: DeterminismName = "strict"
    declared: Declared = Declared()
    reasons: tuple[Reason, ...] = ()
    capabilities: tuple[CapabilityUse, ...] = ()
    unknown_capabilities: tuple[str, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    returns: Parameter | None = None
    derivations: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    misused: tuple[Misuse, ...] = ()
    urls: tuple[UrlUse, ...] = ()
    side_outputs: tuple[str, ...] = ()
    trigger: Trigger | None = None
    idempotency: Idempotency | None = None
    retry: Retry | None = None
    compensate: UUID | None = None
    timeout_ms: int | None = None
    vouched: tuple[str, ...] = ()
    is_async: bool = False
    takes_context: bool = False
    function: str | None = None
    summary: str = ""
    definition: Source | None = None
    source: Source

    def uses(self, capability: str) -> bool:
        """Whether the node asks for a capability of that type."""
        return any(use.name == capability for use in self.capabilities)


class Buffer(IRModel):
    """An edge's buffer; `on_full` is what happens to the producer or the record when it is full."""

    max_items: int = 64
    spill_bytes: int | None = None
    on_full: Literal["backpressure", "drop_newest", "drop_oldest"] = "backpressure"


class Edge(IRModel):
    """An edge. `case` names the branch of a switch (`default` for the rest) or of an if (`true`, `false`).

    `carries` names the schema of the records on it.
    """

    source_id: UUID = Field(alias="from")
    target_id: UUID = Field(alias="to")
    case: str | None = None
    ordering: Literal["ordered", "unordered"] = "ordered"
    delivery: Literal["at_least_once", "at_most_once", "exactly_once"] = "at_least_once"
    partition_key: str | None = None
    buffer: Buffer = Buffer()
    timeout_ms: int | None = None
    carries: str | None = None
    source: Source | None = None


class Surface(IRModel):
    """A control surface: which nodes it governs and its configuration.

    Configurations: `switch` {cases, values: what its function can return where its type says so}; `if` {filter};
    `merge` {}; `rate_limit` {qps, burst}; `timeout` {timeout_ms}; `respond` {status, body, headers: those that
    are always the same, where there are any}.
    """

    kind: SurfaceKind
    targets: tuple[UUID, ...]
    config: dict[str, JsonValue] = Field(default_factory=dict)
    source: Source | None = None


class Checkpoint(IRModel):
    """A place where the run waits for a person."""

    id: str
    on: UUID
    view: str | None = None
    ttl_s: int | None = None
    on_timeout: Literal["reject", "escalate"] = "reject"


class Slo(IRModel):
    """A promise on latency at a rate."""

    percentile: float
    latency_ms: float
    at_qps: float | None = None
    source: Source | None = None


class EgressGrant(IRModel):
    """The hosts that the flow lets one binding reach."""

    binding: str
    hosts: tuple[str, ...]
    source: Source


class FlowIR(IRModel):
    """A whole flow as data.

    `places` says where parts are written that have no source of their own: records (`InReq`), their fields
    (`InReq.v`) and policies (`max_in_flight`).
    """

    ir: Literal["1"] = "1"
    id: UUID
    name: str
    version: str
    profile: Literal["web", "queue", "temporal", "wasm", "dev"]
    summary: str = ""
    nodes: tuple[Node, ...] = ()
    edges: tuple[Edge, ...] = ()
    surfaces: tuple[Surface, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    schemas: dict[str, JsonValue] = Field(default_factory=dict)
    places: dict[str, Source] = Field(default_factory=dict)
    slos: tuple[Slo, ...] = ()
    egress: tuple[EgressGrant, ...] = ()
    policies: dict[str, JsonValue] = Field(default_factory=dict)
    residency: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    source: Source

    def node(self, node_id: UUID) -> Node:
        """The node of that id.

        Raises:
            KeyError: There is none.
        """
        for node in self.nodes:
            if node.id == node_id:
                return node
        raise KeyError(node_id)

    def triggers(self) -> tuple[Node, ...]:
        """The nodes that start runs."""
        return tuple(node for node in self.nodes if node.kind == "trigger")

    def outgoing(self, node_id: UUID) -> tuple[Edge, ...]:
        """The edges that leave a node, in the order they were connected."""
        return tuple(edge for edge in self.edges if edge.source_id == node_id)

    def incoming(self, node_id: UUID) -> tuple[Edge, ...]:
        """The edges that reach a node."""
        return tuple(edge for edge in self.edges if edge.target_id == node_id)

    def to_json(self) -> str:
        """Canonical text: indented JSON, nulls and defaults left in, stable across runs."""
        return self.model_dump_json(indent=2)


def flow_id(name: str, version: str) -> UUID:
    """The id of a flow."""
    return uuid5(NAMESPACE_URL, f"{name}@{version}")


def node_id(name: str, version: str, node: str) -> UUID:
    """The id of a node of a flow."""
    return uuid5(NAMESPACE_URL, f"{name}@{version}#{node}")


def json_schema() -> dict[str, JsonValue]:
    """The JSON Schema (2020-12) of the IR, exported from the models."""
    return {"$schema": IR_SCHEMA_DIALECT, **FlowIR.model_json_schema(by_alias=True)}
