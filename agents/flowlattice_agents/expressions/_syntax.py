"""Which Python expressions belong to the language, by their syntax alone.

What does not live here: names and types (`_infer`). Nothing here runs anything.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from typing import Final

from flowlattice_agents.errors import ExpressionError

MAX_LENGTH: Final = 20_000
MAX_NODES: Final = 4_000
MAX_DEPTH: Final = 60
MAX_EXPONENT: Final = 64

_PLAIN: Final = (
    ast.Name, ast.IfExp, ast.List, ast.And, ast.Or, ast.Not, ast.USub, ast.Add, ast.Sub, ast.Mult, ast.Div,
    ast.FloorDiv, ast.Mod, ast.Pow, ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot, ast.In,
    ast.NotIn, ast.BoolOp, ast.Load, ast.Store, ast.JoinedStr, ast.Subscript, ast.keyword, ast.UnaryOp,
)  # fmt: skip
_NAMES: Final = {
    ast.Lambda: "lambda", ast.Await: "await", ast.NamedExpr: "`:=`", ast.Starred: "`*`", ast.Set: "a set",
    ast.SetComp: "a set", ast.DictComp: "a dict comprehension", ast.Tuple: "a tuple", ast.Yield: "yield",
    ast.YieldFrom: "yield", ast.MatMult: "`@`", ast.Invert: "`~`", ast.UAdd: "unary `+`",
}  # fmt: skip


def parse(expression: str) -> ast.expr:
    """The syntax tree of an expression of the language.

    Raises:
        ExpressionError: It is not one; the message names what is not allowed.
    """
    if len(expression) > MAX_LENGTH:
        raise ExpressionError(f"longer than {MAX_LENGTH} characters")
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except SyntaxError as error:
        raise ExpressionError(f"not an expression: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError("not an expression") from None
    _check_size(tree)
    for node in ast.walk(tree):
        _check_node(node)
    return _JsonConstants().visit(tree)  # type: ignore[no-any-return]  # a NodeTransformer's visit is untyped


def free_names(expression: str) -> set[str]:
    """The fields and steps that an expression reads; neither families of operators nor its own variables.

    Raises:
        ExpressionError: It is no expression of the language.
    """
    tree = parse(expression)
    parts = list(ast.walk(tree))
    used = {part.id for part in parts if isinstance(part, ast.Name)}
    bound = {
        part.target.id for part in parts if isinstance(part, ast.comprehension) and isinstance(part.target, ast.Name)
    }
    calls = [part for part in parts if isinstance(part, ast.Call)]
    called = {function_name(call) or operator_name(call).partition(".")[0] for call in calls}
    return used - bound - called


def called_functions(expression: str) -> set[str]:
    """The functions of the spec that an expression calls, by bare name.

    Raises:
        ExpressionError: It is no expression of the language.
    """
    calls = (part for part in ast.walk(parse(expression)) if isinstance(part, ast.Call))
    return {name for call in calls if (name := function_name(call)) is not None}


class _JsonConstants(ast.NodeTransformer):
    """People write JSON's constants in bodies: `true`, `false` and `null` are Python's."""

    def visit_Name(self, node: ast.Name) -> ast.expr:
        constants = {"true": True, "false": False, "null": None}
        return ast.copy_location(ast.Constant(constants[node.id]), node) if node.id in constants else node


def function_name(call: ast.Call) -> str | None:
    """The bare name that a call calls, which is a function of the spec; none where it calls an operator."""
    return call.func.id if isinstance(call.func, ast.Name) else None


def operator_name(call: ast.Call) -> str:
    """What a call calls: `family.name`.

    Raises:
        ExpressionError: It calls anything but an operator.
    """
    function = call.func
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        return f"{function.value.id}.{function.attr}"
    raise ExpressionError(f"`{ast.unparse(function)}` is not an operator: calls are written family.name(...)")


def _check_size(tree: ast.expr) -> None:
    pending: list[tuple[ast.AST, int]] = [(tree, 1)]
    count = 0
    while pending:
        node, depth = pending.pop()
        count += 1
        if depth > MAX_DEPTH or count > MAX_NODES:
            raise ExpressionError("too large: split it into steps")
        pending.extend((child, depth + 1) for child in ast.iter_child_nodes(node))


def _check_node(node: ast.AST) -> None:
    if isinstance(node, _PLAIN):
        return
    check = _CHECKS.get(type(node))
    if check is None:
        raise ExpressionError(f"{_NAMES.get(type(node), type(node).__name__)} is not part of the language")
    check(node)


def _check_constant(node: ast.Constant) -> None:
    value = node.value
    if value is not None and not isinstance(value, str | int | float):
        raise ExpressionError(f"the constant {ast.unparse(node)} is not text, a number, true, false or null")
    if isinstance(value, float) and not math.isfinite(value):
        raise ExpressionError("a number beyond the range of numbers")
    if isinstance(value, str) and any("\ud800" <= character <= "\udfff" for character in value):
        raise ExpressionError("text with half a character (a lone surrogate)")


def _check_attribute(node: ast.Attribute) -> None:
    if node.attr.startswith("__"):
        raise ExpressionError(f"`.{node.attr}` is not a field")


def _check_dict(node: ast.Dict) -> None:
    keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
    if not all(isinstance(key, str) for key in keys):
        raise ExpressionError("the keys of a record or table are constant texts")
    if len(set(keys)) < len(keys):
        raise ExpressionError("a record or table has a key twice")


def _check_comprehension(node: ast.ListComp | ast.GeneratorExp) -> None:
    generator = node.generators[0]
    if len(node.generators) > 1 or generator.is_async or not isinstance(generator.target, ast.Name):
        raise ExpressionError("a comprehension has one `for` with one name")


def _check_formatted(node: ast.FormattedValue) -> None:
    if node.conversion != -1 or node.format_spec is not None:
        raise ExpressionError("a part of an f-string has no format: use an operator such as numbers.fixed(x, 2)")


def _check_power(node: ast.BinOp) -> None:
    exponent = node.right.value if isinstance(node.right, ast.Constant) else None
    if isinstance(node.op, ast.Pow) and not (type(exponent) is int and 0 <= exponent <= MAX_EXPONENT):
        raise ExpressionError(f"an exponent is a constant from 0 to {MAX_EXPONENT}: else use numbers.power")


def _check_compare(node: ast.Compare) -> None:
    for op, right in zip(node.ops, node.comparators, strict=True):
        if isinstance(op, ast.Is | ast.IsNot) and not is_none(right):
            raise ExpressionError("`is` only compares with None: use `==`")
        if isinstance(op, ast.Eq | ast.NotEq) and (is_none(right) or is_none(node.left)):
            raise ExpressionError("compare with None by `is None` or `is not None`")


def _check_call(node: ast.Call) -> None:
    if function_name(node) is None:
        operator_name(node)
    if any(keyword.arg is None for keyword in node.keywords):
        raise ExpressionError("`**` is not part of the language")


def _check_slice(node: ast.Slice) -> None:
    step = node.step
    if isinstance(step, ast.UnaryOp) and isinstance(step.op, ast.USub):
        step = step.operand
    if step is not None and not (isinstance(step, ast.Constant) and type(step.value) is int and step.value):
        raise ExpressionError("the step of a slice is a constant whole number, not 0")


def is_none(node: ast.expr) -> bool:
    """Whether it is the constant None."""
    return isinstance(node, ast.Constant) and node.value is None


def _accept(_node: ast.AST) -> None:
    return None


_CHECKS: Final[Mapping[type[ast.AST], Callable[..., None]]] = {
    ast.Constant: _check_constant,
    ast.Attribute: _check_attribute,
    ast.Dict: _check_dict,
    ast.ListComp: _check_comprehension,
    ast.GeneratorExp: _check_comprehension,
    ast.comprehension: _accept,
    ast.FormattedValue: _check_formatted,
    ast.BinOp: _check_power,
    ast.Compare: _check_compare,
    ast.Call: _check_call,
    ast.Slice: _check_slice,
}
