"""What a server serves, as a page for people and as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from pydantic import JsonValue

from flowlattice.engine import Runtime
from flowlattice.hosts.web.openapi.style import STYLE

INDEX: Final = "/flows"
"""Where it is."""


def listed(runtimes: Iterable[Runtime]) -> JsonValue:
    """The flows by name, with the addresses of their documents and their routes."""
    flows = {runtime.plan.flow: runtime for runtime in runtimes}
    return {"flows": [_entry(runtime) for _, runtime in sorted(flows.items())]}


def index_page(runtimes: Iterable[Runtime]) -> str:
    """The same as a page."""
    flows = {runtime.plan.flow: runtime for runtime in runtimes}
    return "".join(_parts([runtime for _, runtime in sorted(flows.items())]))


def _entry(runtime: Runtime) -> JsonValue:
    flow = runtime.flow
    return {
        "name": flow.name,
        "version": flow.version,
        "summary": flow.summary,
        "docs": f"{INDEX}/{flow.name}/docs",
        "openapi": f"{INDEX}/{flow.name}/openapi.json",
        "routes": [{"method": one.plan.method, "path": one.plan.path} for one in runtime.triggers],
    }


def _parts(runtimes: list[Runtime]) -> Iterator[str]:
    yield '<!doctype html><html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield f"<title>Flows</title><style>{STYLE}</style></head><body><main><h1>Flows</h1>"
    for runtime in runtimes:
        flow, base = runtime.flow, f"{INDEX}/{escape(runtime.flow.name)}"
        yield f'<section><h2><a href="{base}/docs">{escape(flow.name)}</a> {escape(flow.version)}</h2>'
        yield f"<p>{escape(flow.summary)}</p>" if flow.summary else ""
        yield f'<p class="quiet">For programs: <a href="{base}/openapi.json">openapi.json</a></p><nav><ul>'
        for trigger in runtime.triggers:
            yield f"<li><code>{escape(trigger.plan.method)} {escape(trigger.plan.path)}</code></li>"
        yield "</ul></nav></section>"
    yield "</main></body></html>"
