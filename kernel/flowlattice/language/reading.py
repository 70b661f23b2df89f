"""Reading bodies: which effects and which determinism a node's code has, with the line that is the cause.

The reader is a lint over `ast` with an allow-list. What it can resolve and knows to be pure is pure; what it can
resolve and knows to be otherwise is that; what it cannot resolve is best_effort and effectful. The boundary that holds
against malice is the sandbox and the replay, not this.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Final

from pydantic import BaseModel

from flowlattice.capabilities import CapabilityType, capability_type
from flowlattice.language import purity
from flowlattice.language.nodes import Node
from flowlattice.language.ports import Place
from flowlattice.language.purity import Known
from flowlattice.language.sources import FunctionSyntax, SourceFiles
from flowlattice.lattice import Determinism, Effects
from flowlattice.operators.base import is_operator

_URL: Final = re.compile(r"https?://([^/\s:?#]+)", re.IGNORECASE)
_UNRESOLVED: Final = object()
_ORDERED_FROM_SET: Final = frozenset({"list", "tuple", "iter", "enumerate", "zip", "map", "filter", "sum", "reversed"})


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One place that weakens a promise."""

    effects: Effects
    determinism: Determinism
    because: str
    place: Place


@dataclass(frozen=True, kw_only=True)
class Misuse:
    """A method that the capability in the signature does not offer."""

    binding: str
    capability: str
    method: str
    place: Place


@dataclass
class Reading:
    """What a body does; the joins are over all causes."""

    causes: list[Cause] = field(default_factory=list)
    misuses: list[Misuse] = field(default_factory=list)
    urls: list[tuple[str, Place]] = field(default_factory=list)

    @property
    def effects(self) -> Effects:
        """The join of the causes' effects; pure where there is none."""
        return Effects.join_all(cause.effects for cause in self.causes)

    @property
    def determinism(self) -> Determinism:
        """The join of the causes' determinism; strict where there is none."""
        return Determinism.join_all(cause.determinism for cause in self.causes)


def read(function: Callable[..., object], sources: SourceFiles) -> Reading:
    """Read a function and all functions of the flow that it refers to."""
    reading = Reading()
    _Reader(sources, reading, seen=set()).function(function)
    return reading


@dataclass
class _Reader:
    sources: SourceFiles
    reading: Reading
    seen: set[object]

    def function(self, function: Callable[..., object], place: Place | None = None) -> None:
        if function in self.seen:
            return
        self.seen.add(function)
        syntax = self.sources.function(function)
        if syntax is None or not isinstance(function, FunctionType):
            name = getattr(function, "__qualname__", repr(function))
            self.add(
                Known(Effects.EFFECTFUL, Determinism.BEST_EFFORT, f"calls {name}, which cannot be read"),
                place or Place(file="", line=1),
            )
            return
        _Body(self, function, syntax).read()

    def add(self, known: Known, place: Place) -> None:
        if known is not purity.PURE:
            self.reading.causes.append(
                Cause(effects=known.effects, determinism=known.determinism, because=known.because, place=place)
            )


