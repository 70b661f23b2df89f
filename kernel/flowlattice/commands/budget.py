"""Say what flows and agents may spend, have spent, and by whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click
from pydantic import JsonValue

from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from flowlattice.bindings.ledgers import LedgerPlace
    from flowlattice.budgets import Amount, Breach, Remaining, Report


@verb(
    examples="""
    flows budget
    flows budget doc_summarize
    flows budget production/doc_summarize --all-days
    flows budget --path flows/sum --env production
    flows budget --breaches
    flows budget --json
    """
)
@click.argument("name", required=False)
@click.option("--all-days", is_flag=True, help="Show days that are over and single runs, too.")
@click.option("--path", type=PATH, help="With --env, a flow whose bindings.toml says which ledger it books in.")
@click.option("--env", "environment", metavar="NAME", help="The environment of --path.")
@click.option("--breaches", is_flag=True, help="List what days' ceilings refused, and what answers it.")
def command(console: Console, name: str | None, **options: Unpack[Options]) -> Exit:
    """Say what may be spent, what was, what is set aside, and by whom; or what was refused.

    NAME is a flow, an environment, or a budget as it is listed. Shown is today, in UTC, of all ledgers that this home
    and its deployments book in. `assumed` is what was booked at its worst because nobody said what it came to.
    """
    if (options["path"] is None) != (options["environment"] is None):
        raise UsageError("--path and --env say together which ledger is meant")
    if options["breaches"]:
        return _breaches(console, name)
    places = _places(options["path"], options["environment"])
    found = [(place.words, report) for place in places if place.is_there for report in _reports(place, name)]
    if name is not None and not found:
        raise UsageError(f"nothing is booked for {name}; flows budget lists all that is")
    shown = _Shown.today(all_days=options["all_days"])
    if console.json:
        console.emit([{"ledger": words, **shown.as_json(report)} for words, report in found])
        return Exit.OK
    runs = [] if name is not None or options["all_days"] else [one for _, one in found if one.scope.startswith("run/")]
    for report in (one for _, one in found if one not in runs):
        for line in shown.lines(report):
            console.result(line)
    if runs:
        console.result(f"{len(runs)} run{'s'[: len(runs) != 1]} of agents  {_said(_together(runs))}")
    if not found:
        console.progress("nothing is booked yet; what a node spends on a language model is, and what agents do")
    return Exit.OK


class Options(TypedDict):
    """The options of `flows budget`."""

    all_days: bool
    path: Path | None
    environment: str | None
    breaches: bool


def _places(path: Path | None, environment: str | None) -> list[LedgerPlace]:
    """The ledgers: of one environment, or of this home and of all that is deployed."""
    from flowlattice.bindings.file import bindings_text, read_environment
    from flowlattice.bindings.ledgers import home_ledger, ledger_place
    from flowlattice.deployments import LOCAL, Deployments
    from flowlattice.home import flows_home
    from flowlattice.hosts.versions import state_folder
    from flowlattice.language.sources import flow_file

    if path is not None and environment is not None:
        folder = flow_file(path).absolute().parent
        return [ledger_place(read_environment(bindings_text(folder, environment), environment).entries, folder)]
    places = [home_ledger()]
    for one in Deployments(flows_home()).all_current():
        if one.environment != LOCAL and one.bindings is not None:
            entries = read_environment(one.bindings, one.environment).entries
            places.append(ledger_place(entries, state_folder(flows_home(), one.name)))
    return list({place.words: place for place in places}.values())


def _reports(place: LedgerPlace, name: str | None) -> Iterator[Report]:
    ledger = place.open()
    try:
        for root in ledger.roots():
            report = ledger.report(root)
            if name is None or root == name:
                yield report
            else:
                yield from (one for one in _all(report) if one.scope in {name, f"{root}/{name}"})
    finally:
        ledger.close()


def _all(report: Report) -> Iterator[Report]:
    yield report
    for child in report.children:
        yield from _all(child)


@dataclass(frozen=True)
class _Shown:
    """Which part of a report is shown, and how.

    Attributes:
        day: Today; none for all days and single runs.
    """

    day: str | None

    @classmethod
    def today(cls, *, all_days: bool) -> _Shown:
        from datetime import UTC, datetime

        return cls(None if all_days else str(datetime.now(UTC).date()))

    def as_json(self, report: Report) -> dict[str, JsonValue]:
        """A scope with what is shown of its parts; money in micro-dollars."""
        return {
            "budget": report.scope,
            "ceiling": _counts(report.ceiling),
            "spent": _counts(report.spent),
            "held": _counts(report.held),
            "assumed": _counts(report.assumed),
            "remaining": _counts(report.remaining),
            "calls": report.calls,
            "parts": [self.as_json(child) for child in self._parts(report)],
        }

    def lines(self, report: Report, indent: int = 0) -> Iterator[str]:
        """A scope and below it what is shown of its parts."""
        yield f"{'  ' * indent}{_own_name(report.scope, indent)}  {_said(report)}"
        for child in self._parts(report):
            yield from self.lines(child, indent + 1)

    def _parts(self, report: Report) -> Iterator[Report]:
        for child in report.children:
            environment_flow, _, own = child.scope.rpartition("/")
            of_flow = environment_flow.count("/") == 1  # its days, and `run` with its single runs
            if self.day is None or not of_flow or own == self.day or not (own == "run" or _is_day(own)):
                yield child


def _own_name(scope: str, indent: int) -> str:
    from urllib.parse import unquote

    return scope if indent == 0 else unquote(scope.rpartition("/")[2]) or '""'


def _is_day(name: str) -> bool:
    from datetime import date

    try:
        return str(date.fromisoformat(name)) == name
    except ValueError:
        return False


def _together(reports: Sequence[Report]) -> Report:
    from flowlattice.budgets import Amount, Remaining, Report

    unlimited = Remaining()
    return Report(
        scope="",
        ceiling=unlimited,
        spent=sum((one.spent for one in reports), Amount()),
        assumed=sum((one.assumed for one in reports), Amount()),
        held=sum((one.held for one in reports), Amount()),
        remaining=unlimited,
        calls=sum(one.calls for one in reports),
        children=(),
    )


def _said(report: Report) -> str:
    calls = f"{report.calls:,} call{'' if report.calls == 1 else 's'}"
    parts = [f"spent {_amount(report.spent)} in {calls}"]
    if report.held.micro_usd or report.held.tokens:
        parts.append(f"{_amount(report.held)} set aside")
    if report.assumed.micro_usd or report.assumed.tokens:
        parts.append(f"{_amount(report.assumed)} of it assumed")
    if not report.ceiling.is_unlimited:
        parts.append(f"at most {_amount(report.ceiling)}, {_amount(report.remaining)} left")
    return "; ".join(parts)


def _amount(amount: Amount | Remaining) -> str:
    """Dollars and tokens; what is unlimited is not said."""
    money = None if amount.micro_usd is None else f"${_dollars(amount.micro_usd)}"
    count = None if amount.tokens is None else f"{amount.tokens:,} tokens"
    return " and ".join(part for part in (money, count) if part is not None)


def _dollars(micro_usd: int) -> str:
    return f"{micro_usd // 1_000_000:,}.{micro_usd % 1_000_000:06}"


def _counts(amount: Amount | Remaining) -> dict[str, JsonValue]:
    return {"micro_usd": amount.micro_usd, "tokens": amount.tokens}


def _breaches(console: Console, name: str | None) -> Exit:
    from flowlattice.bindings.ledgers import breaches_of

    listed = breaches_of().all()
    found = [one for one in listed if name is None or name in {one[1].flow, one[1].environment, one[1].scope}]
    if console.json:
        console.emit([{"file": str(f), "answer": _answer(f, b), **b.model_dump(mode="json")} for f, b in found])
        return Exit.OK
    for file, breach in found:
        console.result(f"{breach.day}  {breach.flow}, node {breach.node} ({breach.scope}): {_refused(breach)}")
        console.result(f"            {_answer(file, breach)}")
    if not found:
        console.progress("no day's ceiling refused anything")
    return Exit.OK


def _refused(breach: Breach) -> str:
    from flowlattice.budgets import Amount, Remaining

    asked = Amount(micro_usd=breach.asked.micro_usd or 0, tokens=breach.asked.tokens or 0)
    ceiling = Remaining(micro_usd=breach.ceiling.micro_usd, tokens=breach.ceiling.tokens)
    calls = f"{breach.refused:,} call{'' if breach.refused == 1 else 's'}"
    return (
        f"refused {calls}, the last of up to {_amount(asked)}; at most {_amount(ceiling)} a day, {breach.calls:,} made"
    )


def _answer(file: Path, breach: Breach) -> str:
    from shlex import join

    return join(["flows", "author", "--edit", breach.path or "PATH", str(file)])
