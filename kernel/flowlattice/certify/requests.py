"""From an input value to the request that carries it, as a trigger takes it: path, query, and body."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast
from urllib.parse import quote, urlencode

from pydantic import JsonValue

from flowlattice.certify.model import ExampleRequest
from flowlattice.ir.fields import Origin, field_sources
from flowlattice.ir.model import Trigger

_IN_HEADERS = re.compile("[!-~]([ -~]{0,500}[!-~])?")
JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request as it goes over the wire: `target` is path and query, percent-encoded."""

    method: str
    target: str
    body: str | None = None
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def request_for(trigger: Trigger, value: Mapping[str, JsonValue], schema: JsonValue) -> Request | None:
    """The request that carries a value of a schema; none where HTTP cannot carry it.

    A path parameter cannot be absent, empty or hold a slash; a query or form carries scalars and lists of them only; a
    header carries visible ASCII.
    """
    origins = {source.name: source.origin for source in field_sources(trigger, schema)}
    value = {name: item for name, item in value.items() if origins.get(name) != "session"}  # which the host makes
    headers = {name: _as_text(item) for name, item in value.items() if origins.get(name) == "header"}
    if not all(text is not None and _IN_HEADERS.fullmatch(text) for text in headers.values()):
        return None
    made = _without_headers(trigger, {n: v for n, v in value.items() if n not in headers}, origins)
    return None if made is None else replace(made, headers={name: str(text) for name, text in headers.items()})


def _without_headers(trigger: Trigger, value: Mapping[str, JsonValue], origins: Mapping[str, Origin]) -> Request | None:
    rest = dict(value)
    target = str(trigger.path)
    for name in [part[1:-1] for part in target.split("/") if part.startswith("{") and part.endswith("}")]:
        text = _as_text(rest.pop(name, None))
        if text is None or text in ("", ".", "..") or "/" in text:
            return None
        target = target.replace(f"{{{name}}}", quote(text, safe=""))
    whole = next((name for name, origin in origins.items() if origin == "whole"), None)
    body = None if whole not in rest else json.dumps(rest.pop(whole))
    if trigger.body == "json" and whole is None:
        # ASCII only, so that any text survives; lone surrogates never get here.
        return Request(method=str(trigger.method), target=target, body=json.dumps(rest), content_type=JSON)
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
    target = f"{target}?{encoded}" if encoded else target
    return Request(method=str(trigger.method), target=target, body=body, content_type=JSON if body else None)


def request_from(fields: Mapping[str, JsonValue]) -> Request:
    """The request that was written as data."""
    return Request(**cast(dict[str, Any], fields))


def request_of(example: ExampleRequest) -> Request:
    """The request that an example states."""
    path, _, query = example.path.partition("?")
    target = quote(path, safe="/%:@!$&'()*+,;=~-._") + (f"?{quote(query, safe='=&%+:@/?,;-._~')}" if query else "")
    bare = Request(method=example.method, target=target, headers=dict(example.headers))
    if example.form is not None:
        return replace(bare, body=urlencode(example.form), content_type=_FORM)
    if example.json_body is not None:
        return replace(bare, body=json.dumps(example.json_body), content_type=JSON)
    return bare


def _as_text(value: JsonValue) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | str):
        return str(value)
    return None
