"""What a mutation operator is: one kind of mistake, made wherever a file gives occasion for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from inspect import cleandoc

from flowlattice.bench.mutants.source import Module, Mutation

Mutate = Callable[[Module], Iterator[Mutation]]


@dataclass(frozen=True, kw_only=True)
class Operator:
    """A kind of mistake.

    Attributes:
        name: Its name.
        description: What it does, one line.
        codes: What must be reported of it, one of these; a mutant that stays valid must show in the semantic diff.
        mutate: Makes it, once for each occasion.
    """

    name: str
    description: str
    codes: frozenset[str]
    mutate: Mutate


def operator(*codes: str) -> Callable[[Mutate], Operator]:
    """Make a function an operator; its docstring is the description."""

    def declare(mutate: Mutate) -> Operator:
        name = getattr(mutate, "__name__", "")
        return Operator(name=name, description=cleandoc(mutate.__doc__ or ""), codes=frozenset(codes), mutate=mutate)

    return declare
