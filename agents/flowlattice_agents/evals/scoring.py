"""From evidence to a score: how far up the ladder a sample came, and why no further."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Literal

from pydantic import JsonValue

from flowlattice_agents.errors import BudgetExhausted, RecordError
from flowlattice_agents.evals.answers import NoAnswer, first_wrong
from flowlattice_agents.evals.brief import Brief, Fields, Part, Task
from flowlattice_agents.evals.evidence import Attempt, Authored, Built, Evidence, Told
from flowlattice_agents.evals.facts import first_missing

Status = Literal["scored", "error", "unscored"]
Category = Literal[
    "outcome", "mentions", "codes", "check", "policy", "certificate", "facts", "probe", "serve",
    "crash", "timeout", "base", "usage", "engine", "budget", "record", "stale", "changed",
]  # fmt: skip
Rung = Literal["understood", "compiles", "certifies", "behaves", "survives"]

LADDER: tuple[Rung, ...] = ("understood", "compiles", "certifies", "behaves", "survives")
_SAYS_NO = ("blocked", "refused")
_BUILT = ("deployed", "certified")
_TRACEBACK = "Traceback (most recent call last)"
_USAGE, _UNAVAILABLE = 2, 3
# Names and places of a run: they hold what the suite or chance chose, so that nothing is mentioned there.
_NOT_SAID = ("run", "flow")


class Score(Part):
    """A score.

    Attributes:
        status: `error`: the agents could not be asked; `unscored`: there is nothing to judge. Neither is a failure.
        ladder: The rungs that this brief has.
        reached: The rungs that the sample climbed.
        category: What kind of failure, error or lack it is, in one word; none for a pass.
        why: The same in a sentence.
        stale: Why the record that was replayed does not fit any more.
    """

    status: Status
    ladder: tuple[Rung, ...]
    reached: tuple[Rung, ...] = ()
    category: Category | None = None
    why: str = ""
    stale: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every rung was climbed."""
        return self.status == "scored" and self.category is None

    @property
    def failed_at(self) -> Rung | None:
        """The first rung that was not climbed, of a sample that is scored."""
        missed = [rung for rung in self.ladder if rung not in self.reached]
        return missed[0] if missed and self.status == "scored" else None


class _Fell(Exception):
    """A sample that came no further."""

    def __init__(self, category: Category, why: str, status: Status = "scored") -> None:
        super().__init__(why)
        self.category, self.why, self.status = category, why, status


def ladder_of(brief: Brief) -> tuple[Rung, ...]:
    """The rungs of a brief: what is to be refused, blocked or asked is only to be understood.

    In family edit the brief is itself the change, so the flow survives it when it behaves.
    """
    if brief.expect.outcome != "deployed":
        return LADDER[:1]
    return LADDER if brief.change is not None or brief.edit is not None else LADDER[:-1]


def score(brief: Brief, evidence: Evidence) -> Score:
    """The score of a sample, from its evidence alone."""
    ladder = ladder_of(brief)
    stale = tuple(dict.fromkeys(reason for run in evidence.runs for reason in _stale(run.result or {})))
    reached: list[Rung] = []
    try:
        for rung in _climbed(brief, evidence):
            reached.append(rung)
    except NoAnswer as missing:
        return Score(status="unscored", ladder=ladder, category="changed", why=str(missing), stale=stale)
    except _Fell as fell:
        if fell.status == "scored" and stale:
            why = f"a stale record; with it: {fell.why}"
            return Score(status="unscored", ladder=ladder, category="stale", why=why, stale=stale)
        return Score(
            status=fell.status,
            ladder=ladder,
            reached=tuple(reached),
            category=fell.category,
            why=fell.why,
            stale=stale,
        )
    return Score(status="scored", ladder=ladder, reached=tuple(reached), stale=stale)


def _climbed(brief: Brief, evidence: Evidence) -> Iterator[Rung]:
    if evidence.unscored:
        raise _Fell("record", evidence.unscored, "unscored")
    if evidence.base is not None:
        result = _result(evidence.base)
        if result.get("outcome") not in _BUILT:
            raise _Fell("base", f"the flow to change was not built: {_ending(result)}")
    if evidence.attempt is None:
        raise _Fell("engine", "nothing is known about it", "error")
    yield from _climb(brief, evidence.attempt)
    if brief.expect.outcome == "deployed" and brief.edit is not None and brief.change is None:
        yield "survives"
    if brief.change is not None:
        if evidence.change is None:
            raise _Fell("changed", "the change was never asked for; run the sample again", "unscored")
        for _ in _climb(brief.change, evidence.change):
            pass
        yield "survives"


def _climb(task: Task, attempt: Attempt) -> Iterator[Rung]:
    result = _result(attempt.authored)
    _understood(task, result)
    yield "understood"
    if task.expect.outcome != "deployed":
        return
    built = _compiles(result, attempt.built)
    yield "compiles"
    _certifies(result, built)
    yield "certifies"
    missing = first_missing(task.expect, built.ir or {})
    if missing is not None:
        raise _Fell("facts", missing)
    wrong = first_wrong(task.probes, built)
    if wrong is not None:
        raise _Fell("serve" if built.served else "probe", wrong)
    yield "behaves"


