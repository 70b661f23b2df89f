"""What a node came to in one case, held against what the fault was and what the server was asked: no I/O here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from flowlattice.certify.faults.kinds import MARK, Fault
from flowlattice.certify.faults.script import Asked, Call, Script
from flowlattice.certify.faults.told import Came

_HANDLED: Final = frozenset({"invalid_input", "deadline", "PinBroken"})
"""Failures that a node, its bound in time, or what it pins has of its own: who called is told so."""
_REDIRECTED: Final = frozenset({"policy_denied", "permanent"})
"""Not to follow a redirect is right as well; only requests that read are sent on."""


@dataclass(frozen=True)
class Case:
    """One fault at one call.

    Attributes:
        call: The call.
        script: How it was answered, and what was asked.
        allowed: How often the call may be made.
        hosts: The hosts that the node may reach, as declared.
        calls: The calls that the node makes where all goes well.
    """

    call: Call
    script: Script
    allowed: int
    hosts: frozenset[str]
    calls: tuple[Call, ...]

    @property
    def fault(self) -> Fault:
        """The fault."""
        return self.script.fault


@dataclass(frozen=True)
class Judged:
    """What is to be said of a case: in a word or two, and what is wrong with it, in sentences that begin with "it"."""

    case: Case
    said: str
    wrong: tuple[str, ...]


def sentences(found: Iterable[Judged]) -> Iterator[str]:
    """What is wrong, the faults together that go wrong in the same way at the same call."""
    groups: dict[tuple[Call, str], list[str]] = {}
    for one in found:
        for wrong in one.wrong:
            groups.setdefault((one.case.call, wrong), []).append(one.case.fault.says)
    for (call, wrong), says in groups.items():
        yield f"where {call.title} {_together(says)}, {wrong}"


def _together(says: list[str]) -> str:
    """`answers 401, 403 or 404`."""
    statuses = [said.removeprefix("answers ") for said in says if said.startswith("answers ")]
    words = [said for said in says if not said.startswith("answers ")]
    answered = [f"answers {_or(statuses)}"] if statuses else []
    return _or([*answered, *words])


def _or(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def judged(case: Case, came: Came, fine: Came) -> Judged:
    """Judge a case.

    Args:
        case: It.
        came: What the node came to, as the probe tells it.
        fine: The same where all goes well.
    """
    first = [one for one in case.script.asked if not one.healed]
    said, wrong = _outcome(case, came, fine)
    times = [one for one in first if one.call == case.call and one.failed]
    found = [
        wrong,
        _too_often(case, times),
        _too_soon(case, times, came),
        _elsewhere(case),
        _half_done(case, first) if case.fault.refuses or came.type is not None else None,
        _other_key(case),
    ]
    count = f", {len(times)} times" if len(times) > 1 else ""
    return Judged(case, said + count, tuple(one for one in found if one is not None))


def _outcome(case: Case, came: Came, fine: Came) -> tuple[str, str | None]:
    fault, kind = case.fault, came.kind
    said = str(came.type if kind == "error" else kind)
    if kind == fault.kind or said in _HANDLED or (fault.name == "redirect" and kind in _REDIRECTED):
        return said, None
    if kind is not None:
        return said, f"it fails with {said}, not with {fault.kind}; {_REMEDY[fault.kind]}"
    if came.aside:
        return "put aside", None
    return _without_failure(case, came, fine)


def _without_failure(case: Case, came: Came, fine: Came) -> tuple[str, str | None]:
    """A result is no failure, but where the flow goes another way with it, or it is what was asked for all the same."""
    fault, is_same = case.fault, came.came == fine.came
    if came.goes != fine.goes:
        return "handled", None
    if fault.status == HTTPStatus.NOT_FOUND and (case.call.method == "DELETE" or (_reads(case) and not is_same)):
        return "handled", None
    if not fault.refuses and is_same:
        return "not looked at", None
    if not fault.refuses and MARK in came.came:
        return "handed on", None
    return "swallowed", f"it is taken for a success; {_REMEDY[fault.kind]}"


def _reads(case: Case) -> bool:
    return case.call.method == "GET"


_STATUS: Final = "say `answer.raise_for_status()` and let what it raises pass"
_REMEDY: Final = {
    "auth": _STATUS,
    "rate_limited": _STATUS,
    "transient": _STATUS,
    "permanent": _STATUS,
    "schema_mismatch": "read it with `answer.read(Record)`",
    "policy_denied": _STATUS,
}


def _too_often(case: Case, times: list[Asked]) -> str | None:
    if len(times) <= case.allowed:
        return None
    allowed = "once" if case.allowed == 1 else f"{case.allowed} times"
    return f"it is asked {len(times)} times, where the one owner of its retries asks {allowed}"


def _too_soon(case: Case, times: list[Asked], came: Came) -> str | None:
    """Waits between attempts are not slept through here, so that those that were asked for count as well."""
    waited = (times[-1].at - times[0].at if times else 0.0) + came.paused_s
    if waited >= case.fault.waits_s * (len(times) - 1):
        return None
    return "it is asked again before that"


def _elsewhere(case: Case) -> str | None:
    reached = {host for host in case.script.hosts if not _is_declared(host, case.hosts)}
    return f"it goes on to {', '.join(sorted(reached))}, which it may not reach" if reached else None


def _is_declared(place: str, hosts: frozenset[str]) -> bool:
    host, _, port = place.rpartition(":")
    return place in hosts or (host in hosts and port in {"80", "443"})


def _half_done(case: Case, asked: list[Asked]) -> str | None:
    """What was changed before the call that failed, without a key under which it could be done again or known."""
    failed = [place for place, one in enumerate(asked) if one.failed]
    if not failed:
        return None
    left = [one for one in asked[: failed[0]] if one.call.method != "GET" and one.key is None]
    made_good = any(one.call.method != "GET" and one.call not in case.calls for one in asked[failed[-1] + 1 :])
    if not left or made_good:
        return None
    return f"its {left[0].call.title} was done before, without a key; state idempotency=by(...)"


def _other_key(case: Case) -> str | None:
    keys: dict[Call, set[str | None]] = {}
    for one in case.script.asked:
        if one.call.method != "GET":
            keys.setdefault(one.call, set()).add(one.key)
    other = [call for call, found in keys.items() if len(found) > 1]
    return f"its {other[0].title} is repeated under another key" if other else None
