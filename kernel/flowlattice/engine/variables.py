"""What functions read of a flow's variables: what the flow sets, or what the environment sets instead."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from inspect import signature
from typing import Annotated, Any, cast

from pydantic import JsonValue, TypeAdapter, ValidationError

from flowlattice.errors import UsageError
from flowlattice.language.annotations import hints, without_metadata
from flowlattice.language.variables import Variables, Vars, problems

Given = Mapping[type[Vars], Vars]


def variables_of(statements: Iterable[Variables], environment: Mapping[str, JsonValue]) -> Given:
    """The values of a flow's variables by their classes.

    Args:
        statements: What the flow sets.
        environment: What the environment sets, by the names of the variables; what is no variable of this flow is
            another's.

    Raises:
        UsageError: A value does not fit.
    """
    return {type(one.values): _set(one.values, environment) for one in statements}


def with_variables(function: Callable[..., object], given: Given) -> Callable[..., object]:
    """A function that needs no more than its record and its capabilities.

    Raises:
        UsageError: It asks for variables that the flow does not set.
    """
    annotations = hints(function)
    asked = {name: kind for name, kind in annotations.items() if name != "return" and _is_vars(without_metadata(kind))}
    if not asked:
        return function
    values = {name: _value(function, cast("type[Vars]", without_metadata(kind)), given) for name, kind in asked.items()}

    def call(record: object, **capabilities: object) -> object:
        return function(record, **capabilities, **values)

    own = signature(function)
    call.__name__, call.__qualname__ = function.__name__, function.__qualname__
    call.__annotations__ = {name: kind for name, kind in annotations.items() if name not in asked}
    rest = [parameter for name, parameter in own.parameters.items() if name not in asked]
    call.__dict__["__signature__"] = own.replace(parameters=rest)
    return call


def _set(values: Vars, environment: Mapping[str, JsonValue]) -> Vars:
    for name, problem in problems(values).items():
        raise UsageError(f"the variable {name} does not fit: {problem}")
    fields = type(values).model_fields
    set_anew: dict[str, object] = {}
    for name in fields.keys() & environment.keys():
        kind: Any = Annotated[fields[name].annotation, fields[name]]
        try:
            set_anew[name] = TypeAdapter(kind).validate_json(json.dumps(environment[name]), strict=True)
        except ValidationError as error:
            problem = error.errors(include_url=False, include_input=False)[0]["msg"]
            raise UsageError(f"the environment's value of the variable {name} does not fit: {problem}") from None
    return values.model_copy(update=set_anew)


def _value(function: Callable[..., object], kind: type[Vars], given: Given) -> Vars:
    if kind not in given:
        name = kind.__name__
        raise UsageError(f"{function.__qualname__} reads {name}, which the flow does not set; add flow.vars({name}())")
    return given[kind]


def _is_vars(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, Vars)
