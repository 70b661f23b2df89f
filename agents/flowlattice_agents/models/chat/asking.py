"""The loop around a chat model: ask, read, check, and tell it what is wrong until the answer can be used.

Endpoints differ in how much structure they hold an answer to; whatever arrives is read the same way here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TypeVar

from pydantic import JsonValue, ValidationError

from flowlattice_agents.chat.base import ChatModel, ChatReply, ChatRequest, Message
from flowlattice_agents.chat.prompts import load_prompt
from flowlattice_agents.errors import AnswerUnusable
from flowlattice_agents.models.chat.answers import AnswerModel, schema_of

A = TypeVar("A", bound=AnswerModel)

MAX_ROUNDS = 4
"""How often one question is asked, the first time included."""

_MOST_PROBLEMS = 12
_HALF = re.compile("[\ud800-\udfff]")
_FENCED = re.compile(r"```(?:json)?\s*\n(.*?)\n```", re.DOTALL)


class Declined(Exception):
    """The model would not answer; its words are the message."""


@dataclass(frozen=True, kw_only=True)
class Asker:
    """Asks a chat model for answers of a given shape.

    Attributes:
        chat: The chat model.
        seed: Pinned in every request.
        prompts: Where prompts are; the packaged ones by default.
    """

    chat: ChatModel
    seed: int = 0
    prompts: Path | None = None

    def ask(
        self,
        prompt: str,
        answer: type[A],
        text: str,
        *,
        check: Callable[[A], list[str]] = lambda _: [],
    ) -> A:
        """The answer to a prompt, once it can be used.

        Args:
            prompt: The prompt's id.
            answer: The shape of the answer.
            text: What the user message says.
            check: What is wrong with an answer that has the shape; the model is told and asked again.

        Raises:
            AnswerUnusable: It could not be used after the last round either.
            Declined: The model refused.
        """
        loaded = load_prompt(prompt, self.prompts)
        messages = [Message(role="system", text=loaded.render()), Message(role="user", text=text)]
        problems: list[str] = []
        for _ in range(MAX_ROUNDS):
            request = ChatRequest(
                task=prompt,
                agent=loaded.front.agent,
                prompt=loaded.ref,
                messages=tuple(messages),
                schema=schema_of(answer, str(loaded.front.schema_name)),
                max_output_tokens=loaded.front.token_ceiling,
                seed=self.seed,
            )
            reply = self.chat.complete(request)
            if reply.refusal is not None:
                raise Declined(" ".join(reply.refusal.split())[:500])
            found, problems = read(reply, answer)
            if found is not None:
                problems = check(found)
                if not problems:
                    return found
            messages[2:] = [Message(role="assistant", text=reply.text or "(nothing)"), _corrections(problems)]
        raise AnswerUnusable(
            f"{self.chat.name} gave no usable answer to {prompt} in {MAX_ROUNDS} rounds: {problems[0]}; "
            "try again or with a more capable model"
        )


def read(reply: ChatReply, answer: type[A]) -> tuple[A | None, list[str]]:
    """The answer in a reply, or what keeps it from being one."""
    if reply.finish == "length":
        return None, ["the answer was cut off because it is too long: say the same in fewer words"]
    if reply.finish == "filtered":
        return None, ["the endpoint's filter stopped the answer: say it without what was filtered"]
    value = json_in(reply.text)
    if value is None:
        return None, ["the answer is not one complete JSON object; answer with the object and nothing else"]
    if unwritable := list(_unwritable(value)):
        return None, unwritable
    try:
        return answer.model_validate(value), []
    except ValidationError as error:
        return None, [f"{'.'.join(map(str, one['loc'])) or 'answer'}: {one['msg']}" for one in error.errors()]


def _unwritable(answer: dict[str, JsonValue]) -> Iterator[str]:
    """What is no JSON that can be kept: numbers beyond all bounds, halves of characters."""
    waiting: list[tuple[str, JsonValue]] = [("", answer)]
    while waiting:
        at, value = waiting.pop()
        texts = [value] if isinstance(value, str) else list(value) if isinstance(value, dict) else []
        if any(_HALF.search(text) for text in texts):
            yield f"{at[1:] or 'answer'}: holds half of a surrogate pair; write the whole character or leave it out"
        if isinstance(value, float) and not isfinite(value):
            yield f"{at[1:] or 'answer'}: is no finite number"
        parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        waiting += [(f"{at}.{_HALF.sub('?', str(name))}", part) for name, part in parts]


def json_in(text: str) -> dict[str, JsonValue] | None:
    """The JSON object in a text, which may stand in a fence or after a word of introduction."""
    fenced = _FENCED.search(text)
    for candidate in ([fenced[1]] if fenced else []) + [text]:
        start = candidate.find("{")
        if start < 0:
            continue
        try:
            value, _ = json.JSONDecoder(strict=False).raw_decode(candidate, start)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            return value
    return None


def _corrections(problems: list[str]) -> Message:
    shown = [f"* {problem}" for problem in problems[:_MOST_PROBLEMS]]
    if len(problems) > _MOST_PROBLEMS:
        shown.append(f"* and {len(problems) - _MOST_PROBLEMS} more")
    lines = ["That cannot be used yet:", *shown, "", "Answer again with the whole JSON object, corrected."]
    return Message(role="user", text="\n".join(lines))
