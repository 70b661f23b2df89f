"""Two ways into one: `Join` pairs records by a key, `Zip` by their position."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Generic, Literal, TypeVar, overload

from flowlattice.language.ports import Branch, Element, Output, SideInput, calling_place, name_of

T = TypeVar("T")
L = TypeVar("L")
R = TypeVar("R")
O = TypeVar("O")  # noqa: E741 - the field's usual name for an output type

JoinKind = Literal["inner", "left"]
JoinField = str | tuple[str, str]

UNMATCHED = "unmatched"


class Pairing(Element, Output[O], Generic[L, R, O]):
    """What a join and a zip share: a pure function makes one record of one from each side."""

    function: Callable[..., O]

    @property
    def origin(self) -> Element:
        """The element itself."""
        return self

    @property
    def left(self) -> SideInput[L]:
        """Where the function's first argument comes in."""
        return SideInput(self, "left")

    @property
    def right(self) -> SideInput[R]:
        """Where its second comes in."""
        return SideInput(self, "right")


class Zip(Pairing[L, R, O]):
    """Pairs by position, the first with the first: `both = Zip(pair)`, then `both.left` and `both.right`."""

    def __init__(self, pair: Callable[[L, R], O], *, name: str | None = None) -> None:
        self.function = pair
        self.name = name or name_of(pair, "zip")
        self.place = calling_place()


class Join(Pairing[L, R, O]):
    """Pairs by a key: `Join(combine, on="order_id", within=minutes(10))`, then `.left` and `.right`."""

    on: tuple[tuple[str, str], ...]
    within: timedelta
    kind: JoinKind

    # Which class it is depends on the kind, as does the type of what found no partner; hence no `__init__`.
    @overload
    def __new__(
        cls,
        combine: Callable[[L, R], O],
        *,
        on: JoinField | Sequence[JoinField],
        within: timedelta,
        kind: Literal["inner"] = "inner",
        name: str | None = None,
    ) -> Join[L, R, O]: ...
    @overload
    def __new__(
        cls,
        combine: Callable[[L, R | None], O],
        *,
        on: JoinField | Sequence[JoinField],
        within: timedelta,
        kind: Literal["left"],
        name: str | None = None,
    ) -> LeftJoin[L, R, O]: ...
    def __new__(
        cls,
        combine: Callable[..., object],
        *,
        on: JoinField | Sequence[JoinField],
        within: timedelta,
        kind: JoinKind = "inner",
        name: str | None = None,
    ) -> Join[Any, Any, Any]:
        """Pair records of two sides that agree in their keys.

        Args:
            combine: Makes the record that goes on, of one from the left and one from the right.
            on: The field that must agree; a pair `("id", "order_id")` where the right side names it otherwise; or a
                list.
            within: How long a record waits for one from the other side.
            kind: `inner`: only pairs go on. `left`: a record from the left goes on by itself if none came, with
                `None` for the other side.
            name: Its name in the graph; the function's by default.
        """
        made: Join[Any, Any, Any] = object.__new__(LeftJoin if kind == "left" else Join)
        made.function = combine
        made.name = name or name_of(combine, "join")
        made.place = calling_place()
        made.on = _pairs(on)
        made.within = within
        made.kind = kind
        return made

    @property
    def unmatched(self) -> Branch[L | R]:
        """Records of either side for which none came in time, whole."""
        return Branch(self, UNMATCHED)


class LeftJoin(Join[L, R, O]):
    """A join that lets a record from the left go on by itself; made by `Join(..., kind="left")`."""

    @property
    def unmatched(self: LeftJoin[L, T | None, O]) -> Branch[T]:
        """Records from the right for which none came in time, whole."""
        return Branch(self, UNMATCHED)


def _pairs(on: JoinField | Sequence[JoinField]) -> tuple[tuple[str, str], ...]:
    """The fields as pairs, left and right. A tuple of two texts is one pair; several fields are a list."""
    if isinstance(on, str):
        return ((on, on),)
    if isinstance(on, tuple) and len(on) == 2 and isinstance(on[0], str) and isinstance(on[1], str):
        return ((on[0], on[1]),)
    return tuple(pair for field in on for pair in _pairs(field))
