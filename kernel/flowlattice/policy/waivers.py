"""Waivers: who lets which finding pass, why and until when. They stand in `waivers.yaml` of the organisation's folder,
never beside the flow. A waiver that is not wholly in order does not count, and it is said why.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final

import yaml
from pydantic import AfterValidator, StringConstraints, ValidationError

from flowlattice.errors import UsageError
from flowlattice.files import replace_file
from flowlattice.policy.model import PolicyId, PolicyModel

WAIVERS_FILE: Final = "waivers.yaml"
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500, pattern=r"^[^\r\n]*$")]


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("the expiry has no time zone; write it in UTC, 2026-12-31T00:00:00Z")
    if moment.utcoffset():
        raise ValueError("the expiry is not in UTC; write 2026-12-31T00:00:00Z")
    return moment.astimezone(UTC)


class Scope(PolicyModel):
    """What a waiver is for: a flow, and a node of it (or another subject, as findings name it); none for all of it."""

    flow: Line
    node: Line | None = None

    def covers(self, flow: str, subject: str) -> bool:
        """Whether a finding lies within it."""
        return self.flow == flow and self.node in (None, subject)


class Waiver(PolicyModel):
    """A finding that somebody lets pass for a while.

    Attributes:
        id: Its name.
        policy: The policy's id.
        scope: What it is for.
        owner: Who answers for it.
        reason: Why.
        expires: When it ends, in UTC.
    """

    id: Line
    policy: PolicyId
    scope: Scope
    owner: Line
    reason: Line
    expires: Annotated[datetime, AfterValidator(_in_utc)]


class Unusable(PolicyModel):
    """An entry of the file that does not count, and why."""

    id: str
    policy: str
    flow: str
    node: str | None = None
    why: str

    def covers(self, flow: str, subject: str) -> bool:
        """Whether it was meant for a finding, as far as it can be told."""
        return self.flow == flow and self.node in (None, subject)


class Waivers(PolicyModel):
    """The waivers of an organisation: those in order, and those that are not."""

    entries: tuple[Waiver, ...] = ()
    unusable: tuple[Unusable, ...] = ()

    def active(self, policy: str, flow: str, subject: str, at: datetime, longest: timedelta) -> Waiver | None:
        """The waiver that lets a finding pass at a time; of several the one that lasts longest."""
        found = [entry for entry in self._of(policy, flow, subject) if lapse(entry, at, longest) is None]
        return max(found, key=lambda entry: (entry.expires, entry.id), default=None)

    def lapsed(self, policy: str, flow: str, subject: str, at: datetime, longest: timedelta) -> tuple[str, ...]:
        """What was meant to let a finding pass and does not, each with the reason."""
        said = [f"waiver {e.id} {why}" for e in self._of(policy, flow, subject) if (why := lapse(e, at, longest))]
        wrong = [e for e in self.unusable if e.policy == policy and e.covers(flow, subject)]
        return (*said, *(f"waiver {entry.id} does not count: {entry.why}" for entry in wrong))

    def _of(self, policy: str, flow: str, subject: str) -> list[Waiver]:
        return [entry for entry in self.entries if entry.policy == policy and entry.scope.covers(flow, subject)]


def lapse(waiver: Waiver, at: datetime, longest: timedelta) -> str | None:
    """Why a waiver does not count at a time; none if it does."""
    if waiver.expires <= at:
        return f"expired at {said(waiver.expires)}"
    if waiver.expires - at > longest:
        return (
            f"does not count: it runs until {said(waiver.expires)}, and no waiver may run for over {longest.days} days"
        )
    return None


def said(moment: datetime) -> str:
    """A moment as the files and messages write it: `2026-12-31T00:00:00Z`."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def granted(  # noqa: PLR0913 - what a waiver says, and what it may say
    policy: str,
    *,
    flow: str,
    node: str | None,
    owner: str,
    reason: str,
    expires: str,
    at: datetime,
    longest: timedelta,
) -> Waiver:
    """A new waiver, as a person words it.

    Raises:
        UsageError: A part of it is empty or no single line, or its expiry is no time in UTC, past, or too far off.
    """
    entry = {"policy": policy, "scope": {"flow": flow, "node": node}, "owner": owner, "reason": reason}
    try:
        waiver = Waiver.model_validate({**entry, "id": "W", "expires": expires})
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        part = str(first["loc"][-1])
        what = first["msg"].removeprefix("Value error, ") if part == "expires" else "has to be one line of text"
        raise UsageError(f"--{part}: {what}") from error
    lapsed = lapse(waiver, at, longest)
    if lapsed is not None:
        raise UsageError(f"--expires {expires}: this waiver {lapsed}")
    said_of_it = "\n".join((policy, flow, node or "", reason, said(waiver.expires)))
    return waiver.model_copy(update={"id": f"W-{sha256(said_of_it.encode()).hexdigest()[:8]}"})


