"""Every exchange on disk: what was asked and answered, in order, so that a killed run pays for nothing twice.

A journal is JSON lines, appended and synced one exchange at a time; a record (`--record`, `replay:PATH`) is a copy of
one. It holds no key, no header and no time, so the same exchanges give the same bytes.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from flowlattice.chat import redact
from flowlattice.files import replace_file
from flowlattice_agents.chat.base import ChatModel, ChatReply, ChatRequest, Finish, PromptRef, Role, Usage
from flowlattice_agents.chat.prompts import load_prompt
from flowlattice_agents.errors import PromptError, RecordError

_SPENT = TypeAdapter(dict[str, int])


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RecordedMessage(_Model):
    """A message: its text, or the digest of the prompt whose body it is, word for word."""

    role: Role
    text: str | None = None
    prompt: str | None = None


class RecordedPrompt(_Model):
    """Which prompt was used (`PromptRef`)."""

    id: str
    version: int
    digest: str


class RecordedReply(_Model):
    """What came back (`ChatReply`)."""

    text: str
    refusal: str | None
    finish: Finish


class RecordedUsage(_Model):
    """Tokens (`Usage`)."""

    prompt_tokens: int = Field(ge=0)
    completion_tokens: int = Field(ge=0)
    source: Literal["reported", "counted"]
    cached_tokens: int = Field(default=0, ge=0)


class Exchange(_Model):
    """One line of a journal.

    Attributes:
        v: The format's version.
        n: The line's number, from 1.
        digest: `ChatRequest.digest` of the request to this model.
        usd: What it cost (USD), failed attempts included.
        attempts: How many attempts it took.
    """

    v: Literal[1] = 1
    n: int
    task: str
    agent: str
    prompt: RecordedPrompt
    model: str
    digest: str
    messages: tuple[RecordedMessage, ...]
    answer_schema: str | None = Field(alias="schema")
    max_output_tokens: int
    seed: int
    reply: RecordedReply
    usage: RecordedUsage
    usd: str = Field(pattern=r"^\d+\.\d{6}$")
    attempts: int

    @property
    def micro_usd(self) -> int:
        """What it cost, in micro-dollars."""
        return int(Decimal(self.usd).scaleb(6))

    def as_reply(self) -> ChatReply:
        """The reply again."""
        return ChatReply(
            **self.reply.model_dump(),
            usage=Usage(**self.usage.model_dump()),
            model=self.model,
            attempts=self.attempts,
            micro_usd=self.micro_usd,
        )

    def line(self) -> bytes:
        """Its line; the same exchange is always the same bytes."""
        value: dict[str, JsonValue] = self.model_dump(mode="json", by_alias=True)
        value["messages"] = [message.model_dump(mode="json", exclude_none=True) for message in self.messages]
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def read_record(path: Path) -> tuple[Exchange, ...]:
    """The exchanges of a record. A last line that was torn by a crash is left out.

    Raises:
        RecordError: It cannot be read, or another line is no exchange.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path}: the record cannot be read ({error.strerror})") from error
    return tuple(_exchange(path, number, line) for number, line in enumerate(_whole(data).splitlines(), 1))


