"""Flow IR: what tools may rely on. Frozen models, JSON round trip; fields are added, never renamed.

Ids are uuid5 in NAMESPACE_URL: the flow's of `name@version`, a node's of `name@version#node`. Durations are whole
milliseconds (`*_ms`) or seconds (`*_s`). `from`, `to`, `targets` and `compensate` are node ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal, Self
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field, JsonValue

IR_SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"

NodeKind = Literal[
    "trigger", "node", "respond", "switch", "if", "merge", "join", "zip", "foreach", "distinct", "window", "aggregate",
    "subflow", "plugin",
]  # fmt: skip
SurfaceKind = Literal[
    "switch", "if", "foreach", "distinct", "window", "aggregate", "partition", "merge", "join", "zip", "error_handler",
    "timeout", "rate_limit", "respond", "spill",
]  # fmt: skip
# Bounded, so that reckoning with it takes no time.
DecimalText = Annotated[str, Field(pattern=r"^-?[0-9]{1,18}(\.[0-9]{1,40})?$")]
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
    """A capability that a node asks for.

    Attributes:
        name: Its type's name, `http.write`.
        binding: The parameter's name.
        egress: Hosts it may reach.
        scopes: Scopes that the node needs of a credential.
        retry_owner: Who retries calls of this type unless the node says otherwise.
        idempotent: Whether a sink of this type honours the idempotency key by contract; none for what is no sink.
        methods: What the node's code names of its methods, sorted; one that a helper names counts for every
            capability of the node that the helper may have been given.
        facts: What the annotation says besides (`sandbox`, `pinned` ...), as the capability's type states it.
    """

    name: str
    binding: str
    egress: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    retry_owner: Literal["orchestrator", "connector"] | None = None
    idempotent: bool | None = None
    methods: tuple[str, ...] = ()
    facts: dict[str, JsonValue] = Field(default_factory=dict)


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
    """What starts a run.

    Attributes:
        kind: Where it comes from; the attributes below belong to one kind each.
        method: http: the method.
        path: http: the path, parameters in braces.
        topic: kafka: the topic; queue: the queue's name.
        cron: cron: five fields, in UTC.
        prefix: blob: what the keys of the listed objects start with.
        respond: http: when the answer goes out.
        deadline_ms: After this long the run is given up.
        body: http: how its body is encoded.
        max_body_bytes: http: a larger body is answered 413.
        invalid: http: answers to invalid input.
        origins: http: other sites whose pages may send forms to it.
        group: kafka: the consumer group.
        visibility_timeout_ms: queue and kafka: how long a delivery is hidden from others before it is delivered again.
        max_deliveries: queue and kafka: how often one record is delivered at most.
        idle_ms: kafka and queue: after so long without a record, a partition no longer holds the watermark back.
        during: cron: the checkpoint whose waiting records are what it emits; none: it emits the time.
    """

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
    origins: tuple[str, ...] = ()
    group: str | None = None
    visibility_timeout_ms: int | None = None
    max_deliveries: int | None = None
    idle_ms: int | None = None
    during: str | None = None


class Idempotency(IRModel):
    """What identifies an effect: fields of the node's input, and for how long it is remembered.

    `honoured` says that the receiver takes the key and does the same thing once, by contract.
    """

    fields: tuple[str, ...]
    scope: Literal["node", "edge", "partition"] = "node"
    ttl_ms: int | None = None
    honoured: bool = False


class Retry(IRModel):
    """Who retries, how often (attempts after the first), and after how long first; `factor` times longer each time."""

    owner: Literal["orchestrator", "connector"]
    max: int = 0
    backoff_ms: int = 0
    factor: float = 2.0


class Cache(IRModel):
    """What a node's result is kept under, where, and for how long.

    `fields` are those of the input that make the key; `invalidate` names what makes entries void: `version` (of the
    flow), or a variable.
    """

    fields: tuple[str, ...]
    tier: Literal["memory", "local", "shared"] = "memory"
    ttl_ms: int | None = None
    invalidate: tuple[str, ...] = ("version",)


class Batch(IRModel):
    """A hint: how many records are taken together, and how long the first one waits for the others."""

    size: int
    within_ms: int | None = None


class AiBudget(IRModel):
    """Ceilings of a language model's use; USD as decimal text. `tenant` is the input's field that names the tenant."""

    usd_per_day: DecimalText | None = None
    usd_per_run: DecimalText | None = None
    tokens_per_day: int | None = None
    tokens_per_run: int | None = None
    tokens_per_call: int | None = None
    tenant: str | None = None
    usd_per_tenant_day: DecimalText | None = None
    tokens_per_tenant_day: int | None = None
    on_exhausted: Literal["refuse", "shrink"] = "refuse"


class Ai(IRModel):
    """A language model that a node asks for: pinned if it has a dated model and a seed.

    `usd_per_million` are the stated prices of a million prompt and output tokens, as decimal text. `tolerance` is the
    share by which a replay may differ, as decimal text; null for not at all.
    """

    model: str | None = None
    seed: int | None = None
    stream: bool = False
    max_tokens: int | None = None
    usd_per_million: tuple[DecimalText, DecimalText] | None = None
    tolerance: DecimalText | None = None
    budget: AiBudget | None = None


class Cost(IRModel):
    """The worst case of one run of a node, as far as it is stated: tokens, USD as decimal text, CPU and memory."""

    tokens: int | None = None
    usd: DecimalText | None = None
    cpu_ms: int | None = None
    memory_bytes: int | None = None


class SubflowUse(IRModel):
    """The export that a subflow node stands for, and the flow it belongs to."""

    flow: str
    version: str
    export: str
    digest: str | None = None


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


class Repeated(IRModel):
    """A call by which a node has an effect and that its body makes again until it succeeds: a retry of its own."""

    binding: str
    method: str
    source: Source


class Node(IRModel):
    """A node. `in_schema` and `out_schema` name entries of `schemas`; null where the author gave no type.

    `source` is where it entered the graph, `definition` where its function is written; `derivations` says of each
    field of its output which fields of its input it was made from, `!` standing for a clock or a random source and
    `*` for the whole input; at a node with two sides an origin has its side in front, `left.v`. `stream` says that
    records, or what is answered, go out piece by piece. `body` is the digest of what its function computes, with the
    flow's own code that it uses: `blake3:` and 64 hexadecimal digits.
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
    repeated: tuple[Repeated, ...] = ()
    urls: tuple[UrlUse, ...] = ()
    side_outputs: tuple[str, ...] = ()
    trigger: Trigger | None = None
    idempotency: Idempotency | None = None
    retry: Retry | None = None
    ai: Ai | None = None
    cache: Cache | None = None
    batch: Batch | None = None
    concurrency: int | None = None
    compensate: UUID | None = None
    subflow: SubflowUse | None = None
    variables: tuple[str, ...] = ()
    cost: Cost | None = None
    timeout_ms: int | None = None
    vouched: tuple[str, ...] = ()
    unneeded_vouchers: tuple[str, ...] = ()
    is_async: bool = False
    takes_context: bool = False
    function: str | None = None
    body: str | None = None
    summary: str = ""
    definition: Source | None = None
    source: Source

    def uses(self, capability: str) -> bool:
        """Whether the node asks for a capability of that type."""
        return any(use.name == capability for use in self.capabilities)


