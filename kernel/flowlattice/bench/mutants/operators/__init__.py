"""All mutation operators, family by family."""

from __future__ import annotations

from typing import Final

from flowlattice.bench.mutants.operators import bodies, controls, graph, identity, people, types
from flowlattice.bench.mutants.operators.base import Operator

__all__ = ["OPERATORS", "Operator"]

_FAMILIES = (graph, types, bodies, identity, controls, people)
OPERATORS: Final = tuple(
    found for family in _FAMILIES for found in vars(family).values() if isinstance(found, Operator)
)