def _result(authored: Authored) -> Fields:
    """The result of a run of the agents.

    Raises:
        _Fell: There is none, or the process ended as none may.
    """
    told = authored.told
    said = [line for line in told.err.strip().splitlines() if line.strip()][-1:] or ["it said nothing"]
    if _TRACEBACK in told.err or _TRACEBACK in told.out:
        raise _Fell("crash", said[0])
    if told.code is None:
        raise _Fell("timeout", f"`flows author` was stopped after {authored.seconds:.0f} s")
    if authored.result is not None:
        _answered(told, authored.result)
        return authored.result
    if told.code in (_USAGE, _UNAVAILABLE):
        raise _Fell("usage" if told.code == _USAGE else "engine", said[0], "error")
    raise _Fell("crash", f"`flows author` gave no result, exit code {told.code}: {said[0]}")


def _answered(told: Told, result: Fields) -> None:
    """Make sure that a run ended because of what the agents think, not for want of a model, money or a record.

    Raises:
        _Fell: It did not.
    """
    if told.code == _UNAVAILABLE:
        raise _Fell("engine", _ending(result), "error")
    if result.get("halted") == BudgetExhausted.__name__:
        raise _Fell("budget", _ending(result), "unscored")
    if result.get("halted") == RecordError.__name__:
        raise _Fell("stale", _ending(result), "unscored")


def _understood(task: Task, result: Fields) -> None:
    want, got = task.expect.outcome, result.get("outcome")
    # A flow that was tried, and blocked or failed on its way, was understood; a no that is wanted is a no.
    tried = want == "deployed" and (got in _BUILT or (got in ("blocked", "failed") and bool(_reasons(result))))
    if not (got == want or tried or (want in _SAYS_NO and got in (*_SAYS_NO, "needs_input"))):
        raise _Fell("outcome", f"{_ending(result)}; wanted is {want}")
    said = json.dumps({key: value for key, value in result.items() if key not in _NOT_SAID})
    unsaid = next((p for p in task.expect.mentions if not re.search(p, said, re.IGNORECASE)), None)
    if unsaid is not None:
        raise _Fell("mentions", f"nothing that it says is like /{unsaid}/: {_ending(result)}")
    lost = next((code for code in task.expect.codes if code not in said), None)
    if lost is not None:
        raise _Fell("codes", f"{lost} is not among the reasons: {_ending(result)}")


def _compiles(result: Fields, built: Built | None) -> Built:
    if result.get("outcome") not in _BUILT:
        if _errors(result):
            raise _Fell("check", f"{_ending(result)}: {', '.join(_errors(result))}")
    elif built is None:
        raise _Fell("check", f"there is no flow at {result.get('flow')}")
    elif built.check.code != 0:
        ended = "was stopped for its time" if built.check.code is None else f"ended with {built.check.code}"
        raise _Fell("check", f"`flows check` {ended}: {(built.check.out or built.check.err).strip()[-400:]}")
    elif built.ir is None:
        raise _Fell("check", "`flows ir` gave no IR")
    return built or _NOTHING_BUILT


def _certifies(result: Fields, built: Built) -> None:
    if result.get("outcome") not in _BUILT:
        kind: Category = "policy" if result.get("policy") else "certificate"
        raise _Fell(kind, _ending(result))
    checks = built.certificate.get("checks") if isinstance(built.certificate, dict) else []
    if not checks and not result.get("certificate"):
        raise _Fell("certificate", "there is no certificate")
    bad = [c.get("name") for c in _dicts(checks) if c.get("verdict") not in ("passed", "not_applicable")]
    if bad:
        raise _Fell("certificate", f"the certificate does not pass: {', '.join(map(str, bad))}")


def _ending(result: Fields) -> str:
    """How a run ended, for people."""
    questions = [q.get("text") for q in _dicts(result.get("questions"))]
    said = [str(text) for text in (result.get("reason"), *questions) if text]
    return f"{result.get('outcome')}" + (f" ({' / '.join(said)[:400]})" if said else "")


def _reasons(result: Fields) -> bool:
    return bool(_errors(result) or result.get("policy") or result.get("certificate"))


def _errors(result: Fields) -> list[str]:
    return [str(d.get("code")) for d in _dicts(result.get("diagnostics")) if d.get("severity") == "error"]


def _stale(result: Fields) -> list[str]:
    found = result.get("stale")
    used_up = [_ending(result)] if result.get("halted") == RecordError.__name__ else []
    return [*map(str, found if isinstance(found, list) else []), *used_up]


def _dicts(value: JsonValue) -> list[Fields]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


_NOTHING_BUILT = Built(sources={}, check=Told(code=None, out="", err=""))
