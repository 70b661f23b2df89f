"""What deploying and publishing share: check a flow, ask the policies, certify it, and say what forbids it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from flowlattice.console import Console
from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from flowlattice.certify import Certificate, Certificates
    from flowlattice.check import Environment
    from flowlattice.diagnostics import Diagnostic
    from flowlattice.evidence import Evidence
    from flowlattice.ir.build import Built
    from flowlattice.ir.model import FlowIR
    from flowlattice.policy import Decision

Done = Literal["deployed", "published"]


class Given(NamedTuple):
    """What is deployed or published, and for where."""

    file: Path
    digest: str
    environment: str
    bindings: str | None
    bound: Environment | None


def given_at(path: Path, environment: str | None, *, bound_in: Path | None = None) -> Given:
    """The sources at a path as they are now, and what an environment binds them to.

    Args:
        path: The flow file, or its folder.
        environment: The environment; none for local doubles.
        bound_in: The folder of `bindings.toml`; by default the flow's.

    Raises:
        UsageError: There is no flow, no such environment, or the name of the local doubles is given.
    """
    from flowlattice.bindings import described
    from flowlattice.deployments import LOCAL
    from flowlattice.ir.digest import source_digest
    from flowlattice.language.sources import flow_file

    file = flow_file(path)
    bindings = _bindings(bound_in or file.parent, environment)
    bound = None if environment is None or bindings is None else described(bindings, environment)
    return Given(file, source_digest(file), environment or LOCAL, bindings, bound)


def gathered(  # noqa: PLR0913 - what is asked, and what of it is known
    console: Console,
    given: Given,
    allow_hosts: Path | None,
    done: Done,
    *,
    built: Built | None = None,
    known: Certificate | None = None,
) -> Evidence | None:
    """The evidence that a flow may be deployed or published; none where something forbids it, which is then said.

    Args:
        console: Where that is said.
        given: The flow.
        allow_hosts: The file with the organisation's list of hosts.
        done: What is not done then.
        built: The built flow, where it is at hand.
        known: The certificate that these sources were published with; by default they are certified. What it says for
            another place or of another decision is found out anew.

    Raises:
        NotRunYet: Nothing here would run it.
    """
    from flowlattice.evidence import Evidence
    from flowlattice.ir.build import build

    built, errors = _checked(given, built or build(given.file))
    if built.notice is not None:
        console.warn(built.notice)
    if built.ir is None:
        _report(console, built, errors, done)
        return None
    decision = _decided(console, given, built.ir, allow_hosts)
    errors = [error for error in errors if decision.waiver_of(error) is None]
    if errors:
        _report(console, built, errors, done)
        return None
    if not decision.allowed:
        _refuse(console, built.ir.name, decision, done)
        return None
    if known is not None and (known.source_digest, known.flow) != (given.digest, f"{built.ir.name} {built.ir.version}"):
        raise UsageError(f"{built.ir.name}: the certificate is of {known.flow} ({known.source_digest[:12]}), not of it")
    certificate = _certified(console, given, built.ir, decision, known)
    if not certificate.passed:
        _not_certified(console, built.ir.name, given.file, certificate, done)
        return None
    return Evidence(
        ir=built.ir,
        source_digest=given.digest,
        certificate=certificate,
        decision=decision,
        builder="flows deploy" if done == "deployed" else "flows publish",
    )


def _bindings(folder: Path, environment: str | None) -> str | None:
    from flowlattice.bindings import bindings_text
    from flowlattice.deployments import LOCAL

    if environment == LOCAL:
        raise UsageError(f"{LOCAL} names the local doubles, which are what is used without --env; leave it out")
    return None if environment is None else bindings_text(folder, environment)


def _checked(given: Given, built: Built) -> tuple[Built, list[Diagnostic]]:
    """The built flow, and what forbids deploying it.

    Raises:
        NotRunYet: Nothing here would run it.
    """
    from flowlattice.check import CheckContext, check
    from flowlattice.engine.runnable import check_runnable
    from flowlattice.plan import PlanRefused, plan

    found = list(built.diagnostics)
    if built.ir is not None:
        found += check(built.ir, CheckContext(environment=given.bound))
    errors = [diagnostic for diagnostic in found if diagnostic.severity == "error"]
    if built.ir is not None and not errors:
        try:
            check_runnable(plan(built.ir))
        except PlanRefused as refused:
            errors = refused.diagnostics
    return built, errors


def _decided(console: Console, given: Given, flow: FlowIR, allow_hosts: Path | None) -> Decision:
    """What the organisation's policies say; warnings and waivers are shown."""
    from flowlattice.check.allowed import read_hosts
    from flowlattice.policy import Ruleset, decide

    hosts = sorted(read_hosts(allow_hosts)) if allow_hosts is not None else ()
    ruleset = Ruleset.load(environment=given.environment)
    decision = decide(ruleset, flow, bindings=given.bound, allowed_hosts=hosts, at=datetime.now(UTC))
    for finding in decision.findings:
        if finding.waiver is not None:
            until = f"{finding.waiver.expires:%Y-%m-%d} by {finding.waiver.owner} ({finding.waiver.id})"
            console.warn(f"{finding.policy}: {finding.message}; waived until {until}: {finding.waiver.reason}")
        elif finding.severity == "warn":
            console.warn(f"{finding.policy}: {finding.message}; {finding.remedy}")
    return decision


