"""What cannot be built here, recognised by its words (`grammar/unsupported.txt`), and the facts to ask for first.

A refusal says what is missing and what can be built. What is vague ("big ones") or contradictory is asked before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from flowlattice_agents.models.offline.routes import Gap

_URL = re.compile(r"https?://([^\s/\"'<>)]+)")
_CALL = re.compile(r"(?is)\b(?:post|send|forward|call|charge|submit|pass)\w*\b[^.]{0,90}https?://([^\s/\"'<>)]+)")
_CAN = (
    "What can be built offline: web routes that check their input and compute their answer from it, with at most one "
    "POST to another service."
)
_NEGATED = re.compile(r"\b(no|not|nothing|never|without|isn't|needn't|don't|doesn't|won't|nor)\b[^.;:]{0,25}$")
_AMOUNT = re.compile(r"(?<![\w.])(\d{1,3}(?:[,.]\d{3})+|\d{3,})(?:\.\d\d)?(?![\w-])")
_VAGUE = re.compile(
    r"\b(big|large|high|expensive|small|huge|suspicious|unusual)(?:er|est)?\s+(ones|amounts?|payments?|orders?|refunds?|sums?|requests?)\b"
)
_SAVING = re.compile(r"\b(?:save|store|write|put|keep)\b[^.]{0,60}\b(?:in our system|somewhere|safely|away)\b")
_PLACES = re.compile(r"\b(table|database|topic|bucket|queue|sheet)\b\s+\"?\w+|https?://")


@dataclass(frozen=True)
class Unsupported:
    """Something that this planner does not build."""

    name: str
    what: str
    patterns: tuple[re.Pattern[str], ...]


@cache
def unsupported() -> tuple[Unsupported, ...]:
    """Read `grammar/unsupported.txt`."""
    text = (resources.files(__package__) / "grammar" / "unsupported.txt").read_text("utf-8")
    found = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            name, what, patterns = line.split(" = ", 2)
            found.append(Unsupported(name, what, tuple(re.compile(part.strip()) for part in patterns.split(" | "))))
    return tuple(found)


def refusal(brief: str) -> str | None:
    """Why a brief cannot be built here, if it asks for something that is not supported."""
    text = _plain(brief)
    asked: dict[str, str] = {}
    for kind in unsupported():
        quoted = next((words for pattern in kind.patterns if (words := _found(pattern, text))), None)
        if quoted is not None and not (kind.name == "mail" and _URL.search(text)):
            asked[kind.what] = quoted
    if not asked:
        return None
    listed = "; ".join(f'{what} ("{quoted}")' for what, quoted in asked.items())
    return f"This brief asks for what the offline planner does not build: {listed}. {_CAN}"


def open_facts(brief: str) -> list[Gap]:
    """What must be asked even though the brief cannot be built here: a destination, a threshold, a contradiction."""
    text = _plain(brief)
    gaps: list[Gap] = []
    saving = _SAVING.search(text)
    if saving and not _PLACES.search(saving[0]):
        gaps.append(Gap("destination", "Where should it be saved: which system, database and table?"))
    vague = _VAGUE.search(text)
    amounts = _approval_amounts(text)
    if vague and not _AMOUNT.search(text):
        gaps.append(Gap("threshold", f'What is meant by "{vague[0]}": above which amount exactly?'))
    if len(amounts) > 1:
        listed = " or ".join(amounts)
        gaps.append(Gap("threshold", f"Above which amount is approval needed: {listed}? The brief states both."))
    return gaps


def outside_call(brief: str) -> list[Gap]:
    """What must be known of a call to another service that a brief names by its URL."""
    host = _CALL.search(brief)
    if host is None:
        return []
    text = (
        f"The POST to {host[1]}: which fields tell one call from a repeat of it? A call without an idempotency key is "
        "not built (DAG004), and the host must be on the organisation's list (EGRESS101): what a brief says of it "
        "grants nothing."
    )
    return [Gap("key", text)]


def _approval_amounts(text: str) -> list[str]:
    """The different amounts above which the sentences about approval demand it."""
    found: dict[str, None] = {}
    for sentence in re.split(r"(?<=[.;!?])\s|:\s", text):
        if "approv" in sentence and re.search(r"\b(above|over|more than|exceeding)\b", sentence):
            found.update((match[1], None) for match in _AMOUNT.finditer(sentence))
    sizes = {float(amount.replace(",", "")) for amount in found}
    return [amount for amount in found if float(amount.replace(",", "")) / 100 not in sizes]


def _found(pattern: re.Pattern[str], text: str) -> str | None:
    for match in pattern.finditer(text):
        if not _NEGATED.search(text[max(0, match.start() - 40) : match.start()]):
            return match[0]
    return None


def _plain(brief: str) -> str:
    return re.sub(r"\s+", " ", brief.lower().replace("’", "'"))
