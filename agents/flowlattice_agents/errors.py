"""The agents' errors.

AgentError
├── SpecError          a FlowSpec that cannot be read or does not hold together
├── ExpressionError    an expression outside the language, or whose types do not fit
├── SimulationUnavailable  a spec that only the sandbox can run
├── WorkspaceError     the workspace or the person's tree is not as it was left
└── RunError           a run that does not exist or cannot go on
"""

from __future__ import annotations

from collections.abc import Sequence

from flowlattice.errors import FlowlatticeError


class AgentError(FlowlatticeError):
    """Root of the agents' errors; its text is one line that says what to do next."""


class SpecError(AgentError):
    """A spec that does not hold together; `problems` lists all of them, each with its path."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class ExpressionError(AgentError):
    """An expression outside the language, or ill-typed; `expression` is its text."""

    def __init__(self, message: str, *, expression: str = "") -> None:
        self.expression = expression
        super().__init__(f"{message} in `{expression}`" if expression else message)


class SimulationUnavailable(AgentError):
    """What a spec answers cannot be worked out without running code; certification runs it in the sandbox."""


class WorkspaceError(AgentError):
    """The workspace cannot be used, or the person's tree moved meanwhile."""


class RunError(AgentError):
    """A run that does not exist, is of another schema version, or cannot go on."""
