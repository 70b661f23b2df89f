"""What names and pronouns stand for while terms are read into expressions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from flowlattice_agents.errors import ExpressionError
from flowlattice_agents.expressions import (
    OptionalType,
    Type,
    check,
)
from flowlattice_agents.models.offline.terms import Term


@dataclass(frozen=True)
class Typed:
    """An expression and its type."""

    text: str
    type: Type


@dataclass(frozen=True)
class Scope:
    """What names and pronouns stand for.

    Attributes:
        names: The types of the names that expressions may use.
        paths: Where each field of the brief is found: `email` at `customer.email`.
        subjects: What "it" and "both" may be, the likeliest group first.
        results: The values computed so far, the latest last.
        item: The item of the list that is walked through, inside `each` and `filter`.
        parse: Reads a text in the brief as a term of the grammar (`value`, `condition`), the likeliest first.
        in_cents: Whether amounts of money are whole cents, so that a cent is 1 and not 0.01.
        defined: Looks up a name that the brief defines.
    """

    names: Mapping[str, Type]
    paths: Mapping[str, str]
    subjects: tuple[str, ...] = ()
    results: tuple[Typed, ...] = ()
    item: Typed | None = None
    any_case: bool = False
    any_space: bool = False
    in_cents: bool = False
    parse: Callable[[str, str], list[Term]] = lambda _name, _text: []
    defined: Callable[[str], list[Typed]] = lambda _name: []

    def typed(self, text: str) -> Typed | None:
        """An expression with its type, none where its types do not fit."""
        try:
            tidy = ast.unparse(ast.parse(text, mode="eval").body)
            return Typed(tidy, check(tidy, self.names))
        except (SyntaxError, ValueError, RecursionError, MemoryError, ExpressionError):
            return None

    def knowing(self, present: set[str]) -> Scope:
        """The scope where these names are not null."""
        plain = {
            name: found.item
            for name, found in self.names.items()
            if name in present and isinstance(found, OptionalType)
        }
        return replace(self, names={**self.names, **plain})

    def walking(self, item: Typed) -> Scope:
        """The scope inside a comprehension over a list."""
        return replace(self, names={**self.names, item.text: item.type}, item=item)