class Buffer(IRModel):
    """An edge's buffer; `on_full` is what happens to the producer or the record when it is full.

    With `spill`, what does not fit goes to the blob binding `spill_blob`, at most `spill_bytes` bytes of it and no
    faster than `spill_bytes_per_s`.
    """

    max_items: int = 64
    spill_bytes: int | None = None
    spill_bytes_per_s: int | None = None
    spill_blob: str | None = None
    on_full: Literal["backpressure", "drop_newest", "drop_oldest", "spill"] = "backpressure"


class EdgeControl(IRModel):
    """A control of an edge that was set by a statement of its own: `delivery`, `ordering`, `buffer`, `timeout`."""

    control: Literal["delivery", "ordering", "buffer", "timeout"]
    source: Source


class Edge(IRModel):
    """An edge.

    `case` names the branch of a switch (`default` for the rest), of an if (`true`, `false`), or a side output
    (`late_events`, `rejected`, a dead letter's, `NAME.rejected` of a checkpoint); `into` the port of a node with two
    (`left`, `right`). `partition_key` is a field of the records, several joined by commas. `carries` names the schema
    of the records on it. `controls` are the edge controls that were set after it was connected, each with its place;
    one that `connect` set too is there twice.
    """

    source_id: UUID = Field(alias="from")
    target_id: UUID = Field(alias="to")
    case: str | None = None
    into: Literal["left", "right"] | None = None
    ordering: Literal["ordered", "unordered"] = "ordered"
    delivery: Literal["at_least_once", "at_most_once", "exactly_once"] = "at_least_once"
    partition_key: str | None = None
    buffer: Buffer = Buffer()
    timeout_ms: int | None = None
    carries: str | None = None
    controls: tuple[EdgeControl, ...] = ()
    source: Source | None = None


