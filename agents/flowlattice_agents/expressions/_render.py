"""Expressions as Python source for a flow file.

What may have no value for some input (a division by what may be zero, an item by position) is rendered as the operator
that says so; everything else is rendered as it is written.
"""

from __future__ import annotations

import ast
import keyword
from collections.abc import Callable, Mapping
from typing import TypeAlias

from flowlattice_agents.errors import ExpressionError
from flowlattice_agents.expressions._infer import analyse
from flowlattice_agents.expressions._signatures import families
from flowlattice_agents.expressions._types import BOOLEAN, INTEGER, NUMBER, STRING, MapType, RecordType, Type

Rename: TypeAlias = Callable[[str], str] | Mapping[str, str]
RecordWriter: TypeAlias = Callable[[RecordType, Mapping[str, str]], str]


def render(
    expression: str, names: Mapping[str, Type], rename: Rename, record: RecordWriter | None = None
) -> tuple[str, frozenset[str]]:
    """Python source of an expression, and the operator families that it uses.

    Args:
        expression: An expression of the language.
        names: The types of its names, as for `check`.
        rename: What each name is in the flow file (`km` -> `req.km`); a name that a mapping lacks stays as it is.
        record: Writes the construction of a record that the expression builds, from its type and the source of each
            field by identifier. The types are those within `check(expression, names)`, or argument types of operators.
            Without it records are dict displays by wire name.

    Raises:
        ExpressionError: The expression does not check.
    """
    checked = analyse(expression, names)
    lookup = rename if callable(rename) else lambda name: rename.get(name, name)
    writer = _Renderer(checked.types, {name: _parsed(lookup(name)) for name in names}, record or _display)
    try:
        tree = writer.visit(checked.tree)
    except ExpressionError as error:
        raise ExpressionError(str(error), expression=expression) from None
    return ast.unparse(ast.fix_missing_locations(tree)), frozenset(writer.families)


