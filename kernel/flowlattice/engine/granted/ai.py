"""Grants of ai.read and budget. The target of a call in the run log is the model.

A question is looked up where answers are kept, if it is one whose answer is always the same; what it comes to at worst
is set aside; the answer is passed on piece by piece; and what it came to is booked. A call that is given up in the
middle is booked at its worst, since nobody says what the other side charges for it.
"""

from __future__ import annotations

import logging
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

_log = logging.getLogger("flowlattice.engine")

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
    """An answer as it comes; what it came to is the worst until it is known, and assumed if it never is.

    `is_whole` says that it may be as long as was asked for: the budget did not shrink it.
    """

    request: AiRequest
    spent: Usage
    end: End = "given_up"
    pieces: list[str] = field(default_factory=list)
    is_assumed: bool = False
    is_whole: bool = True
    failed: CallFailed | None = None

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    @property
    def is_cut(self) -> bool:
        """Whether the budget left too little for it."""
        return self.end == "exhausted" or (self.end == "length" and not self.is_whole)


class GrantedAi(Granted):
    """`AiRead`."""

    def __init__(self, model: AiUse, attempt: Attempt) -> None:
        super().__init__(model.use, attempt)
        self._model = model
        self._terms: Terms = attempt.run.terms.get((attempt.node, model.use.binding), UNBOUND)

    async def complete(self, prompt: str, *, data: Data = None, system: str = "", max_tokens: int | None = None) -> str:
        """The model's answer, whole."""
        async with aclosing(self._kept("complete", self._request(prompt, data, system, max_tokens))) as pieces:
            return "".join([piece async for piece in pieces])

    def stream(
        self, prompt: str, *, data: Data = None, system: str = "", max_tokens: int | None = None
    ) -> AsyncIterator[str]:
        """The model's answer piece by piece; it is given up when the node is over."""
        return self._attempt.hold(self._kept("stream", self._request(prompt, data, system, max_tokens)))

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
        asked = request = self._request(prompt, data, system, max_tokens, into)
        for left in range(min(repairs, _MOST_REPAIRS), -1, -1):
            answer = await self._whole("extract", request)
            try:
                found = into.model_validate_json(object_in(answer.text))
            except ValidationError as error:
                if answer.is_cut:
                    needed, scope = (0, request.max_output_tokens), f"of node {self._attempt.node}"
                    raise BudgetExceeded(scope, needed, (None, self._model.counter.at_most(answer.text))) from None
                if left:
                    request = repaired(request, answer.text, error)
            else:
                await self._keep(asked, answer)
                return found
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

    async def _whole(self, method: str, request: AiRequest) -> _Answer:
        answer = _Answer(request, _NOTHING)
        async with aclosing(self._ask(method, answer)) as pieces:
            async for _ in pieces:
                pass
        return answer

    async def _kept(self, method: str, request: AiRequest) -> AsyncGenerator[str, None]:
        """The pieces of an answer, which is kept when it is whole."""
        answer = _Answer(request, _NOTHING)
        async with aclosing(self._ask(method, answer)) as pieces:
            async for piece in pieces:
                yield piece
        await self._keep(request, answer)

    async def _keep(self, asked: AiRequest, answer: _Answer) -> None:
        # An answer that ran into a bound of the budget's is not the one that was asked for.
        if self._model.answers is not None and answer.end in {"stop", "length"} and answer.is_whole:
            await self._model.answers.put(answer_key(asked), answer.pieces)

    async def _ask(self, method: str, answer: _Answer) -> AsyncGenerator[str, None]:
        self._read(method, self._target)
        store = self._model.answers
        kept = None if store is None else await store.get(answer_key(answer.request))
        if kept is not None:
            answer.end = "cached"
            answer.pieces.extend(kept)
            self._note(answer)
            for piece in kept:
                yield piece
            return
        async with aclosing(self._paid(answer)) as pieces:
            async for piece in pieces:
                yield piece

    async def _paid(self, answer: _Answer) -> AsyncGenerator[str, None]:
        """The pieces of an answer, set aside for before and booked after."""
        terms, attempt, asked = self._terms, self._attempt, answer.request.max_output_tokens
        tenant = terms.tenant_of(attempt.given)
        allowed = await terms.allow(answer.request, self._model.counter, run=attempt.run_id, tenant=tenant)
        if allowed is None:
            attempt.exhausted, answer.end = True, "exhausted"
            self._note(answer)
            return
        answer.request = replace(answer.request, max_output_tokens=allowed.most)
        answer.spent, answer.is_assumed, answer.is_whole = allowed.worst, True, allowed.most == asked
        try:
            async with aclosing(self._answered(answer)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            try:
                await terms.settle(allowed, answer.spent, is_assumed=answer.is_assumed)
            finally:
                self._note(answer)
        attempt.exhausted = attempt.exhausted or answer.is_cut

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
            answer.end, answer.failed = "failed", failed
            if failed.spent is not None:
                self._told(answer, failed.spent)
            raise
        answer.end = end
        self._told(answer, usage or _NOTHING)

    def _told(self, answer: _Answer, usage: Usage) -> None:
        """What an answer came to, by what the other side says, where that can be."""
        counter = self._model.counter
        if counter.is_too_much(usage, answer.request, answer.text):
            said = {"run": self._attempt.run_id, "flow": self._attempt.run.flow, "node": self._attempt.node}
            _log.warning(
                "%s says it took more tokens than it was allowed; the worst is booked", self._target, extra=said
            )
            return
        is_whole = answer.failed is not None and usage.source == "counted"
        if not is_whole and counter.is_too_little(usage, answer.request, answer.text):
            usage = self._counted(answer, usage)
        answer.spent, answer.is_assumed = usage, False

    def _counted(self, answer: _Answer, told: Usage) -> Usage:
        """What is charged at most, where the other side does not say, or less than can be."""
        counter = self._model.counter
        prompt = counter.request_at_most(answer.request)
        # What has no table is bounded by its bytes, and by what it was allowed.
        written = min(counter.at_most(answer.text), answer.request.max_output_tokens)
        return Usage(
            prompt_tokens=max(prompt, told.prompt_tokens),
            completion_tokens=max(written, told.completion_tokens),
            source="counted",
        )

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
                failure=None if answer.failed is None else answer.failed.kind,
                said="" if answer.failed is None else answer.failed.line,
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
    model = AiUse(
        use, backend, ai, counter_for(ai.model or ""), backend.answers if is_pinned(ai.model, ai.seed) else None
    )
    return lambda attempt: GrantedAi(model, attempt)


def budget(_use: ir.CapabilityUse, _bindings: Bindings) -> Grant:
    """Grant budget."""
    return GrantedBudget
