"""Which steps an expression needs: those that it reads, and those that they read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flowlattice_agents.expressions._syntax import free_names
from flowlattice_agents.spec import StepSpec


def needed_steps(steps: Sequence[StepSpec], texts: Iterable[str]) -> tuple[StepSpec, ...]:
    """The steps, in their order, that some expressions need, directly or through other steps.

    Raises:
        ExpressionError: One of them is no expression of the language.
    """
    wanted = {name for text in texts for name in free_names(text)}
    found: list[StepSpec] = []
    for step in reversed(steps):
        if step.name in wanted:
            wanted |= free_names(step.value)
            found.insert(0, step)
    return tuple(found)
