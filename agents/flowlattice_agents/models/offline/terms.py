"""Terms: the immutable trees that the grammar's actions build and the later stages read.

Every leaf is text, numbers too (`num("2.50")`), so that 1, 1.0 and true never compare equal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """A head and its arguments, such as `below(num("10"))`."""

    head: str
    args: tuple[Term | str, ...] = ()

    def __str__(self) -> str:
        return f"{self.head}({', '.join(str(a) if isinstance(a, Term) else repr(a) for a in self.args)})"

    @property
    def terms(self) -> tuple[Term, ...]:
        """The arguments that are terms."""
        return tuple(argument for argument in self.args if isinstance(argument, Term))

    @property
    def text(self) -> str:
        """The first argument where it is text, else the empty text."""
        return self.args[0] if self.args and isinstance(self.args[0], str) else ""

    def get(self, head: str) -> Term | None:
        """The first direct argument with that head."""
        return next((argument for argument in self.terms if argument.head == head), None)

    def walk(self) -> Iterator[Term]:
        """This term and every term inside it, outermost first."""
        stack = [self]
        while stack:
            term = stack.pop()
            yield term
            stack.extend(reversed(term.terms))

    def has(self, *heads: str) -> bool:
        """Whether this term or one inside it has one of the heads."""
        return any(term.head in heads for term in self.walk())


def term(head: str, *args: Term | str) -> Term:
    """A term, spelled shortly."""
    return Term(head, args)