class Journal:
    """The exchanges of one run."""

    def __init__(
        self,
        path: Path,
        *,
        keys: tuple[str, ...] = (),
        body: Callable[[PromptRef], str | None] | None = None,
    ) -> None:
        """Open it; it need not be there yet.

        Args:
            path: The file.
            keys: What must not be written to it.
            body: The body of a prompt, if it is known here; a message that is the same text is not written again.

        Raises:
            RecordError: There is a file, or one beside it that says what is spent, and it cannot be read.
        """
        self.path = path
        self._keys = keys
        self._body = body or packaged_body
        self._exchanges = list(read_record(path)) if path.exists() else []
        self._spent_file = path.with_suffix(".spent.json")
        self._spent = _read_spent(self._spent_file) if self._spent_file.exists() else {}

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """All exchanges, oldest first."""
        return tuple(self._exchanges)

    def held(self, digest: str, occurrence: int) -> Exchange | None:
        """The exchange that was the n-th (from 1) of this request, if there was one."""
        found = [exchange for exchange in self._exchanges if exchange.digest == digest]
        return found[occurrence - 1] if len(found) >= occurrence else None

    @property
    def spent(self) -> Mapping[str, int]:
        """How many exchanges of a request, by its digest, are not given again: nothing could be done with them."""
        return self._spent

    def spend(self, counts: Mapping[str, int]) -> None:
        """Keep which exchanges are not given again; it is on disk when this returns."""
        self._spent = dict(counts)
        text = _SPENT.dump_json(self._spent)
        replace_file(self._spent_file, text)

    def append(self, request: ChatRequest, reply: ChatReply) -> Exchange:
        """Write an exchange; it is on disk when this returns."""
        exchange = Exchange(
            n=len(self._exchanges) + 1,
            task=request.task,
            agent=request.agent,
            prompt=RecordedPrompt(**vars(request.prompt)),
            model=reply.model,
            digest=request.digest(reply.model),
            messages=self._messages(request),
            schema=request.schema.name if request.schema else None,
            max_output_tokens=request.max_output_tokens,
            seed=request.seed,
            reply=RecordedReply(
                text=self._clean(reply.text),
                refusal=None if reply.refusal is None else self._clean(reply.refusal),
                finish=reply.finish,
            ),
            usage=RecordedUsage(**vars(reply.usage)),
            usd=usd_text(reply.micro_usd),
            attempts=reply.attempts,
        )
        self._write(exchange.line())
        self._exchanges.append(exchange)
        return exchange

    def _messages(self, request: ChatRequest) -> tuple[RecordedMessage, ...]:
        body = self._body(request.prompt)
        return tuple(
            RecordedMessage(role="system", prompt=request.prompt.digest)
            if message.role == "system" and message.text == body
            else RecordedMessage(role=message.role, text=self._clean(message.text))
            for message in request.messages
        )

    def _clean(self, text: str) -> str:
        # Half a surrogate pair cannot be written as UTF-8.
        return redact(text, self._keys).encode("utf-8", "replace").decode()

    def _write(self, line: bytes) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as stream:
            stream.seek(0)
            stream.truncate(len(_whole(stream.read())))
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())


class JournaledChat:
    """Writes down what `inner` answers, and does not ask it again for what is written down.

    The n-th time that this process makes a request, the n-th exchange of it is given: a resumed run repeats its last
    step word for word, and a model that is asked the same twice on purpose is asked twice. A step that could do nothing
    with its answers is asked anew instead (`ask_anew`).
    """

    def __init__(self, inner: ChatModel, journal: Journal, *, on_exchange: Callable[[], None] = lambda: None) -> None:
        """Put a journal before a model.

        Args:
            inner: The model.
            journal: Where its answers are written, and looked up.
            on_exchange: Called after each exchange that was written.
        """
        self._inner = inner
        self._journal = journal
        self._on_exchange = on_exchange
        self._seen = Counter(journal.spent)

    @property
    def name(self) -> str:
        """That of the model behind it."""
        return self._inner.name

    def complete(self, request: ChatRequest) -> ChatReply:
        """The reply as it is, or was, written down.

        Raises:
            ModelError: What the model raises; nothing is written then.
        """
        digest = request.digest(self.name)
        exchange = self._journal.held(digest, self._seen[digest] + 1)
        if exchange is None:
            exchange = self._journal.append(request, self._inner.complete(request))
            self._on_exchange()
        self._seen[digest] += 1
        return exchange.as_reply()

    def ask_anew(self) -> None:
        """From the next process on, give nothing again that this one was given: its last step ended on it."""
        if self._seen:
            self._journal.spend(self._seen)


def usd_text(micro_usd: int) -> str:
    """Micro-dollars as USD, with six decimals."""
    return format(Decimal(micro_usd).scaleb(-6), "f")


def packaged_body(prompt: PromptRef) -> str | None:
    """The body of a packaged prompt; None if it is another version of it, or none."""
    try:
        found = load_prompt(prompt.id)
    except PromptError:
        return None
    return found.body if found.digest == prompt.digest else None


def _read_spent(path: Path) -> dict[str, int]:
    try:
        return _SPENT.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise RecordError(f"{path}: cannot be read; delete it to repeat the answers of the run") from error


def _whole(data: bytes) -> bytes:
    return data[: data.rfind(b"\n") + 1]


def _exchange(path: Path, number: int, line: bytes) -> Exchange:
    try:
        return Exchange.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise RecordError(
            f"{path}, line {number}: no exchange ({where}: {first['msg']}); record the run again"
        ) from error