class Surface(IRModel):
    """A control surface: which nodes it governs and its configuration.

    Configurations (fields are names on the wire; durations milliseconds):
    `switch` {cases, values: what its function can return where its type says so}; `if` {filter}; `merge` {};
    `foreach` {concurrency}; `zip` {left, right: the schemas that its sides take};
    `join` {on: [left field, right field]s, within_ms, kind: inner|left, left, right};
    `distinct` {fields, within_ms};
    `window` {shape: tumbling|sliding|session, event_time, size_ms, slide_ms, gap_ms, lateness_ms, idle_ms};
    `aggregate` {keys, functions: [{op: sum|count|min|max|avg|fold, field, as, function, gives, takes: of a fold, what
    it gives and which records it takes}], start_as, end_as: the fields of the result that take the window's ends};
    `partition` {fields, max_parallel_shards, weights: {key: weight}};
    `error_handler` {strategy: retry|dead_letter|halt|escalate, max, backoff_ms, factor, to, then: the same again};
    `rate_limit` {qps, burst}; `timeout` {timeout_ms}; `spill` {bytes, bandwidth_bytes_s, blob};
    `respond` {status, body, stream, event_id, event: the fields of an item that are the event's id and name, headers:
    those that are always the same, where there are any}.
    """

    kind: SurfaceKind
    targets: tuple[UUID, ...]
    config: dict[str, JsonValue] = Field(default_factory=dict)
    source: Source | None = None


class Checkpoint(IRModel):
    """A place where the run waits for a person: what comes out of `on` (on `case`) goes on when it is approved.

    Attributes:
        id: Its name.
        on: The node whose output waits.
        case: The branch of it that waits.
        view: The schema of what the person sees; none if it cannot be shown.
        view_problem: Why the view cannot be shown; none if it can.
        view_body: The digest of the function that makes the view; none where a record is filled by the names of fields.
        view_reasons: Why a view that a pure function makes differs from time to time; empty if it does not.
        ttl_s: How long it waits; none: for ever.
        on_timeout: What happens then; none if the author did not say.
        escalate_to: Who is asked next.
        approvers: Who may decide.
        source: Where it is written.
    """

    id: str
    on: UUID
    case: str | None = None
    view: str | None = None
    view_problem: str | None = None
    view_body: str | None = None
    view_reasons: tuple[Reason, ...] = ()
    ttl_s: int | None = None
    on_timeout: Literal["reject", "escalate"] | None = None
    escalate_to: str | None = None
    approvers: str | None = None
    source: Source | None = None


class Slo(IRModel):
    """A promise: on latency at a rate, or on throughput in records a second."""

    percentile: float | None = None
    latency_ms: float | None = None
    at_qps: float | None = None
    records_per_s: float | None = None
    source: Source | None = None


