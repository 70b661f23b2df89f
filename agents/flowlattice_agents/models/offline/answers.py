"""Answers to earlier questions, worked into the brief: a fact is added, an unclear clause is replaced by its answer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flowlattice_agents.models.base import Answer

_PATH = re.compile(r"/[\w\-./{}:]*")
_METHOD = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE)\b", re.IGNORECASE)
_NOTHING = re.compile(
    r"\s*(?:nothing|ignore(?: it| that)?|skip(?: it)?|never mind|drop it|n/?a|-)?[.!]?\s*", re.IGNORECASE
)


def with_answers(brief: str, answers: Sequence[Answer]) -> str:
    """The brief as it reads with the answers."""
    text = re.sub(r"\s+", " ", brief) if any(answer.slot == "clause" for answer in answers) else brief
    for answer in answers:
        text = _with_answer(text, answer)
    return text


def _with_answer(brief: str, answer: Answer) -> str:
    said = answer.text.strip()
    if answer.slot == "path":
        return f"{brief.rstrip()}\n\n{_route(brief, said)}"
    if answer.slot == "method":
        path = _PATH.search(answer.question)
        method = _METHOD.search(said)
        return f"{brief.rstrip()}\n\n{method[0].upper()} {path[0]}." if method and path else brief
    if answer.slot == "clause":
        quoted = _quoted(answer.question)
        return brief.replace(quoted, "" if _NOTHING.fullmatch(said) else said, 1) if quoted else brief
    named = re.match(r"(?:type_of|value_of)_(\w+)", answer.slot)
    if named:
        return f"{brief.rstrip()}\n\n{named[1]} is {said}"
    return f"{brief.rstrip()}\n\n{said}"


def _quoted(question: str) -> str | None:
    """The clause that a question quotes; the whole sentence where it quotes parts of one."""
    _, here, whole = question.partition(' here: "')
    match = re.search(r'^What is (?:meant by|answered here:) "(.+)"\?$', question, re.DOTALL)
    return whole.removesuffix('"?') if here else match[1] if match else None


def _route(brief: str, said: str) -> str:
    path = _PATH.search(said)
    method = _METHOD.search(said) or re.search(r"\b(GET|POST|PUT|PATCH|DELETE)\b", brief)
    if path is None:
        word = re.sub(r"[^a-z0-9-]+", "-", said.lower()).strip("-")
        shown = f"/{word}" if word else ""
    else:
        shown = path[0].rstrip(".") or "/"
    return f"{method[0].upper() if method else 'at'} {shown}." if shown else said
