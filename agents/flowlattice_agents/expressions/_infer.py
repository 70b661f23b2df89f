"""Type inference: the type of every part of an expression, or one clear line about what does not fit.

Null is narrowed by `is None` and `is not None`, through `and`, `or`, `not`, conditional expressions and the `if`s of
a comprehension. What does not live here: the syntax (`_syntax`), operators' signatures (`_signatures`).
"""

from __future__ import annotations

import ast
import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from flowlattice_agents.errors import ExpressionError
from flowlattice_agents.expressions import _syntax
from flowlattice_agents.expressions._signatures import Solver, families, signature_named, signature_of_function
from flowlattice_agents.expressions._types import (
    BOOLEAN,
    DATE,
    INTEGER,
    NOTHING,
    NULL,
    NUMBER,
    STRING,
    FunctionType,
    ListType,
    MapType,
    OptionalType,
    RecordType,
    Type,
    anonymous_record,
    assignable,
    is_numeric,
    join,
    without_null,
)

Facts = Mapping[str, Type]
_ORDERED = (INTEGER, NUMBER, STRING, DATE)


@dataclass(frozen=True)
class Scope:
    """What is known where a part stands: the names, and what a guard says of them."""

    names: Mapping[str, Type]
    facts: Facts = field(default_factory=dict)

    def knowing(self, facts: Facts) -> Scope:
        """The scope where these facts hold too."""
        return replace(self, facts={**self.facts, **facts})

    def naming(self, name: str, named: Type) -> Scope:
        """The scope with one more name."""
        return replace(self, names={**self.names, name: named})


@dataclass(frozen=True)
class Checked:
    """An expression with the type of each of its parts; a dict display's is what its context makes of it."""

    tree: ast.expr
    type: Type
    types: Mapping[ast.expr, Type]


def analyse(expression: str, names: Mapping[str, Type]) -> Checked:
    """Find all types of an expression.

    Raises:
        ExpressionError: It is outside the language or its types do not fit.
    """
    try:
        tree = _syntax.parse(expression)
        inference = _Inference()
        found = inference.infer(tree, Scope(names))
        inference.settle(tree, found)
    except ExpressionError as error:
        raise ExpressionError(str(error), expression=expression) from None
    return Checked(tree, found, inference.types)


def check(expression: str, names: Mapping[str, Type]) -> Type:
    """The type of an expression.

    Args:
        expression: The expression's text.
        names: The types of the names that it may use.

    Raises:
        ExpressionError: It is outside the language or its types do not fit; one line that says what to change.
    """
    return analyse(expression, names).type


