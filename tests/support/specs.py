"""Flows built from specs, held against what the simulator says of the same spec."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flowlattice.bindings import LocalBindings
from flowlattice.check import check
from flowlattice.hosts.inprocess import InProcess, Response
from flowlattice.hosts.programs import load_flow, runtime
from flowlattice.hosts.web import WebApp
from flowlattice.ir.lower import lower
from flowlattice.ir.model import FlowIR
from flowlattice_agents.rendering import render_flow
from flowlattice_agents.simulate import SimulatedReply, simulate
from flowlattice_agents.spec import FlowSpec


@dataclass(frozen=True)
class BuiltSpec:
    """A spec, the flow file that it means, and its IR."""

    spec: FlowSpec
    source: str
    ir: FlowIR
    folder: Path

    def ask(
        self, target: str, body: Any = None, *, method: str | None = None, headers: Mapping[str, str] | None = None
    ) -> Response:
        """The flow's answer to one request: a GET, or where there is a body a POST of it in the route's encoding."""
        verb = method or ("GET" if body is None else "POST")
        route = next((r for r in self.spec.routes if r.method == verb), None)
        sent, kind = b"", {}
        if body is not None and route is not None and route.body == "form":
            sent, kind = urlencode(body).encode(), {"content-type": "application/x-www-form-urlencoded"}
        elif body is not None:
            sent, kind = json.dumps(body).encode(), {"content-type": "application/json"}

        async def send() -> Response:
            app = WebApp([runtime(load_flow(self.folder / "flow.py"), LocalBindings(), profile="web")])
            async with InProcess(app) as driver:
                return await driver.request(verb, target, headers={**kind, **(headers or {})}, body=sent)

        return asyncio.run(send())

    def agree(
        self, target: str, body: Any = None, *, method: str | None = None, headers: Mapping[str, str] | None = None
    ) -> SimulatedReply:
        """What the flow and the simulator both answer; fails where they differ."""
        verb = method or ("GET" if body is None else "POST")
        told = simulate(self.spec, verb, target, body, headers)
        answer = self.ask(target, body, method=verb, headers=headers)
        text = answer.body.decode()
        assert answer.status == told.status, (target, body, text, told)
        if told.text is not None:
            assert text == told.text
        elif text:
            assert json.loads(text) == told.json_body
        for name, value in told.headers.items():
            assert answer.headers[name.lower()] == value
        return told


def built(folder: Path, spec: str) -> BuiltSpec:
    """A spec, rendered and loaded; its flow has no problems."""
    read = FlowSpec.from_yaml(spec)
    source = render_flow(read)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "flow.py").write_text(source, encoding="utf-8")
    ir = lower(load_flow(folder / "flow.py").program)
    found = check(ir)
    assert found == (), (found, source)
    return BuiltSpec(read, source, ir, folder)
