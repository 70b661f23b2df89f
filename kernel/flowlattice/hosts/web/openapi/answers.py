"""What a route answers: what its flow responds, and what the host says where it cannot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from pydantic import JsonValue

from flowlattice.engine import BoundTrigger, Runtime
from flowlattice.hosts.web.csrf import form_guard
from flowlattice.hosts.web.openapi.requests import has_body
from flowlattice.hosts.web.openapi.schemas import Components, Schema, fields_of, is_header, required_of, without_null
from flowlattice.hosts.web.openapi.silence import may_be_silent
from flowlattice.ir.model import Edge, InvalidReply, Node
from flowlattice.plan import Fan, Respond, fans
from flowlattice.plan.units import BODILESS

JSON: Final = "application/json"
_TYPES: Final = {"json": JSON, "text": "text/plain", "html": "text/html", "events": "text/event-stream"}
_RUN: Final[Schema] = {"type": "string", "description": "The id of the run, under which the log says more."}
_SECONDS: Final[Schema] = {
    "Retry-After": {"description": "After how many seconds to try again.", "schema": {"type": "integer"}}
}
_TEXT: Final[Schema] = {"type": "string"}


@dataclass
class Answer:
    """All answers of one status.

    Attributes:
        told: What they say, in sentences.
        content: The schemas of their bodies, by media type.
        headers: Their headers.
    """

    told: list[str] = field(default_factory=list)
    content: dict[str, list[Schema]] = field(default_factory=dict)
    headers: Schema = field(default_factory=dict)

    def add(self, told: str, kind: str | None = None, schema: Schema | None = None) -> None:
        """Add one of them."""
        if told not in self.told:
            self.told.append(told)
        schemas = self.content.setdefault(kind, []) if kind is not None else []
        if schema is not None and schema not in schemas:
            schemas.append(schema)

    def as_response(self) -> Schema:
        """What OpenAPI calls a response."""
        content: Schema = {kind: {"schema": _one_of(schemas)} for kind, schemas in self.content.items()}
        return {
            "description": " ".join(self.told),
            **({"headers": self.headers} if self.headers else {}),
            **({"content": content} if content else {}),
        }


class Answers:
    """The answers of one route.

    Args:
        runtime: The flow.
        trigger: The route.
        components: Where named schemas go.
    """

    def __init__(self, runtime: Runtime, trigger: BoundTrigger, components: Components) -> None:
        self._flow = runtime.flow
        self._plan = runtime.plan
        self._trigger = trigger
        self._components = components
        self._units = {unit.name: unit for unit in runtime.plan.units}
        self._reached = _reached(trigger.plan.next, self._units)
        self._found: dict[int, Answer] = {}

    def responses(self) -> Schema:
        """By status."""
        if self._trigger.plan.respond == "immediate":
            self._say(202, "The run has begun.", {"type": "object", "properties": {"run": _RUN}, "required": ["run"]})
        else:
            self._answered()
        self._refused()
        self._failed()
        return {str(status): self._found[status].as_response() for status in sorted(self._found)}

    def _answered(self) -> None:
        responds = [unit for name in self._reached if isinstance(unit := self._units[name], Respond)]
        for respond in responds:
            for edge in self._flow.edges:
                if edge.target_id == respond.node:
                    self._respond(respond, edge)
        if self._may_be_silent():
            self._at(204).add("There is nothing to say.")

    def _may_be_silent(self) -> bool:
        """Whether a run may end without an answer: filtered out, put aside, or a stream of nothing."""
        bound, names = self._trigger.answers, {node.name for node in self._nodes()}
        aside = any(step.node in names and step.retry.then.startswith("dead_letter") for step in self._plan.steps)
        return aside or bound.may_be_silent or may_be_silent(self._trigger.plan.next, self._units)

    def _respond(self, respond: Respond, edge: Edge) -> None:
        record = self._components.entry(edge.carries)
        fields = fields_of(record)
        answer = self._at(respond.status)
        told = f"{_phrase(respond.status)}." if respond.name.startswith("respond") else f"{_words(respond.name)}."
        answer.headers.update({name: _fixed(text) for name, text in respond.headers.items()})
        for name, held in fields.items():
            if is_header(held):
                schema = without_null(self._components.part(held, record))
                always = name in required_of(record)
                answer.headers[name] = {"schema": schema, **({"required": True} if always else {})}
        if respond.body == "empty" or respond.status in BODILESS:
            answer.add(told)
            return
        named = next((text for name, text in respond.headers.items() if name.lower() == "content-type"), None)
        kind = _TYPES[respond.body] if named is None else named.partition(";")[0].strip()
        answer.add(told, kind, self._body(respond, edge.carries))

    def _body(self, respond: Respond, carries: str | None) -> Schema:
        if respond.body in {"text", "html"}:
            return _TEXT
        record = self._components.entry(carries)
        whole = next((held for held in fields_of(record).values() if held.get("x-in") == "body"), None)
        if whole is not None:
            schema = self._components.part(whole, record)
        else:
            schema = self._components.members(carries) if fields_of(record) else self._components.schema(carries)
        return schema if respond.body == "json" else _events(respond, schema)

    def _refused(self) -> None:
        """What is answered before anything runs."""
        plan = self._trigger.plan
        if form_guard(plan) is not None:
            self._error(403, "other_site", "A page of another site sent it.")
        if has_body(plan):
            self._error(408, "request_timeout", "The body took too long.")
            most: Schema = {"max_bytes": {"type": "integer", "const": plan.max_body_bytes}}
            self._error(413, "content_too_large", f"The body is longer than {plan.max_body_bytes:,} bytes.", most)
            accepts: Schema = {"accepts": {"type": "array", "items": _TEXT}}
            self._error(415, "unsupported_media_type", "The body is of another media type or charset.", accepts)
            self._error(415, "unsupported_content_encoding", "The body is compressed.", accepts)
        self._invalid(plan.invalid)
        for limit in self._plan.rate_limits:
            told = f"More than {limit.qps:,g} requests a second, {limit.burst:,} at once."
            self._error(429, "rate_limited", told, waits=True)
        self._error(503, "saturated", "Too many requests are under way.", waits=True)

    def _failed(self) -> None:
        """What is answered when something goes wrong while it runs."""
        run: Schema = {"run": _RUN}
        if any(node.uses("dedupe") for node in self._nodes()):
            self._error(409, "in_doubt", "The same request was made before, and nobody knows what came of it.", run)
            self._error(409, "already_happened", "The same request was made before; its answer is not known.", run)
            self._error(503, "same_request_under_way", "The same request is still under way.", run, waits=True)
        if any(node.uses("ai.read") for node in self._nodes()):
            self._error(429, "budget_exhausted", "The budget of its language model is used up.", run, waits=True)
            self._error(503, "unavailable", "The language model does not answer.", run, waits=True)
        self._error(500, "internal", "Something failed.", run)
        deadline = self._trigger.plan.deadline_ms
        if deadline is not None:
            self._error(504, "deadline_exceeded", f"It took longer than {deadline:,} ms.", run)
        elif self._waits_bounded():
            self._error(504, "deadline_exceeded", "A part of it took too long.", run)

    def _invalid(self, replies: tuple[InvalidReply, ...]) -> None:
        for reply in replies:
            told = "What was sent does not fit."
            if reply.text is not None:
                self._at(reply.status).add(told, "text/plain", _TEXT)
            elif reply.body is not None:
                self._at(reply.status).add(told, JSON, _template(reply.body))
            else:
                self._say(reply.status, told, self._problems())
        if not any(not reply.fields and reply.problem is None for reply in replies):
            self._say(422, "What was sent does not fit.", self._problems())

    def _problems(self) -> Schema:
        return self._components.own("InvalidInput", _INVALID)

    def _error(self, status: int, code: str, told: str, more: Schema | None = None, *, waits: bool = False) -> None:
        properties: Schema = {"error": {"const": code}, **(more or {})}
        self._say(status, told, {"type": "object", "properties": properties, "required": [*properties]})
        if waits:
            self._at(status).headers.update(_SECONDS)

    def _say(self, status: int, told: str, schema: Schema) -> None:
        self._at(status).add(told, JSON, schema)

    def _at(self, status: int) -> Answer:
        return self._found.setdefault(status, Answer())

    def _nodes(self) -> Iterator[Node]:
        """The nodes that a request may come to."""
        names = {placement.node for placement in self._plan.placements if placement.unit in self._reached}
        return (node for node in self._flow.nodes if node.name in names)

    def _waits_bounded(self) -> bool:
        units = [self._units[name] for name in self._reached]
        hops = [hop for unit in units for fan in fans(unit) for hop in fan.hops]
        bounds = [getattr(unit, "timeout_ms", None) for unit in units] + [hop.timeout_ms for hop in hops]
        return any(bound is not None for bound in bounds)


_INVALID: Final[Schema] = {
    "type": "object",
    "description": "Each field that does not fit, and why.",
    "properties": {
        "error": {"const": "invalid_input"},
        "fields": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "field": {"type": "string", "description": "Where it is: `lines[0].qty`."},
                    "reason": {"type": "string"},
                },
                "required": ["field", "reason"],
            },
        },
    },
    "required": ["error", "fields"],
}


def _reached(fan: Fan, units: Mapping[str, object]) -> list[str]:
    """The units that a way out leads to, in order."""
    waiting, seen = [hop.to for hop in fan.hops], dict[str, None]()
    while waiting:
        name = waiting.pop(0)
        if name not in seen:
            seen[name] = None
            waiting += [hop.to for way in fans(units[name]) for hop in way.hops]  # type: ignore[arg-type]  # a plan's own
    return [*seen]


def _one_of(schemas: list[Schema]) -> Schema:
    return schemas[0] if len(schemas) == 1 else {"anyOf": [*schemas]}


def _events(respond: Respond, schema: Schema) -> Schema:
    """An event, since before OpenAPI 3.2 the schema of a stream is that of each event; its data is JSON as text."""
    items = schema.get("items", {}) if schema.get("type") == "array" and not respond.stream else schema
    is_text = isinstance(items, dict) and items.get("type") == "string"
    data: Schema = {} if is_text else {"contentMediaType": JSON, "contentSchema": items}
    marks: Schema = {
        mark: {"type": "string", "description": f"The field {name} of the data."}
        for mark, name in (("id", respond.event_id), ("event", respond.event))
        if name is not None
    }
    return {
        "type": "object",
        "description": "An event; one that is named `error` says that something failed, and is the last.",
        "properties": {"data": {"type": "string", **data}, **marks},
        "required": ["data"],
    }


def _template(body: JsonValue) -> Schema:
    """The schema of what is answered from a template: `$fields` is a list of names, in a text stand marks."""
    match body:
        case "$fields":
            return {"type": "array", "items": _TEXT}
        case str():
            return _TEXT if "$" in body else {"const": body}
        case dict():
            properties: Schema = {name: _template(part) for name, part in body.items()}
            return {"type": "object", "properties": properties, "required": [*properties]}
        case list():
            return {"type": "array"}
        case _:
            return {"const": body}


def _fixed(text: str) -> Schema:
    return {"schema": {"type": "string", "const": text}}


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return f"Status {status}"