class _Inference:
    """Infers bottom-up, then settles what displays must be top-down."""

    def __init__(self) -> None:
        self.types: dict[ast.expr, Type] = {}

    def infer(self, node: ast.expr, scope: Scope, hint: Type | None = None) -> Type:
        """The type of a node; `hint` is what its place asks for and only decides between a record and a table."""
        handle: Callable[[ast.expr, Scope, Type | None], Type] = getattr(self, f"_{type(node).__name__.lower()}")
        found = handle(node, scope, hint)
        self.types[node] = found
        return found

    def settle(self, node: ast.expr, expected: Type) -> None:
        """Make each dict display under a node the record that its place needs."""
        plain = expected.item if isinstance(expected, OptionalType) else expected
        if isinstance(node, ast.IfExp):
            self.settle(node.body, expected)
            self.settle(node.orelse, expected)
        elif isinstance(node, ast.Dict):
            self._settle_display(node, plain)
        elif isinstance(node, ast.List) and isinstance(plain, ListType):
            for item in node.elts:
                self.settle(item, plain.item)
        elif isinstance(node, ast.ListComp | ast.GeneratorExp) and isinstance(plain, ListType):
            self.settle(node.elt, plain.item)
        elif isinstance(node, ast.BinOp):
            self.settle(node.left, plain)
            self.settle(node.right, plain)
        elif _holds_record(expected) and not _same_records(self.types[node], expected):
            raise ExpressionError(f"`{ast.unparse(node)}` is {self.types[node]} where {expected} is needed")

    def _settle_display(self, node: ast.Dict, expected: Type) -> None:
        if isinstance(expected, MapType):
            for value in node.values:
                self.settle(value, expected.value)
        elif isinstance(expected, RecordType):
            for value, part in zip(node.values, expected.fields, strict=True):
                self.settle(value, part.type)
        self.types[node] = expected

    def _name(self, node: ast.Name, scope: Scope, _hint: Type | None) -> Type:
        if node.id in scope.facts:
            return scope.facts[node.id]
        if isinstance(scope.names.get(node.id), FunctionType):
            raise ExpressionError(f"`{node.id}` is a function: call it, `{node.id}(...)`")
        if node.id in scope.names:
            return scope.names[node.id]
        if node.id in families():
            raise ExpressionError(f"`{node.id}` is a family of operators: call one of them, `{node.id}.name(...)`")
        raise ExpressionError(f"unknown name `{node.id}`, {_instead(node.id, scope.names)}")

    def _constant(self, node: ast.Constant, _scope: Scope, _hint: Type | None) -> Type:
        kinds = {str: STRING, bool: BOOLEAN, int: INTEGER, float: NUMBER}
        return kinds.get(type(node.value), NULL)

    def _attribute(self, node: ast.Attribute, scope: Scope, _hint: Type | None) -> Type:
        if isinstance(node.value, ast.Name) and node.value.id in families() - scope.names.keys():
            raise ExpressionError(f"`{ast.unparse(node)}` is not called: write `{ast.unparse(node)}(...)`")
        return self._field(node, node.value, node.attr, scope)

    def _field(self, node: ast.expr, value: ast.expr, key: str, scope: Scope) -> Type:
        record = self._source(value, scope)
        if not isinstance(record, RecordType):
            raise ExpressionError(f"`{ast.unparse(value)}` is {record}, not a record with a field `{key}`")
        found = record.field(key)
        if found is None:
            names = {field.name: field.type for field in record.fields}
            raise ExpressionError(f"`{ast.unparse(value)}` has no field `{key}`, {_instead(key, names)}")
        return scope.facts.get(ast.unparse(node), found.type)

    def _subscript(self, node: ast.Subscript, scope: Scope, _hint: Type | None) -> Type:
        value = self._source(node.value, scope, MapType(NOTHING) if isinstance(node.value, ast.Dict) else None)
        if isinstance(value, RecordType):
            if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
                return self._field(node, node.value, node.slice.value, scope)
            raise ExpressionError(f"a field of `{ast.unparse(node.value)}` is named by a constant text")
        if isinstance(node.slice, ast.Slice):
            return self._slice_of(node.value, value, node.slice, scope)
        if isinstance(value, MapType):
            self._expect(node.slice, scope, STRING, "a key")
            return value.value
        self._expect(node.slice, scope, INTEGER, "a position")
        return value.item if isinstance(value, ListType) else self._sliceable(node.value, value)

    def _slice_of(self, node: ast.expr, value: Type, part: ast.Slice, scope: Scope) -> Type:
        for bound in (part.lower, part.upper, part.step):
            if bound is not None:
                self._expect(bound, scope, INTEGER, "a bound")
        return self._sliceable(node, value)

    def _sliceable(self, node: ast.expr, value: Type) -> Type:
        if value == STRING or isinstance(value, ListType):
            return value
        raise ExpressionError(f"`{ast.unparse(node)}` is {value}, which has no parts to take by position")

    def _list(self, node: ast.List, scope: Scope, hint: Type | None) -> Type:
        inner = hint.item if isinstance(hint, ListType) else None
        item: Type = NOTHING
        for element in node.elts:
            item = self._join(item, self.infer(element, scope, inner), "the items of a list")
        return ListType(item)

    def _dict(self, node: ast.Dict, scope: Scope, hint: Type | None) -> Type:
        hint = hint.item if isinstance(hint, OptionalType) else hint
        keys = [str(key.value) for key in node.keys if isinstance(key, ast.Constant)]
        inner = hint.value if isinstance(hint, MapType) else None
        values = [self.infer(value, scope, inner) for value in node.values]
        if not isinstance(hint, MapType):
            return anonymous_record(zip(keys, values, strict=True))
        joined: Type = NOTHING
        for value in values:
            joined = self._join(joined, value, "the values of a table")
        return MapType(joined)

    def _listcomp(self, node: ast.ListComp | ast.GeneratorExp, scope: Scope, hint: Type | None) -> Type:
        generator = node.generators[0]
        source = self._source(generator.iter, scope)
        if not isinstance(source, ListType):
            raise ExpressionError(f"`for` needs a list, not {self._described(generator.iter, source)}")
        name = generator.target.id if isinstance(generator.target, ast.Name) else ""
        if name in scope.names:
            raise ExpressionError(f"`for {name}` hides the name `{name}`: choose another one")
        inner = scope.naming(name, source.item)
        for condition in generator.ifs:
            self._expect(condition, inner, BOOLEAN, "a condition")
            inner = inner.knowing(self._facts(condition, holds=True))
        return ListType(self.infer(node.elt, inner, hint.item if isinstance(hint, ListType) else None))

    def _generatorexp(self, node: ast.GeneratorExp, scope: Scope, hint: Type | None) -> Type:
        if hint is None:
            raise ExpressionError("a generator only stands as the value of an operator: write it in brackets []")
        return self._listcomp(node, scope, hint)

    def _ifexp(self, node: ast.IfExp, scope: Scope, hint: Type | None) -> Type:
        self._expect(node.test, scope, BOOLEAN, "a condition")
        body = self.infer(node.body, scope.knowing(self._facts(node.test, holds=True)), hint)
        orelse = self.infer(node.orelse, scope.knowing(self._facts(node.test, holds=False)), hint)
        return self._join(body, orelse, "the branches of `if`")

    def _boolop(self, node: ast.BoolOp, scope: Scope, _hint: Type | None) -> Type:
        for value in node.values:
            self._expect(value, scope, BOOLEAN, "`and`" if isinstance(node.op, ast.And) else "`or`")
            scope = scope.knowing(self._facts(value, holds=isinstance(node.op, ast.And)))
        return BOOLEAN

    def _unaryop(self, node: ast.UnaryOp, scope: Scope, _hint: Type | None) -> Type:
        if isinstance(node.op, ast.Not):
            return self._expect(node.operand, scope, BOOLEAN, "`not`")
        operand = self._present(node.operand, self.infer(node.operand, scope))
        if not is_numeric(operand):
            raise ExpressionError(f"`-` needs a number, not {self._described(node.operand, operand)}")
        return operand

    def _binop(self, node: ast.BinOp, scope: Scope, _hint: Type | None) -> Type:
        left = self._present(node.left, self.infer(node.left, scope))
        right = self._present(node.right, self.infer(node.right, scope))
        if is_numeric(left) and is_numeric(right):
            return NUMBER if isinstance(node.op, ast.Div) else self._join(left, right, "")
        if isinstance(node.op, ast.Add) and left == right == STRING:
            return STRING
        if isinstance(node.op, ast.Add) and isinstance(left, ListType) and isinstance(right, ListType):
            return self._join(left, right, "the lists")
        sign = _SIGNS[type(node.op)]
        raise ExpressionError(f"`{sign}` does not take {left} and {right}{_advice(node.op, left, right)}")

    def _compare(self, node: ast.Compare, scope: Scope, _hint: Type | None) -> Type:
        left = self.infer(node.left, scope)
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            hint = MapType(NOTHING) if isinstance(op, ast.In | ast.NotIn) else None
            right = self.infer(right_node, scope, hint)
            if not _comparable(op, left, right):
                sign = _SIGNS[type(op)]
                raise ExpressionError(f"`{sign}` does not compare {left} with {right}{_null_advice(op, left, right)}")
            left = right
        return BOOLEAN

    def _joinedstr(self, node: ast.JoinedStr, scope: Scope, _hint: Type | None) -> Type:
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                value = self._present(part.value, self.infer(part.value, scope))
                if value not in (STRING, INTEGER, NUMBER, BOOLEAN, DATE):
                    raise ExpressionError(f"an f-string does not show {self._described(part.value, value)}")
        return STRING

    def _call(self, node: ast.Call, scope: Scope, _hint: Type | None) -> Type:
        function = scope.names.get(_syntax.function_name(node) or "")
        if isinstance(function, FunctionType):
            signature = signature_of_function(_syntax.function_name(node) or "", function)
        else:
            signature = signature_named(_syntax.operator_name(node))
        values = [*node.args, *(keyword.value for keyword in node.keywords)]
        slots = signature.slots(len(node.args), [keyword.arg or "" for keyword in node.keywords])
        solver = Solver(signature)
        for parameter, value in zip(slots, values, strict=True):
            solver.accept(parameter, self.infer(value, scope, parameter.type))
        for parameter, value in zip(slots, values, strict=True):
            self.settle(value, solver.settled(parameter.type))
        return solver.settled(signature.returns)

    def _facts(self, test: ast.expr, *, holds: bool) -> Facts:
        """What a condition says of null where it holds, or where it does not."""
        if isinstance(test, ast.UnaryOp):
            return self._facts(test.operand, holds=not holds)
        if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) == holds:
            return {path: fact for value in test.values for path, fact in self._facts(value, holds=holds).items()}
        if isinstance(test, ast.Compare) and len(test.ops) == 1 and _syntax.is_none(test.comparators[0]):
            subject = self.types[test.left]
            if _is_path(test.left) and (isinstance(subject, OptionalType) or subject == NULL):
                is_null = isinstance(test.ops[0], ast.Is) == holds
                return {ast.unparse(test.left): NULL if is_null else without_null(subject)}
        return {}

    def _expect(self, node: ast.expr, scope: Scope, expected: Type, where: str) -> Type:
        found = self._present(node, self.infer(node, scope))
        if not assignable(found, expected):
            raise ExpressionError(f"{where} needs {expected}, not {self._described(node, found)}")
        return expected

    def _source(self, node: ast.expr, scope: Scope, hint: Type | None = None) -> Type:
        """The type of what a part is taken from."""
        found = self._present(node, self.infer(node, scope, hint))
        self.settle(node, found)
        return found

    def _present(self, node: ast.expr, found: Type) -> Type:
        if isinstance(found, OptionalType) or found == NULL:
            raise ExpressionError(f"`{ast.unparse(node)}` may be null: guard it with `is not None`")
        return found

    def _join(self, left: Type, right: Type, what: str) -> Type:
        joined = join(left, right)
        if joined is None:
            raise ExpressionError(f"{what} do not fit together: {left} and {right}")
        return joined

    def _described(self, node: ast.expr, found: Type) -> str:
        return f"{found} (`{ast.unparse(node)}`)"


