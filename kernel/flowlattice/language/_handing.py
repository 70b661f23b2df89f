"""What a call is known to hand over: functions, tables of functions, capabilities, objects of the flow's classes."""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterable
from dataclasses import replace
from types import FunctionType

from flowlattice.language import purity
from flowlattice.language._bindings import argument_of, defaults_of
from flowlattice.language._meanings import Meaning, Thing, elements, functions_within, is_function, meanings
from flowlattice.language._outside import NO_STATE, given_by, given_outside
from flowlattice.language._passing import Passed
from flowlattice.language._scope import JUDGED, UNRESOLVED, Given, Scope
from flowlattice.language.annotations import NO_TYPE, arguments_within
from flowlattice.language.sources import FunctionSyntax, SourceFiles


class Handing:
    """What the calls of one function hand over.

    Args:
        sources: The flow's files.
        scope: The function's names.
    """

    def __init__(self, sources: SourceFiles, scope: Scope) -> None:
        self._sources = sources
        self._scope = scope

    def given(self, function: object, call: ast.Call, named: object = None, *, skipped: int = 0) -> dict[str, Given]:
        """What a call is known to give for the parameters of a function of the flow.

        Args:
            function: The function.
            call: The call.
            named: What the call names, if that is a partial of the function.
            skipped: How many parameters it does not give.
        """
        syntax = self._sources.function(function) if isinstance(function, FunctionType) else None
        if syntax is None or not isinstance(function, FunctionType):
            return {}
        bound, kept = (named.args, named.keywords) if isinstance(named, functools.partial) else ((), {})
        outside = given_outside(syntax, call, self._scope, skipped + len(bound))
        positional = [argument.arg for argument in (*syntax.args.posonlyargs, *syntax.args.args)][skipped:]
        found = {
            name: Given(objects=(value,)) if is_function(value) else Given(outside=True)
            for name, value in (*zip(positional, bound, strict=False), *kept.items())
            if is_function(value) or not isinstance(value, NO_STATE)
        }
        positional = positional[len(bound) :]
        defaults = dict(defaults_of(syntax))
        parameters = [*enumerate(positional), *((len(positional), each.arg) for each in syntax.args.kwonlyargs)]
        for number, name in parameters:
            argument = argument_of(call, number, name)
            if argument is None and name in kept:
                continue
            handed = self._default(defaults.get(name), function, syntax) if argument is None else self._handed(argument)
            if handed is not None:
                found[name] = handed
        for name, where in outside.items():
            found[name] = replace(found.get(name, Given()), outside=where.outside, holds=where.holds)
        return found

    def passed(self, function: object, ways: Iterable[Passed], skipped: int) -> dict[str, Given]:
        """What a function of the flow gets by way of one of the library."""
        syntax = self._sources.function(function) if isinstance(function, FunctionType) else None
        return {} if syntax is None else given_by(syntax, ways, self._scope, skipped)

    def _handed(self, argument: ast.expr) -> Given | None:
        """What is known of an argument: that it is one of some functions, a table of some, or of which type."""
        objects = self._functions(argument)
        kind = self._scope.annotation_of(argument)
        is_useful = self._scope.capability(argument) is not None or any(
            self._owns_class(each) for each in arguments_within(kind)
        )
        if not objects and not is_useful:
            return None
        return Given(objects=tuple(objects), type=kind if is_useful else NO_TYPE)

    def _functions(self, argument: ast.expr) -> list[object]:
        value = self._scope.resolve(argument)
        if value is not UNRESOLVED and not is_function(value):
            keeps = any(functions_within(value)) or self._owns_class(type(value))
            return [value] if keeps else []
        is_table = isinstance(argument, ast.List | ast.Tuple | ast.Dict | ast.Set)
        found = elements(argument, self._scope) if is_table else meanings(argument, self._scope)
        objects = [self._denoted(meaning) for meaning in found or ()]
        return [] if UNRESOLVED in objects else [tuple(objects)] if is_table and objects else objects

    def _denoted(self, meaning: Meaning) -> object:
        if isinstance(meaning, Thing):
            return meaning.value
        value = self._scope.resolve(meaning)
        if value is UNRESOLVED and isinstance(meaning, ast.Attribute):
            is_pure = meaning.attr in purity.PURE_METHODS - purity.MUTATORS - purity.SPECIAL_METHODS.keys()
            is_known = is_pure or self._scope.capability(meaning.value) is not None
            return JUDGED if is_known else UNRESOLVED
        return value if is_function(value) or self._owns_class(type(value)) else UNRESOLVED

    def _default(self, value: ast.expr | None, function: FunctionType, syntax: FunctionSyntax) -> Given | None:
        if not isinstance(value, ast.Name | ast.Attribute):
            return None
        return _default(value, Scope(function, syntax, self._sources))

    def _owns_class(self, kind: type) -> bool:
        return self._sources.class_(kind) is not None


def defaults_given(scope: Scope) -> dict[str, Given]:
    """What the parameters of a function stand for where no caller gives them anything: its defaults, if functions."""
    found = {name: _default(value, scope) for name, value in defaults_of(scope.syntax)}
    return {name: handed for name, handed in found.items() if handed is not None}


def _default(value: ast.expr | None, scope: Scope) -> Given | None:
    if not isinstance(value, ast.Name | ast.Attribute):
        return None
    found = scope.resolve(value)
    return Given(objects=(found,)) if is_function(found) else None
