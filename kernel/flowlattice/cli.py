"""`flows`: finds the verb, runs it, and says what went wrong in one line.

The kernel's verbs are the modules of `flowlattice.commands`; other packages add theirs by entry point (group
`flowlattice.commands`, `verb = "package.module:command"`). A verb's module is imported when the verb is invoked and
never before: `flows --help` reads one docstring line from the source, so kernel verbs never import the agents. That,
and start-up time, is why this is click itself and not typer, which builds every command up front.

Exit codes: 0 fine, 1 the work found problems, 2 wrong usage, 3 engine or extra unavailable, 130 interrupted.
"""

from __future__ import annotations

import difflib
import importlib
import os
import pkgutil
import sqlite3
import sys
import traceback
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

import click
from click.shell_completion import CompletionItem

import flowlattice
from flowlattice import commands
from flowlattice._summaries import summary_of
from flowlattice.console import Exit, Session, in_color
from flowlattice.errors import EngineUnavailable, FlowlatticeError, UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "flowlattice.commands"


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script: run `flows` and exit with its code."""
    session = Session()
    sys.excepthook = lambda kind, error, trace: _unexpected(session, kind, error, trace)
    sys.exit(run(sys.argv[1:] if arguments is None else arguments, session))


def run(arguments: Sequence[str], session: Session | None = None) -> int:
    """Run `flows` with arguments; what fails as it may is one line on stderr and an exit code.

    Args:
        arguments: The command line without the program's name.
        session: Where the options that every verb has are remembered.
    """
    session = session or Session()
    try:
        code = flows.main(list(arguments), prog_name="flows", standalone_mode=False, obj=session)
        sys.stdout.flush()
    except (click.Abort, KeyboardInterrupt):
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has read enough; without this the interpreter complains when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except (click.ClickException, FlowlatticeError, ModuleNotFoundError, OSError, sqlite3.Error) as error:
        return _failed(error, session)
    return code if isinstance(code, int) else Exit.OK


class Verbs(click.Group):
    """The group of all verbs, each imported when it is invoked."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all verbs, sorted."""
        return sorted({*_kernel_verbs(), *_other_verbs()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one verb."""
        if cmd_name in _kernel_verbs():
            module = importlib.import_module(f"{commands.__name__}.{cmd_name}")
            found = module.command
        elif (entry := _other_verbs().get(cmd_name)) is not None:
            found = _load(entry)
        else:
            return None
        if not isinstance(found, click.Command):
            raise UsageError(f"{cmd_name}: {found!r} is no command; the package that adds this verb has to be repaired")
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or say which one comes nearest."""
        is_own = bool(args) and args[0] in _kernel_verbs()  # and then no other package has to be asked
        if args and not is_own and not args[0].startswith("-") and args[0] not in self.list_commands(ctx):
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"there is no verb {args[0]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One line for each verb, without importing any."""
        with formatter.section("Verbs"):
            formatter.write_dl([(name, _summary(name)) for name in self.list_commands(ctx)])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete verbs, without importing any."""
        found = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        return [CompletionItem(name, help=_summary(name)) for name in found]


@click.group(
    cls=Verbs,
    subcommand_metavar="VERB ...",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="`flows VERB --help` shows a verb's options and examples; `flows explain CODE` explains a diagnostic.",
)
@click.version_option(flowlattice.__version__, message="flows %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def flows(ctx: click.Context, debug: bool) -> None:
    """Flows are typed dataflow programs that are compiled, certified, reviewed and deployed."""
    ctx.ensure_object(Session).debug = debug


def _kernel_verbs() -> set[str]:
    return {module.name for module in pkgutil.iter_modules(commands.__path__) if not module.name.startswith("_")}


def _other_verbs() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points  # reads what is installed, for those who name no verb of the kernel's

    return {entry.name: entry for entry in entry_points(group=GROUP)}


def _summary(name: str) -> str:
    if name in _kernel_verbs():
        return summary_of(f"{commands.__name__}.{name}")
    entry = _other_verbs()[name]
    return summary_of(entry.module, entry.attr)


def _load(entry: EntryPoint) -> object:
    try:
        return entry.load()
    except ModuleNotFoundError as error:
        raise EngineUnavailable(_missing(error, entry.module)) from error


def _missing(error: ModuleNotFoundError, wanted_by: str) -> str:
    """Which extra brings a missing package: `flowlattice_agents` is the extra `agents`."""
    package = wanted_by.partition(".")[0]
    extra = package.removeprefix("flowlattice_")
    if extra == package:
        return f"the package {error.name} is not installed; install it, or the extra of flowlattice that brings it"
    return f"the package {error.name} is not installed; pip install 'flowlattice[{extra}]' brings it"


def _failed(error: Exception, session: Session) -> int:
    """Report an error that may happen, and give its exit code."""
    if session.debug:
        traceback.print_exception(error)
    match error:
        case click.exceptions.NoArgsIsHelpError():
            click.echo(error.format_message(), err=True)
            return Exit.USAGE
        case click.UsageError():
            # Every usage error names the help that says how to do it.
            verb = error.ctx.command_path if error.ctx is not None else "flows"
            return _say(f"{_one_line(error.format_message())}; see {verb} --help", Exit.USAGE)
        case click.ClickException():
            return _say(_one_line(error.format_message()), Exit.USAGE)
        case UsageError():
            return _say(_one_line(str(error)), Exit.USAGE)
        case EngineUnavailable():
            return _say(_one_line(str(error)), Exit.UNAVAILABLE)
        case ModuleNotFoundError():
            return _say(_missing(error, _importer(error)), Exit.UNAVAILABLE)
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            return _say(f"{where}{error.strerror or error}", Exit.PROBLEMS)
        case sqlite3.Error():
            said = f"a database in FLOWS_HOME or of a binding cannot be used ({_one_line(str(error))})"
            return _say(f"{said}; if it stays so, put it aside or repair it", Exit.PROBLEMS)
        case _:
            return _say(_one_line(str(error)), Exit.PROBLEMS)


def _importer(error: ModuleNotFoundError) -> str:
    """The module of ours that wanted what is missing."""
    frames = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)]
    ours = [name for name in frames if name.startswith("flowlattice")]
    return ours[-1] if ours else ""


def _unexpected(session: Session, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """What nobody foresaw is a fault of ours: one line, unless `--debug` asks for all of it."""
    if session.debug:
        sys.__excepthook__(kind, error, trace)
        return
    text = _one_line(f"{kind.__name__}: {error}")
    _say(f"internal error: {text}; this is a fault of flowlattice: run again with --debug and report it", Exit.PROBLEMS)


def _say(message: str, code: Exit) -> int:
    click.echo(f"{click.style('error', fg='red')}: {message}", err=True, color=in_color(sys.stderr))
    return code


def _one_line(text: str) -> str:
    """A text as an error shows it: on one line, without a full stop, capitalised only for a name."""
    joined = " ".join(text.split()).rstrip(".")
    first = joined.partition(" ")[0]
    is_word = first.isalpha() and first[1:].islower()
    return joined[:1].lower() + joined[1:] if is_word else joined
