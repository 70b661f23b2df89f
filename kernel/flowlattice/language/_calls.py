"""What calling or handing on a function does: of libraries by the tables, of the flow by reading it."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel

from flowlattice.language import purity
from flowlattice.language._changes import Changes, changes_first_parameter
from flowlattice.language._classes import Method, constructors, makes_data, member, methods_in, methods_named
from flowlattice.language._findings import Misuse, Used
from flowlattice.language._handing import Handing
from flowlattice.language._meanings import Meaning, Thing, is_function, meanings
from flowlattice.language._names import returned
from flowlattice.language._objects import implementations, unwrapped, validated
from flowlattice.language._outside import lives_outside
from flowlattice.language._passing import called_name, joined, passed
from flowlattice.language._scope import JUDGED, UNRESOLVED, Capability, Given, Scope
from flowlattice.language._zones import asks_zone, names_zone
from flowlattice.language.annotations import NO_TYPE, arguments_within, is_protocol
from flowlattice.language.ports import Place
from flowlattice.language.purity import Known, in_words, nondeterministic, outside_change, unknown

if TYPE_CHECKING:
    from flowlattice.language._reader import Reader

# What gives a function that does no more than the functions it was given, which were judged where they are named.
_MAKES_FUNCTION: Final = frozenset({"partial", "itemgetter", "attrgetter", "cmp_to_key"})


class Calls:
    """Judges the calls of one function.

    Args:
        reader: Reads what is called, and takes what is found.
        scope: The function's names.
        is_root: Whether it is the function of a node, whose signature says which capabilities it uses.

    Attributes:
        changed: Names where it is written that the function changes what they stand for: that says all of them.
    """

    def __init__(self, reader: Reader, scope: Scope, *, is_root: bool) -> None:
        self._reader = reader
        self._scope = scope
        self._is_root = is_root
        self._changes = Changes(scope, of_input=is_root)
        self._handing = Handing(reader.sources, scope)
        self.changed: set[ast.Name] = set()

    def judge(self, call: ast.Call) -> None:
        """Judge everything that a call may call."""
        if asks_zone(call, self._scope):
            self._add(in_words(purity.ZONE, f"{ast.unparse(call.func)}()"), call)
        found = meanings(call.func, self._scope)
        if found is None:
            self._cannot_resolve(call)
        for meaning in found or ():
            self._one(meaning, call)

    def _one(self, meaning: Meaning, call: ast.Call) -> None:
        if isinstance(meaning, Thing):
            self._object(meaning.value, call)
        elif (target := self._scope.resolve(meaning)) is not UNRESOLVED:
            self._object(target, call)
        elif isinstance(meaning, ast.Attribute):
            self._method(meaning, call)
        elif isinstance(meaning, ast.Call):
            self._result_of(meaning, call)
        else:
            self._cannot_resolve(call)

    # Objects.

    def _object(self, target: object, call: ast.Call) -> None:
        if target is JUDGED:
            return
        if (made := validated(target)) is not None:
            self._construct(made, call)
            return
        for function in implementations(target):
            self._function(function, call, target)

    def _function(self, function: object, call: ast.Call, named: object) -> None:
        spelled = ast.unparse(call.func)
        self._mutating(function, call)
        known = self._reader.knowledge(function)
        if known is not None:
            if not (known is purity.ZONE and names_zone(call)):
                self._add(in_words(known, f"{spelled}()"), call)
        elif isinstance(function, type):
            self._construct(function, call)
        elif isinstance(function, FunctionType) and self._reader.owns(function):
            self._reader.function(function, self._place(call), self._handing.given(function, call, named))
        elif isinstance(function, MethodType):
            self._method_of_object(function.__self__, function.__name__, call)
        elif self._reader.owns_class(type(function)):
            self._method_of_object(function, "__call__", call)
        elif not self._reader.vouches(spelled):
            self._add(unknown(f"calls {spelled}, which is not known to be pure"), call)

    def _mutating(self, function: object, call: ast.Call) -> None:
        """`list.append(SEEN, v)`, `heappush(SEEN, v)`, and `ADD(v)` where `ADD = SEEN.append`."""
        name = str(getattr(function, "__name__", ""))
        receiver = getattr(function, "__self__", None)
        if isinstance(function, BuiltinFunctionType) and not isinstance(receiver, type | ModuleType | None):
            if name in purity.MUTATORS:
                self._add(outside_change(ast.unparse(call.func)), call)
            return
        changes = name in purity.MUTATING_FUNCTIONS or (
            name in purity.MUTATORS and isinstance(call.func, ast.Attribute)
        )
        is_operator = isinstance(function, FunctionType) and function.__module__.startswith("flowlattice.operators.")
        if changes and call.args and not is_operator:
            self.change(call.args[0], name, call)

    def _construct(self, kind: type, call: ast.Call) -> None:
        place = self._place(call)
        if self._reader.owns_class(kind):
            for method in constructors(kind):
                known = self._reader.knowledge(method.function)
                if self._reader.owns(method.function):
                    self._run(method, call)
                elif known is not None:
                    self._add(in_words(known, f"in making {kind.__name__}"), call)
            self._reader.loading.class_(kind)
            self._reader.touch(kind, place)
        elif not (
            issubclass(kind, BaseModel | BaseException)
            or kind.__module__.startswith("flowlattice.")
            or makes_data(kind)
            or self._reader.vouches(ast.unparse(call.func))
        ):
            self._add(unknown(f"makes a {kind.__qualname__}, which is not known to be pure"), call)

    # Results of calls that are called: `made(time.time)(v)`, `add = Suffix("!")`.

    def _result_of(self, made: ast.Call, call: ast.Call) -> None:
        target = unwrapped(self._scope.resolve(made.func))
        if isinstance(target, type) and self._reader.owns_class(target):
            for method in methods_in(member(target, "__call__"), target):
                self._run(method, call)
        elif isinstance(target, FunctionType) and self._reader.owns(target):
            inside = self._scope.inside(target, self._handing.given(target, made))
            if inside is None or not self._gives_functions(inside.syntax, inside):
                self._cannot_resolve(call)
        elif isinstance(made.func, ast.Name) and made.func.id in self._scope.nested:
            if not self._gives_functions(self._scope.nested[made.func.id], self._scope):
                self._cannot_resolve(call)
        elif target is functools.partial and made.args:
            self.judge(joined(made, call))
        elif (
            getattr(target, "__name__", "") not in _MAKES_FUNCTION or self._reader.knowledge(target) is not purity.PURE
        ):
            self._cannot_resolve(call)

    def _gives_functions(self, syntax: ast.AST, scope: Scope) -> bool:
        """Whether all that a function returns are functions, which are judged where it names or defines them."""
        found = [meanings(value, scope) for value in returned(syntax)]
        return bool(found) and all(
            ways and all(isinstance(way, Thing) or is_function(scope.resolve(way)) for way in ways) for ways in found
        )

    # Methods.

    def _method(self, func: ast.Attribute, call: ast.Call) -> None:
        used = self._scope.capability(func.value)
        if used is not None:
            self.capability(used, func, call)
            return
        self.change(func.value, func.attr, call)
        receiver = self._scope.resolve(func.value)
        if receiver is not UNRESOLVED and not isinstance(receiver, ModuleType | type):
            self._method_of_object(receiver, func.attr, call)
            return
        if _is_super(func.value):
            self._method_of_base(func, call)
            return
        own = list(self.methods(func))
        is_outside = lives_outside(func.value, self._scope)
        for method in own:
            self._run(method.of_outside() if is_outside else method, call)
        special = purity.SPECIAL_METHODS.get(func.attr)
        if special is not None:
            if not (func.attr == "astimezone" and names_zone(call)):
                self._add(in_words(special, f".{func.attr}()"), call)
        elif not own and func.attr not in purity.PURE_METHODS and not self._is_pure_of_its_type(func):
            self._cannot_resolve(call, f".{func.attr}")

    def _is_pure_of_its_type(self, func: ast.Attribute) -> bool:
        kind = self._scope.type_of(func.value)
        return isinstance(kind, type) and func.attr in purity.PURE_METHODS_OF.get(kind, ())

    def _method_of_object(self, receiver: object, name: str, call: ast.Call) -> None:
        """A method of an object that lives outside the function, judged by the object's type."""
        kind = type(receiver)
        found = member(kind, name)
        known = self._reader.knows(kind.__module__)
        if self._reader.owns_class(kind) and found is not None:
            self._method_of_own(receiver, [*methods_in(found, kind)], call)
        elif known is not None:
            special = purity.SPECIAL_METHODS.get(name, known)
            self._add(in_words(special, f"{ast.unparse(call.func)}()"), call)
        elif kind.__module__ != "builtins":
            self._cannot_resolve(call, f".{name}")

    def _method_of_own(self, receiver: object, found: list[Method], call: ast.Call) -> None:
        where = ast.unparse(call.func.value if isinstance(call.func, ast.Attribute) else call.func)
        for method in found:
            if changes_first_parameter(self._reader.sources.function(method.function)):
                self._add(outside_change(where), call)
            elif self.is_changing(type(receiver)):
                self._add(nondeterministic(f"reads {where}, which the flow changes"), call)
            itself = Method(method.function, Given(objects=(receiver,), type=type(receiver), outside=True))
            is_plain = method.receiver is not None and method.receiver.type is not NO_TYPE
            self._run(itself if is_plain else method, call)

    def _run(self, method: Method, call: ast.Call) -> None:
        """Read a method with what a call gives it."""
        given = self._handing.given(method.function, call, skipped=0 if method.receiver is None else 1)
        self._reader.method(method, self._place(call), given)

    def pass_on(self, call: ast.Call) -> None:
        """Judge functions that one of the library is given, with what it passes on to them."""
        ways = [*passed(call, called_name(call))]
        for expression in dict.fromkeys(each.function for each in ways):
            for method in self._functions(expression):
                skipped = 0 if method.receiver is None else 1
                own = [each for each in ways if each.function is expression]
                given = self._handing.passed(method.function, own, skipped)
                if given:
                    self._reader.method(method, self._place(expression), given)

    def _functions(self, expression: ast.expr) -> Iterator[Method]:
        for meaning in meanings(expression, self._scope) or ():
            target = meaning.value if isinstance(meaning, Thing) else self._scope.resolve(meaning)
            if target is UNRESOLVED and isinstance(meaning, ast.Attribute):
                yield from self.methods(meaning)
            else:
                yield from (Method(each, None) for each in implementations(target) if isinstance(each, FunctionType))

    def _method_of_base(self, func: ast.Attribute, call: ast.Call) -> None:
        """`super().name(...)`: what comes next in the order of the class that the function is written in."""
        kind = self._scope.outer.get("__class__")
        bases = kind.__mro__[1:] if isinstance(kind, type) else ()
        found = next((base for base in bases if func.attr in vars(base)), None)
        if found is None:
            self._cannot_resolve(call)
        elif self._reader.owns_class(found) and isinstance(kind, type):
            for method in methods_in(vars(found)[func.attr], kind):
                self._run(method, call)
        elif not (
            issubclass(found, BaseModel) or self._reader.knows(found.__module__) or found.__module__ == "builtins"
        ):
            self._cannot_resolve(call)

    def methods(self, func: ast.Attribute) -> Iterator[Method]:
        """The flow's methods that an attribute of a local can mean: of its class if that is known, else of any."""
        sources, module = self._reader.sources, self._scope.function.__module__
        if func.attr not in sources.members(module):
            return
        known = [*arguments_within(self._scope.type_of(func.value))]
        known = [] if any(map(is_protocol, known)) else known
        kinds = known or sources.classes(module)
        seen = set()
        for method in methods_named(func.attr, [kind for kind in kinds if not known or self._is_relevant(kind)]):
            if self._reader.owns(method.function) and method.function not in seen:
                seen.add(method.function)
                yield method

    def _is_relevant(self, kind: type) -> bool:
        return any(self._reader.owns_class(base) for base in kind.__mro__)

    def is_changing(self, kind: type) -> bool:
        """Whether a class of the flow has methods that change their objects once they are made."""
        return any(
            changes_first_parameter(self._reader.sources.function(found))
            for base in kind.__mro__
            if self._reader.owns_class(base)
            for name, found in vars(base).items()
            if isinstance(found, FunctionType) and name not in {"__init__", "__new__", "__post_init__"}
        )

    # References, changes, capabilities.

    def reference(self, target: object, expression: ast.expr) -> None:
        """Judge an object that is named but not called here: whoever gets it may call it."""
        for function in implementations(target):
            if isinstance(function, type):
                self._class_handed_on(function, expression)
            else:
                self._handed_on(function, expression, target)

    def _class_handed_on(self, kind: type, expression: ast.expr) -> None:
        known = self._reader.knowledge(kind)
        if self._reader.owns_class(kind):
            for method in constructors(kind):
                self._reader.method(method, self._place(expression))
            self._reader.loading.class_(kind)
            self._reader.touch(kind, self._place(expression))
        elif known is not None:
            self._add(in_words(known, ast.unparse(expression)), expression)

    def _handed_on(self, function: object, expression: ast.expr, named: object) -> None:
        spelled = ast.unparse(expression)
        place = self._place(expression)
        receiver = getattr(function, "__self__", None)
        name = str(getattr(function, "__name__", ""))
        if isinstance(function, FunctionType) and self._reader.owns(function):
            nothing = ast.Call(func=expression, args=[], keywords=[])
            self._reader.function(function, place, self._handing.given(function, nothing, named))
        elif isinstance(function, MethodType) and self._reader.owns_class(type(receiver)):
            for method in methods_in(member(type(receiver), name), type(receiver)):
                self._reader.method(method, place)
        elif isinstance(function, BuiltinFunctionType) and _is_mutator(receiver, name):
            self._add(outside_change(spelled), expression)
        elif isinstance(function, FunctionType | BuiltinFunctionType | MethodType):
            known = self._reader.knowledge(function)
            if known is not None:
                self._add(in_words(known, spelled), expression)
            elif not self._reader.vouches(spelled):
                self._add(unknown(f"hands on {spelled}, which is not known to be pure"), expression)

    def extend(self, name: ast.Name, statement: ast.AugAssign) -> None:
        """Judge `name += ...`."""
        known = self._changes.extends(name, statement.value)
        if known is not None:
            self._add(known, statement)

    def read_item(self, subscript: ast.Subscript) -> None:
        """Judge the reading of an item."""
        known = self._changes.grows(subscript.value)
        if known is not None:
            self._add(known, subscript)

    def change(self, changed: ast.expr, method: str | None, where: ast.AST) -> None:
        """Judge a change in place."""
        known = self._changes.judge(changed, method)
        if known is not None:
            root = self._scope.root(changed)
            self.changed |= set() if root is None else {root}
            self._add(known, where)

    def capability(self, used: Capability, attribute: ast.Attribute, where: ast.AST | None = None) -> None:
        """Judge the use of a capability."""
        place = self._place(where or attribute)
        if attribute.attr.startswith("_") or not hasattr(used.protocol, attribute.attr):
            name, method = used.declared.name, attribute.attr
            self._reader.add_misuse(
                Misuse(binding=used.binding, capability=name, method=method, place=self._place(attribute))
            )
        else:
            binding = used.binding if self._is_root else None
            self._reader.add_used(Used(binding=binding, protocol=used.protocol, method=attribute.attr))
        if not self._is_root:  # the node's own signature says the same, but a helper's may ask for more
            self._reader.add(uses(used), place)

    def _cannot_resolve(self, call: ast.Call, method: str = "") -> None:
        spelled = ast.unparse(call.func)
        if not self._reader.vouches(spelled, method):
            self._add(unknown(f"calls {spelled}(), which cannot be resolved"), call)

    def _add(self, known: Known, part: ast.AST) -> None:
        self._reader.add(known, self._place(part))

    def _place(self, part: ast.AST) -> Place:
        return self._reader.sources.place(self._scope.filename, part)


def uses(used: Capability) -> Known:
    """What using a capability does."""
    because = used.refined.because or f"uses {used.binding} ({used.declared.name})"
    return Known(used.refined.effects, used.refined.determinism, because)


def _is_mutator(receiver: object, name: str) -> bool:
    return name in purity.MUTATORS and receiver is not None and not isinstance(receiver, type | ModuleType)


def _is_super(expression: ast.expr) -> bool:
    match expression:
        case ast.Call(ast.Name("super")):
            return True
    return False
