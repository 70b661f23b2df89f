"""A port has no type.

A node's first parameter is its input port and its return type its output port. Without types nothing can be said about
what flows: edges cannot be checked, bodies cannot be validated, no schema can be published. The type has to be one
that has a JSON Schema: a `Record`, or text, numbers, lists and the like.

## Bad

```python
from flowlattice import Flow, Record, http, node

class Req(Record, data="public"):
    v: str

class Res(Record, data="public"):
    v: str

@node
def normalize(req: Req):
    return Res(v=req.v.strip())

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, normalize)
flow.connect(normalize, flow.respond())
```

## Good

```python
from flowlattice import Flow, Record, http, node

class Req(Record, data="public"):
    v: str

class Res(Record, data="public"):
    v: str

@node
def normalize(req: Req) -> Res:
    return Res(v=req.v.strip())

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, normalize)
flow.connect(normalize, flow.respond())
```

## Fix

Safe, where the type is certain: a return type when every `return` makes the same record, an input type when everything
that is connected to the node gives the same record.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding, offer
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Node, Parameter

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "DAG001"
SEVERITY: Severity = "error"

_PAIRING: Final = frozenset({"join", "zip"})
_TAKING: Final = frozenset({"node", "plugin"})
_MAKING: Final = _PAIRING | _TAKING | {"foreach"}


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find ports without a type."""
    for node in flow.nodes:
        if node.kind == "trigger" and node.out_schema is None:
            message = f"what {node.name} accepts is no record"
            yield finding(CODE, message, node.source, node=node.name, help="accepts= takes a class that extends Record")
        if node.kind in _MAKING and node.function == "<lambda>":
            text = "write a function with types: def f(req: Req) -> Res"
            yield finding(CODE, "a lambda has no types", node.definition or node.source, node=node.name, help=text)
            continue
        if node.kind in _TAKING and node.in_schema is None:
            yield _input(flow, node)
        if node.kind in _PAIRING:
            yield from _sides(flow, node)
        if node.kind in _MAKING and node.out_schema is None and node.returns is not None:
            yield _output(node, node.returns)


def _input(flow: FlowIR, node: Node) -> Diagnostic:
    if not node.parameters:
        message = f"{node.name} takes no input; its first parameter is its input port"
        source = node.definition or node.source
        return finding(CODE, message, source, node=node.name, help="give it a parameter: def f(req: Req) -> Res")
    parameter = node.parameters[0]
    if parameter.annotation is None:
        message = f"the input {parameter.name} of {node.name} has no type"
        carried = _carried(flow, node)
        fix = None if carried is None else offer("safe", f"annotate {parameter.name} with {carried}")
        return finding(CODE, message, parameter.source, node=node.name, help=f"write {parameter.name}: Req", fix=fix)
    message = f"the input {parameter.name} of {node.name}: {parameter.annotation} is no type with a schema"
    return finding(CODE, message, parameter.source, node=node.name, help="use a Record, or text, numbers and lists")


def _sides(flow: FlowIR, node: Node) -> Iterator[Diagnostic]:
    """The sides of a join or a zip whose types are missing: its function's first two parameters."""
    taken = next((s.config for s in flow.surfaces if s.kind == node.kind and node.id in s.targets), {})
    for number, side in enumerate(("left", "right")):
        if taken.get(side) is not None:
            continue
        parameter = node.parameters[number] if number < len(node.parameters) else None
        written = None if parameter is None else parameter.annotation
        what = "has no type" if written is None else f"is of no type with a schema, {written}"
        source = node.definition or node.source if parameter is None else parameter.source
        text = "its function takes one record of each side: def pair(left: Left, right: Right) -> Both"
        yield finding(CODE, f"the {side} side of {node.name} {what}", source, node=node.name, help=text)


def _output(node: Node, returns: Parameter) -> Diagnostic:
    if returns.annotation is None:
        message = f"{node.name} does not say what it returns"
        fix = offer("safe", "say that it returns the record that it makes, if that is one")
        return finding(CODE, message, returns.source, node=node.name, help="write -> Res after the parameters", fix=fix)
    if node.kind == "foreach":
        message = f"what {node.name} returns, {returns.annotation}, is no list of items of a type with a schema"
        return finding(CODE, message, returns.source, node=node.name, help="write -> list[Item] after the parameters")
    message = f"what {node.name} returns, {returns.annotation}, is no type with a schema"
    return finding(CODE, message, returns.source, node=node.name, help="use a Record, or text, numbers and lists")


def _carried(flow: FlowIR, node: Node) -> str | None:
    """The one schema that reaches a node; none where nothing or several do."""
    carried = {edge.carries for edge in flow.incoming(node.id)}
    return carried.pop() if len(carried) == 1 else None


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Add the annotation where it is certain."""
    from flowlattice.check import codemods

    node = next((node for node in flow.nodes if node.name == found.node), None)
    if node is None or node.definition is None or node.definition.file != found.file:
        return None
    if node.returns is not None and (node.returns.source.line, node.returns.source.column) == (
        found.line,
        found.column,
    ):
        return codemods.annotate_return(module, node.definition, flow.places)
    carried = _carried(flow, node)
    if carried is None or not node.parameters:
        return None
    return codemods.annotate_parameter(module, node.definition, node.parameters[0].name, carried)