def _certified(
    console: Console, given: Given, flow: FlowIR, decision: Decision, published: Certificate | None
) -> Certificate:
    """The certificate that was published or is kept for these sources, this place and this decision, or a new one."""
    from flowlattice.certify import Certificates, certify
    from flowlattice.certify.harness import harness
    from flowlattice.certify.render import check_line
    from flowlattice.deployments import LOCAL
    from flowlattice.home import flows_home

    environment = None if given.environment == LOCAL else given.environment
    if published is not None and (published.environment, published.decision) == (environment, decision.digest):
        return published
    kept = Certificates(flows_home())
    known = kept.of(given.digest, environment=environment, decision=decision.digest)
    if known is not None and known.harness == harness():
        console.progress(f"certified before ({known.digest[:12]}): of the same sources, by the same policies")
        return known
    found = certify(
        given.file,
        flow,
        source_digest=given.digest,
        watch=lambda check: console.progress(check_line(check)),
        base=published or _deployed_certificate(flow.name, kept),
        environment=environment,
        decision=decision,
    )
    kept.keep(found)
    return found


def _deployed_certificate(name: str, kept: Certificates) -> Certificate | None:
    """The certificate of what the name stands for, of which parts that did not change are carried over."""
    from flowlattice.deployments import Deployments, NotVerified
    from flowlattice.home import flows_home

    deployments = Deployments(flows_home())
    current = deployments.current(name)
    if current is None:
        return None
    try:
        return kept.named(deployments.verified(current).certificate.digest)
    except (NotVerified, UsageError):  # not kept here, or not to be relied on: all of it is certified
        return None


def _refuse(console: Console, name: str, decision: Decision, done: Done) -> None:
    if console.json:
        console.emit({done: False, "policies": [denial.model_dump(mode="json") for denial in decision.denials]})
    for denial in decision.denials:
        lapsed = "".join(f" ({why})" for why in denial.lapsed)
        console.progress(f"{name}: {denial.policy} denies it: {denial.message}{lapsed}; {denial.remedy}")
    console.progress(f"not {done}")


def _not_certified(console: Console, name: str, path: Path, certificate: Certificate, done: Done) -> None:
    failing = [check for check in certificate.checks if check.verdict in ("failed", "could_not_run")]
    if console.json:
        console.emit({done: False, "checks": [check.model_dump(mode="json") for check in failing]})
    first = failing[0]
    said = "failed" if first.verdict == "failed" else "could not run"
    why = first.failures[0] if first.failures else first.summary
    more = f" (and {len(failing) - 1} more)" if len(failing) > 1 else ""
    console.progress(f"{name}: not {done}: the check {first.name} {said}{more}: {why}; flows certify {path} says more")


def _report(console: Console, built: Built, errors: list[Diagnostic], done: Done) -> None:
    from flowlattice.check.render import render_text

    if console.json:
        console.emit({done: False, "diagnostics": [error.model_dump(mode="json") for error in errors]})
    console.progress(render_text(errors, built.sources))
    console.progress(f"not {done}; flows explain CODE says more about a code")
