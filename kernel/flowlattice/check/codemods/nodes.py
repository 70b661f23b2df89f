"""Rewriting a node: its types, its parameters, and the options of its `@node`."""

from __future__ import annotations

import json
from collections.abc import Collection, Container, Iterable, Sequence
from dataclasses import replace

import libcst as cst
from libcst import matchers as m

from flowlattice.check._sequence import inserted, removed
from flowlattice.check.codemods._places import called, function_at, keyword_of, parameter_at, replaced, rewritten
from flowlattice.check.codemods._spelling import Spelling
from flowlattice.check.codemods.wiring import with_keyword
from flowlattice.check.imports import classes, imported_names, with_import
from flowlattice.check.rewrite import Rewrite
from flowlattice.check.values import duration
from flowlattice.ir.model import Source

_SPACE = cst.SimpleWhitespace(" ")


def annotate_return(module: cst.Module, definition: Source, records: Container[str]) -> Rewrite | None:
    """Say what a function returns, where every `return` makes the same record."""
    function = function_at(module, definition)
    if function is None or function.returns is not None or m.findall(function.body, m.Yield()):
        return None
    returned = {called(statement.value) for statement in _returns(function)}
    name = returned.pop() if len(returned) == 1 else None
    if name is None or not (name in classes(module) or (name in records and name in imported_names(module))):
        return None
    annotation = cst.Annotation(cst.Name(name), whitespace_before_indicator=_SPACE)
    return rewritten(module, function, function.with_changes(returns=annotation), f"say that it returns {name}")


def annotate_parameter(module: cst.Module, definition: Source, parameter: str, record: str) -> Rewrite | None:
    """Give a function's parameter the record that reaches it, if the file knows that record."""
    function = function_at(module, definition)
    if function is None or record not in {*classes(module), *imported_names(module)}:
        return None
    for param in (*function.params.posonly_params, *function.params.params):
        if param.name.value == parameter and param.annotation is None:
            annotated = param.with_changes(annotation=cst.Annotation(cst.Name(record)))
            return rewritten(module, param, annotated, f"annotate {parameter} with {record}")
    return None


def add_parameter(
    module: cst.Module, definition: Source, name: str, annotation: str, names: Collection[str] = ()
) -> Rewrite | None:
    """Give a function one more parameter, such as a capability, after those without a default.

    Args:
        module: The file.
        definition: Where the function's name stands.
        name: The parameter's name; one that the function uses already is refused.
        annotation: Its type, as code.
        names: The names of flowlattice in it.
    """
    function = function_at(module, definition)
    if function is None or m.findall(function, m.Name(name)):
        return None
    spelling = Spelling(module)
    new = cst.Param(cst.Name(name), cst.Annotation(spelling.expression(annotation, names)))
    params = _with_parameter(function.params, new, function.whitespace_before_params)
    if params is None:
        return None
    return Rewrite(text=spelling.imported(replaced(module, function.params, params)).code)


def _with_parameter(
    params: cst.Parameters, new: cst.Param, before: cst.BaseParenthesizableWhitespace
) -> cst.Parameters | None:
    if isinstance(params.star_arg, cst.Param) or params.star_kwarg is not None:
        return None
    if params.kwonly_params:
        kwonly = inserted(params.kwonly_params, new, len(params.kwonly_params), before)
        return params.with_changes(kwonly_params=kwonly)
    place = next((n for n, param in enumerate(params.params) if param.default is not None), len(params.params))
    return params.with_changes(params=inserted(params.params, new, place, before))


def set_annotation(module: cst.Module, source: Source, annotation: str, names: Collection[str] = ()) -> Rewrite | None:
    """Give the parameter that is written at a place another type, as code with `names` of flowlattice."""
    param = parameter_at(module, source)
    if param is None:
        return None
    spelling = Spelling(module)
    new = param.with_changes(annotation=cst.Annotation(spelling.expression(annotation, names)))
    return Rewrite(text=spelling.imported(replaced(module, param, new)).code)


def with_annotated(done: Rewrite | None) -> Rewrite | None:
    """A rewriting that imports `Annotated` as well."""
    if done is None:
        return None
    return replace(done, text=with_import(cst.parse_module(done.text), "Annotated", package="typing").code)


def set_node_option(
    module: cst.Module, definition: Source, keyword: str, value: str, names: Collection[str] = ()
) -> Rewrite | None:
    """Give the `@node` of a function an option, or another value for it.

    Args:
        module: The file.
        definition: Where the function's name stands.
        keyword: The option: `idempotency`.
        value: Its value, as code: `by("a", "b")`.
        names: The names of flowlattice in it: `by`.
    """
    spelling = Spelling(module)
    decorator = _decorator(module, definition, spelling)
    if decorator is None:
        return None
    return _with_option(module, decorator, spelling, keyword, spelling.expression(value, names))


