"""Show a run: what the agents said, what they built, and why it ended."""

from __future__ import annotations

import click

from flowlattice.console import Console, Exit, verb
from flowlattice.home import flows_home
from flowlattice_agents.errors import RunError
from flowlattice_agents.report import Reporter, summary
from flowlattice_agents.runs import Runs
from flowlattice_agents.spec import FlowSpec
from flowlattice_agents.workspace import Workspace


@verb(
    examples="""
    flows show 3f9a2c41d0b7
    flows show 3f9a --spec > spec.yaml
    flows show 3f9a --source
    """
)
@click.argument("run")
@click.option("--spec", is_flag=True, help="Print only the spec, as YAML.")
@click.option("--source", is_flag=True, help="Print only the flow's source.")
def command(console: Console, run: str, spec: bool, source: bool) -> Exit:
    """Show a run: what the agents said, their edits, and why it ended."""
    runs = Runs(flows_home())
    result = runs.state(run)
    store, digest = result.store, result.state.get("spec_digest")
    if spec or source:
        files = Workspace(store.workspace).files()
        if not files or (spec and digest is None):
            what = "has no spec" if files else "has not come so far"
            raise RunError(f"run {store.run} {what}; `flows show {store.run}` tells where it is")
        console.result((store.model(FlowSpec, digest).to_yaml() if spec and digest else files["flow.py"]).rstrip())
        return Exit.OK
    if console.json:
        console.emit({**summary(result), "events": list(store.read_events())})
        return Exit.OK
    reporter = Reporter(console)
    for event in store.read_events():
        line = reporter.line(str(event.get("agent")), str(event.get("kind")), str(event.get("text")))
        if line:
            console.result(line)
    for edit in Workspace(store.workspace).log():
        console.result(f"  {edit.commit[:10]}  {edit.agent}: {edit.reason}")
    for line in reporter.closing(result):
        console.result(line)
    return Exit.OK
