"""The whole flow file: docstring, imports, records, nodes, and the flow itself."""

from __future__ import annotations

from flowlattice_agents.errors import AgentError, SpecError
from flowlattice_agents.naming import IMPORTED
from flowlattice_agents.rendering.bodies import REQUEST, operator_families
from flowlattice_agents.rendering.functions import render_function
from flowlattice_agents.rendering.records import Imports, Records
from flowlattice_agents.rendering.routes import Routes
from flowlattice_agents.rendering.text import Names, call, literal
from flowlattice_agents.spec import FlowSpec

_TAKEN = ("Annotated", "Literal", "date", "flow", REQUEST)


def render_flow(spec: FlowSpec) -> str:
    """The text of the flow file that a spec means.

    Raises:
        SpecError: An expression does not fit its types, or a name is not there; each problem says in which route.
    """
    own = [*(record.name for record in spec.records), *(function.name for function in spec.functions)]
    names = Names([*_TAKEN, *IMPORTED, *operator_families(), *own])
    imports = Imports(flowlattice={"Flow", "Profile", "http"})
    records = Records(spec, names, imports)
    routes = Routes(records, names)
    try:
        records.render_declared()
    except AgentError as error:
        raise SpecError([f"records: {error}"]) from error
    problems = []
    helpers = []
    for function in spec.functions:
        try:
            helpers.append(render_function(function, records))
        except AgentError as error:
            problems.append(f"function {function.name}: {error}")
    for route in spec.routes:
        try:
            routes.render(route)
        except AgentError as error:
            problems.append(f"{route.method} {route.path}: {error}")
    if problems:
        raise SpecError(problems)
    head = [f'"""{_docstring(spec)}"""', _imports(imports)]
    flow = "\n".join([_flow(spec), *routes.wiring, *_limits(spec, imports)])
    head[1] = _imports(imports)
    return "\n\n\n".join(["\n\n".join(head), *records.sources.values(), *helpers, *routes.functions, flow]) + "\n"


def _docstring(spec: FlowSpec) -> str:
    text = " ".join((spec.summary or f"The flow {spec.name}").split()).rstrip(".") + "."
    return text.replace("\\", "\\\\").replace('"', "'")


def _imports(imports: Imports) -> str:
    blocks = []
    standard = ["from datetime import date"] if imports.dates else []
    if imports.typing:
        standard.append(f"from typing import {', '.join(sorted(imports.typing))}")
    if standard:
        blocks.append("\n".join(standard))
    own = [_import("flowlattice", imports.flowlattice)]
    if imports.operators:
        own.append(_import("flowlattice.operators", imports.operators))
    blocks.append("\n".join(own))
    return "\n\n".join(blocks)


def _import(module: str, names: set[str]) -> str:
    ordered = sorted(names, key=lambda name: (not name[0].isupper(), name))
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= 110:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in ordered) + ")"


def _flow(spec: FlowSpec) -> str:
    arguments = [literal(spec.name), f"version={literal(spec.version)}", f"profile=Profile.{spec.profile.upper()}"]
    if spec.summary:
        arguments.append(f"summary={literal(' '.join(spec.summary.split()))}")
    return call("Flow", arguments, before="flow = ")


def _limits(spec: FlowSpec, imports: Imports) -> list[str]:
    lines = []
    if spec.rate_limit:
        lines.append(f"flow.rate_limit(qps={_number(spec.rate_limit.qps)}, burst={spec.rate_limit.burst})")
    if spec.max_in_flight:
        lines.append(f"flow.max_in_flight({spec.max_in_flight})")
    for slo in spec.slos:
        imports.flowlattice.add("ms")
        at = "" if slo.at_qps is None else f", at_qps={_number(slo.at_qps)}"
        lines.append(f"flow.slo(percentile={_number(slo.percentile)}, latency=ms({_number(slo.latency_ms)}){at})")
    return lines


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
