"""The rewritings that fixes are made of. Only this and `imports` import LibCST; rules import this when they fix.

Each takes a parsed file and a place in it and gives the file as it should be, or nothing where the source is not
written in a way that it knows. Everything that is not changed stays as it was, comments and layout included.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Sequence
from typing import TypeVar

import libcst as cst
from libcst import matchers as m
from libcst.metadata import MetadataWrapper, PositionProvider

from flowlattice.check.imports import bound_names, classes, from_flowlattice, imported_names, with_import
from flowlattice.check.rewrite import Rewrite
from flowlattice.diagnostics import Diagnostic
from flowlattice.ir.model import Source

N = TypeVar("N", bound=cst.CSTNode)


def annotate_return(module: cst.Module, definition: Source, records: Container[str]) -> Rewrite | None:
    """Say what a function returns, where every `return` makes the same record."""
    function = _function(module, definition)
    if function is None or function.returns is not None or m.findall(function.body, m.Yield()):
        return None
    returned = {_called(statement.value) for statement in _returns(function)}
    name = returned.pop() if len(returned) == 1 else None
    if name is None or not (name in classes(module) or (name in records and name in imported_names(module))):
        return None
    annotation = cst.Annotation(cst.Name(name), whitespace_before_indicator=cst.SimpleWhitespace(" "))
    return _replaced(module, function, function.with_changes(returns=annotation), f"say that it returns {name}")


def annotate_parameter(module: cst.Module, definition: Source, parameter: str, record: str) -> Rewrite | None:
    """Give a function's parameter the record that reaches it, if the file knows that record."""
    function = _function(module, definition)
    if function is None or record not in {*classes(module), *imported_names(module)}:
        return None
    for param in (*function.params.posonly_params, *function.params.params):
        if param.name.value == parameter and param.annotation is None:
            annotated = param.with_changes(annotation=cst.Annotation(cst.Name(record)))
            return _replaced(module, param, annotated, f"annotate {parameter} with {record}")
    return None


def set_node_option(
    module: cst.Module, definition: Source, keyword: str, callee: str, arguments: Sequence[str]
) -> Rewrite | None:
    """Give the `@node` of a function an option that is a call: `idempotency=by("a", "b")`."""
    value = cst.parse_expression(f"{callee}({', '.join(map(json.dumps, arguments))})")
    return _with_option(module, definition, keyword, value, callee)


def set_node_claim(module: cst.Module, definition: Source, keyword: str, kind: str, member: str) -> Rewrite | None:
    """Make the `@node` of a function claim something else: `effects=Effects.READ_ONLY`."""
    return _with_option(module, definition, keyword, cst.parse_expression(f"{kind}.{member}"), kind)


def connect_to_respond(module: cst.Module, source: Source) -> Rewrite | None:
    """Connect the node that is written at a place to a respond, after the other connections."""
    flow, name = _flow_variable(module), _variable_of(module, source)
    if flow is None or name is None:
        return None
    return _appended(module, f"{flow}.connect({name}, {flow}.respond())")


def declare_egress(module: cst.Module, binding: str, hosts: Sequence[str]) -> Rewrite | None:
    """Let a binding reach hosts: in its `flow.egress` call, or in a new one."""
    flow = _flow_variable(module)
    if flow is None or not hosts:
        return None
    texts = [json.dumps(host) for host in hosts]
    for call in m.findall(module, m.Call(func=m.Attribute(value=m.Name(flow), attr=m.Name("egress")))):
        if isinstance(call, cst.Call) and call.args and _text(call.args[0].value) == binding:
            added = [cst.Arg(cst.parse_expression(text)) for text in texts]
            return _replaced(module, call, call.with_changes(args=[*call.args, *added]))
    return _appended(module, f"{flow}.egress({json.dumps(binding)}, {', '.join(texts)})")


