"""`openai:NAME`: one attempt at an answer from any endpoint that speaks OpenAI's chat protocol.

The SDK sends; what is read, and for how long, is up to `stream`; which options the endpoint takes, up to `dialect`.
Trying again is `retrying`'s, money is `budgeted`'s. No error carries the key, nor anything of a request's headers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import JsonValue

from flowlattice.chat import (
    Answer,
    Bounds,
    Dialect,
    Refused,
    StreamEndless,
    StreamFailed,
    counter_for,
    is_loopback,
    read_answer,
)
from flowlattice_agents.chat.base import ChatReply, ChatRequest, Usage
from flowlattice_agents.chat.failures import misconfigured, status_failure, unavailable
from flowlattice_agents.errors import ModelMisconfigured

if TYPE_CHECKING:
    import openai

OPENAI_URL = "https://api.openai.com/v1"
# A model on a laptop may think for minutes before its first token.
READ_TIMEOUT_S = 600.0
CONNECT_TIMEOUT_S = 15.0
# Beside the time that writing takes, an answer may take so many read timeouts in all.
_TIMEOUTS = 3


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where models are asked.

    Attributes:
        url: The API's address, up to and including `/v1`.
        key: What proves who asks; kept out of every text.
        timeout_s: How long the endpoint may be silent, in seconds.
    """

    url: str
    key: str
    timeout_s: float = READ_TIMEOUT_S

    def __repr__(self) -> str:
        return f"Endpoint(url={self.host!r})"

    @property
    def host(self) -> str:
        """Its host and port, for people."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine."""
        return is_loopback(self.url)


def endpoint_from(environment: Mapping[str, str], model: str) -> Endpoint:
    """The endpoint that the environment names (OPENAI_BASE_URL, OPENAI_API_KEY, FLOWS_MODEL_TIMEOUT_S).

    Raises:
        ModelMisconfigured: A key is missing, or a value cannot be used.
    """
    url = environment.get("OPENAI_BASE_URL") or OPENAI_URL
    if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
        raise ModelMisconfigured("OPENAI_BASE_URL is no http(s) address; it looks like http://127.0.0.1:8000/v1")
    text = environment.get("FLOWS_MODEL_TIMEOUT_S") or str(READ_TIMEOUT_S)
    try:
        timeout_s = float(text)
    except ValueError:
        timeout_s = 0.0
    if not 0 < timeout_s < 1e6:
        raise ModelMisconfigured(f"FLOWS_MODEL_TIMEOUT_S is {text!r}; it is a number of seconds, such as 600")
    endpoint = Endpoint(url=url, key=environment.get("OPENAI_API_KEY", ""), timeout_s=timeout_s)
    if endpoint.key or endpoint.is_loopback:
        return endpoint
    raise ModelMisconfigured(
        f"openai:{model} needs a key for {endpoint.host}: set OPENAI_API_KEY (and OPENAI_BASE_URL for another endpoint)"
    )


class OpenAIChat:
    """A chat model behind an endpoint. One attempt for each request, but for options that the endpoint refuses."""

    def __init__(self, model: str, endpoint: Endpoint, *, now: Callable[[], float] = time.monotonic) -> None:
        self._model = model
        self._endpoint = endpoint
        self._now = now
        self._counter = counter_for(model)
        # OpenAI's own models know only the newer name of the limit, most other endpoints only the older one.
        own = endpoint.host.endswith("openai.com")
        self._dialect = Dialect(limit="max_completion_tokens" if own else "max_tokens")
        self._client: openai.OpenAI | None = None

    @property
    def name(self) -> str:
        """How `--model` names it."""
        return f"openai:{self._model}"

    def complete(self, request: ChatRequest) -> ChatReply:
        """Ask once.

        Raises:
            ModelUnavailable: The attempt failed; it may have been charged.
            ModelMisconfigured: The endpoint will not answer as things are set up.
        """
        while True:
            body = self._dialect.body(self._model, request)
            try:
                answer = self._ask(request, body)
            except Refused as refused:
                if self._dialect.learn(refused.said, refused.parameter, body):
                    continue
                raise misconfigured(f"does not take the request ({refused.said})", self._where) from refused
            return self._reply(request, answer)

    def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    @property
    def _where(self) -> str:
        return f"{self.name} at {self._endpoint.host}"

    def _connected(self) -> openai.OpenAI:
        if self._client is None:
            import openai

            # A redirect would carry the key to wherever it points.
            silent = openai.Timeout(self._endpoint.timeout_s, connect=min(CONNECT_TIMEOUT_S, self._endpoint.timeout_s))
            # What is on this machine is not reached through a proxy, whatever the environment says.
            proxied = not self._endpoint.is_loopback
            http = openai.DefaultHttpxClient(follow_redirects=False, timeout=silent, trust_env=proxied)
            key = self._endpoint.key or "none"
            self._client = openai.OpenAI(base_url=self._endpoint.url, api_key=key, max_retries=0, http_client=http)
        return self._client

    def _ask(self, request: ChatRequest, body: dict[str, JsonValue]) -> Answer:
        bounds = Bounds.of(request, self._endpoint.timeout_s * _TIMEOUTS)
        with self._failures(request):
            # The body is whole already; the SDK would want each option a second time, as an argument.
            create = self._connected().chat.completions.with_streaming_response.create
            with create(messages=[], model=self._model, stream=True, extra_body=body) as response:
                return read_answer(response.iter_bytes(), bounds, self._now)

    @contextmanager
    def _failures(self, request: ChatRequest) -> Iterator[None]:
        """The SDK's and the transport's failures as ours. What was taken in may have been charged, every token."""
        import httpx2
        import openai

        where, keys = self._where, (self._endpoint.key,)
        spent = (self._counter.request_at_most(request), request.max_output_tokens)
        try:
            yield
        except openai.APIStatusError as error:
            raise status_failure(error, where, keys) from None
        except (openai.APITimeoutError, httpx2.TimeoutException) as error:
            unsent = isinstance(error.__cause__, httpx2.ConnectTimeout)
            raise unavailable(
                f"was silent for {self._endpoint.timeout_s:g} s; FLOWS_MODEL_TIMEOUT_S allows for more",
                where,
                spent=(0, 0) if unsent else spent,
            ) from None
        except (openai.APIConnectionError, httpx2.ConnectError) as error:
            unsent = isinstance(error.__cause__, httpx2.ConnectError)
            raise unavailable(
                "cannot be reached; start it, or set OPENAI_BASE_URL", where, spent=(0, 0) if unsent else spent
            ) from None
        except (StreamFailed, httpx2.HTTPError, httpx2.StreamError) as error:
            said = str(error) if isinstance(error, StreamFailed) else "broke off in the middle of its answer"
            raise unavailable(f"{said}; try again later", where, keys=keys, spent=spent) from None
        except StreamEndless as error:
            written = max(spent[1], self._counter.count(error.text))
            said = f"{error}; use another model"
            raise unavailable(said, where, spent=(spent[0], written), lasting=True) from None

    def _reply(self, request: ChatRequest, answer: Answer) -> ChatReply:
        usage = answer.usage or Usage(
            prompt_tokens=self._counter.request(request),
            completion_tokens=self._counter.count(answer.text + (answer.refusal or "")),
            source="counted",
        )
        refusal = answer.refusal
        text = "" if refusal else answer.text
        return ChatReply(text=text, refusal=refusal, finish=answer.finish or "stop", usage=usage, model=self.name)
