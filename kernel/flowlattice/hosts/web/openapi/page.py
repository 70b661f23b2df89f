"""The document as a page for people: one piece of HTML that loads nothing and needs no script."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from html import escape
from typing import Final
from urllib.parse import urlencode

from pydantic import JsonValue
from pydantic_core import to_json

from flowlattice.hosts.web.openapi.schemas import Schema
from flowlattice.hosts.web.openapi.style import STYLE
from flowlattice.hosts.web.openapi.words import bounds, sample, shown

_FORM: Final = "application/x-www-form-urlencoded"
_ERRORS: Final = 400
_ANY: Final = "…"
_PLAIN: Final = re.compile(r"[^\"$`\\!]*")  # what means nothing to a shell between double quotes
_MARKED: Final = re.compile("`([^`\n]+)`")


def page(document: Schema) -> str:
    """The page of an OpenAPI document that `document` made."""
    return "".join(_Page(document).parts())


class _Page:
    """One page. What it reads is what `document` wrote, so that members are there."""

    def __init__(self, document: Schema) -> None:
        self._info = _object(document["info"])
        self._components = _object(_object(document["components"])["schemas"])
        self._operations = [
            (method, path, _object(operation))
            for path, methods in _object(document["paths"]).items()
            for method, operation in _object(methods).items()
        ]

    def parts(self) -> Iterator[str]:
        name, version = _text(self._info["title"]), _text(self._info["version"])
        yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
        yield f"<title>{name} {version}</title><style>{STYLE}</style></head><body><main>"
        yield f"<h1>{name} <small>{version}</small></h1>"
        if "description" in self._info:
            yield f"<p>{_text(self._info['description'])}</p>"
        yield '<p class="quiet">For programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1). '
        yield "In the examples <code>$URL</code> is where it is served.</p><nav><ul>"
        for method, path, operation in self._operations:
            yield f'<li><a href="#{_anchor(operation)}">{_badge(method)}<code>{escape(path)}</code></a></li>'
        yield "</ul></nav>"
        for method, path, operation in self._operations:
            yield from self._operation(method, path, operation)
        if self._components:
            yield '<h3 class="group">Records</h3>'
        for record, schema in self._components.items():
            yield f'<section id="record-{escape(record)}"><h2>{escape(record)}</h2>'
            yield from _told(_object(schema))
            yield from self._fields(_object(schema))
            yield "</section>"
        yield "</main></body></html>"

    def _operation(self, method: str, path: str, operation: Schema) -> Iterator[str]:
        yield f'<section id="{_anchor(operation)}"><h2>{_badge(method)}{escape(path)}</h2>'
        yield from _told(operation)
        parameters = [_object(one) for one in _list(operation.get("parameters"))]
        if parameters:
            yield "<h3>Parameters</h3>" + _table(_parameter(one) for one in parameters)
        content = _object(_object(operation.get("requestBody")).get("content"))
        if content:
            yield f'<h3>Body</h3><p class="quiet">{" or ".join(f"<code>{escape(kind)}</code>" for kind in content)}</p>'
            yield from self._fields(_object(_object(next(iter(content.values())))["schema"]))
        yield "<h3>Answers</h3>" + _table(
            _answer(status, _object(response)) for status, response in _object(operation["responses"]).items()
        )
        command = self._command(method, path, parameters, content)
        yield f"<h3>For example</h3><pre><code>{escape(command)}</code></pre></section>"

    def _fields(self, schema: Schema) -> Iterator[str]:
        """A record as a table of its fields; what is no record in words."""
        while "$ref" in schema:
            schema = _object(self._components[str(schema["$ref"]).rpartition("/")[2]])
        fields, required = _object(schema.get("properties")), _list(schema.get("required"))
        if not fields:
            yield f"<p>{shown(schema)}{_comma(bounds(schema))}</p>"
            return
        yield _table(_row(name, _object(field), needed=name in required) for name, field in fields.items())

    def _command(self, method: str, path: str, parameters: list[Schema], content: Schema) -> str:
        """A command line that asks for it; `$URL` is where the flow is served."""
        query, headers = dict[str, str](), list[str]()
        for parameter in parameters:
            name, value = str(parameter["name"]), _as_text(sample(parameter["schema"], self._components))
            if parameter["in"] == "path":
                path = path.replace(f"{{{name}}}", name if value == _ANY else value)
            elif parameter.get("required") and parameter["in"] == "query":
                query[name] = value
            elif parameter.get("required"):
                headers.append(f"{name}: {value}")
        target = f"{path}?{urlencode(query, safe='…')}" if query else path
        usual = "post" if content else "get"
        words = ["curl", *(["-X", method.upper()] if method != usual else [])]
        for kind, held in list(content.items())[:1]:
            body = sample(_object(held)["schema"], self._components)
            if kind == _FORM:
                for name, part in _object(body).items():
                    words += ["--data-urlencode", f"{name}={_as_text(part)}"]
            else:
                headers.append(f"content-type: {kind}")
                words += ["-d", to_json(body).decode()]
        words += [word for header in headers for word in ("-H", header)]
        where = f'"$URL{target}"' if _PLAIN.fullmatch(target) else f'"$URL"{shlex.quote(target)}'
        return f"{' '.join(shlex.quote(word) for word in words)} {where}"


def _row(name: str, schema: Schema, *, needed: bool) -> str:
    held = schema.get("x-data-class")
    tag = f' <span class="class">{_text(held)}</span>' if held is not None else ""
    words = ". ".join(_text(schema[key]) for key in ("description", "x-reason") if key in schema)
    return _cells(name, shown(schema), _joined(bounds(schema), words) + tag, needed=needed)


def _parameter(parameter: Schema) -> str:
    schema = _object(parameter["schema"])
    told = [_text(parameter[key]) for key in ("description",) if key in parameter]
    told += [_text(schema[key]) for key in ("x-reason",) if key in schema]
    place = "as a cookie" if parameter["in"] == "cookie" else f"in the {_text(parameter['in'])}"
    kind = f'{shown(schema)} <span class="quiet">{place}</span>'
    held = schema.get("x-data-class")
    tag = f' <span class="class">{_text(held)}</span>' if held is not None else ""
    words = _joined(bounds(schema), ". ".join(told)) + tag
    return _cells(str(parameter["name"]), kind, words, needed=bool(parameter.get("required")))


def _cells(name: str, kind: str, words: str, *, needed: bool) -> str:
    mark = ' <span class="needed" title="has to be there">*</span>' if needed else ""
    return (
        f'<tr><th scope="row"><code>{escape(name)}</code>{mark}</th><td class="kind">{kind}</td><td>{words}</td></tr>'
    )


def _answer(status: str, response: Schema) -> str:
    told = _text(response["description"])
    headers = _object(response.get("headers"))
    if headers:
        told += f' <span class="quiet">with {", ".join(f"<code>{escape(name)}</code>" for name in headers)}</span>'
    bodies = [(_content(kind, _object(held)), kind) for kind, held in _object(response.get("content")).items()]
    shape = "<br>".join(f'{body} <span class="quiet">{escape(kind)}</span>' for body, kind in bodies)
    if int(status) >= _ERRORS and "record-" not in shape and not any(kind.startswith("text/") for _, kind in bodies):
        shape = _codes(response) or shape
    return f'<tr><th scope="row" class="status">{escape(status)}</th><td class="kind">{shape}</td><td>{told}</td></tr>'


def _content(kind: str, held: Schema) -> str:
    schema = _object(held["schema"])
    if kind == "text/event-stream":
        return f"events of {shown(_object(schema['properties'])['data'])}"
    return shown(schema)


def _codes(response: Schema) -> str:
    """The codes of errors that differ in nothing else that matters to people."""
    found: list[str] = []
    for held in _object(response.get("content")).values():
        schema = _object(_object(held).get("schema"))
        for one in _list(schema.get("anyOf")) or [schema]:
            code = _object(_object(_object(one).get("properties")).get("error")).get("const")
            if isinstance(code, str):
                found.append(f"<code>{escape(code)}</code>")
    return " or ".join(found)


def _told(schema: Schema) -> Iterator[str]:
    if "description" in schema:
        yield f"<p>{_text(schema['description'])}</p>"


def _table(rows: Iterator[str]) -> str:
    return f'<div class="scroll"><table>{"".join(rows)}</table></div>'


def _badge(method: str) -> str:
    return f'<span class="method {escape(method)}">{escape(method.upper())}</span>'


def _anchor(operation: Schema) -> str:
    return f"route-{escape(str(operation['operationId']))}"


def _joined(first: str, second: str) -> str:
    return f"{first}. {second}" if first and second else first or second


def _comma(words: str) -> str:
    return f", {words}" if words else ""


def _text(value: JsonValue) -> str:
    """Words of a flow; what stands between backticks is code."""
    return _MARKED.sub(r"<code>\1</code>", escape(str(value)))


def _as_text(value: JsonValue) -> str:
    return value if isinstance(value, str) else to_json(value).decode()


def _object(value: JsonValue) -> Schema:
    return value if isinstance(value, dict) else {}


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
