"""FlowSpec: what the PM agrees with the requester and all that the Builder builds from.

The spec is the narrow waist between understanding and building. It is data (pydantic, YAML for people), it
holds no code except *expressions* (see `flowlattice_agents.expressions`): a small, typed subset of Python over
the fields of the request, the earlier steps and the operators of `flowlattice.operators`.

What does not live here: how a brief is understood (`models/`), how a spec is rendered (`builder`).
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Sequence
from typing import Annotated, Literal

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
    ValidationError,
    model_validator,
)

from flowlattice.headers import HOST_OWNED, is_header_name
from flowlattice.operators import catalogue
from flowlattice_agents.errors import SpecError
from flowlattice_agents.functions import MAX_BODY, body_tree
from flowlattice_agents.naming import IMPORTED
from flowlattice_agents.visible import has_invisible
from flowlattice_agents.yaml_text import NotYaml, parse_yaml

MAX_RATE = 10_000_000
REDIRECTS = frozenset({301, 302, 303, 307, 308})
BODILESS = frozenset({204, 205, 304})
MAX_TTL_S = 3660 * 86_400

_LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_HTTPS = re.compile(rf"https://{_LABEL}(\.{_LABEL})*(:\d{{1,5}})?(/[!-~]*)?", re.ASCII)
_TAKEN = frozenset({*dir(builtins), *IMPORTED, "Annotated", "Literal", "date", "flow"})


def _no_keyword(name: str) -> str:
    if keyword.iskeyword(name):
        raise ValueError(f"{name} is a word of Python; give another name, and the one on the wire as alias")
    return name


def _header_name(name: str) -> str:
    if not is_header_name(name):
        raise ValueError(f"{name!r} is no name of a header")
    return name


def _path(path: str) -> str:
    names = re.findall(r"\{([^{}]*)\}", path)
    odd = next((name for name in names if not re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name)), None)
    if odd is not None:
        raise ValueError(f"the parameter {{{odd}}} of {path} is no identifier")
    _once(names, f"{path} has the parameter")
    return path


def _once(names: Sequence[str], what: str) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{what} {', '.join(twice)} twice")


Identifier = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]*$", max_length=80), AfterValidator(_no_keyword)
]
HeaderName = Annotated[str, AfterValidator(_header_name)]
TypeName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_]([A-Za-z0-9_\[\]]|, ?)*$", max_length=120)]
Expression = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
DataClassName = Literal["public", "internal", "confidential", "pii", "payment", "secret"]


class _WithoutAliases(yaml.SafeDumper):
    """Writes equal parts out each time, as people would, and as `parse_yaml` wants them."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


class SpecModel(BaseModel):
    """Base of every part of a spec: immutable; unknown keys, numbers without end and unseen text are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @model_validator(mode="before")
    @classmethod
    def _texts_are_visible(cls, given: object) -> object:
        for name, value in given.items() if isinstance(given, dict) else ():
            if isinstance(value, str) and has_invisible(value):
                raise ValueError(f"{name} holds control characters or marks that reorder text")
        return given


class FieldSpec(SpecModel):
    """One field of a record.

    Attributes:
        name: The identifier that expressions use.
        type: `string`, `integer`, `number`, `boolean`, `date`, `list[T]`, `map[string, T]` (an object of any members),
            or the name of a record.
        alias: The name on the wire where it differs from `name` (`from`, `e-mail`).
        source: `header`: the request's header of the name on the wire; `body`: the whole JSON body, such as a list.
            Else the path, the query or a member of the body, as the route has it.
        required: Whether a request without the field is invalid. A field with a default is not required.
        nullable: Whether JSON null is valid; an absent optional field without default is null.
        default: The value of an absent field that is not required.
        choices: The only valid values; of a list with choices, bounds, lengths or a pattern each item is meant.
        pattern: A regular expression (RE2 syntax, searched, so anchor it) that a string must match.
        reason: What to tell a caller whose value does not fit, after the field's name ("must hold one @").
        data: Data class; the record's where it is not given.
    """

    name: Identifier
    type: TypeName
    alias: str | None = None
    source: Literal["header", "body"] | None = None
    required: bool = True
    nullable: bool = False
    default: JsonValue = None
    choices: tuple[str | int, ...] = ()
    minimum: float | int | None = None
    maximum: float | int | None = None
    exclusive_minimum: float | int | None = None
    exclusive_maximum: float | int | None = None
    min_length: int | None = Field(default=None, ge=0)
    max_length: int | None = Field(default=None, ge=0)
    min_items: int | None = Field(default=None, ge=0)
    max_items: int | None = Field(default=None, ge=0)
    pattern: str | None = None
    reason: str | None = None
    data: DataClassName | None = None

    @property
    def wire_name(self) -> str:
        """The field's name in requests and replies."""
        return self.alias or self.name