class Variable(IRModel):
    """A value that nodes read and an environment may set.

    `record` is the class it is a field of, `json_schema` its schema, `value` what the flow sets it to, `problem` why
    that does not fit.
    """

    name: str
    record: str
    json_schema: JsonValue = None
    value: JsonValue = None
    problem: str | None = None
    source: Source


class Credential(IRModel):
    """A credential that nodes may hand to capabilities: who issues it, and which scopes it is granted."""

    name: str
    provider: str | None = None
    scopes: tuple[str, ...] = ()
    source: Source


class Export(IRModel):
    """A way in and out by which another flow uses this one as a node, with the lattice extrema of what lies between."""

    name: str
    entry: UUID
    exit: UUID
    exit_case: str | None = None
    in_schema: str | None = None
    out_schema: str | None = None
    effects: EffectsName = "pure"
    determinism: DeterminismName = "strict"
    source: Source


class ConnectorUse(IRModel):
    """A connector that the flow imports: what was pinned, and what is there.

    `digest` is what `connectors.toml` pins, `found` that of the folder; either is none where there is none.
    """

    name: str
    version: str | None = None
    digest: str | None = None
    found: str | None = None
    egress: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    scopes: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    source: Source


class Misplaced(IRModel):
    """An edge control for which there is no edge: the ends as people see them, and where it is written."""

    control: Literal["delivery", "ordering", "buffer", "timeout"]
    source_name: str
    target_name: str
    source: Source


class EgressGrant(IRModel):
    """The hosts that the flow lets one binding reach."""

    binding: str
    hosts: tuple[str, ...]
    source: Source


class _Lookup:
    """The nodes of one flow by id, of several with one id the first, and the edges at each."""

    def __init__(self, flow: FlowIR) -> None:
        self.nodes = {node.id: node for node in reversed(flow.nodes)}
        self.outgoing: dict[UUID, list[Edge]] = {}
        self.incoming: dict[UUID, list[Edge]] = {}
        for edge in flow.edges:
            self.outgoing.setdefault(edge.source_id, []).append(edge)
            self.incoming.setdefault(edge.target_id, []).append(edge)


class FlowIR(IRModel):
    """A whole flow as data.

    `places` says where parts are written that have no source of their own: records (`InReq`), their fields
    (`InReq.v`), policies and `residency`. `policies` are `max_in_flight`, and what all nodes together may spend on
    language models in a UTC day and a run: `usd_per_day`, `usd_per_run` (decimal text), `tokens_per_day` and
    `tokens_per_run`. `subflows` holds the flows that subflow nodes stand for, by `name@version`. `artifacts` are files
    that belong to the flow and are no modules of it, each `path@blake3:digest`.
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
    variables: tuple[Variable, ...] = ()
    credentials: tuple[Credential, ...] = ()
    exports: tuple[Export, ...] = ()
    connectors: tuple[ConnectorUse, ...] = ()
    subflows: dict[str, FlowIR] = Field(default_factory=dict)
    misplaced: tuple[Misplaced, ...] = ()
    artifacts: tuple[str, ...] = ()
    source: Source

    def node(self, node_id: UUID) -> Node:
        """The node of that id.

        Raises:
            KeyError: There is none.
        """
        return self._lookup.nodes[node_id]

    def triggers(self) -> tuple[Node, ...]:
        """The nodes that start runs."""
        return tuple(node for node in self.nodes if node.kind == "trigger")

    def outgoing(self, node_id: UUID) -> tuple[Edge, ...]:
        """The edges that leave a node, in the order they were connected."""
        return tuple(self._lookup.outgoing.get(node_id, ()))

    def incoming(self, node_id: UUID) -> tuple[Edge, ...]:
        """The edges that reach a node."""
        return tuple(self._lookup.incoming.get(node_id, ()))

    def model_copy(self, *, update: Mapping[str, object] | None = None, deep: bool = False) -> Self:
        """A copy with other parts, which are looked up anew."""
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop("_lookup", None)
        return copied

    @cached_property
    def _lookup(self) -> _Lookup:
        return _Lookup(self)

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
