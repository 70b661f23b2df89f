"""Which name means what: the scopes of a file, what each binds, and the scope and parent of each syntax node.

Where Python decides at run time (a class body's name that may or may not be bound yet), all candidates count.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

MOST_BINDINGS = 100
"""How often one scope may bind a name; what must look at all of them stays fast."""

ScopeKind: TypeAlias = Literal["module", "class", "function", "comprehension"]
Comprehension: TypeAlias = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Function: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass(frozen=True)
class Imported:
    """Bound by an import: a module, or with `name` something from it; `level` counts the dots in front."""

    module: str
    name: str | None
    level: int


@dataclass(frozen=True)
class Defined:
    """Bound by a function or class definition."""


@dataclass(frozen=True)
class Assigned:
    """Bound to the value of this expression."""

    value: ast.expr


@dataclass(frozen=True)
class Other:
    """Bound in a way that says nothing of the value: a parameter, a loop, an unpacking."""


Binding: TypeAlias = Imported | Defined | Assigned | Other


class BoundTooOften(Exception):
    """A scope binds a name more often than anybody can follow."""


@dataclass(eq=False)
class Scope:
    """A namespace and what binds names in it."""

    kind: ScopeKind
    parent: Scope | None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    globals: set[str] = field(default_factory=set)

    def bind(self, name: str, binding: Binding) -> None:
        """Note that a name is bound here."""
        target = self.module if name in self.globals else self
        known = target.bindings.setdefault(name, [])
        if binding not in known:
            known.append(binding)
        if len(known) > MOST_BINDINGS:
            raise BoundTooOften(name)

    @property
    def module(self) -> Scope:
        """The outermost scope."""
        return self if self.parent is None else self.parent.module

    @property
    def function(self) -> Scope:
        """The scope that an assignment expression binds in."""
        return self.parent.function if self.kind == "comprehension" and self.parent is not None else self


class Scopes(ast.NodeVisitor):
    """The scopes of one file.

    Raises:
        RecursionError: The file is nested too deeply.
        BoundTooOften: A scope binds one name again and again.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.module = Scope("module", None)
        self._current = self.module
        self._scope_of: dict[ast.AST, Scope] = {}
        self._parent_of: dict[ast.AST, ast.AST] = {}
        self._annotations: set[ast.AST] = set()
        self._visit_all(tree.body, tree)

    def scope(self, node: ast.AST) -> Scope:
        """The scope in which a node stands."""
        return self._scope_of[node]

    def parent(self, node: ast.AST) -> ast.AST | None:
        """The node around a node."""
        return self._parent_of.get(node)

    def is_annotation(self, node: ast.AST) -> bool:
        """Whether a node is the whole of an annotation."""
        return node in self._annotations

    def add(self, expression: ast.expr, around: ast.AST) -> None:
        """Read an expression that was written as text, as if it stood where the text stands."""
        self._current = self.scope(around)
        self._visit_all([expression], around)

    def meanings(self, name: str, scope: Scope) -> list[tuple[Scope, Binding]]:
        """All that a name may mean, with the scope that binds it; none if nothing in the file binds it."""
        found: list[tuple[Scope, Binding]] = []
        current: Scope | None = scope.module if name in scope.globals else scope
        while current is not None:
            if current.kind != "class" or current is scope:
                found += [(current, binding) for binding in current.bindings.get(name, ())]
                if found and current.kind != "class":
                    break
            current = current.parent
        return found

    def generic_visit(self, node: ast.AST) -> None:
        """Note where the node stands, and go on inside."""
        self._scope_of[node] = self._current
        for child in ast.iter_child_nodes(node):
            self._parent_of[child] = node
            self.visit(child)

    def visit_Name(self, node: ast.Name) -> None:
        """Bind what is stored; an assignment's own value was noted by its statement."""
        self.generic_visit(node)
        parent = self.parent(node)
        alone = isinstance(parent, ast.Assign | ast.AnnAssign | ast.NamedExpr)
        if isinstance(node.ctx, ast.Store) and not alone:
            self._current.bind(node.id, Other())

    def visit_Assign(self, node: ast.Assign) -> None:
        """Bind names to the value."""
        self.generic_visit(node)
        for target in node.targets:
            if isinstance(target, ast.Name):
                self._current.bind(target.id, Assigned(node.value))

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Bind a name to the value; without one, it is only declared."""
        self._annotations.add(node.annotation)
        self.generic_visit(node)
        if isinstance(node.target, ast.Name) and (node.value is not None or self._current.kind == "function"):
            self._current.bind(node.target.id, Assigned(node.value) if node.value is not None else Other())

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        """Bind a name in the function around."""
        self.generic_visit(node)
        self._current.function.bind(node.target.id, Assigned(node.value))

    def visit_Import(self, node: ast.Import) -> None:
        """Bind modules: `import a.b` binds `a`, `import a.b as c` binds `a.b`."""
        self.generic_visit(node)
        for alias in node.names:
            top = alias.name.partition(".")[0]
            self._current.bind(alias.asname or top, Imported(alias.name if alias.asname else top, None, 0))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """Bind what is imported."""
        self.generic_visit(node)
        for alias in node.names:
            self._current.bind(alias.asname or alias.name, Imported(node.module or "", alias.name, node.level))

    def visit_Global(self, node: ast.Global) -> None:
        """Names of the function that mean the file's."""
        self.generic_visit(node)
        self._current.globals.update(node.names)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        """Bind the exception."""
        self._bind_other(node.name)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs) -> None:
        """Bind a captured value."""
        self._bind_other(node.name)
        self.generic_visit(node)

    def visit_MatchStar(self, node: ast.MatchStar) -> None:
        """Bind captured items."""
        self._bind_other(node.name)
        self.generic_visit(node)

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        """Bind captured entries."""
        self._bind_other(node.rest)
        self.generic_visit(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Bind the function, and read its body in a scope of its own."""
        self._current.bind(node.name, Defined())
        self._function(node, node.decorator_list, node.body, node.returns)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """As for any function."""
        self._current.bind(node.name, Defined())
        self._function(node, node.decorator_list, node.body, node.returns)

    def visit_Lambda(self, node: ast.Lambda) -> None:
        """As for any function."""
        self._function(node, [], [node.body], None)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """Bind the class, and read its body in a scope of its own."""
        self._current.bind(node.name, Defined())
        self._scope_of[node] = self._current
        self._visit_all([*node.decorator_list, *node.bases, *node.keywords], node)
        self._visit_inside("class", node.body, node)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        """The first iterable belongs to the scope around."""
        self._comprehension(node, [node.elt])

    def visit_SetComp(self, node: ast.SetComp) -> None:
        """As for lists."""
        self._comprehension(node, [node.elt])

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        """As for lists."""
        self._comprehension(node, [node.elt])

    def visit_DictComp(self, node: ast.DictComp) -> None:
        """As for lists."""
        self._comprehension(node, [node.key, node.value])

    def _function(
        self, node: Function, decorators: list[ast.expr], body: Sequence[ast.AST], returns: ast.expr | None
    ) -> None:
        self._scope_of[node] = self._scope_of[node.args] = self._current
        self._parent_of[node.args] = node
        parameters = list(_parameters(node.args))
        annotations = [place for place in (returns, *(p.annotation for p in parameters)) if place is not None]
        self._annotations.update(annotations)
        defaults = [default for default in (*node.args.defaults, *node.args.kw_defaults) if default]
        self._visit_all([*decorators, *defaults], node)
        for parameter in parameters:
            self._scope_of[parameter] = self._current
            self._parent_of[parameter] = node
        self._visit_all(annotations, node)
        self._visit_inside("function", body, node, [parameter.arg for parameter in parameters])

    def _comprehension(self, node: Comprehension, elements: list[ast.expr]) -> None:
        self._scope_of[node] = self._current
        for part in node.generators:
            self._scope_of[part] = self._current
            self._parent_of[part] = node
        first, *others = node.generators
        self._visit_all([first.iter], node)
        inside = [*elements, first.target, *first.ifs]
        inside += [expression for part in others for expression in (part.target, part.iter, *part.ifs)]
        self._visit_inside("comprehension", inside, node)

    def _visit_inside(
        self, kind: ScopeKind, nodes: Sequence[ast.AST], around: ast.AST, names: Sequence[str] = ()
    ) -> None:
        outer, self._current = self._current, Scope(kind, self._current)
        for name in names:
            self._current.bind(name, Other())
        self._visit_all(nodes, around)
        self._current = outer

    def _visit_all(self, nodes: Sequence[ast.AST], around: ast.AST) -> None:
        for node in nodes:
            self._parent_of[node] = around
            self.visit(node)

    def _bind_other(self, name: str | None) -> None:
        if name is not None:
            self._current.bind(name, Other())


def _parameters(arguments: ast.arguments) -> Iterator[ast.arg]:
    yield from (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    yield from (extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None)
