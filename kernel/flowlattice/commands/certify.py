"""Certify a flow: gather the evidence that it does what it says, by running it in the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import click
from pydantic import JsonValue

from flowlattice.commands._idem import command as idem
from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from flowlattice.certify import Certificate, Check, Example, Laboratory
    from flowlattice.check import Environment
    from flowlattice.ir.model import FlowIR
    from flowlattice.policy import Decision

_COLOURS: Final = {"passed": "green", "failed": "red", "could_not_run": "yellow", "not_applicable": None}


class _Group(click.Group):
    """`flows certify PATH` certifies a path; what is named after it otherwise is another verb."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """A first word that is no verb of the group belongs to the verb without a name."""
        if args and args[0] in self.commands:
            return super().resolve_command(ctx, args)
        return path.name, path, args

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options without a verb belong to the verb without a name."""
        if not args or (args[0] in {"-h", "--help"}):
            args = ["path", *(args or ["--help"])]
        elif args[0].startswith("-"):
            args = ["path", *args]
        return super().parse_args(ctx, args)


command = _Group(
    "certify",
    help="Certify a flow: gather the evidence that it does what it says, by running it in the sandbox.",
    context_settings={"ignore_unknown_options": True},
)


class Asked(NamedTuple):
    """What to certify, and by what."""

    file: Path
    only: tuple[str, ...]
    environment: str | None
    examples: tuple[Example, ...]
    hosts: tuple[str, ...]
    base: Certificate | None
    record: bool


class Wanted(NamedTuple):
    """How the report is shown, and where it is written too."""

    style: str
    html: Path | None
    sarif: Path | None


@verb(
    name="path",
    examples="""
    flows certify flow.py
    flows certify orders/ --env production --allow-hosts hosts.yaml --html report.html
    flows certify orders/ --only replay --only contract
    flows certify orders/ --changed-since 3f9a1c20
    flows certify orders/ --record
    flows certify flow.py --format sarif > certify.sarif
    """,
)
@click.argument("path", type=PATH)
@click.option("--only", multiple=True, metavar="CHECK", help="Run only this check; again for several.")
@click.option("--changed-since", metavar="DIGEST", help="Of parts that did not change, keep what a certificate says.")
@click.option("--examples", type=PATH, metavar="FILE", help="YAML list of requests and what must be answered.")
@click.option("--env", "environment", metavar="NAME", help="Environment of bindings.toml that it is certified for.")
@click.option("--allow-hosts", type=PATH, metavar="FILE", help="YAML list of the hosts that flows may reach.")
@click.option("--record", is_flag=True, help="Write what nodes make and routes answer to goldens.jsonl beside it.")
@click.option("--format", "style", type=click.Choice(["text", "json", "sarif"]), help="By default text.")
@click.option("--html", type=PATH, metavar="FILE", help="Write the report as a page, too.")
@click.option("--sarif", type=PATH, metavar="FILE", help="Write the report as SARIF 2.1.0, too.")
def path(  # noqa: PLR0913, PLR0917 - one parameter for each option
    console: Console,
    path: Path,
    only: tuple[str, ...],
    changed_since: str | None,
    examples: Path | None,
    environment: str | None,
    allow_hosts: Path | None,
    record: bool,
    style: str | None,
    html: Path | None,
    sarif: Path | None,
) -> Exit:
    """Run every check on a flow, a connector or a folder that holds flow.py, and keep the certificate.

    Each check runs the flow in a sandbox of its own, two at a time; what measures times runs alone. The certificate
    goes to $FLOWS_HOME/certificates. With --changed-since, a digest of an earlier certificate or of the sources that
    it certified (8 characters are enough), only what a change touches is run again; the report says which, and why.

    Exit code 0 if every check passed, 1 if one failed or could not run. Only a run of all checks can be published, and
    only when no line of the checklists at its end is open. What happened to the effects of a flow that runs already,
    `flows certify idem` says.
    """
    style = "json" if console.json else style or "text"
    asked = _asked(path, only, changed_since, examples, environment, allow_hosts)._replace(record=record)
    certified = _certified(console, asked)
    if certified is None:
        return Exit.PROBLEMS
    certificate, ir = certified
    _show(console, path, certificate, ir, Wanted(style, html, sarif))
    return Exit.OK if certificate.passed else Exit.PROBLEMS


command.add_command(path)
command.add_command(idem)
path.hidden = True


