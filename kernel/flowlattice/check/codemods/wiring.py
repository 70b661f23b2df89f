"""Rewriting how a flow is put together: its calls, their arguments, and statements that are added."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence

import libcst as cst
from libcst import matchers as m

from flowlattice.check._sequence import inserted
from flowlattice.check.codemods._places import (
    at,
    covering,
    flow_variable,
    keyword_of,
    parameter_at,
    replaced,
    rewritten,
    text_of,
    top_level,
    variable_of,
)
from flowlattice.check.codemods._spelling import Spelling
from flowlattice.check.rewrite import Rewrite
from flowlattice.ir.model import Source

TIGHT = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))


def set_call_keyword(
    module: cst.Module, source: Source, keyword: str, value: str, names: Collection[str] = ()
) -> Rewrite | None:
    """Give the call that is written at a place an argument by name, or another value for it.

    Args:
        module: The file.
        source: The span of the call.
        keyword: The argument's name.
        value: Its value, as code.
        names: The names of flowlattice in it.
    """
    return set_call_keywords(module, source, {keyword: value}, names)


def set_call_keywords(
    module: cst.Module, source: Source, values: Mapping[str, str], names: Collection[str] = ()
) -> Rewrite | None:
    """The same for several arguments of one call, by their names."""
    call = at(module, source, cst.Call)
    if call is None:
        return None
    spelling, changed = Spelling(module), call
    for keyword, value in values.items():
        changed = with_keyword(changed, keyword, spelling.expression(value, names))
    return Rewrite(text=spelling.imported(replaced(module, call, changed)).code)


def set_inner_keyword(  # noqa: PLR0913 - the place, and what is said there
    module: cst.Module, source: Source, called: str, keyword: str, value: str, *, names: Collection[str] = ()
) -> Rewrite | None:
    """The same for a call that is written inside of something: the one `Spill(...)` in a connection.

    Args:
        module: The file.
        source: The span of what it is inside of.
        called: What it calls, a name of flowlattice.
        keyword: The argument's name.
        value: Its value, as code.
        names: The names of flowlattice in it.
    """
    outer = next(covering(module, source), None) or parameter_at(module, source)
    spelling = Spelling(module)
    calls = [] if outer is None else [call for call in m.findall(outer, m.Call()) if isinstance(call, cst.Call)]
    meant = [call for call in calls if spelling.is_name(call.func, called)]
    if len(meant) != 1:
        return None
    changed = with_keyword(meant[0], keyword, spelling.expression(value, names))
    return Rewrite(text=spelling.imported(replaced(module, meant[0], changed)).code)


def remove_statement(module: cst.Module, source: Source) -> Rewrite | None:
    """Take out the statement at the top of a file that is the call at a place; comments at it stay, as lines."""
    call = at(module, source, cst.Call)
    number = None if call is None else top_level(module, call)
    statement = None if number is None else module.body[number]
    if number is None or not isinstance(statement, cst.SimpleStatementLine) or len(statement.body) != 1:
        return None
    if not isinstance(statement.body[0], cst.Expr) or statement.body[0].value is not call:
        return None
    comment = statement.trailing_whitespace.comment
    left = [*statement.leading_lines, *([] if comment is None else [cst.EmptyLine(indent=False, comment=comment)])]
    left = left if any(line.comment is not None for line in left) else []
    before, after = module.body[:number], module.body[number + 1 :]
    if not after:
        return Rewrite(text=module.with_changes(body=before, footer=[*left, *module.footer]).code)
    first = after[0].with_changes(leading_lines=[*left, *after[0].leading_lines])
    return Rewrite(text=module.with_changes(body=[*before, first, *after[1:]]).code)


def with_keyword(call: cst.Call, keyword: str, value: cst.BaseExpression) -> cst.Call:
    """A call with an argument by name, or another value for it."""
    for argument in call.args:
        if keyword_of(argument) == keyword:
            return call.with_deep_changes(argument, value=value)
    new = cst.Arg(value, cst.Name(keyword), equal=TIGHT)
    # Nothing by name may be missing after what is spread: `f(*a, **b, c=1)` is valid, so the end always is.
    return call.with_changes(args=inserted(call.args, new, len(call.args), call.whitespace_before_args))


def add_statement_after(
    module: cst.Module, source: Source | None, statement: str, names: Collection[str] = ()
) -> Rewrite | None:
    """Add a statement at the top of a file, after the one at a place, or the last one that concerns the flow.

    Args:
        module: The file.
        source: A span that lies in one statement at the top of the file; none for what concerns the flow.
        statement: What is added, in which `flow` stands for whatever the file calls its flow.
        names: The names of flowlattice in it.
    """
    flow = flow_variable(module)
    number = _last_of(module, flow or "flow") if source is None else _holding(module, source)
    if flow is None or number is None:
        return None
    spelling = Spelling(module)
    new = cst.parse_statement(spelling.text(statement, names, {"flow": flow}))
    body = [*module.body[: number + 1], new, *module.body[number + 1 :]]
    return Rewrite(text=spelling.imported(module.with_changes(body=body)).code)


def _holding(module: cst.Module, source: Source) -> int | None:
    part = next(covering(module, source), None)
    return None if part is None else top_level(module, part)


def _last_of(module: cst.Module, flow: str) -> int | None:
    concerned = [
        number
        for number, part in enumerate(module.body)
        if isinstance(part, cst.SimpleStatementLine) and m.findall(part, m.Name(flow))
    ]
    return concerned[-1] if concerned else None


def govern(module: cst.Module, source: Source | None, control: str, arguments: str) -> Rewrite | None:
    """Add a control, such as `flow.rate_limit(charge, qps=20, burst=40)`, after what concerns the flow.

    Args:
        module: The file.
        source: Where the node that is governed is written; none for the whole flow.
        control: The method of the flow.
        arguments: What it is given besides the node, as code.
    """
    name = None if source is None else variable_of(module, source)
    if source is not None and name is None:
        return None
    target = "" if name is None else f"{name}, "
    return add_statement_after(module, None, f"flow.{control}({target}{arguments})")


def set_trigger_keyword(
    module: cst.Module, source: Source, keyword: str, value: str, names: Collection[str] = ()
) -> Rewrite | None:
    """Give what a trigger is made from, `flow.trigger(http.post(...))`, an argument by name, or another value for it.

    Args:
        module: The file.
        source: The span of the `trigger` call.
        keyword: The argument's name.
        value: Its value, as code.
        names: The names of flowlattice in it.
    """
    call = at(module, source, cst.Call)
    inner = call.args[0].value if call is not None and call.args else None
    if not isinstance(inner, cst.Call):
        return None
    spelling = Spelling(module)
    changed = with_keyword(inner, keyword, spelling.expression(value, names))
    return Rewrite(text=spelling.imported(replaced(module, inner, changed)).code)


def connect_to_respond(module: cst.Module, source: Source) -> Rewrite | None:
    """Connect the node that is written at a place to a respond, after the other connections."""
    name = variable_of(module, source)
    return None if name is None else add_statement_after(module, None, f"flow.connect({name}, flow.respond())")


def declare_egress(module: cst.Module, binding: str, hosts: Sequence[str]) -> Rewrite | None:
    """Let a binding reach hosts: in its `flow.egress` call, or in a new one."""
    flow = flow_variable(module)
    if flow is None or not hosts:
        return None
    texts = [json.dumps(host) for host in hosts]
    for call in m.findall(module, m.Call(func=m.Attribute(value=m.Name(flow), attr=m.Name("egress")))):
        if isinstance(call, cst.Call) and call.args and text_of(call.args[0].value) == binding:
            args = list(call.args)
            for text in texts:
                args = inserted(args, cst.Arg(cst.parse_expression(text)), len(args), call.whitespace_before_args)
            return rewritten(module, call, call.with_changes(args=args))
    return add_statement_after(module, None, f"flow.egress({json.dumps(binding)}, {', '.join(texts)})")


def set_name(module: cst.Module, source: Source, name: str) -> Rewrite | None:
    """Name the element whose call starts at a place."""
    call = at(module, source, cst.Call)
    if call is None:
        return None
    value = cst.SimpleString(json.dumps(name))
    if m.matches(call.func, m.Attribute(attr=m.Name("named"))) and call.args:
        first, *others = call.args
        return rewritten(module, call, call.with_changes(args=[first.with_changes(value=value), *others]))
    return rewritten(module, call, with_keyword(call, "name", value))
