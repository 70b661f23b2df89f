"""Ports: what can be connected. `connect` is typed over them, so a wrong connection fails in a type checker too."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from types import CodeType, FrameType
from typing import Generic, Literal, TypeVar

T_co = TypeVar("T_co", covariant=True)
T_contra = TypeVar("T_contra", contravariant=True)

Side = Literal["left", "right"]


@dataclass(frozen=True)
class Place:
    """A span of source text: lines and columns from 1, the end exclusive."""

    file: str
    line: int
    column: int = 1
    end_line: int | None = None
    end_column: int | None = None


class Output(Generic[T_co]):
    """Something that records come out of: a node, a trigger, or one branch of a switch."""

    @property
    def origin(self) -> Element:
        """The element of the graph that the records come from."""
        raise NotImplementedError

    @property
    def case(self) -> str | None:
        """The branch or the side output of the origin, if it has several ways out."""
        return None


class Input(Generic[T_contra]):
    """Something that records go into: a node, a respond, or one side of a join."""

    @property
    def destination(self) -> Element:
        """The element of the graph that the records go to."""
        raise NotImplementedError

    @property
    def port(self) -> Side | None:
        """The side of the destination, if it has two."""
        return None


class Element:
    """A vertex of the graph before lowering; identity is the object, the name is what people see."""

    name: str
    place: Place


class Step(Element, Input[T_contra], Output[T_co], Generic[T_contra, T_co]):
    """An element that records go into and come out of; both ends are the element itself."""

    @property
    def origin(self) -> Element:
        """The element itself."""
        return self

    @property
    def destination(self) -> Element:
        """The element itself."""
        return self


class Branch(Output[T_co]):
    """One of several ways out of an element: a case of a switch, or a side output."""

    def __init__(self, origin: Element, case: str) -> None:
        self._origin = origin
        self._case = case

    @property
    def origin(self) -> Element:
        """The element that branches."""
        return self._origin

    @property
    def case(self) -> str | None:
        """The name of the branch."""
        return self._case


class SideInput(Input[T_contra]):
    """One of two ways into an element: a side of a join or a zip."""

    def __init__(self, destination: Element, side: Side) -> None:
        self._destination = destination
        self._side: Side = side

    @property
    def destination(self) -> Element:
        """The element that has two sides."""
        return self._destination

    @property
    def port(self) -> Side | None:
        """Which of them."""
        return self._side


class CallPlace(Place):
    """Where a call is written: at an instruction of some code.

    The line and the columns are in the byte code and are read when they are asked for, by `SourceFiles` those of a
    whole file at once: to reckon them, or to ask a frame for its line, goes through the code from its start.
    """

    def __init__(self, code: CodeType, instruction: int) -> None:
        for name, value in (("file", code.co_filename), ("code", code), ("instruction", instruction)):
            object.__setattr__(self, name, value)

    code: CodeType
    instruction: int

    @property
    def line(self) -> int:
        """The line, from 1."""
        found = next(islice(self.code.co_positions(), self.instruction, None))[0]
        return self.code.co_firstlineno if found is None else found


def calling_place(depth: int = 2) -> Place:
    """Where the caller's caller wrote the call that is running."""
    frame: FrameType = sys._getframe(depth)  # noqa: SLF001 - the documented way to see a caller without building a traceback
    while frame.f_globals.get("__name__") == "typing" and frame.f_back is not None:
        frame = frame.f_back  # `Merge[Order]()` is called by way of typing
    return CallPlace(frame.f_code, frame.f_lasti // 2)


def name_of(function: Callable[..., object], kind: str) -> str:
    """The name of an element that is made of a function: the function's, or its kind where that has none."""
    name = getattr(function, "__name__", "")
    return name if name.isidentifier() else kind
