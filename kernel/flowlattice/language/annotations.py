"""Annotations as objects and as text. One that names nothing is left out, so that the others still count."""

from __future__ import annotations

import sys
import typing
from collections.abc import Callable, Iterator
from inspect import signature
from types import NoneType, SimpleNamespace, UnionType
from typing import Final

NO_TYPE: Final = object()
"""Stands for an annotation that is absent or names nothing."""

_UNEVALUABLE: Final = (
    NameError,
    SyntaxError,
    AttributeError,
    TypeError,
    ValueError,
    LookupError,
    ArithmeticError,
    RecursionError,
)


def hints(function: Callable[..., object]) -> dict[str, object]:
    """The annotations of a function that can be evaluated, `Annotated` and all.

    Under `from __future__ import annotations` they are text; each is evaluated on its own, in the function's names.
    """
    names = outer_names(function)
    found: dict[str, object] = {}
    for name, annotation in _written(function).items():
        if isinstance(annotation, type) and typing.get_origin(annotation) is None:
            found[name] = annotation  # there is nothing in it to evaluate
            continue
        holder = SimpleNamespace(__annotations__={name: annotation})
        try:
            found[name] = typing.get_type_hints(holder, globalns=names, localns=names, include_extras=True)[name]
        except _UNEVALUABLE:
            continue
    return found


def _written(function: Callable[..., object]) -> dict[str, object]:
    """The annotations as they are kept; since Python 3.14 they are evaluated when asked for, and then text will do."""
    try:
        return dict(getattr(function, "__annotations__", {}))
    except _UNEVALUABLE:
        if sys.version_info >= (3, 14):
            import annotationlib

            return dict(annotationlib.get_annotations(function, format=annotationlib.Format.STRING))
        raise


def parameters(function: Callable[..., object]) -> dict[str, object]:
    """The parameters of a function with their types, `NO_TYPE` where there is none; empty if it cannot be known."""
    try:
        names = list(signature(function).parameters)
    except (ValueError, TypeError):  # some functions written in C
        return {}
    found = hints(function)
    return {name: found.get(name, NO_TYPE) for name in names}


def outer_names(function: Callable[..., object]) -> dict[str, object]:
    """The names a function sees from outside: its module's, then those of the functions around it. Only to be read."""
    module: dict[str, object] = getattr(function, "__globals__", {})
    cells = getattr(function, "__closure__", None)
    if not cells:
        return module  # all of them are copied for none of its functions
    names = dict(module)
    code = getattr(function, "__code__", None)
    for name, cell in zip(getattr(code, "co_freevars", ()), cells, strict=True):
        try:
            names[name] = cell.cell_contents
        except ValueError:  # a cell that is not filled yet: recursion of a nested function
            continue
    return names


def without_metadata(annotation: object) -> object:
    """The type inside `Annotated[...]`."""
    while typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    return annotation


def arguments_within(annotation: object) -> Iterator[type]:
    """The classes that an annotation names, those inside `list[...]` and `X | None` among them."""
    annotation = without_metadata(annotation)
    if isinstance(annotation, type) and typing.get_origin(annotation) is None:
        yield annotation
    for argument in typing.get_args(annotation):
        yield from arguments_within(argument)


def is_protocol(kind: type) -> bool:
    """Whether a class says only what others offer, so that objects of it are objects of any."""
    return bool(vars(kind).get("_is_protocol"))


def metadata(annotation: object) -> tuple[object, ...]:
    """What stands beside the type in `Annotated[...]`; nothing for other annotations."""
    if typing.get_origin(annotation) is not typing.Annotated:
        return ()
    inner, *beside = typing.get_args(annotation)
    return (*metadata(inner), *beside)


def spelled(annotation: object, package: str = "") -> str:
    """A type as people write it, the same wherever the flow's folder is.

    Args:
        annotation: The type.
        package: The flow's package, whose name depends on its folder and is cut off.
    """
    annotation = without_metadata(annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is None or annotation is NoneType:
        return "None"
    if origin in (typing.Union, UnionType):
        return " | ".join(spelled(argument, package) for argument in arguments)
    if origin is typing.Literal:
        return f"Literal[{', '.join(map(repr, arguments))}]"
    if origin is not None and arguments:
        inner = ", ".join("..." if argument is Ellipsis else spelled(argument, package) for argument in arguments)
        return f"{spelled(origin, package)}[{inner}]"
    if isinstance(annotation, type):
        return annotation.__name__
    text = str(annotation).replace("typing.", "")
    return text.replace(f"{package}.", "") if package else text


def literal_texts(annotation: object) -> tuple[str, ...] | None:
    """The texts that a `Literal` type allows; none if the type is no such literal."""
    annotation = without_metadata(annotation)
    if typing.get_origin(annotation) is not typing.Literal:
        return None
    values = typing.get_args(annotation)
    return tuple(values) if all(isinstance(value, str) for value in values) else None


def evaluated(annotation: object, names: dict[str, object]) -> object:
    """One annotation as an object in the light of a module's names and perhaps more, or `NO_TYPE`."""
    holder = SimpleNamespace(__annotations__={"it": annotation})
    try:
        return typing.get_type_hints(holder, globalns=names, localns=names, include_extras=True)["it"]
    except _UNEVALUABLE:
        return NO_TYPE
