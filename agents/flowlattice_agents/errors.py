"""The agents' errors.

AgentError
├── SpecError          a FlowSpec that cannot be read or does not hold together
├── ExpressionError    an expression outside the language, or whose types do not fit
├── EditRejected       a search/replace edit whose text is not found exactly once
├── SimulationUnavailable  a spec that only the sandbox can run
├── WorkspaceError     the workspace or the person's tree is not as it was left
├── RunError           a run that does not exist or cannot go on
├── SuiteError         a suite of briefs that is not there or does not hold together
├── PromptError        a prompt file that cannot be read, or is filled in wrongly
└── ModelError         no answer from a chat model
    ├── ModelUnavailable    it failed for now: overloaded, timed out, cut off, endless
    ├── ModelMisconfigured  it will not answer as things are set up: no key, a wrong one, no such model
    ├── BudgetExhausted     the worst case of the next call does not fit what remains
    ├── PriceUnknown        nobody has said what the model costs
    ├── AnswerUnusable      its answers could not be used, however often it was told what is wrong with them
    └── RecordError         a record that cannot be read, or holds no answer
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


class EditRejected(AgentError):
    """A search/replace edit that cannot be applied exactly; nothing was changed."""


class SimulationUnavailable(AgentError):
    """What a spec answers cannot be worked out without running code; certification runs it in the sandbox."""


class WorkspaceError(AgentError):
    """The workspace cannot be used, or the person's tree moved meanwhile."""


class RunError(AgentError):
    """A run that does not exist, is of another schema version, or cannot go on."""


class PromptError(AgentError):
    """A prompt file that cannot be read, or a placeholder that is unknown or left open."""


class ModelError(AgentError):
    """No answer from a chat model.

    Attributes:
        micro_usd: What was paid, or has to be assumed to have been paid, all the same (micro-dollars).
    """

    micro_usd: int = 0


class ModelUnavailable(ModelError):
    """The model failed for now.

    Attributes:
        attempts: How many attempts were made.
        retry_after_s: How long the endpoint asked to wait, in seconds; None if it did not say.
        prompt_tokens: Tokens that the endpoint may have charged for reading; 0 if it took nothing in.
        completion_tokens: Tokens that it may have charged for writing.
        lasting: Whether the same request would fail in the same way again.
    """

    def __init__(  # noqa: PLR0913 - one keyword per fact of a failure
        self,
        message: str,
        *,
        attempts: int = 1,
        retry_after_s: float | None = None,
        prompt_tokens: int = 0,
        completion_tokens: int = 0,
        lasting: bool = False,
    ) -> None:
        self.attempts = attempts
        self.retry_after_s = retry_after_s
        self.prompt_tokens = prompt_tokens
        self.completion_tokens = completion_tokens
        self.lasting = lasting
        super().__init__(message)


class ModelMisconfigured(ModelError):
    """The model will not answer as things are set up; the text says what to set."""


class BudgetExhausted(ModelError):
    """The worst case of the next call does not fit.

    Attributes:
        scope: The budget that is too small ("run", or an agent's name).
        needed_micro_usd: What the call may cost at worst (micro-dollars).
        remaining_micro_usd: What is left (micro-dollars); None if tokens, not money, ran out.
    """

    def __init__(
        self, message: str, *, scope: str, needed_micro_usd: int = 0, remaining_micro_usd: int | None = None
    ) -> None:
        self.scope = scope
        self.needed_micro_usd = needed_micro_usd
        self.remaining_micro_usd = remaining_micro_usd
        super().__init__(message)


class PriceUnknown(ModelError):
    """A budget was given for a model whose price nobody has said."""


class RecordError(ModelError):
    """A record that cannot be read, or that holds no answer to what is asked."""


class AnswerUnusable(ModelError):
    """A model's answers stayed unusable after the last round of corrections."""


class SuiteError(AgentError):
    """A suite that cannot be read; `problems` lists all of them, each with its file and path."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))
