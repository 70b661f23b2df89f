"""Turn a brief into a certified, approved, deployed flow."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from flowlattice.check.allowed import read_hosts
from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError
from flowlattice.home import flows_home
from flowlattice_agents.conversation import Conversation, read_answers
from flowlattice_agents.models.registry import model_named
from flowlattice_agents.report import Reporter
from flowlattice_agents.runs import Parameters, Runs
from flowlattice_agents.spec import FlowSpec

MAX_BRIEF_BYTES = 1_000_000
_BRIEF_SUFFIXES = (".md", ".txt")


@verb(
    examples="""
    flows author "GET /double takes n, a whole number, and returns {doubled: n * 2}."
    flows author brief.md --out flows/orders --yes
    flows author brief.md --json --answers answers.yaml --allow-hosts hosts.yaml
    flows author --spec spec.yaml
    """
)
@click.argument("brief", required=False)
@click.option("--out", type=PATH, help="Folder for the flow; by default one named after it, here.")
@click.option("--spec", type=PATH, help="Start from a spec (YAML) instead of a brief.")
@click.option("--answers", type=PATH, help="YAML list of {ask: regex, say: text}, matched against questions.")
@click.option("--allow-hosts", type=PATH, help="YAML list of hosts that the organisation allows.")
@click.option("--yes", is_flag=True, help="Approve what certifies, and accept what the Optimizer proposes.")
@click.option("--model", help="Which model understands the brief; by default $FLOWS_MODEL or offline.")
def command(  # noqa: PLR0913, PLR0917 - one parameter for each option
    console: Console,
    brief: str | None,
    out: Path | None,
    spec: Path | None,
    answers: Path | None,
    allow_hosts: Path | None,
    yes: bool,
    model: str | None,
) -> Exit:
    """Turn a brief (text, a file, or - for standard input) into a certified, approved, deployed flow."""
    if (brief is None) == (spec is None):
        example = """flows author 'GET /hello returns {"message": "hi"}'"""
        raise UsageError(f"name a brief or --spec FILE, one of them: {example}")
    name = model or os.environ.get("FLOWS_MODEL") or "offline"
    parameters = Parameters(
        brief=read_brief(brief) if brief is not None else "",
        spec=read_spec(spec) if spec is not None else None,
        model=name,
        target=None if out is None else out.absolute(),
        base=Path.cwd(),
        allowed_hosts=() if allow_hosts is None else tuple(sorted(read_hosts(allow_hosts))),
    )
    conversation = Conversation(console, replies=read_answers(answers), yes=yes)
    model_named(name)  # an unknown model is said before anything is written
    runs = Runs(flows_home(), model_named)
    reporter = Reporter(console)
    reporter.begins(name)
    result = runs.start(parameters, conversation.answer, reporter.watch)
    return reporter.ends(result)


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
