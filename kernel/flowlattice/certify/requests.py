"""From an input value to the request that carries it, as a trigger takes it: path, query, and body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from pydantic import JsonValue

from flowlattice.certify.model import ExampleRequest
from flowlattice.ir.model import Trigger

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as it goes over the wire: `target` is path and query, percent-encoded."""

    method: str
    target: str
    body: str | None = None
    content_type: str | None = None


def request_for(trigger: Trigger, value: Mapping[str, JsonValue]) -> Request | None:
    """The request that carries a value; none where HTTP cannot carry it.

    A path parameter cannot be absent, empty or hold a slash; a query or form carries scalars and lists of them only.
    """
    rest = dict(value)
    target = str(trigger.path)
    for name in [part[1:-1] for part in target.split("/") if part.startswith("{") and part.endswith("}")]:
        text = _as_text(rest.pop(name, None))
        if text is None or text in ("", ".", "..") or "/" in text:
            return None
        target = target.replace(f"{{{name}}}", quote(text, safe=""))
    if trigger.body == "json":
        # ASCII only, so that any text survives; lone surrogates never get here.
        return Request(method=str(trigger.method), target=target, body=json.dumps(rest), content_type=_JSON)
    pairs: list[tuple[str, str]] = []
    for name, item in rest.items():
        for entry in item if isinstance(item, list) else [item]:
            text = _as_text(entry)
            if text is None:
                return None
            pairs.append((name, text))
    encoded = urlencode(pairs)
    if trigger.body == "form":
        return Request(method=str(trigger.method), target=target, body=encoded, content_type=_FORM)
    return Request(method=str(trigger.method), target=f"{target}?{encoded}" if encoded else target)


def request_of(example: ExampleRequest) -> Request:
    """The request that an example states."""
    path, _, query = example.path.partition("?")
    target = quote(path, safe="/%:@!$&'()*+,;=~-._") + (f"?{quote(query, safe='=&%+:@/?,;-._~')}" if query else "")
    if example.form is not None:
        return Request(method=example.method, target=target, body=urlencode(example.form), content_type=_FORM)
    if example.json_body is not None:
        body = json.dumps(example.json_body)
        return Request(method=example.method, target=target, body=body, content_type=_JSON)
    return Request(method=example.method, target=target)


def _as_text(value: JsonValue) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | str):
        return str(value)
    return None
