"""Requests to chat models, as tests need them."""

from __future__ import annotations

from typing import Any

from pydantic import JsonValue

from flowlattice_agents.chat.base import AnswerSchema, ChatRequest, Message, PromptRef
from flowlattice_agents.chat.openai import OpenAIChat, endpoint_from
from tests.support.scripted_model import ScriptedModel

CLOSED: dict[str, JsonValue] = {
    "type": "object",
    "properties": {"v": {"type": "string"}},
    "required": ["v"],
    "additionalProperties": False,
}


def request(text: str = "make a flow", **changed: Any) -> ChatRequest:
    """A request of the PM; `changed` are its fields."""
    fields: dict[str, Any] = {
        "task": "pm-draft",
        "agent": "pm",
        "prompt": PromptRef(id="pm-draft", version=1, digest="0" * 64),
        "messages": (Message(role="system", text="You plan."), Message(role="user", text=text)),
        "schema": AnswerSchema(name="draft", schema=CLOSED),
        "max_output_tokens": 200,
        "seed": 7,
    }
    return ChatRequest(**(fields | changed))


def asked(server: ScriptedModel, model: str = "desk", **changed: str) -> OpenAIChat:
    """A chat model that asks the scripted endpoint."""
    return OpenAIChat(model, endpoint_from(server.environment() | changed, model))
