"""Turn a brief into a certified, approved, deployed flow."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TypedDict, Unpack, get_args

import click

from flowlattice.budgets import Breach, read_breach
from flowlattice.check.allowed import read_hosts
from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError
from flowlattice.files import replace_file
from flowlattice.home import flows_home
from flowlattice_agents.chat.connect import EXCHANGES
from flowlattice_agents.chat.prices import parse_price
from flowlattice_agents.commands.options import MONEY
from flowlattice_agents.commands.outputs import check_file
from flowlattice_agents.conversation import Conversation, read_answers
from flowlattice_agents.editing import answering, edit_base
from flowlattice_agents.models.base import Arm
from flowlattice_agents.models.registry import absolute_name, checked_name
from flowlattice_agents.report import Reporter
from flowlattice_agents.runs import Parameters, RunResult, Runs
from flowlattice_agents.spec import FlowSpec

MAX_BRIEF_BYTES = 1_000_000
_BRIEF_SUFFIXES = (".md", ".txt")


@verb(
    examples="""
    flows author "GET /double takes n, a whole number, and returns {doubled: n * 2}."
    flows author brief.md --out flows/orders --yes
    flows author brief.md --json --answers answers.yaml --allow-hosts hosts.yaml
    flows author --spec spec.yaml
    flows author --edit flows/orders "raise the limit to 2000 requests a second"
    flows author --edit flows/sum breach.json
    flows author brief.md --model openai:gpt-4o-mini --budget-usd 0.50
    """
)
@click.argument("brief", required=False)
@click.option("--out", type=PATH, help="Folder for the flow; by default one named after it, here.")
@click.option("--spec", type=PATH, help="Start from a spec (YAML) instead of a brief.")
@click.option("--answers", type=PATH, help="YAML list of {ask: regex, say: text}, matched against questions.")
@click.option("--allow-hosts", type=PATH, help="YAML list of hosts that the organisation allows.")
@click.option("--yes", is_flag=True, help="Approve what certifies, and accept what the Optimizer proposes.")
@click.option("--assume", is_flag=True, help="Where a question comes with an assumption, let it be made.")
@click.option("--edit", type=PATH, help="Change this flow as the brief says, instead of making a new one.")
@click.option("--model", help="offline, openai:NAME or replay:PATH; by default $FLOWS_MODEL or offline.")
@click.option("--budget-usd", type=MONEY, help="What the model calls may cost together, in dollars.")
@click.option("--price", help="What the model costs where it is not known: IN/OUT, dollars per million tokens.")
@click.option("--seed", type=int, default=0, show_default=True, help="Pinned in every request to the model.")
@click.option("--record", type=PATH, help="Write the record of all exchanges here, for --model replay:PATH.")
@click.option("--arm", type=click.Choice(get_args(Arm)), default="six", help="How the agents work, to compare them.")
def command(console: Console, brief: str | None, **options: Unpack[Options]) -> Exit:
    """Turn a brief (text, a file, or - for standard input) into a certified, approved, deployed flow."""
    if (brief is None) == (options["spec"] is None):
        example = """flows author 'GET /hello returns {"message": "hi"}'"""
        raise UsageError(f"name a brief or --spec FILE, one of them: {example}")
    parameters = _parameters(brief, options)
    check_file(options["record"], "--record")
    conversation = Conversation(
        console, replies=read_answers(options["answers"]), yes=options["yes"], assume=options["assume"]
    )
    reporter = Reporter(console)
    reporter.begins(parameters.model)
    runs = Runs(flows_home())
    result = runs.start(parameters, conversation.answer, reporter.watch)
    code = reporter.ends(result)
    if options["record"] is not None:
        write_record(result, options["record"])
    return code


class Options(TypedDict):
    """The options of `flows author`."""

    out: Path | None
    spec: Path | None
    answers: Path | None
    allow_hosts: Path | None
    yes: bool
    assume: bool
    edit: Path | None
    model: str | None
    budget_usd: str | None
    price: str | None
    seed: int
    record: Path | None
    arm: Arm


def _parameters(brief: str | None, options: Options) -> Parameters:
    """What the options ask for; an unknown model is said before anything is written."""
    edit = None if options["edit"] is None else edit_base(options["edit"], in_place=options["out"] is None)
    if edit is not None and brief is None:
        raise UsageError("--edit changes a flow as a brief says; name the brief, not --spec")
    breach = None if brief is None or not brief.endswith(".json") else breach_in(brief)
    if breach is not None:
        if edit is None:
            raise UsageError(
                f"{brief} is a breach report, which a change answers: --edit PATH of the flow {breach.flow}"
            )
        edit = answering(edit, breach)
    out = options["out"] if options["out"] is not None or edit is None else edit.folder
    hosts, spec = options["allow_hosts"], options["spec"]
    if options["price"] is not None:
        parse_price(options["price"])  # what is wrong with it is said before anything is written
    return Parameters(
        brief=read_brief(brief) if brief is not None else "",
        spec=None if spec is None else read_spec(spec),
        edit=edit,
        model=absolute_name(checked_name(options["model"] or os.environ.get("FLOWS_MODEL") or "offline")),
        arm=options["arm"],
        seed=options["seed"],
        budget_usd=options["budget_usd"],
        price=options["price"],
        target=None if out is None else out.absolute(),
        base=Path.cwd(),
        allowed_hosts=() if hosts is None else tuple(sorted(read_hosts(hosts))),
    )


def write_record(result: RunResult, path: Path) -> None:
    """Write the record of a run's exchanges.

    Raises:
        UsageError: The file cannot be written.
    """
    record = result.store.folder / EXCHANGES
    try:
        replace_file(path, record.read_bytes() if record.exists() else b"", mode=0o644)
    except OSError as error:
        raise UsageError(f"{path}: the record cannot be written ({error.strerror}); name another file") from error


def read_brief(given: str) -> str:
    """The text of a brief: standard input for `-`, a file's content, or the text itself."""
    if given == "-":
        return _decoded(sys.stdin.buffer.read(MAX_BRIEF_BYTES))
    path = Path(given)
    if len(given) < 4096 and "\n" not in given and "\0" not in given:
        if _is_file(path):
            with path.open("rb") as stream:
                return _decoded(stream.read(MAX_BRIEF_BYTES))
        if path.suffix in _BRIEF_SUFFIXES and " " not in given:
            raise UsageError(f"{given}: no such file; name a file that is there, or write the brief in quotes")
    # Bytes of the command line that are no text arrive as lone surrogates.
    return _decoded(given.encode("utf-8", "surrogateescape"))


def breach_in(given: str) -> Breach | None:
    """The breach report that a brief is; none where it is another text."""
    path = Path(given)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    return read_breach(path) if '"budget breach"' in text[:1000] else None


def read_spec(path: Path) -> FlowSpec:
    """A spec from a file."""
    try:
        return FlowSpec.from_yaml(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: not a spec file; `flows show RUN --spec` prints one to start from") from error


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a text that is too long for a name, or has what no name may have
        return False


def _decoded(data: bytes) -> str:
    """Bytes that are no text become replacement characters, which the PM refuses with a reason."""
    return data.decode("utf-8", "replace")
