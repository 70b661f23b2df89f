"""The walk over a function's body: every call, name and assignment is judged once."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING

from flowlattice.context import Context
from flowlattice.language import purity
from flowlattice.language._bindings import defaults_of
from flowlattice.language._calls import Calls
from flowlattice.language._findings import Repeated, Url
from flowlattice.language._handing import defaults_given
from flowlattice.language._meanings import Thing, is_function, meanings
from flowlattice.language._objects import module_knowledge, unwrapped
from flowlattice.language._order import SetOrder
from flowlattice.language._outside import lives_outside
from flowlattice.language._passing import called_name
from flowlattice.language._retrying import Loop, retried
from flowlattice.language._scope import JUDGED, UNRESOLVED, Scope
from flowlattice.language._texts import shown_by_call, shown_by_operator, shows_address
from flowlattice.language._urls import urls_in
from flowlattice.language._zones import specifies_zone
from flowlattice.language.annotations import hints
from flowlattice.language.ports import Place
from flowlattice.language.purity import Known, in_words, nondeterministic, outside_change, unknown
from flowlattice.lattice import Determinism, Effects

if TYPE_CHECKING:
    from flowlattice.language._reader import Reader


class Body(ast.NodeVisitor):
    """The walk over one function. What it visits is judged; what is judged by its parent is not visited."""

    def __init__(self, reader: Reader, scope: Scope, *, is_root: bool) -> None:
        self._reader = reader
        self._scope = scope
        self._is_root = is_root
        self._order = SetOrder(scope, self._add)
        self._calls = Calls(reader, scope, is_root=is_root)
        self._aliases = {name for values in scope.assigned.values() for value in values for name in _names(value)}

    def read(self) -> None:
        """Walk over the body and the defaults of its parameters."""
        scope = self._scope
        body = scope.syntax.body if isinstance(scope.syntax.body, list) else [scope.syntax.body]
        called = defaults_given(scope)  # a function is judged where it is called
        if self._is_root:
            scope.given = called | scope.given
        for name, default in defaults_of(scope.syntax):
            if name not in called:
                self.visit(default)
        for part in body:
            self.visit(part)
        if self._is_root:
            self._operators()

    def _operators(self) -> None:
        """What `==`, `+`, `str` and the like run on a record of the flow is nowhere named where it is run."""
        given = hints(self._scope.function)
        if self._scope.parameters:
            self._reader.touch(given.get(self._scope.parameters[0]), self._place(self._scope.syntax))

    def visit_Call(self, call: ast.Call) -> None:
        """A call is judged by what is called, and then by what it is given."""
        self._calls.judge(call)
        self._calls.pass_on(call)
        target = self._scope.resolve(call.func)
        if isinstance(call.func, ast.Attribute):
            if target is UNRESOLVED or isinstance(self._scope.resolve(call.func.value), FunctionType):
                self.visit(call.func.value)
        elif not isinstance(call.func, ast.Name):
            self.visit(call.func)
        if target is not UNRESOLVED:
            self._reader.loading.of(call.func, self._scope)
        self._order.of_call(call, target)
        for shown in shown_by_call(call, target, self._scope):
            self._shows(shown)
        given = call.args[:1] if target in (isinstance, issubclass) else call.args
        for argument in [*given, *(keyword.value for keyword in call.keywords)]:
            self.visit(argument)

    # Names and attributes that are not called here: whoever gets them may call them.

    def visit_Name(self, name: ast.Name) -> None:
        """Judge what a name from outside stands for, and which functions a local one stands for."""
        if not isinstance(name.ctx, ast.Load) or name in self._calls.changed:
            return
        if not self._scope.is_local(name):
            self._reference(self._scope.resolve(name), name)
            self._reader.loading.of(name, self._scope)
            return
        for meaning in () if name in self._aliases else meanings(name, self._scope) or ():
            target = meaning.value if isinstance(meaning, Thing) else self._scope.resolve(meaning)
            if target is not JUDGED and is_function(target):
                self._calls.reference(target, name)
            elif target is UNRESOLVED and isinstance(meaning, ast.Attribute):
                self._attribute(meaning, name)

    def visit_Attribute(self, attribute: ast.Attribute) -> None:
        """Judge what an attribute stands for, or its change."""
        if not isinstance(attribute.ctx, ast.Load):
            self._calls.change(attribute, None, attribute)
            self.visit(attribute.value)
            return
        target = self._scope.resolve(attribute)
        if target is not UNRESOLVED:
            self._value_of_module(attribute)
            self._reference(target, attribute)
            self._reader.loading.of(attribute, self._scope)
            return
        if attribute in self._aliases:
            if attribute.attr not in purity.MUTATORS:
                self.visit(attribute.value)
        elif not self._attribute(attribute, attribute):
            self.visit(attribute.value)

    def _attribute(self, attribute: ast.Attribute, where: ast.expr) -> bool:
        """Judge an attribute of a value; whether that was a capability, of which there is no more to say."""
        used = self._scope.capability(attribute.value)
        if used is not None:
            self._calls.capability(used, attribute, where)
            return True
        kind = self._scope.type_of(attribute.value)
        if kind is Context and attribute.attr in {"run_id", "attempt"}:
            known = Known(Effects.PURE, Determinism.NONDETERMINISTIC, f"depends on the run ({attribute.attr})")
            self._add(known, where)
        if attribute.attr in purity.MUTATORS:
            self._calls.change(attribute.value, attribute.attr, where)
        methods = [*self._calls.methods(attribute)]
        is_outside = bool(methods) and lives_outside(attribute.value, self._scope)
        for method in methods:
            self._reader.method(method.of_outside() if is_outside else method, self._place(where))
        if not methods:
            self._attribute_of_object(attribute, where)
        return False

    def _attribute_of_object(self, attribute: ast.Attribute, where: ast.expr) -> None:
        """What an object that lives outside keeps may change, if its class has methods that change it."""
        root, receiver = self._scope.root(attribute), self._scope.resolve(attribute.value)
        if root is None or self._scope.is_local(root) or isinstance(receiver, type | ModuleType):
            return
        if self._reader.owns_class(type(receiver)) and self._calls.is_changing(type(receiver)):
            self._add(nondeterministic(f"reads {ast.unparse(attribute)}, which the flow changes"), where)

    def _value_of_module(self, attribute: ast.Attribute) -> None:
        """`os.environ`: what is no function of a module says by its module what reading it means."""
        module = self._scope.resolve(attribute.value)
        if isinstance(module, ModuleType) and not callable(getattr(module, attribute.attr, None)):
            full = f"{module.__name__}.{attribute.attr}"
            known = purity.SPECIAL_VALUES.get(full, module_knowledge(module.__name__))
            if known is not None:
                self._add(in_words(known, ast.unparse(attribute)), attribute)

    def visit_Subscript(self, subscript: ast.Subscript) -> None:
        """`TABLE[key] = value` changes what lives outside."""
        if not isinstance(subscript.ctx, ast.Load):
            self._calls.change(subscript, None, subscript)
        else:
            self._calls.read_item(subscript)
        self.generic_visit(subscript)

    def visit_AugAssign(self, statement: ast.AugAssign) -> None:
        """`names += [name]` changes what `names` stands for, if that is a list."""
        if isinstance(statement.target, ast.Name):
            self._calls.extend(statement.target, statement)
        self.generic_visit(statement)

    def _reference(self, target: object, expression: ast.expr) -> None:
        """Judge an object from outside that is named."""
        if target is UNRESOLVED:
            return
        value = unwrapped(target)
        if is_function(value):
            if expression not in self._aliases:
                self._calls.reference(target, expression)
            return
        if isinstance(value, str):
            self._urls(value, expression)
        if isinstance(value, type):
            self._calls.reference(value, expression)
        if isinstance(value, ModuleType | type):
            return
        spelled = ast.unparse(expression)
        if isinstance(value, Iterator):
            self._add(nondeterministic(f"reads {spelled}, which is used up as it is read"), expression)
        elif self._is_changed(value, expression) or (isinstance(value, defaultdict) and value.default_factory):
            self._add(nondeterministic(f"reads {spelled}, which the flow changes"), expression)
        self._reader.touch(type(value), self._place(expression))

    def _is_changed(self, value: object, expression: ast.expr) -> bool:
        sources, root = self._reader.sources, self._scope.root(expression)
        if root is not None and root.id in sources.changed_names(self._scope.filename):
            return True
        if isinstance(expression, ast.Attribute):
            module = self._scope.resolve(expression.value)
            filename = getattr(module, "__file__", None) if isinstance(module, ModuleType) else None
            if filename is not None and sources.owns(filename) and expression.attr in sources.changed_names(filename):
                return True
        return id(value) in sources.changed_objects(self._scope.function.__module__)

    # Loops that retry.

    def visit_AsyncFor(self, statement: ast.AsyncFor) -> None:
        """What a loop calls again may be a retry."""
        self._retries(statement)
        self.generic_visit(statement)

    def visit_While(self, statement: ast.While) -> None:
        """So it may be here."""
        self._retries(statement)
        self.generic_visit(statement)

    def _retries(self, loop: Loop) -> None:
        for call in retried(loop):
            given = [*call.args, *(keyword.value for keyword in call.keywords)]
            asked = [call.func.value, *given] if isinstance(call.func, ast.Attribute) else given
            used = next((found for each in asked if (found := self._scope.capability(each)) is not None), None)
            if used is not None and used.refined.effects is Effects.EFFECTFUL:
                method = called_name(call)
                self._reader.add_repeated(Repeated(binding=used.binding, method=method, place=self._place(call)))

    # Changes.

    def visit_Global(self, statement: ast.Global) -> None:
        """Assigning globals makes runs depend on each other."""
        self._add(outside_change(f"the global {', '.join(statement.names)}"), statement)

    def visit_Nonlocal(self, statement: ast.Nonlocal) -> None:
        """What a closure keeps between calls makes runs depend on each other too."""
        kept = [name for name in statement.names if name in self._scope.function.__code__.co_freevars]
        if kept:
            self._add(outside_change(", ".join(kept)), statement)

    # Order.

    def visit_For(self, statement: ast.For) -> None:
        """Iterating over a set has no stable order."""
        self._order.iterates(statement.iter)
        self._retries(statement)
        self.generic_visit(statement)

    def visit_comprehension(self, part: ast.comprehension) -> None:
        """Nor has it in a comprehension, unless its consumer does not care."""
        self._order.iterates(part.iter)
        self.generic_visit(part)

    def visit_SetComp(self, comprehension: ast.SetComp) -> None:
        """A set made from a set does not care."""
        self._order.is_free_in(comprehension.generators)
        self.generic_visit(comprehension)

    def visit_Starred(self, starred: ast.Starred) -> None:
        """`[*names]` takes the order of `names`."""
        self._order.iterates(starred.value)
        self.generic_visit(starred)

    def visit_FormattedValue(self, part: ast.FormattedValue) -> None:
        """So does the text of a set."""
        self._order.shows(part.value)
        self._shows(part.value)
        if specifies_zone(part):
            self._add(in_words(purity.ZONE, ast.unparse(part.value)), part.value)
        self.generic_visit(part)

    def visit_BinOp(self, operation: ast.BinOp) -> None:
        """`text % values` shows these."""
        for shown in shown_by_operator(operation, self._scope):
            self._order.shows(shown)
            self._shows(shown)
        self.generic_visit(operation)

    def _shows(self, shown: ast.expr) -> None:
        known = shows_address(shown, self._scope)
        if known is not None:
            self._add(known, shown)

    def visit_Assign(self, statement: ast.Assign) -> None:
        """And so does unpacking one."""
        if any(isinstance(target, ast.Tuple | ast.List) for target in statement.targets):
            self._order.iterates(statement.value)
        self.generic_visit(statement)

    def visit_YieldFrom(self, part: ast.YieldFrom) -> None:
        """And handing on its elements one by one."""
        self._order.iterates(part.value)
        self.generic_visit(part)

    # The rest.

    def visit_AnnAssign(self, statement: ast.AnnAssign) -> None:
        """The annotation of a local is never evaluated."""
        self.visit(statement.target)
        if statement.value is not None:
            self.visit(statement.value)

    def visit_ExceptHandler(self, handler: ast.ExceptHandler) -> None:
        """What is caught is not made here."""
        for part in handler.body:
            self.visit(part)

    def visit_MatchClass(self, pattern: ast.MatchClass) -> None:
        """Nor is what is matched."""
        for part in (*pattern.patterns, *pattern.kwd_patterns):
            self.visit(part)

    def visit_arg(self, _: ast.arg) -> None:
        """Those of the functions inside say nothing of what they do."""

    def visit_Constant(self, constant: ast.Constant) -> None:
        """URLs written in the body are where it may reach."""
        if isinstance(constant.value, str):
            self._urls(constant.value, constant)

    def visit_JoinedStr(self, text: ast.JoinedStr) -> None:
        """So are those in formatted text; where its parts are differs between versions of Python."""
        for part in text.values:
            if isinstance(part, ast.Constant):
                self._urls(str(part.value), text)
            else:
                self.visit(part)

    def visit_Import(self, statement: ast.Import) -> None:
        """Imports belong to the top of the file, where they are admitted."""
        self._add(unknown("imports inside its body"), statement)

    def visit_ImportFrom(self, statement: ast.ImportFrom) -> None:
        """Imports belong to the top of the file, where they are admitted."""
        self._add(unknown("imports inside its body"), statement)

    def _urls(self, text: str, expression: ast.expr) -> None:
        place = self._place(expression)
        for host, secret in urls_in(text):
            self._reader.add_url(Url(host=host, credential=secret, place=place))

    def _add(self, known: Known, part: ast.AST) -> None:
        self._reader.add(known, self._place(part))

    def _place(self, part: ast.AST) -> Place:
        return self._reader.sources.place(self._scope.filename, part)


def _names(value: ast.expr | None) -> Iterator[ast.expr]:
    """The names in a value that is another name of something, or of one of two things."""
    if isinstance(value, ast.Name | ast.Attribute):
        yield value
    elif isinstance(value, ast.IfExp):
        yield from (*_names(value.body), *_names(value.orelse))