def set_name(module: cst.Module, source: Source, name: str) -> Rewrite | None:
    """Name the element whose call starts at a place."""
    call = _at(module, source, cst.Call)
    if call is None:
        return None
    value = cst.SimpleString(json.dumps(name))
    if m.matches(call.func, m.Attribute(attr=m.Name("named"))) and call.args:
        first, *others = call.args
        return _replaced(module, call, call.with_changes(args=[first.with_changes(value=value), *others]))
    return _replaced(module, call, _with_keyword(call, "name", value))


def classify(module: cst.Module, line: int, data_class: str) -> Rewrite | None:
    """Give the record whose definition holds a line a data class."""
    spans = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    for record, span in spans.items():
        if not isinstance(record, cst.ClassDef) or not span.start.line <= line <= span.end.line:
            continue
        if not any(_keyword(argument) == "data" for argument in record.keywords):
            argument = cst.Arg(cst.SimpleString(json.dumps(data_class)), cst.Name("data"), equal=_TIGHT)
            return _replaced(module, record, record.with_changes(keywords=[*record.keywords, argument]))
    return None


def sort_at(module: cst.Module, found: Diagnostic) -> Rewrite | None:
    """Sort the set that is written at a place, unless the file gives `sorted` another meaning."""
    wanted = Source(
        file=found.file, line=found.line, column=found.column, end_line=found.end_line, end_column=found.end_column
    )
    expression = next((e for e in _covering(module, wanted) if isinstance(e, cst.BaseExpression)), None)
    if expression is None or "sorted" in bound_names(module):
        return None
    return _replaced(module, expression, cst.Call(cst.Name("sorted"), [cst.Arg(expression)]))


def _replaced(module: cst.Module, old: cst.CSTNode, new: cst.CSTNode, title: str | None = None) -> Rewrite:
    done = module.deep_replace(old, new)
    return Rewrite(text=done.code if isinstance(done, cst.Module) else module.code, title=title)


# Options of nodes.

_TIGHT = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))


def _with_option(
    module: cst.Module, definition: Source, keyword: str, value: cst.BaseExpression, imported: str
) -> Rewrite | None:
    function = _function(module, definition)
    for decorator in () if function is None else function.decorators:
        given = decorator.decorator
        target = given.func if isinstance(given, cst.Call) else given
        if not _is_node(module, target):
            continue
        prefix = target.value if isinstance(target, cst.Attribute) else None
        if prefix is not None:  # fl.node: the rest comes from there too
            value = _prefixed(value, prefix)
        call = given if isinstance(given, cst.Call) else cst.Call(target)
        changed = decorator.with_changes(decorator=_with_keyword(call, keyword, value))
        done = module.deep_replace(decorator, changed)
        if not isinstance(done, cst.Module):
            return None
        return Rewrite(text=(done if prefix is not None else with_import(done, imported)).code)
    return None


def _is_node(module: cst.Module, target: cst.BaseExpression) -> bool:
    if isinstance(target, cst.Attribute):
        return target.attr.value == "node"
    names = {alias for name, alias in from_flowlattice(module) if name == "node"}
    return isinstance(target, cst.Name) and (target.value in names or (not names and target.value == "node"))


def _prefixed(value: cst.BaseExpression, prefix: cst.BaseExpression) -> cst.BaseExpression:
    if isinstance(value, cst.Call):
        return value.with_changes(func=_prefixed(value.func, prefix))
    if isinstance(value, cst.Attribute):
        return value.with_changes(value=_prefixed(value.value, prefix))
    return cst.Attribute(prefix, value) if isinstance(value, cst.Name) else value


def _with_keyword(call: cst.Call, keyword: str, value: cst.BaseExpression) -> cst.Call:
    for argument in call.args:
        if _keyword(argument) == keyword:
            return call.with_deep_changes(argument, value=value)
    added = cst.Arg(value, cst.Name(keyword), equal=_TIGHT)
    if call.args and isinstance(call.args[-1].comma, cst.Comma):  # a trailing comma: one argument a line
        added = added.with_changes(comma=call.args[-1].comma)
        previous = call.args[-2].comma if len(call.args) > 1 else None
        between = previous if isinstance(previous, cst.Comma) else cst.Comma(cst.SimpleWhitespace(""), _SPACE)
        last = call.args[-1].with_changes(comma=between)
        return call.with_changes(args=[*call.args[:-1], last, added])
    return call.with_changes(args=[*call.args, added])


