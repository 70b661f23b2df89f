"""The reference pages are what the code says: `pytest --update-golden` writes them anew."""

import json

import click

from flowlattice.check import rules, run_time_codes
from flowlattice.check.render import render_reference
from flowlattice.cli import flows, run
from flowlattice.ir.model import json_schema
from tests.support.docblocks import ROOT

REFERENCE = ROOT / "docs" / "reference"


def test_the_page_of_diagnostics(golden, capsys):
    # Its blocks are the examples that `test_pages` runs; docs/reference/diagnostics.md holds nothing else.
    golden(REFERENCE / "diagnostics.md", render_reference(rules(), run_time_codes()))
    assert run(["explain", "--markdown"]) == 0
    assert capsys.readouterr().out == render_reference(rules(), run_time_codes())


def test_the_schema_of_the_ir(golden):
    golden(REFERENCE / "flow-ir.schema.json", json.dumps(json_schema(), indent=2) + "\n")


def test_the_page_of_verbs(golden):
    golden(REFERENCE / "commands.md", "\n".join(_verbs()))


def _verbs():
    yield "# Commands\n\nWhat `flows VERB --help` says of each verb.\n"
    root = flows.make_context("flows", [], resilient_parsing=True)
    for name in flows.list_commands(root):
        command = flows.get_command(root, name)
        assert command is not None
        yield from _help(command, name, root, "##")


def _help(command, name, parent, level):
    context = click.Context(command, info_name=name, parent=parent, terminal_width=100)
    yield f"{level} {context.command_path}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for inner in command.list_commands(context):
            yield from _help(command.get_command(context, inner), inner, context, f"{level}#")