def _asked(  # noqa: PLR0913, PLR0917 - one parameter for each option
    path: Path,
    only: tuple[str, ...],
    changed_since: str | None,
    examples: Path | None,
    environment: str | None,
    allow_hosts: Path | None,
) -> Asked:
    from flowlattice.certify import Certificates
    from flowlattice.certify.checks import CHECKS
    from flowlattice.certify.examples import read_examples
    from flowlattice.certify.goldens import read_goldens
    from flowlattice.check.allowed import read_hosts
    from flowlattice.home import flows_home
    from flowlattice.language.sources import flow_file

    file = flow_file(path)
    read_goldens(file.parent)  # what is wrong with them is said before anything is run
    known = [check.NAME for check in CHECKS]
    for name in only:
        if name not in known:
            raise UsageError(f"--only {name}: there is no such check; there are {', '.join(known)}")
    return Asked(
        file=file,
        only=only,
        environment=environment,
        examples=() if examples is None else read_examples(examples),
        hosts=() if allow_hosts is None else tuple(sorted(read_hosts(allow_hosts))),
        base=None if changed_since is None else Certificates(flows_home()).named(changed_since),
        record=False,
    )


def _certified(console: Console, asked: Asked) -> tuple[Certificate, FlowIR] | None:
    """The certificate, kept, and the flow; none where the flow cannot be built or the checker finds an error."""
    from flowlattice.certify import Certificates, Laboratory, certify
    from flowlattice.check import CheckContext, check
    from flowlattice.commands._flows import report
    from flowlattice.home import flows_home
    from flowlattice.ir.build import build
    from flowlattice.ir.digest import source_digest

    bound = _bound(asked)
    with Laboratory() as laboratory:
        built = build(asked.file, sandbox=laboratory.work)
        if built.notice is not None:
            console.warn(built.notice)
        errors = list(built.diagnostics)
        decision = None if built.ir is None else _decided(asked, built.ir, bound)
        if built.ir is not None and decision is not None:
            hosts = frozenset(asked.hosts) or None
            found = check(built.ir, CheckContext(environment=bound, allowed_hosts=hosts))
            errors += [one for one in found if one.severity == "error" and decision.waiver_of(one) is None]
        if built.ir is None or errors:
            report(console, asked.file, built, errors)
            return None
        certificate = certify(
            asked.file,
            built.ir,
            source_digest=source_digest(asked.file),
            examples=asked.examples,
            laboratory=laboratory,
            watch=lambda done: _progress(console, done),
            base=asked.base,
            only=asked.only,
            environment=asked.environment,
            decision=decision,
        )
        if asked.record:
            _record(console, asked, built.ir, certificate, laboratory)
    Certificates(flows_home()).keep(certificate)
    return certificate, built.ir


def _bound(asked: Asked) -> Environment | None:
    from flowlattice.bindings.file import bindings_text, described

    if asked.environment is None:
        return None
    return described(bindings_text(asked.file.parent, asked.environment), asked.environment)


def _decided(asked: Asked, ir: FlowIR, bound: Environment | None) -> Decision:
    from flowlattice.deployments import LOCAL
    from flowlattice.policy import Ruleset, decide

    ruleset = Ruleset.load(environment=asked.environment or LOCAL)
    return decide(ruleset, ir, bindings=bound, allowed_hosts=asked.hosts, at=datetime.now(UTC))


def _progress(console: Console, check: Check) -> None:
    from flowlattice.certify.render import check_line

    console.progress(click.style(check_line(check), fg=_COLOURS[check.verdict]))


def _record(console: Console, asked: Asked, ir: FlowIR, certificate: Certificate, laboratory: Laboratory) -> None:
    """Write the goldens, which change the sources' digest."""
    from flowlattice.certify import record

    file, count = record(asked.file, ir, certificate, laboratory)
    console.progress(f"recorded {count} examples in {file}; they are part of the sources now: certify it again")


def _show(console: Console, path: Path, certificate: Certificate, ir: FlowIR, wanted: Wanted) -> None:
    from flowlattice.certify.render import page_of, report_lines, sarif_of
    from flowlattice.commands.check import base_for_tools

    folder = base_for_tools((path if path.is_dir() else path.parent).resolve())
    if wanted.html is not None:
        wanted.html.write_text(page_of(certificate), encoding="utf-8")
        console.progress(f"the report is in {wanted.html}")
    if wanted.sarif is not None:
        wanted.sarif.write_text(sarif_of(certificate, ir, folder=folder) + "\n", encoding="utf-8")
    if wanted.style == "json":
        told: dict[str, JsonValue] = {
            "digest": certificate.digest,
            "passed": certificate.passed,
            "publishable": certificate.publishable,
        }
        console.emit({**told, "certificate": certificate.model_dump(mode="json")})
    elif wanted.style == "sarif":
        console.result(sarif_of(certificate, ir, folder=folder))
    else:
        for line in report_lines(certificate):
            console.result(line)
