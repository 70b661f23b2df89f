"""Go on with a run that waits for an answer or was cut off."""

from __future__ import annotations

from pathlib import Path

import click

from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.home import flows_home
from flowlattice_agents.commands.options import MONEY
from flowlattice_agents.conversation import Conversation, read_answers
from flowlattice_agents.report import Reporter
from flowlattice_agents.runs import Runs


@verb(
    examples="""
    flows resume 3f9a2c41d0b7
    flows resume 3f9a --answers answers.yaml --yes
    flows resume 3f9a --budget-usd 2
    """
)
@click.argument("run")
@click.option("--answers", type=PATH, help="YAML list of {ask: regex, say: text}, matched against questions.")
@click.option("--yes", is_flag=True, help="Approve what certifies, and accept what the Optimizer proposes.")
@click.option("--assume", is_flag=True, help="Where a question comes with an assumption, let it be made.")
@click.option("--budget-usd", type=MONEY, help="What the model calls may cost from now on, with what they have cost.")
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    console: Console, run: str, answers: Path | None, yes: bool, assume: bool, budget_usd: str | None
) -> Exit:
    """Go on with a run that waits for an answer or was cut off; nothing that happened happens again."""
    conversation = Conversation(console, replies=read_answers(answers), yes=yes, assume=assume)
    reporter = Reporter(console)
    result = Runs(flows_home()).resume(run, conversation.answer, reporter.watch, budget_usd=budget_usd)
    return reporter.ends(result)