class RecordSpec(SpecModel):
    """A named record; `data` is the data class of each field that gives none."""

    name: Identifier
    fields: tuple[FieldSpec, ...]
    data: DataClassName | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> RecordSpec:
        for part in self.fields:
            if part.source == "header" and not is_header_name(part.wire_name):
                raise ValueError(f"{part.wire_name!r} is no name of a header; give it as alias of {part.name}")
        if len([part for part in self.fields if part.source == "body"]) > 1:
            raise ValueError(f"record {self.name} has two fields that are the whole body")
        if self.name in _TAKEN:
            raise ValueError(
                f"a record cannot be called {self.name}, which Python or a flow already means something by"
            )
        _once([field.name for field in self.fields], f"record {self.name} has the field")
        _once([field.wire_name for field in self.fields], f"record {self.name} has the wire name")
        return self

    def field(self, name: str) -> FieldSpec | None:
        """The field of that (identifier) name, if there is one."""
        return next((field for field in self.fields if field.name == name), None)


class ReplySpec(SpecModel):
    """An answer: its status and its body.

    Attributes:
        kind: `json` (the expression is a dict display, a list or a value), `text` and `html` (a string), `events` (a
            list: a server-sent event for each item, text as it is, anything else as JSON), `empty`.
        body: The expression of the body; none for `empty`.
        headers: An expression for each header: a text, a whole number or a date; null leaves it out.
    """

    status: int = Field(default=200, ge=200, le=599)
    kind: Literal["json", "text", "html", "events", "empty"] = "json"
    body: Expression | None = None
    headers: dict[HeaderName, Expression] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _headers_fit(self) -> ReplySpec:
        names = [name.lower() for name in self.headers]
        _once(names, "a reply has the header")
        owned = sorted(HOST_OWNED.intersection(names))
        if owned:
            raise ValueError(f"the header {owned[0]} is written by the host itself")
        if self.kind == "events" and "content-type" in names:
            raise ValueError("the type of content of events is text/event-stream and no other")
        if self.status in REDIRECTS and "location" not in names:
            raise ValueError(f"an answer with status {self.status} says where to go in the header Location")
        return self

    @model_validator(mode="after")
    def _body_fits_kind(self) -> ReplySpec:
        if (self.body is None) != (self.kind == "empty"):
            raise ValueError(f"a reply of kind {self.kind} {'has no' if self.kind == 'empty' else 'needs a'} body")
        if self.kind != "empty" and self.status in BODILESS:
            raise ValueError(f"an answer with status {self.status} has no body: its kind is empty")
        return self


class InvalidReplySpec(SpecModel):
    """What invalid input is answered; the first entry that fits wins, else 422 with each field and its reason.

    Attributes:
        fields: Only for problems of these fields (identifiers); empty: any field.
        problem: Only for this kind of problem: `missing` field, wrong `type`, wrong `value`; none: any.
        status: The answer's status.
        json: The body. The text `$fields` stands for the list of the names of all failing fields in the order of
            declaration, `$field` for the first one's name, `$reason` for the first one's reason.
        text: A plain-text body instead (the same marks inside the text).
    """

    fields: tuple[Identifier, ...] = ()
    problem: Literal["missing", "type", "value"] | None = None
    status: int = Field(default=422, ge=400, le=499)
    body: JsonValue = None
    text: str | None = None