class _Body(ast.NodeVisitor):
    """The walk over one function's body."""

    def __init__(self, reader: _Reader, function: FunctionType, syntax: FunctionSyntax) -> None:
        self.reader = reader
        self.function = function
        self.syntax = syntax
        self.filename = function.__code__.co_filename
        self.outer: Mapping[str, object] = _outer_names(function)
        self.annotations: Mapping[str, object] = dict(getattr(function, "__annotations__", {}))
        self.locals = _local_names(syntax)
        self.sets: set[str] = set()

    def read(self) -> None:
        body = self.syntax.body if isinstance(self.syntax.body, list) else [self.syntax.body]
        for statement in body:
            self.visit(statement)

    # Names and what they stand for.

    def resolve(self, expression: ast.expr) -> object:
        """The object that an expression denotes before the function runs, or `_UNRESOLVED`."""
        if isinstance(expression, ast.Name):
            if expression.id in self.locals:
                return _UNRESOLVED
            return self.outer.get(expression.id, getattr(builtins, expression.id, _UNRESOLVED))
        if isinstance(expression, ast.Attribute):
            base = self.resolve(expression.value)
            if isinstance(base, ModuleType | type | Node) and not expression.attr.startswith("__"):
                return getattr(base, expression.attr, _UNRESOLVED)
        return _UNRESOLVED

    def capability(self, expression: ast.expr) -> tuple[str, CapabilityType, type] | None:
        if isinstance(expression, ast.Name) and expression.id in self.locals:
            annotation = _evaluated(self.annotations.get(expression.id), self.outer)
            declared = capability_type(annotation)
            if declared is not None and isinstance(annotation, type):
                return expression.id, declared, annotation
        return None

    # What is written.

    def visit_Call(self, call: ast.Call) -> None:
        """A call is judged by what is called; arguments are visited like everything else."""
        target = self.resolve(call.func)
        if target is not _UNRESOLVED:
            self._known_call(target, call)
        elif isinstance(call.func, ast.Attribute):
            self._method_call(call.func, call)
        elif not (isinstance(call.func, ast.Name) and call.func.id in self._nested_functions()):
            self._unknown(f"calls {ast.unparse(call.func)}, which cannot be resolved", call)
        self._order_of_set(call, target)
        self.generic_visit(call)

    def visit_Name(self, name: ast.Name) -> None:
        """A function of the flow that is only named may be called by whoever gets it, so it is read too."""
        if not isinstance(name.ctx, ast.Load):
            return
        target = self.resolve(name)
        function = target.function if isinstance(target, Node) else target
        if isinstance(function, FunctionType) and self.reader.sources.owns(function.__code__.co_filename):
            self.reader.function(function, self.place(name))
        if isinstance(target, list | dict | set | bytearray) and self._is_changed_somewhere(name.id):
            self._add(
                Known(Effects.READ_ONLY, Determinism.NONDETERMINISTIC, f"reads {name.id}, which the flow changes"), name
            )

    def visit_Global(self, statement: ast.Global) -> None:
        """Assigning globals makes runs depend on each other."""
        names = ", ".join(statement.names)
        self._add(Known(Effects.EFFECTFUL, Determinism.NONDETERMINISTIC, f"changes the global {names}"), statement)

    def visit_Constant(self, constant: ast.Constant) -> None:
        """URLs written in the body are where it may reach."""
        if isinstance(constant.value, str):
            for host in _URL.findall(constant.value):
                self.reader.reading.urls.append((host.lower(), self.place(constant)))

    def visit_Assign(self, statement: ast.Assign) -> None:
        """Remember which names hold sets; refuse changes to what lives outside the function."""
        for target in statement.targets:
            if isinstance(target, ast.Name) and self._is_set(statement.value):
                self.sets.add(target.id)
            self._outside_change(target)
        self.generic_visit(statement)

    def visit_AugAssign(self, statement: ast.AugAssign) -> None:
        """`TOTALS[k] += 1` changes what lives outside as well."""
        self._outside_change(statement.target)
        self.generic_visit(statement)

    def visit_For(self, statement: ast.For) -> None:
        """Iterating over a set has no stable order."""
        self._iterates(statement.iter)
        self.generic_visit(statement)

    def visit_comprehension(self, part: ast.comprehension) -> None:
        """Iterating over a set has no stable order here either."""
        self._iterates(part.iter)
        self.generic_visit(part)

    def visit_Import(self, statement: ast.Import) -> None:
        """Imports belong to the top of the file, where they are admitted."""
        self._unknown("imports inside its body", statement)

    def visit_ImportFrom(self, statement: ast.ImportFrom) -> None:
        """Imports belong to the top of the file, where they are admitted."""
        self._unknown("imports inside its body", statement)

    # Judgements.

    def _known_call(self, target: object, call: ast.Call) -> None:
        function = target.function if isinstance(target, Node) else target
        known = _knowledge(function)
        if known is not None:
            said = f"{ast.unparse(call.func)}() {known.because}"
            self._add(known if known is purity.PURE else Known(known.effects, known.determinism, said), call)
        elif isinstance(function, type):
            self._construct(function, call)
        elif isinstance(function, FunctionType | MethodType):
            self.reader.function(function.__func__ if isinstance(function, MethodType) else function, self.place(call))
        else:
            self._unknown(f"calls {ast.unparse(call.func)}, which is not known to be pure", call)

    def _construct(self, kind: type, call: ast.Call) -> None:
        own = self.reader.sources.owns(getattr(_module_of(kind), "__file__", None) or "")
        for member in vars(kind).values() if own else ():
            function = getattr(member, "__wrapped__", getattr(member, "__func__", member))
            if isinstance(function, FunctionType) and self.reader.sources.function(function) is not None:
                self.reader.function(function, self.place(call))
        if not own and not issubclass(kind, BaseModel | BaseException):
            self._unknown(f"makes a {kind.__qualname__}, which is not known to be pure", call)

    def _method_call(self, func: ast.Attribute, call: ast.Call) -> None:
        used = self.capability(func.value)
        if used is not None:
            binding, declared, protocol = used
            if not callable(getattr(protocol, func.attr, None)) or func.attr.startswith("_"):
                self.reader.reading.misuses.append(
                    Misuse(binding=binding, capability=declared.name, method=func.attr, place=self.place(func))
                )
            return
        receiver = _evaluated(self.annotations.get(getattr(func.value, "id", "")), self.outer)
        method = getattr(receiver, func.attr, None) if isinstance(receiver, type) else None
        if isinstance(method, FunctionType) and self.reader.sources.owns(method.__code__.co_filename):
            self.reader.function(method, self.place(call))
        elif func.attr in purity.MUTATORS and self._is_outside(func.value):
            self._add(
                Known(Effects.EFFECTFUL, Determinism.NONDETERMINISTIC, f"changes {ast.unparse(func.value)}"), call
            )
        elif func.attr not in purity.PURE_METHODS and func.attr not in purity.MUTATORS:
            self._unknown(f"calls .{func.attr}(), which cannot be resolved", call)

    def _order_of_set(self, call: ast.Call, target: object) -> None:
        orders = isinstance(call.func, ast.Name) and call.func.id in _ORDERED_FROM_SET and target is not _UNRESOLVED
        joins = isinstance(call.func, ast.Attribute) and call.func.attr in {"join", "pop"}
        if orders or joins:
            for argument in call.args:
                self._iterates(argument)
        if joins and isinstance(call.func, ast.Attribute) and call.func.attr == "pop":
            self._iterates(call.func.value)

    def _iterates(self, expression: ast.expr) -> None:
        if self._is_set(expression):
            because = "depends on the order of a set, which differs between processes; sort it"
            self._add(Known(Effects.PURE, Determinism.NONDETERMINISTIC, because), expression)

    def _is_set(self, expression: ast.expr) -> bool:
        if isinstance(expression, ast.Set | ast.SetComp):
            return True
        if isinstance(expression, ast.Call) and isinstance(expression.func, ast.Name):
            return expression.func.id in {"set", "frozenset"}
        if isinstance(expression, ast.BinOp) and isinstance(expression.op, ast.BitAnd | ast.BitOr | ast.Sub | ast.BitXor):
            return self._is_set(expression.left) or self._is_set(expression.right)
        if isinstance(expression, ast.Name):
            return expression.id in self.sets or isinstance(self.resolve(expression), set | frozenset)
        return False

    def _is_outside(self, expression: ast.expr) -> bool:
        while isinstance(expression, ast.Attribute | ast.Subscript):
            expression = expression.value
        return isinstance(expression, ast.Name) and expression.id not in self.locals

    def _outside_change(self, target: ast.expr) -> None:
        if isinstance(target, ast.Attribute | ast.Subscript) and self._is_outside(target):
            because = f"changes {ast.unparse(target)}, which lives outside the node"
            self._add(Known(Effects.EFFECTFUL, Determinism.NONDETERMINISTIC, because), target)

    def _is_changed_somewhere(self, name: str) -> bool:
        for part in ast.walk(self.reader.sources.tree(self.filename)):
            if isinstance(part, ast.Subscript | ast.Attribute) and not isinstance(part.ctx, ast.Load):
                changed = isinstance(part.value, ast.Name) and part.value.id == name
            elif isinstance(part, ast.Call) and isinstance(part.func, ast.Attribute):
                changed = (
                    part.func.attr in purity.MUTATORS
                    and isinstance(part.func.value, ast.Name)
                    and part.func.value.id == name
                )
            else:
                changed = isinstance(part, ast.Global) and name in part.names
            if changed:
                return True
        return False

    def _nested_functions(self) -> set[str]:
        return {part.name for part in ast.walk(self.syntax) if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)}

    def _unknown(self, because: str, node: ast.AST) -> None:
        self._add(Known(Effects.EFFECTFUL, Determinism.BEST_EFFORT, because), node)

    def _add(self, known: Known, node: ast.AST) -> None:
        self.reader.add(known, self.place(node))

    def place(self, node: ast.AST) -> Place:
        line = getattr(node, "lineno", 1)
        end_column = getattr(node, "end_col_offset", None)
        return Place(
            file=self.filename,
            line=line,
            column=getattr(node, "col_offset", 0) + 1,
            end_line=getattr(node, "end_lineno", None),
            end_column=None if end_column is None else end_column + 1,
        )


