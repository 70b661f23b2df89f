"""Every field of the IR's models is seen by the semantic diff, or says here why it needs not be.

The models themselves say which fields there are, so a field that is added and forgotten fails here.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from uuid import UUID, uuid5

import pytest
from pydantic import BaseModel, JsonValue

from flowlattice.ir import model as ir
from flowlattice.ir.comparison import compare

# Model and field, with why a move of it is no change of meaning, or is said by another part.
SILENT = {
    "FlowIR.ir": "the version of the format",
    "FlowIR.id": "follows from name and version",
    "FlowIR.places": "where parts are written",
    "FlowIR.schemas": "one that is new or gone is said of the port that has it; test_comparison walks what is in them",
    "Node.id": "follows from the names of flow and node",
    "Node.definition": "where its function is written",
    "Edge.controls": "where controls of the edge are written; what they set is in its other fields",
    "SubflowUse.digest": "what changes in the flow is said of the flow, which is in `subflows`",
} | {f"{name}.source": "where it is written" for name, value in vars(ir).items() if isinstance(value, type)}

PLACES = (ir.Source, ir.EdgeControl)
# They hold one other model each, whose fields are moved by themselves.
HOLDING = {"Node.declared", "Edge.buffer"}

FIRST, SECOND = (uuid5(UUID(int=0), text) for text in ("first", "second"))


def sample(annotation: object, depth: int = 0) -> typing.Any:
    """A value of a type in which everything that may be there is there."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return sample(next(kind for kind in arguments if kind is not type(None)), depth)
    if origin is typing.Annotated:
        return "5"  # an amount as decimal text
    if origin is typing.Literal:
        return arguments[0]
    if origin is tuple:
        count = 1 if arguments[-1] is Ellipsis else len(arguments)
        return tuple(sample(arguments[0], depth) for _ in range(count))
    if origin is dict:
        is_flow = arguments[1] is ir.FlowIR
        return {} if is_flow and depth else {"key@1.0.0" if is_flow else "key": sample(arguments[1], depth + 1)}
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return filled(annotation, depth)
    plain: dict[object, object] = {str: "text", int: 5, float: 5.0, bool: False, UUID: FIRST}
    return plain.get(annotation, "json")


def filled(model: type[BaseModel], depth: int = 0) -> typing.Any:
    values = {field.alias or name: sample(field.annotation, depth) for name, field in model.model_fields.items()}
    return model.model_validate(values)


def wired(flow: ir.FlowIR) -> ir.FlowIR:
    """The flow with a trigger and a node, and an edge between them."""
    node = flow.nodes[0]
    first = node.model_copy(update={"id": FIRST, "name": "first", "kind": "trigger"})
    second = node.model_copy(
        update={"id": SECOND, "name": "second", "kind": "node", "compensate": FIRST, "trigger": None}
    )
    edge = flow.edges[0].model_copy(update={"target_id": SECOND})
    inner = {name: wired(one) for name, one in flow.subflows.items()}
    return flow.model_copy(update={"nodes": (first, second), "edges": (edge,), "subflows": inner})


def whole() -> ir.FlowIR:
    """A flow in which every field is filled."""
    return wired(filled(ir.FlowIR))


def others(annotation: object, value: object) -> Iterator[object]:
    """Other values of a type."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        yield from (None for kind in arguments if kind is type(None))
        yield from others(next(kind for kind in arguments if kind is not type(None)), value)
    elif origin is typing.Annotated:
        yield "6"
    elif origin is typing.Literal:
        yield from (choice for choice in arguments if choice != value)
    elif origin is tuple:
        if arguments[-1] is Ellipsis:
            yield ()
        if arguments[0] is str or typing.get_origin(arguments[0]) is typing.Annotated:
            yield tuple("6" for _ in typing.cast("tuple[str, ...]", value))
    elif origin is dict:
        yield {}
    elif annotation is UUID:
        yield from (node for node in (FIRST, SECOND) if node != value)
    else:
        plain: dict[object, tuple[object, ...]] = {
            str: ("other",), int: (4, 6), float: (4.0, 6.0), bool: (True,), JsonValue: ("other",),
        }  # fmt: skip
        yield from plain.get(annotation, ())


def mutants(part: BaseModel) -> Iterator[tuple[str, BaseModel]]:
    """A part with one field, of itself or of what it holds, that is not as it was; and which field."""
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        label = f"{type(part).__name__}.{name}"
        if label in SILENT:
            continue
        for other in others(field.annotation, value):
            if other != value:
                yield label, part.model_copy(update={name: other})
        for changed, inner in _inside(value):
            yield changed, part.model_copy(update={name: inner})


def _inside(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, BaseModel):
        yield from mutants(value)
    elif isinstance(value, tuple):
        for number, entry in enumerate(value):
            for label, changed in _inside(entry):
                yield label, (*value[:number], changed, *value[number + 1 :])
    elif isinstance(value, dict):
        for key, entry in value.items():
            for label, changed in _inside(entry):
                yield label, {**value, key: changed}


def fields() -> list[str]:
    models = [value for value in vars(ir).values() if isinstance(value, type) and issubclass(value, ir.IRModel)]
    return [f"{model.__name__}.{name}" for model in models if model not in PLACES for name in model.model_fields]


@pytest.fixture(scope="module")
def unseen() -> dict[str, bool]:
    """By field, whether a move of it was said nothing of, in one direction or the other."""
    flow = whole()
    found: dict[str, bool] = {}
    for label, changed in mutants(flow):
        mutant = typing.cast("ir.FlowIR", changed)
        found[label] = found.get(label, False) or not (compare(flow, mutant) and compare(mutant, flow))
    return found


@pytest.mark.parametrize("field", [field for field in fields() if field not in SILENT and field not in HOLDING])
def test_a_field_that_moves_is_seen(field: str, unseen: dict[str, bool]) -> None:
    assert unseen.get(field) is False, f"{field}: the semantic diff does not see it"


def test_what_is_silent_is_a_field() -> None:
    assert {name for name in SILENT if not name.endswith(".source")} | HOLDING <= set(fields())
