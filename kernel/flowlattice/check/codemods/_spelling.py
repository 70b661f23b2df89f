"""How a file calls what comes from flowlattice, and importing what it does not know yet."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import libcst as cst
from libcst import matchers as m

from flowlattice.check.imports import bound_names, from_flowlattice, prefixes, with_import


class Spelling:
    """The names of flowlattice in one file; those that were asked for are imported at the end."""

    def __init__(self, module: cst.Module) -> None:
        self._imports = list(from_flowlattice(module))
        self._known = dict(self._imports)
        self._prefix = next(prefixes(module), None)
        self._taken = bound_names(module)
        self._new: dict[str, str] = {}

    def name(self, name: str) -> str:
        """What a name of flowlattice is in the file: `by`, `key`, `fl.by`."""
        if name in self._known:
            return self._known[name]
        if name in self._new:
            return self._new[name]
        if "*" in self._known and name not in self._taken:
            return name
        if not self._known and self._prefix is not None:
            return f"{self._prefix}.{name}"
        alias = name
        while alias in self._taken:
            alias = f"flowlattice_{alias}"
        self._new[name] = alias
        return alias

    def expression(self, text: str, names: Collection[str]) -> cst.BaseExpression:
        """An expression whose `names` are those of flowlattice."""
        return cst.parse_expression(self.text(text, names))

    def text(self, code: str, names: Collection[str], others: Mapping[str, str] | None = None) -> str:
        """Code whose `names` are those of flowlattice, and whose `others` are called something else in the file."""
        spelled = {name: self.name(name) for name in names} | dict(others or {})
        done = cst.parse_module(code).visit(_Respelled(spelled))
        return done.code

    def is_name(self, expression: cst.BaseExpression, name: str) -> bool:
        """Whether an expression is that name of flowlattice."""
        if isinstance(expression, cst.Attribute):
            return m.matches(expression, m.Attribute(value=m.Name(), attr=m.Name(name)))
        aliases = {alias for known, alias in self._imports if known == name}
        if not aliases or ("*" in self._known and name not in self._taken):
            aliases.add(name)
        return isinstance(expression, cst.Name) and expression.value in aliases

    def imported(self, module: cst.Module) -> cst.Module:
        """The file with the names imported that it did not know."""
        for name, alias in self._new.items():
            module = with_import(module, name, alias)
        return module


class _Respelled(cst.CSTTransformer):
    """Writes names as the file knows them; keywords and attributes are no names."""

    def __init__(self, spelled: Mapping[str, str]) -> None:
        super().__init__()
        self._spelled = spelled
        self._no_names: set[int] = set()

    # Named by LibCST, after the kinds of nodes.

    def visit_Arg(self, node: cst.Arg) -> None:  # noqa: N802
        self._no_names.add(id(node.keyword))

    def visit_Attribute(self, node: cst.Attribute) -> None:  # noqa: N802
        self._no_names.add(id(node.attr))

    def leave_Name(self, original_node: cst.Name, updated_node: cst.Name) -> cst.BaseExpression:  # noqa: N802
        spelled = self._spelled.get(original_node.value)
        if spelled is None or id(original_node) in self._no_names:
            return updated_node
        return cst.parse_expression(spelled)