class _Renderer(ast.NodeTransformer):
    """Rewrites the tree of a checked expression into that of the flow file."""

    def __init__(self, types: Mapping[ast.expr, Type], names: dict[str, ast.expr], record: RecordWriter) -> None:
        self._types = types
        self._names = names
        self._record = record
        self._taken = families() | {
            part.id for n in names.values() for part in ast.walk(n) if isinstance(part, ast.Name)
        }
        self.families: set[str] = set()

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._names.get(node.id, node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        return self._field(node.value, node.attr)

    def visit_Dict(self, node: ast.Dict) -> ast.expr:
        settled = self._types[node]
        values = [self.visit(value) for value in node.values]
        if not isinstance(settled, RecordType):
            return ast.Dict(keys=node.keys, values=values)
        names = [field.name for field in settled.fields]
        sources = {name: ast.unparse(ast.fix_missing_locations(v)) for name, v in zip(names, values, strict=True)}
        return _parsed(self._record(settled, sources))

    def visit_Call(self, node: ast.Call) -> ast.expr:
        function = node.func
        if isinstance(function, ast.Name):
            words = [ast.keyword(arg=word.arg, value=self.visit(word.value)) for word in node.keywords]
            return ast.Call(func=function, args=[self.visit(value) for value in node.args], keywords=words)
        if not isinstance(function, ast.Attribute) or not isinstance(function.value, ast.Name):
            raise ExpressionError(f"`{ast.unparse(function)}` is not an operator")
        keywords = [ast.keyword(arg=word.arg, value=self.visit(word.value)) for word in node.keywords]
        return self._called(function.value.id, function.attr, [self.visit(value) for value in node.args], keywords)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        holder = self._types[node.value]
        if isinstance(node.slice, ast.Slice):
            self.generic_visit(node.slice)
            return ast.Subscript(value=self.visit(node.value), slice=node.slice, ctx=ast.Load())
        if isinstance(holder, RecordType) and isinstance(node.slice, ast.Constant):
            return self._field(node.value, str(node.slice.value))
        arguments = [self.visit(node.value), self.visit(node.slice)]
        if isinstance(holder, MapType):
            return self._called("lookups", "get", arguments)
        return (
            self._called("text", "character", arguments) if holder == STRING else self._called("lists", "at", arguments)
        )

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left, right = self.visit(node.left), self.visit(node.right)
        name = _PARTIAL.get(type(node.op))
        if name and not _is_nonzero(node.right):
            return self._called("numbers", name, [left, right])
        if isinstance(node.op, ast.Pow) and self._types[node.left] != INTEGER:
            return self._called("numbers", "power", [left, right])
        return ast.BinOp(left=left, op=node.op, right=right)

    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        return self._comprehension(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> ast.expr:
        return self._comprehension(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        parts = [self._part(part) for part in node.values]
        literal = ast.fix_missing_locations(ast.JoinedStr(values=[_embedded(part) for part in parts]))
        if _survives(literal):
            return literal
        strings = [p if self._is_text(o) else _call("str", [p]) for p, o in zip(parts, node.values, strict=True)]
        empty = ast.Attribute(value=ast.Constant(value=""), attr="join", ctx=ast.Load())
        return ast.Call(func=empty, args=[ast.Tuple(elts=strings, ctx=ast.Load())], keywords=[])

    def _is_text(self, part: ast.expr) -> bool:
        return not isinstance(part, ast.FormattedValue) or self._types[part.value] in (STRING, NUMBER, BOOLEAN)

    def _part(self, part: ast.expr) -> ast.expr:
        if not isinstance(part, ast.FormattedValue):
            return part
        value = self.visit(part.value)
        if self._types[part.value] == NUMBER:
            return self._called("numbers", "to_text", [value])
        return self._called("text", "from_boolean", [value]) if self._types[part.value] == BOOLEAN else value

    def _comprehension(self, node: ast.ListComp | ast.GeneratorExp) -> ast.expr:
        generator = node.generators[0]
        source = self.visit(generator.iter)
        name = generator.target.id if isinstance(generator.target, ast.Name) else ""
        safe = self._free(name)
        self._names[name] = ast.Name(id=safe, ctx=ast.Load())
        inner = ast.comprehension(
            target=ast.Name(id=safe, ctx=ast.Store()),
            iter=source,
            ifs=[self.visit(condition) for condition in generator.ifs],
            is_async=0,
        )
        item = self.visit(node.elt)
        del self._names[name]
        return ast.ListComp(elt=item, generators=[inner])

    def _free(self, name: str) -> str:
        """A name for a comprehension's variable that hides nothing the expression uses."""
        while name in self._taken or keyword.iskeyword(name) or name == "str":
            name += "_"
        return name

    def _field(self, value: ast.expr, key: str) -> ast.expr:
        record = self._types[value]
        found = record.field(key) if isinstance(record, RecordType) else None
        return ast.Attribute(value=self.visit(value), attr=found.name if found else key, ctx=ast.Load())

    def _called(
        self, family: str, name: str, arguments: list[ast.expr], keywords: list[ast.keyword] | None = None
    ) -> ast.expr:
        self.families.add(family)
        function = ast.Attribute(value=ast.Name(id=family, ctx=ast.Load()), attr=name, ctx=ast.Load())
        return ast.Call(func=function, args=arguments, keywords=keywords or [])


_PARTIAL: Mapping[type[ast.operator], str] = {ast.Div: "divide", ast.FloorDiv: "floor_divide", ast.Mod: "modulo"}


def _is_nonzero(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        node = node.operand
    return isinstance(node, ast.Constant) and bool(node.value)


def _call(name: str, arguments: list[ast.expr]) -> ast.expr:
    return ast.Call(func=ast.Name(id=name, ctx=ast.Load()), args=arguments, keywords=[])


def _embedded(part: ast.expr) -> ast.expr:
    return part if isinstance(part, ast.Constant) else ast.FormattedValue(value=part, conversion=-1)


def _survives(literal: ast.JoinedStr) -> bool:
    """Whether the f-string reads back as it is: before Python 3.12 quotes inside of it may clash."""
    try:
        source = ast.unparse(literal)
        return "\n" not in source and ast.dump(ast.parse(source, mode="eval").body) == ast.dump(literal)
    except (ValueError, SyntaxError):
        return False


def _display(record: RecordType, fields: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{field.wire!r}: {fields[field.name]}" for field in record.fields) + "}"


def _parsed(source: str) -> ast.expr:
    return ast.parse(source, mode="eval").body