_SPACE = cst.SimpleWhitespace(" ")


def _keyword(argument: cst.Arg) -> str | None:
    return None if argument.keyword is None else argument.keyword.value


# Places.


def _covering(module: cst.Module, source: Source) -> Iterator[cst.CSTNode]:
    """What covers exactly a span, the outermost first; where it has no end, what starts there."""
    spans = MetadataWrapper(module, unsafe_skip_copy=True).resolve(PositionProvider)
    for node, span in spans.items():
        starts = (span.start.line, span.start.column + 1) == (source.line, source.column)
        ends = (span.end.line, span.end.column + 1) == (source.end_line, source.end_column)
        if starts and (ends or source.end_line is None):
            yield node


def _at(module: cst.Module, source: Source, kind: type[N]) -> N | None:
    """What covers exactly a span, of one kind."""
    return next((node for node in _covering(module, source) if isinstance(node, kind)), None)


def _function(module: cst.Module, definition: Source) -> cst.FunctionDef | None:
    """The function whose name stands at a place."""
    name = _at(module, definition, cst.Name)
    functions = (part for part in m.findall(module, m.FunctionDef()) if isinstance(part, cst.FunctionDef))
    return next((function for function in functions if function.name is name), None)


def _variable_of(module: cst.Module, source: Source) -> str | None:
    """How the file calls the element that is written at a place: its function, or the variable it is assigned to."""
    function = _function(module, source)
    if function is not None:
        return function.name.value if function in module.body else None
    call = _at(module, source, cst.Call)
    for statement in m.findall(module, m.Assign()):
        if isinstance(statement, cst.Assign) and statement.value is call and len(statement.targets) == 1:
            target = statement.targets[0].target
            return target.value if isinstance(target, cst.Name) else None
    return None


def _flow_variable(module: cst.Module) -> str | None:
    names = {alias for name, alias in from_flowlattice(module) if name == "Flow"} or {"Flow"}
    found = []
    for statement in m.findall(module, m.Assign(value=m.Call())):
        if isinstance(statement, cst.Assign) and _called(statement.value) in names:
            target = statement.targets[0].target
            found += [target.value] if isinstance(target, cst.Name) else []
    return found[0] if len(found) == 1 else None


def _appended(module: cst.Module, line: str) -> Rewrite | None:
    """The file with a statement after the last one that concerns the flow."""
    flow = line.partition(".")[0]
    body = list(module.body)
    concerned = [
        number
        for number, part in enumerate(body)
        if isinstance(part, cst.SimpleStatementLine) and m.findall(part, m.Name(flow))
    ]
    if not concerned:
        return None
    place = concerned[-1] + 1
    return Rewrite(text=module.with_changes(body=[*body[:place], cst.parse_statement(line), *body[place:]]).code)


# Expressions.


def _returns(function: cst.FunctionDef) -> Iterable[cst.Return]:
    """The returns of a function, without those of functions inside it."""
    inner = {id(part) for nested in m.findall(function.body, m.FunctionDef()) for part in m.findall(nested, m.Return())}
    return [r for r in m.findall(function.body, m.Return()) if isinstance(r, cst.Return) and id(r) not in inner]


def _called(expression: cst.BaseExpression | None) -> str | None:
    if isinstance(expression, cst.Call) and isinstance(expression.func, cst.Name):
        return expression.func.value
    return None


def _text(expression: cst.BaseExpression) -> str | None:
    value = expression.evaluated_value if isinstance(expression, cst.SimpleString) else None
    return value if isinstance(value, str) else None