_SIGNS: Mapping[type[ast.AST], str] = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.FloorDiv: "//", ast.Mod: "%", ast.Pow: "**",
    ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Is: "is",
    ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip


def _comparable(op: ast.cmpop, left: Type, right: Type) -> bool:
    if isinstance(op, ast.Is | ast.IsNot):
        return True
    if isinstance(op, ast.Eq | ast.NotEq):
        return join(left, right) is not None and not _holds_record(left)
    if isinstance(op, ast.In | ast.NotIn):
        if isinstance(right, ListType):
            return join(left, right.item) is not None and not _holds_record(left)
        return left == STRING and (right == STRING or isinstance(right, MapType))
    return join(left, right) in _ORDERED


def _null_advice(op: ast.cmpop, left: Type, right: Type) -> str:
    ordering = not isinstance(op, ast.Eq | ast.NotEq)
    if ordering and (isinstance(left, OptionalType) or isinstance(right, OptionalType)):
        return ": guard what may be null with `is not None`"
    return ""


def _advice(op: ast.operator, left: Type, right: Type) -> str:
    if isinstance(op, ast.Add) and STRING in (left, right):
        return ": put both into an f-string"
    if isinstance(op, ast.Mult) and STRING in (left, right):
        return ": use text.repeat"
    return ""


def _instead(name: str, names: Mapping[str, Type]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    if near:
        return f"did you mean `{near[0]}`?"
    return f"there is {', '.join(f'`{known}`' for known in names) or 'none'}"


def _is_path(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) or (isinstance(node, ast.Attribute) and _is_path(node.value))


def _holds_record(candidate: Type) -> bool:
    if isinstance(candidate, ListType | OptionalType):
        return _holds_record(candidate.item)
    if isinstance(candidate, MapType):
        return _holds_record(candidate.value)
    return isinstance(candidate, RecordType)


def _same_records(actual: Type, expected: Type) -> bool:
    """Whether a value built as `actual` is of `expected` as it is, but for null and empty lists."""
    if actual in (expected, NULL, NOTHING):
        return True
    if isinstance(expected, OptionalType):
        return _same_records(actual.item if isinstance(actual, OptionalType) else actual, expected.item)
    if isinstance(actual, ListType) and isinstance(expected, ListType):
        return _same_records(actual.item, expected.item)
    return isinstance(actual, MapType) and isinstance(expected, MapType) and _same_records(actual.value, expected.value)