def read_waivers(folder: Path) -> Waivers:
    """The waivers of a folder; an entry that is not in order is kept apart.

    Raises:
        UsageError: The file is not YAML, or no list.
    """
    good: list[Waiver] = []
    bad: list[Unusable] = []
    for number, entry in enumerate(_entries(folder / WAIVERS_FILE), 1):
        try:
            good.append(Waiver.model_validate(entry))
        except ValidationError as error:
            bad.append(_unusable(entry, number, error))
    twice = {waiver.id for waiver in good if [other.id for other in good].count(waiver.id) > 1}
    unclear = [_twice(waiver) for waiver in good if waiver.id in twice]
    return Waivers(entries=tuple(w for w in good if w.id not in twice), unusable=(*bad, *unclear))


def add_waiver(folder: Path, waiver: Waiver) -> None:
    """Write a waiver into the file, in one step; others that write at the same time wait.

    Raises:
        UsageError: The file cannot be read, or the waiver is there.
    """
    with _alone(folder):
        entries = _entries(folder / WAIVERS_FILE)
        if any(isinstance(entry, dict) and entry.get("id") == waiver.id for entry in entries):
            raise UsageError(f"{waiver.id} is there already; flows policy waive --list shows it")
        _write(folder, [*entries, _plain(waiver)])


def revoke_waiver(folder: Path, waiver_id: str) -> None:
    """Take a waiver out of the file, one that is not in order too.

    Raises:
        UsageError: The file cannot be read, or there is no such waiver.
    """
    with _alone(folder):
        entries = _entries(folder / WAIVERS_FILE)
        left = [entry for entry in entries if not (isinstance(entry, dict) and entry.get("id") == waiver_id)]
        if len(left) == len(entries):
            raise UsageError(f"there is no waiver {waiver_id}; flows policy waive --list shows them")
        _write(folder, left)


def _entries(file: Path) -> list[object]:
    """What stands in the file; every scalar as the text that it is, so that no time is guessed at."""
    if not file.is_file():
        return []
    try:
        found: object = yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader)
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{file}: not a list of waivers: {str(error).splitlines()[0]}") from error
    if found in ("", None):
        return []
    if not isinstance(found, list):
        raise UsageError(f"{file}: not a list of waivers; flows policy waive writes them")
    return found


def _unusable(entry: object, number: int, error: ValidationError) -> Unusable:
    given: dict[str, object] = entry if isinstance(entry, dict) else {}
    inner = given.get("scope")
    scope: dict[str, object] = inner if isinstance(inner, dict) else {}
    first = error.errors(include_url=False, include_input=False)[0]
    where, node = ".".join(map(str, first["loc"])), scope.get("node")
    why = first["msg"].removeprefix("Value error, ") if first["type"] == "value_error" else f"{where}: {first['msg']}"
    return Unusable(
        id=str(given.get("id", f"number {number}")),
        policy=str(given.get("policy", "")),
        flow=str(scope.get("flow", "")),
        node=None if node is None else str(node),
        why="it has no expiry" if where == "expires" and first["type"] == "missing" else why,
    )


def _twice(waiver: Waiver) -> Unusable:
    scope = waiver.scope
    why = "its id stands twice"
    return Unusable(id=waiver.id, policy=waiver.policy, flow=scope.flow, node=scope.node, why=why)


def _plain(waiver: Waiver) -> dict[str, object]:
    plain = waiver.model_dump(mode="json", exclude_none=True)
    return {**plain, "expires": said(waiver.expires)}


def _write(folder: Path, entries: Sequence[object]) -> None:
    head = "# Written by `flows policy waive`; each entry says who lets which finding pass, why and until when.\n"
    text = yaml.safe_dump(list(entries), sort_keys=False, allow_unicode=True) if entries else "[]\n"
    replace_file(folder / WAIVERS_FILE, (head + text).encode(), mode=0o644)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