class ParameterSpec(SpecModel):
    """A parameter of a function."""

    name: Identifier
    type: TypeName


class FunctionSpec(SpecModel):
    """A function where no operator fits: expressions call it by its bare name.

    Attributes:
        name: Its name.
        parameters: What it takes, in order.
        returns: The type of what it gives.
        body: The statements of a pure function: Python without imports, indented from column 0. It may call operators
            (`text.trim(name)`) and other functions of the spec, and build records of it (`Line(sku=...)`).
        meaning: What it works out, a sentence.
    """

    name: Identifier
    parameters: tuple[ParameterSpec, ...] = Field(min_length=1)
    returns: TypeName
    body: Annotated[str, StringConstraints(min_length=1, max_length=MAX_BODY)]
    meaning: Annotated[str, StringConstraints(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def _is_a_function(self) -> FunctionSpec:
        if self.name in {*_TAKEN, "req", *(operator.family for operator in catalogue().values())}:
            raise ValueError(
                f"a function cannot be called {self.name}, which Python or a flow already means something by"
            )
        _once([part.name for part in self.parameters], f"function {self.name} has the parameter")
        body_tree(self.name, self.body)
        return self


class StepSpec(SpecModel):
    """A named value that later steps, checks, cases and replies use."""

    name: Identifier
    value: Expression
    meaning: str = ""


class CheckSpec(SpecModel):
    """A condition on the whole request that a single field's constraints cannot say; false is invalid input."""

    require: Expression
    field: Identifier
    reason: str


class CallSpec(SpecModel):
    """One outside effect: a request to another service, once per key.

    Attributes:
        binding: The name of the capability's binding, which is also the name of the node's parameter.
        url: Where it goes, a constant absolute https URL.
        when: Condition on which it is made; none: always.
        body: Expression of the JSON body.
        key: Fields that identify the effect; empty means the requester named none, which the checker refuses.
        ttl_s: For how long a repeated key is not sent again, in seconds.
    """

    name: Identifier
    binding: Identifier
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    url: str
    when: Expression | None = None
    body: Expression | None = None
    key: tuple[Identifier, ...] = ()
    ttl_s: int | None = Field(default=None, gt=0, le=MAX_TTL_S)

    @model_validator(mode="after")
    def _goes_to_a_host(self) -> CallSpec:
        if not _HTTPS.fullmatch(self.url):
            raise ValueError(f"{self.url!r} is no absolute https URL with a plain host name")
        return self


class CaseSpec(SpecModel):
    """A branch of a route: rendered as one case of a switch with a node and a respond of its own."""

    name: Identifier
    when: Expression
    reply: ReplySpec
    steps: tuple[StepSpec, ...] = ()


class RouteSpec(SpecModel):
    """One route: what it accepts, what it computes, what it answers.

    `accepts` names a record. Where its fields come from follows from the route: names in `{}` in the path come from
    the path; the others from the query for GET and DELETE, else from the body (`body` says which encoding).
    Order of evaluation: record, steps, checks, calls, cases from the first, and `reply` where no case holds.
    """

    method: Method
    path: Annotated[str, StringConstraints(pattern=r"^/[^\s?#]*$", max_length=500), AfterValidator(_path)]
    accepts: Identifier | None = None
    body: Literal["json", "form"] = "json"
    deadline_ms: int = Field(default=5000, gt=0, le=600_000)
    invalid: tuple[InvalidReplySpec, ...] = ()
    steps: tuple[StepSpec, ...] = ()
    checks: tuple[CheckSpec, ...] = ()
    calls: tuple[CallSpec, ...] = ()
    cases: tuple[CaseSpec, ...] = ()
    reply: ReplySpec
    summary: str = ""


class RateLimitSpec(SpecModel):
    """A token bucket for the whole flow: requests per second and how many may come at once."""

    qps: float = Field(gt=0, le=MAX_RATE)
    burst: int = Field(gt=0, le=MAX_RATE)


class SloSpec(SpecModel):
    """A promise on latency: the percentile (0-100), its bound in ms, and the rate it holds at (requests/s)."""

    percentile: float = Field(gt=0, lt=100)
    latency_ms: float = Field(gt=0)
    at_qps: float | None = Field(default=None, gt=0, le=MAX_RATE)


class Assumption(SpecModel):
    """A fact that the brief leaves open and that was chosen for it; `text` is the sentence people read."""

    slot: str
    text: str


class ClauseAccount(SpecModel):
    """A clause of the brief, word for word, and what it became (`became` names parts of the spec, or `courtesy`)."""

    text: str
    became: str


class ExampleRequest(SpecModel):
    """A request: `path` may hold a query string; `json_body` and `form` exclude each other; further `headers`."""

    method: Method
    path: str
    json_body: JsonValue = None
    form: dict[str, str] | None = None
    headers: dict[str, str] = Field(default_factory=dict)


class Example(SpecModel):
    """An example that the brief states: it is run as a test of what is built.

    The JSON is matched as a subset, of the headers those that are named. The JSON of a stream of events is the list of
    their data.
    """

    request: ExampleRequest
    status: int | None = None
    json_body: JsonValue = None
    text: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)


class FlowSpec(SpecModel):
    """A whole flow as agreed with the requester."""

    spec: Literal["1"] = "1"
    name: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")] = "1.0.0"
    profile: Literal["web"] = "web"
    summary: str = ""
    records: tuple[RecordSpec, ...] = ()
    functions: tuple[FunctionSpec, ...] = ()
    routes: tuple[RouteSpec, ...] = Field(min_length=1)
    rate_limit: RateLimitSpec | None = None
    max_in_flight: int | None = Field(default=None, gt=0)
    slos: tuple[SloSpec, ...] = ()
    assumptions: tuple[Assumption, ...] = ()
    clauses: tuple[ClauseAccount, ...] = ()
    examples: tuple[Example, ...] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> FlowSpec:
        _once([record.name for record in self.records], "the spec has the record")
        names = [*(record.name for record in self.records), *(function.name for function in self.functions)]
        _once(names, "the spec has, as record or function,")
        functions = {function.name for function in self.functions}
        for name in (name for route in self.routes for name in self._names_in(route)):
            if name in functions:
                raise ValueError(f"{name} is a function of the spec and a field or step too: give one another name")
        _once([f"{route.method} {route.path}" for route in self.routes], "the spec has the route")
        for route in self.routes:
            if route.accepts is not None and self.record(route.accepts) is None:
                raise ValueError(f"{route.method} {route.path} accepts {route.accepts}, which is no record of the spec")
        return self

    def _names_in(self, route: RouteSpec) -> list[str]:
        accepted = self.record(route.accepts)
        steps = (*route.steps, *(step for case in route.cases for step in case.steps))
        return [*(part.name for part in (accepted.fields if accepted else ())), *(step.name for step in steps)]

    def record(self, name: str | None) -> RecordSpec | None:
        """The record of that name, if there is one."""
        return next((record for record in self.records if record.name == name), None)

    def to_yaml(self) -> str:
        """The spec as people read and edit it; what equals its default is left out."""
        return yaml.dump(
            self.model_dump(mode="json", exclude_defaults=True) | {"spec": self.spec},
            Dumper=_WithoutAliases,
            sort_keys=False,
            allow_unicode=True,
            width=110,
        )

    @classmethod
    def from_yaml(cls, text: str) -> FlowSpec:
        """Read a spec.

        Raises:
            SpecError: The text is not YAML or not a spec; every problem is listed with its path.
        """
        try:
            return cls.model_validate(parse_yaml(text))
        except NotYaml as error:
            raise SpecError([f"not YAML: {error}"]) from error
        except ValidationError as error:
            problems = [f"{'.'.join(map(str, e['loc'])) or 'spec'}: {e['msg']}" for e in error.errors()]
            raise SpecError(problems) from error
