"""Language models behind endpoints that speak OpenAI's chat protocol: one attempt at an answer, as it streams.

The SDK sends; what is read, and for how long, is `chat.stream`'s, which options the endpoint takes, `chat.dialect`'s.
Nobody tries again here, no redirect is followed, and no error carries the key.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from pydantic import JsonValue

from flowlattice.bindings.entries import OpenaiEntry
from flowlattice.budgets import Ledger, Limits, Purse
from flowlattice.chat import (
    AnswerReader,
    Bounds,
    Dialect,
    Price,
    Refused,
    StreamEndless,
    StreamFailed,
    TokenCounter,
    Usage,
    counter_for,
    is_loopback,
    known_price,
    one_line,
    retry_after,
    said_in,
)
from flowlattice.engine.asking import is_pinned
from flowlattice.engine.backends import AiPiece, AiRequest, AiUnanswered, AnswerStore
from flowlattice.engine.tracing import CARRIED
from flowlattice.errors import EngineUnavailable, FailureKind

if TYPE_CHECKING:
    import openai

_log = logging.getLogger("flowlattice.bindings")

_CONNECT_S: Final = 15.0
_CHARACTERS: Final = 4  # of a token of English, about; an answer with more for each that it may have is counted
_LONGEST_WAIT_S: Final = 86_400.0
_SILENCES: Final = 3  # beside the time that writing takes, an answer may take so many timeouts in all
_TRANSIENT: Final = frozenset({408, 409, 425})
_NOTHING: Final = Usage(prompt_tokens=0, completion_tokens=0, source="counted")


class OpenaiBackend:
    """`AiBackend` of one binding.

    Args:
        binding: Its name.
        entry: What it is bound to.
        environment: The environment's name.
        ledger: Opens what calls are booked in.
        answers: Where answers are kept.

    Raises:
        EngineUnavailable: The extra is not installed.
    """

    def __init__(
        self, binding: str, entry: OpenaiEntry, *, environment: str, ledger: Callable[[], Ledger], answers: AnswerStore
    ) -> None:
        try:
            import openai
        except ImportError:
            message = f"binding {binding} needs the OpenAI SDK: pip install 'flowlattice[openai]'"
            raise EngineUnavailable(message) from None
        self.answers: AnswerStore | None = answers
        self._binding = binding
        self._entry = entry
        self._environment = environment
        self._ledger = ledger
        self._purses: list[Purse] = []
        self._silence_s = entry.timeout_ms / 1000
        self._host = urlsplit(entry.base_url).netloc
        # OpenAI's own models know only the newer name of the limit, most other endpoints only the older one.
        own = (urlsplit(entry.base_url).hostname or "").endswith("openai.com")
        self._dialect = Dialect(limit="max_completion_tokens" if own else "max_tokens")
        silent = openai.Timeout(self._silence_s, connect=min(_CONNECT_S, self._silence_s))
        # A redirect would carry the key to wherever it points; what is on this machine is not reached through a proxy.
        http = openai.DefaultAsyncHttpxClient(
            follow_redirects=False, timeout=silent, trust_env=not is_loopback(entry.base_url)
        )
        self._client = openai.AsyncOpenAI(base_url=entry.base_url, api_key="none", max_retries=0, http_client=http)

    def price(self, model: str) -> Price | None:
        """What the entry says, else what is known."""
        stated = self._entry.usd_per_million.get(model)
        return known_price(model, datetime.now(UTC).date()) if stated is None else Price.named(*stated)

    def purse(self, limits: Limits, *, flow: str, node: str) -> Purse | None:
        """What a node may spend in this environment."""
        purse = Purse(self._ledger(), limits, environment=self._environment, flow=flow, node=node)
        self._purses.append(purse)
        return purse

    async def answer(self, request: AiRequest) -> AsyncGenerator[AiPiece, None]:
        """The answer piece by piece; asked for again only where an option is refused that can be done without.

        Raises:
            AiUnanswered: There is none, or it broke off.
        """
        while True:
            body = self._dialect.body(request.model or "default", request)
            if "seed" not in body and is_pinned(request.model, request.seed):
                said = (
                    f"takes no seed, which {request.model} is pinned with; take it out of model(...), or ask elsewhere"
                )
                raise self._failed("permanent", said)
            try:
                async with aclosing(self._asked(request, body)) as pieces:
                    async for piece in pieces:
                        yield piece
            except Refused as refused:
                learnt = self._dialect.learn(refused.said, refused.parameter, body)
                if learnt is None:
                    raise self._failed("permanent", "does not take the request", quoted=refused.said) from None
                _log.warning(
                    "%s of binding %s takes no %s: it is left out from now on", self._host, self._binding, learnt
                )
            else:
                return

    async def close(self) -> None:
        """Close connections, after what is being booked."""
        for purse in self._purses:
            purse.close()
        await self._client.close()

    async def _asked(self, request: AiRequest, body: dict[str, JsonValue]) -> AsyncGenerator[AiPiece, None]:
        reader = AnswerReader(Bounds.of(request, self._silence_s * _SILENCES), time.monotonic)
        create = self._client.chat.completions.with_streaming_response.create
        headers = dict(CARRIED.get())
        if self._entry.api_key is not None:
            headers["Authorization"] = f"Bearer {self._key()}"
        given, counter, longest = 0, counter_for(request.model or ""), _CHARACTERS * request.max_output_tokens
        with self._failures(request):
            # The body is whole already; the SDK would want each option a second time, as an argument.
            sent = create(messages=[], model=str(body["model"]), stream=True, extra_body=body, extra_headers=headers)
            async with sent as response:
                async for received in response.iter_bytes():
                    if text := reader.feed(received):
                        given += len(text)
                        if counter.exact and given > longest:
                            longest = given + given // 4
                            _check_length(reader.answer.text, counter, request)
                        yield AiPiece(text=text)
                    if reader.done:
                        break
            answer = reader.end()
        if answer.refusal is not None:
            raise self._failed("permanent", "would not answer", quoted=answer.refusal, spent=answer.usage)
        yield AiPiece(text=answer.text[given:], finish=answer.finish, usage=answer.usage)

    @contextmanager
    def _failures(self, request: AiRequest) -> Iterator[None]:
        """The SDK's and the transport's failures as ours; what was taken in may have been charged, every token."""
        import httpx2
        import openai

        try:
            yield
        except openai.APIStatusError as error:
            raise self._refused(error) from None
        except (openai.APITimeoutError, httpx2.TimeoutException) as error:
            spent = _NOTHING if isinstance(error.__cause__, httpx2.ConnectTimeout) else None
            said = f"was silent for {self._silence_s:g} s; timeout_ms of the binding allows for more"
            raise self._failed("transient", said, spent=spent) from None
        except (openai.APIConnectionError, httpx2.ConnectError) as error:
            spent = _NOTHING if isinstance(error.__cause__, httpx2.ConnectError) else None
            raise self._failed("transient", "cannot be reached", spent=spent) from None
        except (StreamFailed, httpx2.HTTPError, httpx2.StreamError) as error:
            reported = error.reported if isinstance(error, StreamFailed) else ""
            said = error.line if isinstance(error, StreamFailed) else "broke off in the middle of its answer"
            said = "reported an error" if reported else said
            raise self._failed("transient", said, spent=None, quoted=reported) from None
        except StreamEndless as error:
            counter = counter_for(request.model or "")
            written = max(request.max_output_tokens, counter.at_most(error.text))
            spent = Usage(prompt_tokens=counter.request_at_most(request), completion_tokens=written, source="counted")
            raise self._failed("permanent", f"{error}; use another model", spent=spent) from None

    def _refused(self, error: openai.APIStatusError) -> Exception:
        """What a status other than 2xx means; nothing is charged for it."""
        status, said = error.status_code, said_in(error.body, error.status_code)
        if status in {400, 422}:
            return Refused(said, error.param)
        if error.code == "insufficient_quota" or status == 402:
            return self._failed("permanent", f"has no credit left for this key ({said})")
        seconds = retry_after(error.response.headers, time.time())
        wait = None if seconds is None else timedelta(seconds=min(seconds, _LONGEST_WAIT_S))
        if status in {401, 403}:
            return self._failed("auth", f"does not let this key use the model ({said})")
        if status == 429:
            return self._failed("rate_limited", f"takes no more calls now ({said})", wait=wait)
        if status in _TRANSIENT or status >= 500:
            return self._failed("transient", f"answered {status} ({said})", wait=wait)
        return self._failed("permanent", f"refuses the request with {status} ({said})")

    def _key(self) -> str:
        """The key, read for each request, so that a rotated one is used at once."""
        return "" if self._entry.api_key is None else self._entry.api_key.read(self._binding)

    def _failed(
        self,
        kind: FailureKind,
        said: str,
        *,
        spent: Usage | None = _NOTHING,
        wait: timedelta | None = None,
        quoted: str = "",
    ) -> AiUnanswered:
        """What an answer failed for; `quoted` are words of the other side that may repeat what it was asked."""
        text, quoted = (one_line(part, (self._key(),)) for part in (said, quoted))
        return AiUnanswered(self._binding, kind, f"{self._host} {text}", retry_after=wait, spent=spent, quoted=quoted)


def _check_length(text: str, counter: TokenCounter, request: AiRequest) -> None:
    """See that an endpoint keeps to the bound that it was sent.

    Raises:
        StreamEndless: It does not.
    """
    if counter.at_least(text) > request.max_output_tokens:
        raise StreamEndless(f"did not stop after {request.max_output_tokens:,} tokens, which is what it was sent", text)
