"""Go on with a run that waits for an answer or was cut off."""

from __future__ import annotations

from pathlib import Path

import click

from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.home import flows_home
from flowlattice_agents.conversation import Conversation, read_answers
from flowlattice_agents.models.registry import model_named
from flowlattice_agents.report import Reporter
from flowlattice_agents.runs import Runs


@verb(
    examples="""
    flows resume 3f9a2c41d0b7
    flows resume 3f9a --answers answers.yaml --yes
    """
)
@click.argument("run")
@click.option("--answers", type=PATH, help="YAML list of {ask: regex, say: text}, matched against questions.")
@click.option("--yes", is_flag=True, help="Approve what certifies, and accept what the Optimizer proposes.")
def command(console: Console, run: str, answers: Path | None, yes: bool) -> Exit:
    """Go on with a run that waits for an answer or was cut off; nothing that happened happens again."""
    conversation = Conversation(console, replies=read_answers(answers), yes=yes)
    reporter = Reporter(console)
    result = Runs(flows_home(), model_named).resume(run, conversation.answer, reporter.watch)
    return reporter.ends(result)
