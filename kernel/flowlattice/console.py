"""What every verb of `flows` shares: `@verb`, `--json` and `--debug`, output, and exit codes.

    @verb(examples="flows greet Ada")
    @click.argument("name")
    def command(console: Console, name: str) -> Exit:
        "Greet somebody."
        console.emit({"hello": name}) if console.json else console.result(f"hello {name}")
        return Exit.OK

Results go to stdout, progress and warnings to stderr. A verb raises the kernel's errors and returns an exit code;
what an error looks like and which exit code it has is decided once, in `flowlattice.cli`.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TextIO, cast

import click

if TYPE_CHECKING:
    from pydantic import BaseModel, JsonValue

P = ParamSpec("P")

PATH = click.Path(path_type=Path)
"""A path on the command line; what is wrong with it is said by whoever opens it."""


class Exit(IntEnum):
    """Exit codes of every verb."""

    OK = 0
    PROBLEMS = 1
    USAGE = 2
    UNAVAILABLE = 3
    INTERRUPTED = 130


@dataclass
class Session:
    """One invocation of `flows`: which options every verb has were given."""

    json: bool = False
    debug: bool = False


@dataclass(frozen=True)
class Console:
    """Where a verb writes.

    Attributes:
        json: The result is to be JSON, for machines.
        debug: Errors are to show their traceback.
    """

    json: bool = False
    debug: bool = False

    def result(self, text: str) -> None:
        """Print text on stdout; styles vanish where stdout is no terminal or `NO_COLOR` is set."""
        click.echo(text, color=in_color(sys.stdout))

    def emit(self, value: BaseModel | JsonValue) -> None:
        """Print one JSON document on stdout, on one line, so that several are JSON lines."""
        is_plain = value is None or isinstance(value, str | int | float | list | dict)
        click.echo(json.dumps(value) if is_plain else cast("BaseModel", value).model_dump_json(by_alias=True))

    def progress(self, text: str) -> None:
        """Print a line on stderr: what is being done."""
        click.echo(text, err=True, color=in_color(sys.stderr))

    def warn(self, text: str) -> None:
        """Print a warning on stderr."""
        click.echo(f"{click.style('warning', fg='yellow')}: {text}", err=True, color=in_color(sys.stderr))


def in_color(stream: TextIO) -> bool:
    """Whether text on a stream may be coloured: a terminal, and neither `NO_COLOR` nor `TERM=dumb`."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


class Verb(click.Command):
    """A command whose help ends with examples, printed as they are."""

    examples: str = ""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples below the options."""
        if self.examples:
            formatter.write_paragraph()
            formatter.write("Examples:\n")
            for line in self.examples.strip().splitlines():
                formatter.write(f"  {line.strip()}\n")


def verb(*, examples: str, name: str | None = None) -> Callable[[Callable[Concatenate[Console, P], Exit | None]], Verb]:
    """Make a function a verb: it is called with the console, then with its click parameters by name.

    Args:
        examples: Command lines, one a line, that `--help` shows.
        name: The verb's name where it is not the last part of its module's name.
    """

    def declare(function: Callable[Concatenate[Console, P], Exit | None]) -> Verb:
        def call(*args: P.args, **kwargs: P.kwargs) -> int:
            session = click.get_current_context().ensure_object(Session)
            console = Console(json=session.json, debug=session.debug)
            return int(function(console, *args, **kwargs) or Exit.OK)

        call.__doc__ = function.__doc__
        call.__dict__["__click_params__"] = getattr(function, "__click_params__", [])
        declared = click.command(name or function.__module__.rpartition(".")[2], cls=Verb)(
            _option("--json", "json", "Print the result as JSON.")(
                _option("--debug", "debug", "Show the traceback of an error.")(call)
            )
        )
        declared.examples = examples
        return declared

    return declare


def _option(flag: str, attribute: str, text: str) -> Callable[[Callable[P, int]], Callable[P, int]]:
    def remember(ctx: click.Context, _parameter: click.Parameter, given: bool) -> None:
        if given:
            setattr(ctx.ensure_object(Session), attribute, True)

    option = click.option(flag, is_flag=True, expose_value=False, is_eager=True, callback=remember, help=text)
    return cast("Callable[[Callable[P, int]], Callable[P, int]]", option)
