"""A route, a status or a header is one that HTTP does not know.

A path starts with `/`, is made of printable characters without spaces, `%`, `?` and `#` (hosts compare it with what is
asked for after decoding that, so it is written decoded), and writes its parameters as `{name}`, each once. An answer
has a status from 200 to 599, the answer to invalid input one from 400 to 499. A header's name is letters, digits and
dashes, and none of those that the host itself writes, such as `Content-Length`; its value is one line. A stream of
events has no other type of content, and what goes out piece by piece is events, a text or a page. The id and the name
of an event are fields of its item. Beside a field that is the body of an answer, the others are headers.

## Bad

```python
from flowlattice import Flow, Record, http

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("echo/{v}/{v}", accepts=Req))
flow.connect(hook, flow.respond())
```

## Good

```python
from flowlattice import Flow, Record, http

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo/{v}", accepts=Req))
flow.connect(hook, flow.respond())
```

## Fix

None: the path and the status are what callers rely on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from pydantic import JsonValue

from flowlattice.check.context import CheckContext
from flowlattice.check.fields import fields_of, item_fields
from flowlattice.check.finding import finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.headers import HOST_OWNED, header_value, is_header_name
from flowlattice.ir.model import FlowIR, Node, Trigger

CODE = "DAG106"
SEVERITY: Severity = "error"

_METHODS: Final = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_PATH: Final = re.compile(r"/([^\s%?#{}\\\"<>^`|]|\{[A-Za-z_][A-Za-z0-9_]*\})*")
_MARKS: Final = {"event_id": "id", "event": "name"}
_PARAMETER: Final = re.compile(r"\{([^{}]*)\}")


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find paths, methods and statuses that cannot be."""
    for node in flow.triggers():
        fields = fields_of(flow, node.out_schema).items()
        headers = [name for name, field in fields if isinstance(field, dict) and field.get("x-in") == "header"]
        if node.trigger is None or node.trigger.kind != "http":
            continue
        for problem in _problems(node.trigger, headers):
            yield finding(CODE, f"{problem} ({node.name})", node.source, node=node.name)
    for surface in flow.surfaces:
        if surface.kind == "respond":
            node = flow.node(surface.targets[0])
            for problem in _of_answer(flow, node, surface.config):
                yield finding(CODE, f"{node.name} {problem}", surface.source or node.source, node=node.name)


def _of_answer(flow: FlowIR, node: Node, config: Mapping[str, JsonValue]) -> Iterator[str]:
    status, headers = config.get("status"), config.get("headers")
    if not _is_status(status, 200, 599):
        yield f"answers with status {status!r}, which is not from 200 to 599"
    yield from _of_pieces(flow, node, config)
    always = headers if isinstance(headers, dict) else {}
    answered = dict.fromkeys(name for edge in flow.incoming(node.id) if (name := edge.carries) is not None)
    fields = [(name, field) for schema in answered for name, field in fields_of(flow, schema).items()]
    places = [(name, field.get("x-in") if isinstance(field, dict) else None) for name, field in fields]
    for name in (*always, *(name for name, place in places if place == "header")):
        yield from _of_header(name, config.get("body") == "events")
    for name, text in always.items():
        if not isinstance(text, str) or header_value(text) != text:
            yield f"answers with a header {name} whose value is not one line of ASCII"
    if any(place == "body" for _, place in places):
        for name, place in places:
            if place is None:
                yield f"answers a record whose field {name} is neither its body nor a header, and would be lost"


def _of_pieces(flow: FlowIR, node: Node, config: Mapping[str, JsonValue]) -> Iterator[str]:
    body, streams = config.get("body"), config.get("stream") is True
    if streams and body not in {"events", "text", "html"}:
        yield f"answers {body} piece by piece, which only events, a text and a page can be"
    for mark, words in _MARKS.items():
        field = config.get(mark)
        if field is None:
            continue
        if body != "events":
            yield f"answers {body} and names a field for the {words} of events"
            continue
        find = fields_of if streams else item_fields
        for name in dict.fromkeys(edge.carries for edge in flow.incoming(node.id)):
            if name is not None and field not in find(flow, name):
                yield f"takes the {words} of an event from the field {field}, which {name} does not have"


def _of_header(name: str, is_stream: bool) -> Iterator[str]:
    if not is_header_name(name):
        yield f"answers with a header {name[:100]!r}, which is no name of a header"
    elif name.lower() in HOST_OWNED:
        yield f"answers with the header {name}, which the host writes itself"
    elif is_stream and name.lower() == "content-type":
        yield "answers with events, whose type of content is text/event-stream and no other"


def _problems(trigger: Trigger, headers: list[str]) -> Iterator[str]:
    path = trigger.path or ""
    if trigger.method not in _METHODS:
        yield f"the method {trigger.method!r} is none of {', '.join(sorted(_METHODS))}"
    if not (_PATH.fullmatch(path) and path.isprintable()):
        yield f"the path {path[:200]!r} is malformed; it looks like /items/{{id}}"
    names = _PARAMETER.findall(path)
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"the path {path[:200]!r} has the parameter {name} twice"
    for name in headers:
        if not is_header_name(name):
            yield f"the field {name[:100]!r} is to be a header, and is no name of one"
    for reply in trigger.invalid:
        if not _is_status(reply.status, 400, 499):
            yield f"invalid input is answered with {reply.status}, which is not from 400 to 499"


def _is_status(value: JsonValue, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