def _knowledge(target: object) -> Known | None:
    """What the tables say of an object; none if they say nothing."""
    if is_operator(target):
        return purity.PURE
    module = getattr(target, "__module__", None) or getattr(getattr(target, "__self__", None), "__name__", "")
    name = getattr(target, "__qualname__", getattr(target, "__name__", ""))
    if module == "builtins" and isinstance(target, BuiltinFunctionType | type):
        return purity.PURE if name in purity.PURE_BUILTINS else purity.SPECIAL_BUILTINS.get(name)
    if isinstance(getattr(target, "__self__", None), type):
        owner = target.__self__  # type: ignore[attr-defined]  # just looked up
        module, name = owner.__module__, f"{owner.__qualname__}.{getattr(target, '__name__', '')}"
    full = f"{module}.{name}"
    if full in purity.SPECIAL_FUNCTIONS:
        return purity.SPECIAL_FUNCTIONS[full]
    public = str(module).removeprefix("_")
    if module in purity.SPECIAL_MODULES or public in purity.SPECIAL_MODULES:
        return purity.SPECIAL_MODULES.get(str(module)) or purity.SPECIAL_MODULES[public]
    if public in purity.PURE_MODULES or full in {"flowlattice.language.invalid.require"}:
        return purity.PURE
    if isinstance(target, MethodType) and isinstance(target.__self__, object) and module == "random":
        return purity.SPECIAL_MODULES["random"]
    return purity.PURE if module == "builtins" and name.partition(".")[0] in purity.PURE_BUILTINS else None


def _outer_names(function: FunctionType) -> dict[str, object]:
    names: dict[str, object] = dict(function.__globals__)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            names[name] = cell.cell_contents
        except ValueError:  # a cell that is not filled yet: recursion of a nested function
            continue
    return names


def _local_names(syntax: FunctionSyntax) -> set[str]:
    arguments = syntax.args
    named = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    named += [extra for extra in (arguments.vararg, arguments.kwarg) if extra is not None]
    names = {argument.arg for argument in named}
    for part in ast.walk(syntax):
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
            names.add(part.id)
        elif isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and part is not syntax:
            names.add(part.name)
        elif isinstance(part, ast.arg):
            names.add(part.arg)
        elif isinstance(part, ast.ExceptHandler) and part.name:
            names.add(part.name)
    return names


def _evaluated(annotation: object, outer: Mapping[str, object]) -> object:
    """An annotation as an object; under `from __future__ import annotations` it is a name to look up."""
    if isinstance(annotation, str):
        head, _, rest = annotation.partition(".")
        found = outer.get(head)
        return getattr(found, rest, None) if rest else found
    return annotation


def _module_of(kind: type) -> ModuleType | None:
    import sys

    return sys.modules.get(kind.__module__)
