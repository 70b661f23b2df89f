"""Flows that ask a language model, and the scripted endpoint that answers them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from flowlattice.bindings import EnvironmentBindings
from tests.support.flows import Client, web
from tests.support.scripted_model import Behaviour, ScriptedModel, scripted_model

PINNED = 'model("gpt-4o-mini-2024-07-18", seed=42, max_tokens=50)'
SMALL = 'per(day=usd("1"), call=tokens(1_000))'

_FLOW = """
from flowlattice import AiRead, TokenBudget, model, per, tokens, usd

class In(Record, data="{data}"):
    v: str

class Out(Record, data="{data}"):
    v: str
    left_off: bool = False

class Invoice(Record, data="internal"):
    number: str
    cents: Annotated[int, field(ge=0)]

@node
async def ask(req: In, ai: Annotated[AiRead, {model}], budget: Annotated[TokenBudget, {budget}]) -> Out:
    {body}

flow = Flow("asking", version="1.0.0")
hook = flow.trigger(http.post("/ask", accepts=In, deadline=seconds(20)))
flow.connect(hook, ask)
flow.connect(ask, flow.respond())
"""

COMPLETE = "return Out(v=await ai.complete(req.v), left_off=budget.exhausted)"


def asking(body: str = COMPLETE, *, model: str = PINNED, budget: str = SMALL, data: str = "internal") -> str:
    """The source of a flow with one node, `ask`, whose body this is."""
    return _FLOW.format(body=body, model=model, budget=budget, data=data)


def bound(folder: Path, url: str, *, beside: str = "", **options: object) -> EnvironmentBindings:
    """An environment in which `ai` is bound to an endpoint; `beside` are further tables."""
    lines = [f"{name} = {_toml(value)}" for name, value in {"base_url": url, **options}.items()]
    return EnvironmentBindings("\n".join(["[test.ai]", 'backend = "openai"', *lines, beside]), "test", folder)


@asynccontextmanager
async def answered(
    folder: Path, source: str, script: Sequence[Behaviour] | Behaviour, **options: Any
) -> AsyncIterator[tuple[Client, ScriptedModel]]:
    """The web host of a flow whose model answers by a script."""
    with scripted_model(script) as server:
        async with web(folder, source, bindings=bound(folder, server.url, **options)) as client:
            yield client, server


def _toml(value: object) -> str:
    """Texts, numbers, lists and tables in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(name)} = {_toml(part)}" for name, part in value.items()) + "}"
    return json.dumps(value)
