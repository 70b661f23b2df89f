"""Explain a diagnostic's code, or list all codes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from flowlattice.console import Console, Exit, verb
from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from flowlattice.check import Rule, RunTimeCode


@verb(
    examples="""
    flows explain DAG004
    flows explain WEB-RATE-CAP
    flows explain
    flows explain --markdown > diagnostics.md
    flows explain --json
    """
)
@click.argument("code", required=False)
@click.option("--markdown", is_flag=True, help="Print the pages of all codes as one.")
def command(console: Console, code: str | None, markdown: bool) -> Exit:
    """Print the page of a code: why, a bad and a good example, the fix. Without a code, list them all.

    The id of a policy is explained as `flows policy explain` does.
    """
    from flowlattice.check import rule, rules, run_time_code, run_time_codes
    from flowlattice.check.finding import nearest, printable
    from flowlattice.check.render import render_reference

    if markdown:
        if code is not None or console.json:
            raise UsageError("--markdown prints the pages of all codes, so it takes neither a code nor --json")
        console.result(render_reference(rules(), run_time_codes()).removesuffix("\n"))
        return Exit.OK
    known: list[Rule | RunTimeCode] = [*rules(), *run_time_codes()]
    if code is None:
        if console.json:
            console.emit([{"code": r.code, "severity": r.severity, "title": r.title} for r in known])
        else:
            console.result("\n".join(f"{r.code:<10} {r.severity:<8} {r.title}" for r in known))
        return Exit.OK
    found = rule(code) or run_time_code(code)
    if found is None and _explain_policy(console, code):
        return Exit.OK
    if found is None:
        near = nearest(code.upper(), [r.code for r in known])
        raise UsageError(f"there is no code {printable(code[:40])}{near}; flows explain lists them all")
    if console.json:
        console.emit({"code": found.code, "severity": found.severity, "title": found.title, "page": found.page})
    else:
        console.result(f"# {found.code}: {found.page}")
    return Exit.OK


def _explain_policy(console: Console, code: str) -> bool:
    """Print the page of a policy, if it is one's id."""
    from datetime import UTC, datetime

    from flowlattice.policy import Ruleset
    from flowlattice.policy.render import policy_page

    ruleset = Ruleset.load()
    found = ruleset.policy(code)
    if found is not None and console.json:
        console.emit(found)
    elif found is not None:
        console.result(policy_page(found, ruleset, datetime.now(UTC)))
    return found is not None
