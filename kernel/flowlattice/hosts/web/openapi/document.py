"""The OpenAPI document of a flow."""

from __future__ import annotations

from typing import Final

from flowlattice.engine import BoundTrigger, Runtime
from flowlattice.hosts.web.openapi.answers import Answers
from flowlattice.hosts.web.openapi.requests import parameters, request_body
from flowlattice.hosts.web.openapi.schemas import Components, Schema
from flowlattice.hosts.web.sessions import cookie_name

VERSION: Final = "3.1.1"


def document(runtime: Runtime) -> Schema:
    """What a flow's routes take and answer (OpenAPI 3.1).

    Args:
        runtime: The flow.
    """
    flow = runtime.flow
    components = Components(flow.schemas)
    paths: dict[str, Schema] = {}
    for trigger in runtime.triggers:
        paths.setdefault(trigger.plan.path, {})[trigger.plan.method.lower()] = _operation(runtime, trigger, components)
    return {
        "openapi": VERSION,
        "info": {
            "title": flow.name,
            "version": flow.version,
            **({"description": flow.summary} if flow.summary else {}),
        },
        "servers": [{"url": "/"}],
        "paths": {**paths},
        "components": {"schemas": dict(sorted(components.schemas.items()))},
    }


def _operation(runtime: Runtime, trigger: BoundTrigger, components: Components) -> Schema:
    taken = parameters(trigger.plan, components, cookie_name(runtime.flow.name))
    body = request_body(trigger.plan, components)
    words = components.entry(trigger.plan.accepts).get("description")
    return {
        "operationId": trigger.plan.name,
        **({"description": words} if words and (taken or body) else {}),
        **({"parameters": taken} if taken else {}),
        **({"requestBody": body} if body else {}),
        "responses": Answers(runtime, trigger, components).responses(),
    }
