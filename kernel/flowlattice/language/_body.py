"""The walk over a function's body: every call, name and assignment is judged once."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import cached_property
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType

from pydantic import BaseModel

from flowlattice.context import Context
from flowlattice.language import purity
from flowlattice.language._changes import Changes, changes_first_parameter
from flowlattice.language._findings import Cause, Misuse, Reading, Url
from flowlattice.language._objects import functions_in, functions_of, knowledge, module_knowledge, unwrapped
from flowlattice.language._order import SetOrder
from flowlattice.language._scope import UNRESOLVED, Capability, Scope
from flowlattice.language._urls import urls_in
from flowlattice.language.ports import Place
from flowlattice.language.purity import Known, in_words, nondeterministic, outside_change, unknown, uses
from flowlattice.language.sources import FunctionSyntax, SourceFiles
from flowlattice.lattice import Determinism, Effects


class Reader:
    """Reads functions once each; `reading` collects what they do."""

    def __init__(self, sources: SourceFiles, vouched: frozenset[str]) -> None:
        self.sources = sources
        self.vouched = vouched
        self.reading = Reading()
        self._seen: set[object] = set()

    def root(self, function: Callable[..., object], place: Place) -> None:
        """Read the function of a node."""
        target = unwrapped(function)
        if isinstance(target, FunctionType) and self.sources.function(target) is not None:
            self.function(target, place, is_root=True)
            return
        name = getattr(target, "__qualname__", repr(target))
        self.add(knowledge(target) or unknown(f"calls {name}, which is not known to be pure"), place)

    def function(self, function: Callable[..., object], place: Place, *, is_root: bool = False) -> None:
        """Read one function, if it was not read before; `place` is where it is named."""
        if function in self._seen:
            return
        self._seen.add(function)
        syntax = self.sources.function(function)
        if syntax is None or not isinstance(function, FunctionType):
            name = getattr(function, "__qualname__", repr(function))
            self.add(knowledge(function) or unknown(f"calls {name}, which cannot be read"), place)
        else:
            _Body(self, Scope(function, syntax), is_root=is_root).read()

    def owns(self, function: object) -> bool:
        """Whether a function was written in the flow."""
        return isinstance(function, FunctionType) and self.sources.owns(function.__code__.co_filename)

    def add(self, known: Known, place: Place) -> None:
        """Add a cause, unless there is nothing to say."""
        if known.effects is not Effects.PURE or known.determinism is not Determinism.STRICT:
            self.reading.causes.append(
                Cause(effects=known.effects, determinism=known.determinism, because=known.because, place=place)
            )


class _Body(ast.NodeVisitor):
    """The walk over one function. What it visits is judged; what is judged by its parent is not visited."""

    def __init__(self, reader: Reader, scope: Scope, *, is_root: bool) -> None:
        self.reader = reader
        self.scope = scope
        self.is_root = is_root
        self._order = SetOrder(scope, self._add)
        self._changes = Changes(scope, of_input=is_root)

    def read(self) -> None:
        """Walk over the body and the defaults of its parameters."""
        syntax: FunctionSyntax = self.scope.syntax
        body = syntax.body if isinstance(syntax.body, list) else [syntax.body]
        for part in [*syntax.args.defaults, *filter(None, syntax.args.kw_defaults), *body]:
            self.visit(part)
        if self.is_root and self.scope.parameters:
            self._operators_of_input(self.scope.parameters[0])

    def _operators_of_input(self, name: str) -> None:
        """What `==`, `+`, `str` and the like run on a record of the flow is nowhere named where it is run."""
        kind = self.scope.type_of(ast.Name(name, ast.Load()))
        if isinstance(kind, type) and self.reader.sources.class_(kind) is not None:
            for function in functions_of(kind, self.reader.sources):
                if function.__name__.startswith("__") and self.reader.owns(function):
                    self.reader.function(function, self._place(self.scope.syntax))

    # Calls.

    def visit_Call(self, call: ast.Call) -> None:
        """A call is judged by what is called, and then by what it is given."""
        target = self.scope.resolve(call.func)
        if target is not UNRESOLVED:
            self._known_call(target, call)
        elif isinstance(call.func, ast.Attribute):
            self._method_call(call.func, call)
            self.visit(call.func.value)
        elif isinstance(call.func, ast.Name):
            if call.func.id not in self.scope.nested:
                self._cannot_resolve(call)
        elif isinstance(call.func, ast.Lambda):
            self.visit(call.func)
        else:
            self._cannot_resolve(call)
            self.visit(call.func)
        self._order.of_call(call, target)
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            self.visit(argument)

    def _known_call(self, target: object, call: ast.Call) -> None:
        function = unwrapped(target)
        spelled = ast.unparse(call.func)
        if spelled in self.reader.vouched:
            self._vouch(spelled)
            return
        self._mutating_call(call, str(getattr(function, "__name__", "")))
        known = knowledge(function)
        if known is not None:
            has_zone = len(call.args) > 1 or any(keyword.arg == "tz" for keyword in call.keywords)
            if not (known is purity.ZONE and has_zone):
                self._add(in_words(known, f"{spelled}()"), call)
        elif isinstance(function, type):
            self._construct(function, call)
        elif isinstance(function, FunctionType) and self.reader.owns(function):
            self.reader.function(function, self._place(call))
        elif isinstance(function, MethodType):
            self._object_method(function.__self__, function.__name__, call)
        else:
            self._add(unknown(f"calls {spelled}, which is not known to be pure"), call)

    def _construct(self, kind: type, call: ast.AST) -> None:
        if self.reader.sources.class_(kind) is not None:
            for function in functions_of(kind, self.reader.sources):
                if self.reader.owns(function):
                    self.reader.function(function, self._place(call))
                elif (known := knowledge(function)) is not None:
                    self._add(in_words(known, f"in making {kind.__name__}"), call)
        elif not (issubclass(kind, BaseModel | BaseException) or kind.__module__.startswith("flowlattice.")):
            self._add(unknown(f"makes a {kind.__qualname__}, which is not known to be pure"), call)

    def _method_call(self, func: ast.Attribute, call: ast.Call) -> None:
        used = self.scope.capability(func.value)
        if used is not None:
            self._capability(used, func)
            return
        if ast.unparse(func) in self.reader.vouched or f".{func.attr}" in self.reader.vouched:
            self._vouch(ast.unparse(func) if ast.unparse(func) in self.reader.vouched else f".{func.attr}")
            return
        self._change(func.value, func.attr, call)
        receiver = self.scope.resolve(func.value)
        if receiver is not UNRESOLVED and not isinstance(receiver, ModuleType | type):
            self._object_method(receiver, func.attr, call)
            return
        own = list(self._own_methods(func))
        for method in own:
            self.reader.function(method, self._place(call))
        special = purity.SPECIAL_METHODS.get(func.attr)
        if special is not None:
            if not (func.attr == "astimezone" and call.args):
                self._add(in_words(special, f".{func.attr}()"), call)
        elif not own and func.attr not in purity.PURE_METHODS:
            self._cannot_resolve(call)

    def _object_method(self, receiver: object, method: str, call: ast.Call) -> None:
        """A method of an object that lives outside the function, judged by the object's type."""
        kind = type(receiver)
        function = getattr(kind, method, None)
        known = module_knowledge(kind.__module__)
        if isinstance(function, FunctionType) and self.reader.owns(function):
            if changes_first_parameter(self.reader.sources.function(function)):
                self._add(
                    outside_change(ast.unparse(call.func.value if isinstance(call.func, ast.Attribute) else call)), call
                )
            self.reader.function(function, self._place(call))
        elif known is not None:
            special = purity.SPECIAL_METHODS.get(method, known)
            self._add(in_words(special, f"{ast.unparse(call.func)}()"), call)
        elif kind.__module__ != "builtins":
            self._cannot_resolve(call)

    def _own_methods(self, func: ast.Attribute) -> Iterator[FunctionType]:
        """The flow's methods that a call on a local can mean: those of its class if that is known, else of any."""
        receiver = self.scope.type_of(func.value)
        kinds = [receiver] if isinstance(receiver, type) else self._own_classes
        for kind in kinds:
            for function in functions_in(_member(kind, func.attr)):
                if isinstance(function, FunctionType) and self.reader.owns(function):
                    yield function

    @cached_property
    def _own_classes(self) -> list[type]:
        return [
            value
            for value in self.scope.outer.values()
            if isinstance(value, type) and self.reader.sources.class_(value) is not None
        ]

    # Names and attributes that are not called here: whoever gets them may call them.

    def visit_Name(self, name: ast.Name) -> None:
        """Judge what a name from outside stands for."""
        if isinstance(name.ctx, ast.Load):
            self._reference(self.scope.resolve(name), name)

    def visit_Attribute(self, attribute: ast.Attribute) -> None:
        """Judge what an attribute stands for, or its change."""
        if not isinstance(attribute.ctx, ast.Load):
            self._change(attribute, None, attribute)
            self.visit(attribute.value)
            return
        target = self.scope.resolve(attribute)
        if target is not UNRESOLVED:
            self._value_of_module(attribute)
            self._reference(target, attribute)
            return
        used = self.scope.capability(attribute.value)
        if used is not None:
            self._capability(used, attribute)
            return
        if self.scope.type_of(attribute.value) is Context and attribute.attr in {"run_id", "attempt"}:
            known = Known(Effects.PURE, Determinism.NONDETERMINISTIC, f"depends on the run ({attribute.attr})")
            self._add(known, attribute)
        for function in self._own_methods(attribute):
            self.reader.function(function, self._place(attribute))
        self.visit(attribute.value)

    def _value_of_module(self, attribute: ast.Attribute) -> None:
        """`os.environ`: what is no function of a module says by its module what reading it means."""
        module = self.scope.resolve(attribute.value)
        if isinstance(module, ModuleType) and not callable(getattr(module, attribute.attr, None)):
            known = purity.SPECIAL_VALUES.get(f"{module.__name__}.{attribute.attr}", module_knowledge(module.__name__))
            if known is not None:
                self._add(in_words(known, ast.unparse(attribute)), attribute)

    def visit_Subscript(self, subscript: ast.Subscript) -> None:
        """`TABLE[key] = value` changes what lives outside."""
        if not isinstance(subscript.ctx, ast.Load):
            self._change(subscript, None, subscript)
        self.generic_visit(subscript)

    def _reference(self, target: object, expression: ast.expr) -> None:
        function = unwrapped(target)
        spelled = ast.unparse(expression)
        if target is UNRESOLVED or spelled in self.reader.vouched:
            if spelled in self.reader.vouched:
                self._vouch(spelled)
        elif isinstance(function, FunctionType) and self.reader.owns(function):
            self.reader.function(function, self._place(expression))
        elif isinstance(function, FunctionType | BuiltinFunctionType | MethodType):
            known = knowledge(function) or unknown(f"hands on {spelled}, which is not known to be pure")
            self._add(in_words(known, spelled), expression)
        elif isinstance(function, str):
            self._urls(function, expression)
        elif isinstance(function, Iterator):
            self._add(nondeterministic(f"reads {spelled}, which is used up as it is read"), expression)
        elif not isinstance(function, ModuleType | type) and self._is_changed(expression):
            self._add(nondeterministic(f"reads {spelled}, which the flow changes"), expression)

    def _is_changed(self, expression: ast.expr) -> bool:
        return self.scope.root(expression) in self.reader.sources.changed_names(self.scope.filename)

    # Changes.

    def visit_Global(self, statement: ast.Global) -> None:
        """Assigning globals makes runs depend on each other."""
        self._add(outside_change(f"the global {', '.join(statement.names)}"), statement)

    def visit_Nonlocal(self, statement: ast.Nonlocal) -> None:
        """What a closure keeps between calls makes runs depend on each other too."""
        kept = [name for name in statement.names if name in self.scope.function.__code__.co_freevars]
        if kept:
            self._add(outside_change(", ".join(kept)), statement)

    def _change(self, changed: ast.expr, method: str | None, where: ast.AST) -> None:
        known = self._changes.judge(changed, method)
        if known is not None:
            self._add(known, where)

    def _mutating_call(self, call: ast.Call, name: str) -> None:
        changes = name in purity.MUTATING_FUNCTIONS or (
            name in purity.MUTATORS and isinstance(call.func, ast.Attribute)
        )
        if changes and call.args and not self._is_operator(call.func):
            self._change(call.args[0], name, call)

    def _is_operator(self, function: ast.expr) -> bool:
        """Whether it is an operator: those give a value back, whatever they are called (`lists.sort`)."""
        target = unwrapped(self.scope.resolve(function))
        return isinstance(target, FunctionType) and target.__module__.startswith("flowlattice.operators.")

    # Order.

    def visit_For(self, statement: ast.For) -> None:
        """Iterating over a set has no stable order."""
        self._order.iterates(statement.iter)
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
        self.generic_visit(part)

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
        self.reader.reading.urls += [Url(host=host, credential=secret, place=place) for host, secret in urls_in(text)]

    def _capability(self, used: Capability, attribute: ast.Attribute) -> None:
        if attribute.attr.startswith("_") or not hasattr(used.protocol, attribute.attr):
            misuse = Misuse(
                binding=used.binding,
                capability=used.declared.name,
                method=attribute.attr,
                place=self._place(attribute),
            )
            self.reader.reading.misuses.append(misuse)
        if not self.is_root:  # the node's own signature says the same, but a helper's may ask for more
            self._add(uses(used.declared, used.binding), attribute)

    def _cannot_resolve(self, call: ast.Call) -> None:
        spelled = ast.unparse(call.func)
        if spelled in self.reader.vouched:
            self._vouch(spelled)
        else:
            self._add(unknown(f"calls {spelled}(), which cannot be resolved"), call)

    def _vouch(self, name: str) -> None:
        if name not in self.reader.reading.vouched:
            self.reader.reading.vouched.append(name)

    def _add(self, known: Known, part: ast.AST) -> None:
        self.reader.add(known, self._place(part))

    def _place(self, part: ast.AST) -> Place:
        return self.reader.sources.place(self.scope.filename, part)


def _member(kind: type, name: str) -> object:
    return next((vars(base)[name] for base in kind.__mro__ if name in vars(base)), None)