def set_node_claim(module: cst.Module, definition: Source, keyword: str, kind: str, member: str) -> Rewrite | None:
    """Make the `@node` of a function claim something else: `effects=Effects.READ_ONLY`."""
    return set_node_option(module, definition, keyword, f"{kind}.{member}", [kind])


def set_key(module: cst.Module, definition: Source, fields: Sequence[str], ttl_ms: int | None) -> Rewrite | None:
    """Give the `@node` of a function an idempotency key; what its `by(...)` says besides the fields stays.

    Args:
        module: The file.
        definition: Where the function's name stands.
        fields: The key's fields.
        ttl_ms: For how long it is remembered, milliseconds; none for what is there.
    """
    spelling = Spelling(module)
    decorator = _decorator(module, definition, spelling)
    if decorator is None:
        return None
    key = spelling.expression(f"by({', '.join(map(json.dumps, fields))})", ["by"])
    given = _option(decorator, "idempotency")
    if isinstance(key, cst.Call) and isinstance(given, cst.Call):
        for argument in given.args:
            if argument.keyword is not None:
                key = with_keyword(key, argument.keyword.value, argument.value)
    if isinstance(key, cst.Call) and ttl_ms is not None:
        text, unit = duration(ttl_ms)
        key = with_keyword(key, "ttl", spelling.expression(text, [unit]))
    return _with_option(module, decorator, spelling, "idempotency", key)


def set_option_keyword(  # noqa: PLR0913 - the place, and what is said there
    module: cst.Module, definition: Source, option: str, keyword: str, value: str, *, names: Collection[str] = ()
) -> Rewrite | None:
    """Give the call that is an option of a function's `@node` an argument by name: `idempotency=by(..., ttl=days(1))`.

    Args:
        module: The file.
        definition: Where the function's name stands.
        option: The option: `idempotency`.
        keyword: The argument's name: `ttl`.
        value: Its value, as code.
        names: The names of flowlattice in it.
    """
    spelling = Spelling(module)
    decorator = _decorator(module, definition, spelling)
    given = None if decorator is None else _option(decorator, option)
    if decorator is None or not isinstance(given, cst.Call):
        return None
    changed = with_keyword(given, keyword, spelling.expression(value, names))
    return _with_option(module, decorator, spelling, option, changed)


def remove_node_option(module: cst.Module, definition: Source, keyword: str) -> Rewrite | None:
    """Take an option out of the `@node` of a function, unless a comment that stands at it would be lost."""
    decorator = _decorator(module, definition, Spelling(module))
    call = None if decorator is None else decorator.decorator
    if decorator is None or not isinstance(call, cst.Call):
        return None
    place = next((n for n, argument in enumerate(call.args) if keyword_of(argument) == keyword), None)
    if place is None:
        return None
    kept = removed(call.args, place)
    changed = decorator.with_changes(decorator=call.with_changes(args=kept) if kept else call.func)
    if len(m.findall(changed, m.Comment())) < len(m.findall(decorator, m.Comment())):
        return None
    return rewritten(module, decorator, changed)


def _decorator(module: cst.Module, definition: Source, spelling: Spelling) -> cst.Decorator | None:
    """The `@node` of a function."""
    function = function_at(module, definition)
    for decorator in () if function is None else function.decorators:
        given = decorator.decorator
        if spelling.is_name(given.func if isinstance(given, cst.Call) else given, "node"):
            return decorator
    return None


def _option(decorator: cst.Decorator, keyword: str) -> cst.BaseExpression | None:
    args = decorator.decorator.args if isinstance(decorator.decorator, cst.Call) else ()
    return next((argument.value for argument in args if keyword_of(argument) == keyword), None)


def _with_option(
    module: cst.Module, decorator: cst.Decorator, spelling: Spelling, keyword: str, value: cst.BaseExpression
) -> Rewrite:
    given = decorator.decorator
    call = given if isinstance(given, cst.Call) else cst.Call(given)
    changed = decorator.with_changes(decorator=with_keyword(call, keyword, value))
    return Rewrite(text=spelling.imported(replaced(module, decorator, changed)).code)


def _returns(function: cst.FunctionDef) -> Iterable[cst.Return]:
    """The returns of a function, without those of functions inside it."""
    inner = {id(part) for nested in m.findall(function.body, m.FunctionDef()) for part in m.findall(nested, m.Return())}
    return [r for r in m.findall(function.body, m.Return()) if isinstance(r, cst.Return) and id(r) not in inner]
