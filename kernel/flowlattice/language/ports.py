"""Ports: what can be connected. `connect` is typed over them, so a wrong connection fails in a type checker too."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import CodeType, FrameType
from typing import Generic, TypeVar

T_co = TypeVar("T_co", covariant=True)
T_contra = TypeVar("T_contra", contravariant=True)


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
        """The branch of the origin, if it branches."""
        return None


class Input(Generic[T_contra]):
    """Something that records go into."""

    @property
    def destination(self) -> Element:
        """The element of the graph that the records go to."""
        raise NotImplementedError


class Element:
    """A vertex of the graph before lowering; identity is the object, the name is what people see."""

    name: str
    place: Place


@dataclass(frozen=True)
class CallPlace(Place):
    """Where a call is written. Its columns are in the byte code, which `SourceFiles` reads when they are asked for."""

    code: CodeType | None = None
    instruction: int = 0


def calling_place(depth: int = 2) -> Place:
    """Where the caller's caller wrote the call that is running."""
    frame: FrameType = sys._getframe(depth)  # noqa: SLF001 - the documented way to see a caller without building a traceback
    while frame.f_globals.get("__name__") == "typing" and frame.f_back is not None:
        frame = frame.f_back  # `Merge[Order]()` is called by way of typing
    code = frame.f_code
    return CallPlace(file=code.co_filename, line=frame.f_lineno, code=code, instruction=frame.f_lasti // 2)
