"""A small interpreter of expressions, to run a brief's examples before anything is built.

It gives what the rendered Python gives: the same operators, the same arithmetic, `NoValueError` for the same inputs.
Its work is bounded.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Final, NoReturn

from flowlattice.operators import NoValueError, lists, lookups, numbers, text
from flowlattice_agents.errors import ExpressionError
from flowlattice_agents.expressions import _syntax
from flowlattice_agents.expressions._infer import analyse
from flowlattice_agents.expressions._signatures import operator_named
from flowlattice_agents.expressions._types import OptionalType, RecordType, Type, identifiers

MAX_STEPS: Final = 200_000
MAX_SIZE: Final = 1_000_000
MAX_BITS: Final = 14_000

Values = Mapping[str, object]


def evaluate(expression: str, values: Mapping[str, object], names: Mapping[str, Type] | None = None) -> object:
    """The value of an expression for these values of its names.

    Args:
        expression: An expression of the language.
        values: JSON values and dates; a record is a mapping by field name (or by name on the wire, if `names` are
            given). A record that the expression builds is a mapping by name on the wire.
        names: The types of the names, as for `check`; without them the expression is not checked, and a field whose
            name on the wire is no identifier is the one whose name looks most like it.

    Raises:
        ExpressionError: It is outside the language, does not check, asks for too much work, or does not fit the values.
        NoValueError: It has no value for these values, such as a division by zero.
    """
    try:
        if names is not None:
            checked = analyse(expression, names)
            return _Interpreter(checked.types).run(checked.tree, values)
        return _Interpreter({}).run(_syntax.parse(expression), values)
    except ExpressionError as error:
        raise error if error.expression else ExpressionError(str(error), expression=expression) from None
    except NoValueError:
        raise
    except ArithmeticError:
        raise NoValueError("the result is beyond the range of numbers") from None
    except (TypeError, AttributeError) as error:
        raise ExpressionError(f"does not fit these values ({error})", expression=expression) from None


class _Interpreter:
    def __init__(self, types: Mapping[ast.expr, Type]) -> None:
        self._types = types
        self._steps = 0

    def run(self, node: ast.expr, values: Values) -> object:
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise ExpressionError("takes too much work")
        handle: Callable[[ast.expr, Values], object] = getattr(self, f"_{type(node).__name__.lower()}")
        return _bounded(handle(node, values))

    def _constant(self, node: ast.Constant, _values: Values) -> object:
        return node.value

    def _name(self, node: ast.Name, values: Values) -> object:
        if node.id not in values:
            raise ExpressionError(f"there is no value for the name `{node.id}`")
        return values[node.id]

    def _attribute(self, node: ast.Attribute, values: Values) -> object:
        return self._field(node.value, node.attr, values)

    def _subscript(self, node: ast.Subscript, values: Values) -> object:
        holder = self._types.get(node.value)
        if isinstance(holder, RecordType) and isinstance(node.slice, ast.Constant):
            return self._field(node.value, str(node.slice.value), values)
        value = self.run(node.value, values)
        if isinstance(node.slice, ast.Slice):
            bounds = (node.slice.lower, node.slice.upper, node.slice.step)
            part = slice(*(None if bound is None else _whole(self.run(bound, values)) for bound in bounds))
            return value[part] if isinstance(value, str | list) else _misfit(value)
        key = self.run(node.slice, values)
        if isinstance(value, Mapping):
            name = None if self._types or isinstance(node.value, ast.Dict) else _name_in(value, str(key))
            return lookups.get(value, name or str(key))
        if isinstance(value, str):
            return text.character(value, _whole(key))
        return lists.at(_items(value), _whole(key))

    def _field(self, node: ast.expr, key: str, values: Values) -> object:
        holder, record = self._types.get(node), self.run(node, values)
        field = holder.field(key) if isinstance(holder, RecordType) else None
        if not isinstance(record, Mapping):
            return _misfit(record)
        if field is None or not isinstance(holder, RecordType):
            name = _name_in(record, key)
        else:
            # A record that an expression builds is stored by name on the wire, one of a request by field name.
            stored = (field.name, field.wire) if holder.name else (field.wire, field.name)
            name = next((name for name in stored if name in record), None)
        if name is not None:
            return record[name]
        if field is not None and isinstance(field.type, OptionalType):
            return None
        raise ExpressionError(f"there is no field `{key}` in the value of `{ast.unparse(node)}`")

    def _list(self, node: ast.List, values: Values) -> object:
        return [self.run(item, values) for item in node.elts]

    def _dict(self, node: ast.Dict, values: Values) -> object:
        keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
        return {key: self.run(value, values) for key, value in zip(keys, node.values, strict=True)}

    def _listcomp(self, node: ast.ListComp | ast.GeneratorExp, values: Values) -> object:
        generator = node.generators[0]
        name = generator.target.id if isinstance(generator.target, ast.Name) else ""
        taken: list[object] = []
        for item in _items(self.run(generator.iter, values)):
            inner = {**values, name: item}
            if all(self.run(condition, inner) for condition in generator.ifs):
                taken.append(self.run(node.elt, inner))
        return taken

    _generatorexp = _listcomp

    def _ifexp(self, node: ast.IfExp, values: Values) -> object:
        return self.run(node.body if self.run(node.test, values) else node.orelse, values)

    def _boolop(self, node: ast.BoolOp, values: Values) -> object:
        parts = (bool(self.run(value, values)) for value in node.values)
        return all(parts) if isinstance(node.op, ast.And) else any(parts)

    def _unaryop(self, node: ast.UnaryOp, values: Values) -> object:
        operand = self.run(node.operand, values)
        return not operand if isinstance(node.op, ast.Not) else -_number(operand)

    def _binop(self, node: ast.BinOp, values: Values) -> object:
        left, right = self.run(node.left, values), self.run(node.right, values)
        if isinstance(node.op, ast.Add) and not isinstance(left, int | float):
            return operator.add(left, right)
        return _ARITHMETIC[type(node.op)](_number(left), _number(right))

    def _compare(self, node: ast.Compare, values: Values) -> object:
        left = self.run(node.left, values)
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            right = self.run(right_node, values)
            if not _COMPARISONS[type(op)](left, right):
                return False
            left = right
        return True

    def _joinedstr(self, node: ast.JoinedStr, values: Values) -> object:
        parts = (part.value if isinstance(part, ast.FormattedValue) else part for part in node.values)
        return "".join(_shown(self.run(part, values)) for part in parts)

    def _call(self, node: ast.Call, values: Values) -> object:
        function = operator_named(_syntax.operator_name(node)).function
        arguments = [self.run(argument, values) for argument in node.args]
        keywords = {keyword.arg or "": self.run(keyword.value, values) for keyword in node.keywords}
        return function(*arguments, **keywords)


_ARITHMETIC: Mapping[type[ast.operator], Callable[[float, float], object]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: numbers.divide,
    ast.FloorDiv: numbers.floor_divide,
    ast.Mod: numbers.modulo,
    ast.Pow: lambda base, exponent: numbers.power(base, int(exponent)),
}
_COMPARISONS: Mapping[type[ast.cmpop], Callable[..., object]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}


def _name_in(record: Mapping[str, object], key: str) -> str | None:
    """The key of a record that a field's name means where its type is not known."""
    if key in record:
        return key
    spelled = identifiers([key])[key]
    if spelled in record:
        return spelled
    return next((wire for wire, name in identifiers(record).items() if name == key), None)


def _bounded(value: object) -> object:
    if isinstance(value, int) and value.bit_length() > MAX_BITS:
        raise NoValueError("the result is beyond the range of numbers")
    if isinstance(value, str | list) and len(value) > MAX_SIZE:
        raise ExpressionError("takes too much memory")
    return value


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return text.from_boolean(value)
    if isinstance(value, int | float):
        return numbers.to_text(value)
    return str(value)


def _number(value: object) -> float:
    return value if isinstance(value, int | float) else _misfit(value)


def _items(value: object) -> list[object]:
    return value if isinstance(value, list) else _misfit(value)


def _whole(value: object) -> int:
    return value if isinstance(value, int) else _misfit(value)


def _misfit(value: object) -> NoReturn:
    raise TypeError(f"a {type(value).__name__} is not expected here")
