"""Test, explain and waive the organisation's policies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from pydantic import JsonValue

    from flowlattice.check import Environment
    from flowlattice.ir.model import FlowIR
    from flowlattice.policy import Decision, Judgement, Ruleset
    from flowlattice.policy.model import Policy

command = click.Group("policy", help="Test, explain and waive the organisation's policies.", no_args_is_help=True)

_ID: Final = re.compile(r"[A-Z][A-Z0-9-]*")
_FOLDER = click.option(
    "--policies", "folder", type=PATH, metavar="DIR", help="The organisation's folder; see FLOWS_POLICIES."
)


@verb(
    name="test",
    examples="""
    flows policy test
    flows policy test --policies ./policies
    """,
)
@_FOLDER
def test(console: Console, folder: Path | None) -> Exit:
    """Run the tests of all policies: each rule has to judge its own cases as they say.

    Every rule of the baseline, the profiles and the overlays is tested, and each overlay is laid over the rules of each
    environment: it has to fit, and may only tighten. Exit code 1 if anything is otherwise.
    """
    from flowlattice.policy.testing import run_all

    tested, wrong = run_all(folder)
    failed = [one for one in tested if not one.as_said]
    if console.json:
        console.emit({"tests": [one.model_dump(mode="json") for one in tested], "problems": list(wrong)})
    else:
        for one in failed:
            should = "should pass and is refused" if one.passes else "should be refused and passes"
            console.result(f"✗ {one.policy} ({one.layer}): {one.test}: {should}")
        for problem in wrong:
            console.result(f"✗ {problem}")
        rules = len({one.policy for one in tested})
        console.result(f"{len(tested) - len(failed)} of {len(tested)} tests of {rules} rules are judged as they say")
    return Exit.PROBLEMS if failed or wrong else Exit.OK


@verb(
    name="explain",
    examples="""
    flows policy explain
    flows policy explain WEB-RATE-CAP
    flows policy explain flow.py
    flows policy explain orders/ --env production --team payments --allow-hosts hosts.yaml
    flows policy explain flow.py --format sarif > policy.sarif
    """,
)
@click.argument("what", required=False, metavar="[ID|PATH]")
@click.option("--env", "environment", metavar="NAME", help="Environment whose bindings and profile count.")
@click.option("--team", metavar="NAME", help="Team whose overlay counts.")
@click.option("--allow-hosts", type=PATH, metavar="FILE", help="YAML list of the hosts that the organisation allows.")
@click.option("--format", "style", type=click.Choice(["text", "json", "sarif"]), help="By default text.")
@_FOLDER
def explain(  # noqa: PLR0913, PLR0917 - one parameter for each option
    console: Console,
    what: str | None,
    environment: str | None,
    team: str | None,
    allow_hosts: Path | None,
    style: str | None,
    folder: Path | None,
) -> Exit:
    """Explain a policy, or what each policy says of a flow and why; without either, list the policies.

    Of a flow, every rule is shown with its verdict: it holds for these subjects, there is nothing that it is about, or
    what it finds, with the waiver that lets it pass or why one no longer does. Exit code 1 if the flow is denied.
    """
    from flowlattice.policy import Ruleset

    ruleset = Ruleset.load(folder, environment=environment or "local", team=team)
    style = "json" if console.json else style or "text"
    if what is not None and (Path(what).exists() or not _ID.fullmatch(what)):
        return _explain_flow(console, Path(what), ruleset, _Asked(environment, allow_hosts, style))
    if style == "sarif":
        raise UsageError("--format sarif is of what policies find in a flow; name one")
    if what is None:
        _list_policies(console, ruleset, style)
    else:
        _explain_policy(console, what, ruleset, style)
    return Exit.OK


@verb(
    name="waive",
    examples="""
    flows policy waive WEB-RATE-CAP --flow site --owner ana --reason "behind a CDN" --expires 2026-12-31T00:00Z
    flows policy waive RETRY-OWNER --flow orders --node store --owner ops --reason old --expires 2026-12-31T00:00Z
    flows policy waive --list
    flows policy waive --revoke W-1a2b3c4d
    """,
)
@click.argument("rule", required=False)
@click.option("--flow", metavar="NAME", help="The flow whose finding is let pass.")
@click.option("--node", metavar="NAME", help="A node of it, or another subject as findings name it; by default all.")
@click.option("--owner", metavar="WHO", help="Who answers for it.")
@click.option("--reason", metavar="TEXT", help="Why it is let pass.")
@click.option("--expires", metavar="TIME", help="When it ends, in UTC: 2026-12-31T00:00Z.")
@click.option("--list", "list_", is_flag=True, help="List the waivers, and which of them count.")
@click.option("--revoke", metavar="ID", help="Take a waiver back.")
@_FOLDER
def waive(  # noqa: PLR0913, PLR0917 - one parameter for each option
    console: Console,
    rule: str | None,
    flow: str | None,
    node: str | None,
    owner: str | None,
    reason: str | None,
    expires: str | None,
    list_: bool,
    revoke: str | None,
    folder: Path | None,
) -> Exit:
    """Let a finding pass for a while: who answers for it, why, and until when.

    It is written into waivers.yaml of the organisation's folder: --policies, else FLOWS_POLICIES, else policies/ in
    FLOWS_HOME. What it lets pass stays visible wherever policies are decided; when it has expired, the policy refuses
    again.
    """
    if (rule is not None) + list_ + (revoke is not None) != 1:
        raise UsageError("name a RULE to waive, or --list, or --revoke ID")
    if list_:
        return _list_waivers(console, folder)
    if revoke is not None:
        return _revoke(console, revoke, folder)
    if rule is None or flow is None or owner is None or reason is None or expires is None:
        raise UsageError("a waiver needs --flow, --owner, --reason and --expires")
    return _waive(console, _Wanted(rule, flow, node, owner, reason, expires), folder)


for _verb in (test, explain, waive):
    command.add_command(_verb)


@dataclass(frozen=True)
class _Asked:
    environment: str | None
    allow_hosts: Path | None
    style: str


@dataclass(frozen=True)
class _Wanted:
    rule: str
    flow: str
    node: str | None
    owner: str
    reason: str
    expires: str


def _explain_flow(console: Console, path: Path, ruleset: Ruleset, asked: _Asked) -> Exit:
    from flowlattice.check.allowed import read_hosts
    from flowlattice.commands._flows import ir_or_report
    from flowlattice.policy.decision import decided, judgements

    ir = ir_or_report(console, path)
    if ir is None:
        return Exit.PROBLEMS
    ruleset = ruleset.of(ir.name)
    bindings = _bindings(path, asked.environment)
    hosts = sorted(read_hosts(asked.allow_hosts)) if asked.allow_hosts is not None else []
    judged = judgements(ruleset, ir, bindings, hosts)
    decision = decided(ruleset, ir, judged, bindings, hosts, datetime.now(UTC))
    _show(console, asked.style, path, ir, ruleset, judged, decision)
    return Exit.OK if decision.allowed else Exit.PROBLEMS


def _show(  # noqa: PLR0913, PLR0917 - what is shown, and how
    console: Console,
    style: str,
    path: Path,
    ir: FlowIR,
    ruleset: Ruleset,
    judged: tuple[Judgement, ...],
    decision: Decision,
) -> None:
    import flowlattice
    from flowlattice.policy.render import render_decision, render_sarif

    if style == "json":
        subjects: JsonValue = {one.policy: [*one.subjects] for one in judged}
        extra: dict[str, JsonValue] = {"allowed": decision.allowed, "digest": decision.digest, "subjects": subjects}
        console.emit({**decision.model_dump(mode="json"), **extra})
    elif style == "sarif":
        parent = path if path.is_dir() else path.parent
        folder = "" if parent == Path() else f"{parent.as_posix().rstrip('/')}/"
        console.result(render_sarif(decision, ruleset.policies, ir, version=flowlattice.__version__, folder=folder))
    else:
        console.result(render_decision(decision, judged))


def _bindings(path: Path, environment: str | None) -> Environment | None:
    """What an environment binds; none for local doubles."""
    from flowlattice.bindings import bindings_text, described
    from flowlattice.language.sources import flow_file

    return None if environment is None else described(bindings_text(flow_file(path).parent, environment), environment)


def _list_policies(console: Console, ruleset: Ruleset, style: str) -> None:
    if style == "json":
        console.emit([{"id": p.id, "severity": p.severity, "message": p.message} for p in ruleset.policies])
    else:
        console.result("\n".join(f"{p.id:<24} {p.severity:<6} {p.message}" for p in ruleset.policies))


def _explain_policy(console: Console, policy_id: str, ruleset: Ruleset, style: str) -> None:
    policy = ruleset.policy(policy_id)
    if policy is None:
        raise UsageError(_unknown(policy_id, [known.id for known in ruleset.policies]))
    if style == "json":
        console.emit(policy)
    else:
        from flowlattice.policy.render import policy_page

        console.result(policy_page(policy, ruleset, datetime.now(UTC)))


def _unknown(rule: str, known: list[str]) -> str:
    from flowlattice.check.finding import nearest, printable

    near = nearest(rule.upper(), known)
    return f"there is no policy {printable(rule[:40])}{near}; flows policy explain lists them all"


def _waive(console: Console, wanted: _Wanted, folder: Path | None) -> Exit:
    from flowlattice.policy.ruleset import writable_folder
    from flowlattice.policy.waivers import add_waiver, granted, said

    rule = _waivable(wanted.rule, folder)
    longest = _ruleset(folder).longest
    waiver = granted(
        rule.id,
        flow=wanted.flow,
        node=wanted.node,
        owner=wanted.owner,
        reason=wanted.reason,
        expires=wanted.expires,
        at=datetime.now(UTC),
        longest=longest,
    )
    home = writable_folder(folder)
    add_waiver(home, waiver)
    if console.json:
        console.emit(waiver)
    else:
        where = waiver.scope.flow if waiver.scope.node is None else f"{waiver.scope.node} of {waiver.scope.flow}"
        console.result(f"{waiver.id}: {rule.id} is waived for {where} until {said(waiver.expires)}")
        console.progress(f"written into {home}; flows policy waive --revoke {waiver.id} takes it back")
    return Exit.OK


def _waivable(rule: str, folder: Path | None) -> Policy:
    """The policy that is to be waived, in whichever layer it stands.

    Raises:
        UsageError: There is none, or it lets no waiver count.
    """
    from flowlattice.policy.testing import known_policies

    known = {policy.id: policy for _, policy in known_policies(folder)}
    if rule not in known:
        raise UsageError(_unknown(rule, list(known)))
    if not known[rule].waivable:
        raise UsageError(f"{rule} cannot be waived: {known[rule].remedy}")
    return known[rule]


def _list_waivers(console: Console, folder: Path | None) -> Exit:
    from flowlattice.policy.render import waiver_line
    from flowlattice.policy.waivers import lapse

    ruleset, now = _ruleset(folder), datetime.now(UTC)
    given = ruleset.waivers
    if console.json:
        good = [{**w.model_dump(mode="json"), "lapsed": lapse(w, now, ruleset.longest)} for w in given.entries]
        bad = [{**w.model_dump(mode="json", exclude={"why"}), "lapsed": w.why} for w in given.unusable]
        console.emit([*good, *bad])
        return Exit.OK
    for waiver in given.entries:
        console.result(waiver_line(waiver, ruleset, now))
    for wrong in given.unusable:
        console.result(f"{wrong.id}  {wrong.policy}  {wrong.flow}  does not count: {wrong.why}")
    if not (given.entries or given.unusable):
        console.progress("nothing is waived")
    return Exit.OK


def _revoke(console: Console, waiver: str, folder: Path | None) -> Exit:
    from flowlattice.policy.ruleset import writable_folder
    from flowlattice.policy.waivers import revoke_waiver

    revoke_waiver(writable_folder(folder), waiver)
    if console.json:
        console.emit({"revoked": waiver})
    else:
        console.result(f"{waiver} is taken back")
    return Exit.OK


def _ruleset(folder: Path | None) -> Ruleset:
    from flowlattice.policy import Ruleset

    return Ruleset.load(folder)
