"""Grants of ai.read and budget. The target of a call in the run log is the model.

A question is looked up where answers are kept, if it is one whose answer is always the same; what it comes to at worst
is set aside; the answer is passed on piece by piece; and what it came to is booked. A call that is given up in the
middle is booked at its worst, since nobody says what the other side charges for it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Final, TypeVar

from pydantic import ValidationError

from flowlattice.capabilities.ai import Data
from flowlattice.chat import TokenCounter, Usage, counter_for, redact
from flowlattice.engine.asking import answer_key, first_messages, is_pinned, object_in, repaired, schema_for
from flowlattice.engine.backends import AiBackend, AiRequest, AiUnanswered, AnswerStore, Bindings
from flowlattice.engine.calls import AiExchange, End
from flowlattice.engine.granted.base import Grant, Granted
from flowlattice.engine.run import Attempt
from flowlattice.engine.terms import UNBOUND, Terms
from flowlattice.errors import BudgetExceeded, CallFailed
from flowlattice.ir import model as ir
from flowlattice.record import Record

R = TypeVar("R", bound=Record)

_MOST_REPAIRS: Final = 5
_LONGEST_NOTED: Final = 20_000  # characters of a message that are written down
_NOTHING: Final = Usage(prompt_tokens=0, completion_tokens=0, source="counted")


@dataclass(frozen=True)
class AiUse:
    """A node's use of a language model.

    Attributes:
        use: As the IR has it.
        backend: Who answers.
        ai: The model.
        counter: What counts its tokens.
        answers: Where its answers are kept; none where they may be others next time, or nothing is kept.
    """

    use: ir.CapabilityUse
    backend: AiBackend
    ai: ir.Ai
    counter: TokenCounter
    answers: AnswerStore | None


@dataclass
class _Answer:
    """An answer as it comes; what it came to is the worst until it is known."""

    request: AiRequest
    spent: Usage
    end: End = "given_up"
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.pieces)


class GrantedAi(Granted):
    """`AiRead`."""

    def __init__(self, model: AiUse, attempt: Attempt) -> None:
        super().__init__(model.use, attempt)
        self._model = model
        self._terms: Terms = attempt.run.terms.get((attempt.node, model.use.binding), UNBOUND)

    async def complete(self, prompt: str, *, data: Data = None, system: str = "", max_tokens: int | None = None) -> str:
        """The model's answer, whole."""
        return await self._whole("complete", self._request(prompt, data, system, max_tokens))

    def stream(
        self, prompt: str, *, data: Data = None, system: str = "", max_tokens: int | None = None
    ) -> AsyncIterator[str]:
        """The model's answer piece by piece; it is given up when the node is over."""
        return self._attempt.hold(self._ask("stream", self._request(prompt, data, system, max_tokens)))

    async def extract(  # noqa: PLR0913 - what is asked, what for, and within what
        self,
        prompt: str,
        *,
        into: type[R],
        data: Data = None,
        system: str = "",
        max_tokens: int | None = None,
        repairs: int = 1,
    ) -> R:
        """What the model finds, as a record.

        Raises:
            CallFailed: No answer fits.
            BudgetExceeded: The budget does not allow for a whole answer.
        """
        request = self._request(prompt, data, system, max_tokens, into)
        for left in range(min(repairs, _MOST_REPAIRS), -1, -1):
            text = await self._whole("extract", request)
            try:
                return into.model_validate_json(object_in(text))
            except ValidationError as error:
                if self._attempt.exhausted:
                    needed, scope = (0, request.max_output_tokens), f"of node {self._attempt.node}"
                    raise BudgetExceeded(scope, needed, (None, self._model.counter.at_most(text))) from None
                if left:
                    request = repaired(request, text, error)
        said = f"{self._target} did not answer with a {into.__name__}, though it was told what is wrong"
        raise CallFailed(self._use.binding, "schema_mismatch", said)

    @property
    def _target(self) -> str:
        return self._model.ai.model or self._use.binding

    def _request(
        self, prompt: str, data: Data, system: str, max_tokens: int | None, into: type[Record] | None = None
    ) -> AiRequest:
        ai = self._model.ai
        stated = min((bound for bound in (ai.max_tokens, max_tokens) if bound is not None), default=None)
        request = AiRequest(
            model=ai.model,
            seed=ai.seed,
            messages=first_messages(prompt, data, system),
            schema=None if into is None else schema_for(into),
            max_output_tokens=0,
        )
        return replace(request, max_output_tokens=self._terms.longest(request, self._model.counter, stated))

    async def _whole(self, method: str, request: AiRequest) -> str:
        async with aclosing(self._ask(method, request)) as pieces:
            return "".join([piece async for piece in pieces])

    async def _ask(self, method: str, request: AiRequest) -> AsyncGenerator[str, None]:
        self._read(method, self._target)
        store = self._model.answers
        key = b"" if store is None else answer_key(request)
        kept = None if store is None else await store.get(key)
        if kept is not None:
            self._note(_Answer(request, _NOTHING, "cached", list(kept)))
            for piece in kept:
                yield piece
            return
        answer = _Answer(request, _NOTHING)
        async with aclosing(self._paid(answer)) as pieces:
            async for piece in pieces:
                yield piece
        # An answer that ran into a bound of the budget's is not the one that was asked for.
        if store is not None and answer.end in {"stop", "length"} and answer.request == request:
            await store.put(key, answer.pieces)

    async def _paid(self, answer: _Answer) -> AsyncGenerator[str, None]:
        """The pieces of an answer, set aside for before and booked after."""
        terms, attempt, asked = self._terms, self._attempt, answer.request.max_output_tokens
        tenant = terms.tenant_of(attempt.given)
        allowed = await terms.allow(answer.request, self._model.counter, run=attempt.run_id, tenant=tenant)
        if allowed is None:
            attempt.exhausted, answer.end = True, "exhausted"
            self._note(answer)
            return
        answer.spent, answer.request = allowed.worst, replace(answer.request, max_output_tokens=allowed.most)
        try:
            async with aclosing(self._answered(answer)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            await terms.settle(allowed, answer.spent)
            self._note(answer)
        if answer.end == "length" and allowed.most < asked:
            attempt.exhausted = True

    async def _answered(self, answer: _Answer) -> AsyncGenerator[str, None]:
        """The pieces of an answer; what it came to is known once it has ended."""
        usage, end = None, answer.end
        try:
            async with aclosing(self._model.backend.answer(answer.request)) as pieces:
                async for piece in pieces:
                    usage, end = piece.usage or usage, piece.finish or end
                    if piece.text:
                        answer.pieces.append(piece.text)
                        yield piece.text
        except AiUnanswered as failed:
            answer.end, answer.spent = "failed", failed.spent or answer.spent
            raise
        # An endpoint that says that an answer took nothing has not counted.
        is_told = usage is not None and (usage.completion_tokens > 0 or not answer.pieces)
        answer.end, answer.spent = end, usage if usage is not None and is_told else self._counted(answer)

    def _counted(self, answer: _Answer) -> Usage:
        """What is charged at most, where the other side does not say."""
        counter = self._model.counter
        prompt = counter.request_at_most(answer.request)
        # What has no table is bounded by its bytes, and by what it was allowed.
        written = min(counter.at_most(answer.text), answer.request.max_output_tokens)
        return Usage(prompt_tokens=prompt, completion_tokens=written, source="counted")

    def _note(self, answer: _Answer) -> None:
        attempt, spent = self._attempt, answer.spent
        attempt.run.log.exchange(
            AiExchange(
                run=attempt.run_id,
                node=attempt.node,
                attempt=attempt.attempt,
                model=self._target,
                prompt=tuple(self._noted(message.text) for message in answer.request.messages),
                answer=self._noted(answer.text),
                end=answer.end,
                prompt_tokens=spent.prompt_tokens,
                completion_tokens=spent.completion_tokens,
                counted=spent.source,
                micro_usd=self._terms.micro_usd(spent),
            )
        )

    def _noted(self, text: str) -> str:
        """A text as far as it may be written down."""
        if self._terms.withheld is not None:
            return f"[{len(text)} characters withheld: {self._terms.withheld}]"
        return redact(text[:_LONGEST_NOTED])


class GrantedBudget:
    """`TokenBudget`."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    @property
    def exhausted(self) -> bool:
        """Whether an answer to this node was cut because nothing remained."""
        return self._attempt.exhausted


def read(use: ir.CapabilityUse, bindings: Bindings) -> Grant:
    """Grant ai.read."""
    backend, ai = bindings.ai(use.binding), ir.Ai.model_validate(use.facts)
    model = AiUse(use, backend, ai, counter_for(ai.model or ""), backend.answers if is_pinned(ai) else None)
    return lambda attempt: GrantedAi(model, attempt)


def budget(_use: ir.CapabilityUse, _bindings: Bindings) -> Grant:
    """Grant budget."""
    return GrantedBudget
