"""Which statements of a file make the values of its names while it is loaded: bindings, and changes in place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from flowlattice.language._names import FUNCTIONS, FunctionSyntax

_PLAIN: Final = (
    ast.Constant,
    ast.Dict,
    ast.List,
    ast.Tuple,
    ast.Set,
    ast.UnaryOp,
    ast.unaryop,
    ast.expr_context,
)


def initial_statements(body: list[ast.stmt]) -> dict[str, list[ast.stmt]]:
    """The statements of a file or of a class by the names they bind or change; constants are left out."""
    found: dict[str, list[ast.stmt]] = {}
    for statement in body:
        for name in dict.fromkeys(_names(statement)):
            found.setdefault(name, []).append(statement)
    return found


def as_function(name: str, statements: list[ast.stmt]) -> ast.FunctionDef:
    """Statements as the body of a function, so that they are read as one is; what they bind is its own."""
    arguments = ast.arguments(
        posonlyargs=[], args=[], vararg=None, kwonlyargs=[], kw_defaults=[], kwarg=None, defaults=[]
    )
    body: list[ast.stmt] = []
    for statement in statements:
        is_function = isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef)
        body += _decorated(statement) if is_function else [statement]
    made = ast.FunctionDef(name=name, args=arguments, body=body, decorator_list=[], returns=None, type_comment=None)
    return ast.copy_location(made, statements[0])


def kept(part: ast.AST) -> Iterator[ast.expr]:
    """The expressions whose values are kept or returned as they are: functions among them are not called there."""
    for each in ast.walk(part):
        if isinstance(each, ast.Assign | ast.AnnAssign | ast.Return | ast.NamedExpr) and each.value is not None:
            yield from _parts(each.value)
        elif isinstance(each, ast.Call):
            yield from (key.value for key in each.keywords if key.arg == "default_factory")


def _parts(value: ast.expr) -> Iterator[ast.expr]:
    yield value
    match value:
        case ast.Dict(_, items) | ast.List(items) | ast.Tuple(items) | ast.Set(items) | ast.BoolOp(_, items):
            parts = items
        case ast.IfExp(_, body, orelse):
            parts = [body, orelse]
        case ast.Starred(inner) | ast.NamedExpr(_, inner):
            parts = [inner]
        case ast.Call(_, arguments, keywords):  # what is made may keep it; if it calls it, its own code says so
            parts = [*arguments, *(keyword.value for keyword in keywords)] if is_builder(value) else []
        case _:
            parts = []
    for part in parts:
        yield from _parts(part)


def is_builder(call: ast.Call) -> bool:
    """Whether a call is, by its name, one that puts its arguments into a table, a list or a partial."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in {"partial", "dict", "list", "tuple", "set", "frozenset", "MappingProxyType", "OrderedDict"}


def _names(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, FUNCTIONS):
        if any(_decorated(statement)):
            yield statement.name
    elif isinstance(statement, ast.ClassDef):
        return
    elif not (isinstance(statement, ast.Assign | ast.AnnAssign) and _is_plain(statement.value)):
        yield from _bound(statement)


def _decorated(statement: ast.AST) -> list[ast.stmt]:
    """What decorators are given."""
    decorators = getattr(statement, "decorator_list", [])
    given = [
        argument
        for decorator in decorators
        if isinstance(decorator, ast.Call)
        for argument in (*decorator.args, *(keyword.value for keyword in decorator.keywords))
        if not isinstance(argument, ast.Lambda)
    ]
    return [ast.copy_location(ast.Expr(value=each), each) for each in given if not _is_plain(each)]


def _is_plain(value: ast.expr | None) -> bool:
    return value is None or all(isinstance(part, _PLAIN) for part in ast.walk(value))


def _bound(part: ast.AST) -> Iterator[str]:
    """The names that a statement binds, or whose objects it changes."""
    if isinstance(part, FunctionSyntax | ast.ClassDef):
        return
    if isinstance(part, ast.Name) and not isinstance(part.ctx, ast.Load):
        yield part.id
    elif isinstance(part, ast.Attribute | ast.Subscript) and not isinstance(part.ctx, ast.Load):
        yield from _root(part)
    elif isinstance(part, ast.alias):
        yield part.asname or part.name
    elif isinstance(part, ast.Expr) and isinstance(part.value, ast.Call):
        yield from _told(part.value)
    for child in ast.iter_child_nodes(part):
        yield from _bound(child)


def _told(call: ast.Call) -> Iterator[str]:
    """The names whose objects a call that is a statement may change: `TABLE.update(...)`, `fill(TABLE)`."""
    if isinstance(call.func, ast.Attribute):
        yield from _root(call.func)
    elif isinstance(call.func, ast.Name):
        yield from (argument.id for argument in call.args if isinstance(argument, ast.Name))


def _root(part: ast.expr) -> Iterator[str]:
    while isinstance(part, ast.Attribute | ast.Subscript):
        part = part.value
    if isinstance(part, ast.Name):
        yield part.id
