"""Combinators: `If`, `Switch`, `Map`, `Filter`, `Merge`. They route and reshape records; they ask for no capability."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from flowlattice.language.nodes import Node, NodeOptions
from flowlattice.language.ports import Branch, Element, Input, Output, Place, Step, calling_place, name_of
from flowlattice.language.variables import Vars
from flowlattice.lattice import Determinism, Effects

T = TypeVar("T")
U = TypeVar("U")
V = TypeVar("V", bound=Vars)

DEFAULT_CASE = "default"


class Routing(Element, Input[T], Generic[T]):
    """What a switch and an if share: a pure function of the record chooses the way, the record goes on unchanged."""

    def __init__(self, function: Callable[..., object], name: str, place: Place) -> None:
        self.function = function
        self.name = name
        self.place = place

    @property
    def destination(self) -> Element:
        """The combinator itself."""
        return self


class If(Routing[T]):
    """Two ways: `gate = If(is_large)`, then `gate.true` and `gate.false`."""

    def __init__(self, predicate: Callable[[T], bool] | Callable[[T, V], bool], *, name: str | None = None) -> None:
        super().__init__(predicate, name or name_of(predicate, "if"), calling_place())

    @property
    def true(self) -> Branch[T]:
        """Records for which the predicate holds."""
        return Branch(self, "true")

    @property
    def false(self) -> Branch[T]:
        """Records for which it does not."""
        return Branch(self, "false")


class Switch(Routing[T]):
    """Many ways: `kinds = Switch(by_kind, cases=["bug", "sale"])`, then `kinds.case("bug")` and `kinds.default`."""

    def __init__(
        self, choose: Callable[[T], str] | Callable[[T, V], str], *, cases: Sequence[str], name: str | None = None
    ) -> None:
        super().__init__(choose, name or name_of(choose, "switch"), calling_place())
        self.cases = tuple(cases)

    def case(self, case: str) -> Branch[T]:
        """Records for which the function returns `case`."""
        return Branch(self, case)

    @property
    def default(self) -> Branch[T]:
        """Records for which it returns none of the cases."""
        return Branch(self, DEFAULT_CASE)


class Filter(If[T], Output[T]):
    """One way: records for which the predicate holds go on, the others end here."""

    def __init__(self, predicate: Callable[[T], bool] | Callable[[T, V], bool], *, name: str | None = None) -> None:
        Routing.__init__(self, predicate, name or name_of(predicate, "filter"), calling_place())

    @property
    def origin(self) -> Element:
        """The filter itself."""
        return self

    @property
    def case(self) -> str | None:
        """A filter lets records through on its true branch."""
        return "true"


def Map(function: Callable[[T], U], *, name: str | None = None) -> Node[T, U]:  # noqa: N802 - a combinator, named like the others
    """A node that reshapes a record by a pure function, `Map(to_invoice)`."""
    claims = NodeOptions(effects=Effects.PURE, determinism=Determinism.STRICT)
    return Node(function, claims, calling_place(), name or name_of(function, "map"))


class Merge(Step[T, T]):
    """Many ways into one: records pass in the order they arrive."""

    def __init__(self, *, name: str = "merge") -> None:
        self.name = name
        self.place = calling_place()
