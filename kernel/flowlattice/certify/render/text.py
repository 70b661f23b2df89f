"""The report for a terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from flowlattice.certify.checklists import TOLD
from flowlattice.certify.model import Certificate, Check, Line
from flowlattice.check.finding import printable

_MARKS: Final = {"ticked": "[x]", "not_applicable": "[-]", "open": "[ ]"}


def check_line(check: Check) -> str:
    """One check on one line."""
    return printable(f"{check.name:<15}{TOLD[check.verdict]:<15}{check.summary}")


def report_lines(certificate: Certificate) -> Iterator[str]:
    """The whole report, line by line."""
    for check in certificate.checks:
        yield check_line(check)
        yield from (f"{'':<15}{printable(failure)}" for failure in check.failures)
        yield from (f"{'':<15}a smallest input that fails: {printable(repr(one))}" for one in check.fixtures[:1])
    for checklist in certificate.checklists:
        yield ""
        yield checklist.title
        for line in checklist.lines:
            yield f"  {_MARKS[line.state]} {line.title:<45}{printable(line.evidence)}"
    carried = list(carried_lines(certificate))
    if carried:
        yield ""
        yield from carried
    yield ""
    yield f"certificate {certificate.digest}"
    yield f"{certificate.flow}: {outcome(certificate)}"


def carried_lines(certificate: Certificate) -> Iterator[str]:
    """What was carried over from other certificates, and what was looked at again, each in a sentence."""
    notes = Counter(check.carried for check in certificate.checks if check.carried is not None)
    for note, checks in notes.items():
        yield f"{note} ({checks} check{'s'[: checks != 1]})"
    if notes:
        again = {p.name for check in certificate.checks for p in check.parts if p.carried is None and check.carried}
        yield f"looked at again: {', '.join(sorted(again)) or 'only what is of no single part'}"


def outcome(certificate: Certificate) -> str:
    """What it comes to, in one sentence."""
    bad = [check.name for check in certificate.checks if check.verdict in {"failed", "could_not_run"}]
    if bad:
        return f"not certified: {', '.join(bad)}"
    if not certificate.complete:
        return "what was asked for passed; only a run of all checks can be published"
    left = certificate.open_lines
    if left:
        return f"certified, not publishable: {_open(left)}"
    return "certified and publishable"


def _open(lines: tuple[Line, ...]) -> str:
    return f"{len(lines)} open line{'s'[: len(lines) != 1]} ({'; '.join(line.title for line in lines)})"
