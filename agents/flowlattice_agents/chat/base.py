"""What a chat model is: one request, one reply. No provider, no file and no money here."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Protocol

from flowlattice.chat import AnswerSchema, Finish, Message, Question, Role, Usage

__all__ = [
    "AnswerSchema",
    "ChatModel",
    "ChatReply",
    "ChatRequest",
    "Finish",
    "Message",
    "PromptRef",
    "Role",
    "Usage",
]


@dataclass(frozen=True, kw_only=True)
class PromptRef:
    """Which prompt a request was made from; `digest` is the SHA-256 (hex) of the prompt file's text."""

    id: str
    version: int
    digest: str


@dataclass(frozen=True, kw_only=True)
class ChatRequest(Question):
    """A request, whole: the same request to the same model is the same exchange.

    Attributes:
        task: What is asked for ("pm-draft"); a record is searched by it.
        agent: Who asks ("pm"); costs are shown by it.
        prompt: The prompt that the messages were made from.
    """

    task: str
    agent: str
    prompt: PromptRef

    def digest(self, model: str) -> str:
        """The SHA-256 (hex) of the canonical JSON of all of this and the model's name."""
        schema = None if self.schema is None else {"name": self.schema.name, "schema": self.schema.schema}
        whole = {
            "task": self.task,
            "agent": self.agent,
            "prompt": asdict(self.prompt),
            "messages": [asdict(message) for message in self.messages],
            "schema": schema,
            "max_output_tokens": self.max_output_tokens,
            "seed": self.seed,
            "model": model,
        }
        text = json.dumps(whole, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, kw_only=True)
class ChatReply:
    """What came back. A refusal and a cut-off answer are replies too, not errors.

    Attributes:
        text: The answer; empty if the model refused.
        refusal: Why the model would not answer, in its words.
        finish: It came to its end, ran into `max_output_tokens`, or was filtered by the endpoint.
        usage: Tokens, of the attempt that gave this reply.
        model: The chat model's name.
        attempts: How many attempts it took.
        micro_usd: What it cost in micro-dollars, failed attempts included; 0 where nothing is charged.
    """

    text: str
    refusal: str | None
    finish: Finish
    usage: Usage
    model: str
    attempts: int = 1
    micro_usd: int = 0


class ChatModel(Protocol):
    """Something that answers requests."""

    @property
    def name(self) -> str:
        """How `--model` names it ("openai:gpt-x")."""

    def complete(self, request: ChatRequest) -> ChatReply:
        """Answer a request.

        Raises:
            ModelUnavailable: No answer could be had; asking again later may help.
            ModelMisconfigured: No answer will be had as things are set up.
            BudgetExhausted: The worst case of this request does not fit what remains.
            RecordError: The model is a record, and it holds no answer to this.
        """
