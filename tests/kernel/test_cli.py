"""`flows` itself: verbs found without importing them, errors in one line, exit codes, quiet ends."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import click
import pytest

from flowlattice import __version__
from flowlattice.cli import run
from flowlattice.console import Console, Exit, verb
from flowlattice.errors import EngineUnavailable, FlowlatticeError, UsageError
from tests.support.docblocks import ROOT

ECHO = str(ROOT / "examples" / "s01_echo")

PLUGIN = '''"""Greet somebody by name.

This package is used by tests.
"""

import sys

import click

from flowlattice.console import Console, Exit, verb
from flowlattice.errors import EngineUnavailable, FlowlatticeError, UsageError

print("imported", file=sys.stderr)

ERRORS = {
    "usage": UsageError("say it\\nproperly."),
    "engine": EngineUnavailable("the engine is not there"),
    "work": FlowlatticeError("The work failed"),
    "file": PermissionError(13, "Permission denied", "/some/file"),
    "click": click.ClickException("It is no good."),
    "abort": click.Abort(),
    "interrupt": KeyboardInterrupt(),
    "bug": ZeroDivisionError("division by zero"),
}


@verb(examples="flows greet Ada\\nflows greet --json Ada")
@click.argument("name")
def command(console: Console, name: str) -> Exit:
    """Greet somebody by name."""
    if name in ERRORS:
        raise ERRORS[name]
    if name == "missing":
        import no_such_package.part
    if console.json:
        console.emit({"hello": name})
    else:
        console.progress("greeting")
        console.result(click.style(f"hello {name}", fg="red"))
    return Exit.PROBLEMS if name == "problems" else Exit.OK


@click.command("second")
def goodbye():
    """Say goodbye."""
'''

ENTRY_POINTS = """[flowlattice.commands]
greet = flowlattice_greetings.verbs:command
broken = flowlattice_greetings.broken:command
odd = flowlattice_greetings.verbs:ERRORS
check = flowlattice_greetings.verbs:command
second = flowlattice_greetings.verbs:goodbye
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """An installed package that adds verbs."""
    package, metadata = tmp_path / "flowlattice_greetings", tmp_path / "flowlattice_greetings-1.0.dist-info"
    for folder in (package, metadata):
        folder.mkdir()
    (package / "__init__.py").write_text("")
    (package / "verbs.py").write_text(PLUGIN)
    (package / "broken.py").write_text('"""Needs what is not there."""\nimport no_such_package\n')
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: flowlattice-greetings\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("flowlattice_greetings")]:
        del sys.modules[name]


def flows(*arguments, path=None, **variables):
    """Run `flows` in a process of its own."""
    env = os.environ | variables
    if path is not None:
        env["PYTHONPATH"] = f"{path}{os.pathsep}{env.get('PYTHONPATH', '')}"
    command = [sys.executable, "-c", "from flowlattice.cli import main; main()", *arguments]
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)


def test_the_version(capsys):
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"flows {__version__}\n"


def test_help_lists_all_verbs_without_importing_them(capsys, plugin):
    assert run(["--help"]) == 0
    out, err = capsys.readouterr()
    lines = dict(re.findall(r"^  (\w+) +(.+)$", out, re.MULTILINE))
    assert lines["greet"] == "Greet somebody by name"
    assert lines["broken"] == "Needs what is not there"
    assert lines["second"] == "Say goodbye"
    assert {"check", "explain", "ir", "graph", "plan", "doctor", "run", "serve", "completion"} <= set(lines)
    assert err == ""
    assert not any(name.startswith("flowlattice_greetings") for name in sys.modules)


def test_nothing_is_wrong_usage_and_shows_help(capsys):
    assert run([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Usage: flows ")


def test_a_verb_of_another_package(capsys, plugin):
    assert run(["greet", "Ada"]) == 0
    assert capsys.readouterr() == ("hello Ada\n", "imported\ngreeting\n")
    assert run(["greet", "Ada", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"hello": "Ada"}
    assert run(["greet", "problems"]) == 1


def test_the_help_of_a_verb_has_its_examples(capsys, plugin):
    for asked in ("--help", "-h"):
        assert run(["greet", asked]) == 0
        out = capsys.readouterr().out
        assert "Greet somebody by name." in out
        assert out.endswith("Examples:\n  flows greet Ada\n  flows greet --json Ada\n")
        assert "--json" in out
        assert "--debug" in out


def test_every_verb_of_the_kernel_has_a_line_examples_and_json(capsys):
    assert run(["--help"]) == 0
    listed = capsys.readouterr().out.partition("Verbs:\n")[2].partition("\n\n")[0]
    verbs = [line.split()[0] for line in listed.splitlines() if line.startswith("  ") and not line.startswith("   ")]
    assert len(verbs) >= 10
    for name in verbs:
        assert run([name, "--help"]) == 0, name
        out = capsys.readouterr().out
        assert "Examples:" in out or "Commands:" in out, name
        assert "--json" in out or "Commands:" in out, name


ENDS = {
    "usage": (2, "error: say it properly\n"),
    "engine": (3, "error: the engine is not there\n"),
    "work": (1, "error: the work failed\n"),
    "file": (1, "error: /some/file: Permission denied\n"),
    "click": (2, "error: it is no good\n"),
    "abort": (130, ""),
    "interrupt": (130, "\n"),
    "missing": (
        3,
        "error: the package no_such_package is not installed; pip install 'flowlattice[greetings]' brings it\n",
    ),
}


@pytest.mark.parametrize(("name", "end"), ENDS.items(), ids=ENDS)
def test_an_error_is_one_line_and_an_exit_code(capsys, plugin, name, end):
    code, message = end
    assert run(["greet", name]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.removeprefix("imported\n") == message


def test_a_traceback_only_when_it_is_asked_for(capsys, plugin):
    assert run(["greet", "work", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err
    assert run(["--debug", "greet", "work"]) == 1
    assert "Traceback" in capsys.readouterr().err
    assert run(["greet", "work"]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_a_bug_is_one_line_too(plugin):
    done = flows("greet", "bug", path=plugin)
    assert done.returncode == 1
    assert done.stderr == (
        "imported\nerror: internal error: ZeroDivisionError: division by zero; this is a fault of flowlattice: "
        "run again with --debug and report it\n"
    )
    assert "Traceback" in flows("greet", "bug", "--debug", path=plugin).stderr


WRONG = {
    "a verb that comes near": (["chekc", "x"], "there is no verb 'chekc'; did you mean 'check'?; see flows --help"),
    "a verb that is none": (["zzz"], "there is no verb 'zzz'; see flows --help"),
    "an option that is none": (["greet", "--loud"], "no such option '--loud'"),
    "an argument too few": (["greet"], "missing argument 'NAME'; see flows greet --help"),
    "an argument too many": (["greet", "a", "b"], "got unexpected extra argument"),
    "an option of flows": (["--loud"], "no such option '--loud'; see flows --help"),
    "an entry point that is no command": (["odd"], "odd: {"),
}


@pytest.mark.parametrize(("arguments", "message"), WRONG.values(), ids=WRONG)
def test_wrong_usage_is_one_line_with_a_remedy(capsys, plugin, arguments, message):
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    lines = [line for line in err.splitlines() if line != "imported"]
    assert out == ""
    assert len(lines) == 1
    assert lines[0].startswith(f"error: {message}")


def test_a_verb_whose_package_is_missing_names_the_extra(capsys, plugin):
    assert run(["broken"]) == 3
    assert "pip install 'flowlattice[greetings]'" in capsys.readouterr().err


def test_a_verb_of_the_kernel_cannot_be_replaced(capsys, plugin):
    assert run(["check", ECHO]) == 0
    assert "no problems" in capsys.readouterr().out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_completion_script(capsys, shell):
    assert run(["completion", shell]) == 0
    assert "_FLOWS_COMPLETE" in capsys.readouterr().out
    assert run(["completion", shell, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["shell"] == shell


def test_completing_verbs_imports_none(plugin):
    done = flows(path=plugin, COMP_WORDS="flows gr", COMP_CWORD="1", _FLOWS_COMPLETE="bash_complete")
    assert done.stdout.splitlines() == ["plain,graph", "plain,greet"]
    assert done.stderr == ""
    done = flows(path=plugin, COMP_WORDS="flows greet --j", COMP_CWORD="2", _FLOWS_COMPLETE="bash_complete")
    assert done.stdout.splitlines() == ["plain,--json"]
    done = flows(path=plugin, COMP_WORDS="flows --v", COMP_CWORD="1", _FLOWS_COMPLETE="bash_complete")
    assert done.stdout.splitlines() == ["plain,--version"]


def test_colours_are_for_terminals_that_want_them(plugin):
    """A pseudo-terminal gets colour, unless NO_COLOR or TERM=dumb says otherwise; a pipe gets none."""
    coloured = "\x1b[31mhello Ada\x1b[0m"
    script = f"{sys.executable} -c 'from flowlattice.cli import main; main()' greet Ada"
    for variables, wanted in (({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)):
        env = os.environ | {"TERM": "xterm", "PYTHONPATH": f"{plugin}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
        env.pop("NO_COLOR", None)
        shown = in_terminal(script, env | variables)
        assert (coloured in shown) == wanted, shown
        assert "hello Ada" in shown
    assert "\x1b" not in flows("greet", "Ada", path=plugin, TERM="xterm").stdout


def in_terminal(script, env):
    import pty

    controller, terminal = pty.openpty()
    with subprocess.Popen(["sh", "-c", script], env=env, stdout=terminal, stderr=terminal, stdin=terminal) as process:
        os.close(terminal)
        shown = b""
        while True:
            try:
                read = os.read(controller, 1024)
            except OSError:  # the other end is closed
                break
            if not read:
                break
            shown += read
        process.wait()
    os.close(controller)
    return shown.decode()


SLOW = '''"""Wait to be interrupted."""
import sys
import time
import click
@click.command("wait")
def command():
    """Wait to be interrupted."""
    print("ready", flush=True)
    while True:
        time.sleep(0.01)
'''

ENDLESS = '''"""Print for ever."""
import click
@click.command("print")
def command():
    """Print for ever."""
    while True:
        click.echo("line " * 20)
'''


def test_ctrl_c_ends_quietly_with_130(plugin):
    (plugin / "flowlattice_greetings" / "slow.py").write_text(SLOW)
    entries = plugin / "flowlattice_greetings-1.0.dist-info" / "entry_points.txt"
    entries.write_text(ENTRY_POINTS + "wait = flowlattice_greetings.slow:command\n")
    env = os.environ | {"PYTHONPATH": f"{plugin}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    command = [sys.executable, "-c", "from flowlattice.cli import main; main()", "wait"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        deadline = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        assert process.returncode == 130
        assert process.stderr is not None
        assert process.stderr.read().strip() == ""


def test_a_reader_that_has_enough_ends_it_quietly(plugin):
    (plugin / "flowlattice_greetings" / "endless.py").write_text(ENDLESS)
    entries = plugin / "flowlattice_greetings-1.0.dist-info" / "entry_points.txt"
    entries.write_text(ENTRY_POINTS + "print = flowlattice_greetings.endless:command\n")
    env = os.environ | {"PYTHONPATH": f"{plugin}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
    script = f"{sys.executable} -c 'from flowlattice.cli import main; main()' print | head -n 1"
    done = subprocess.run(["sh", "-c", script], env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.stdout.startswith("line")
    assert done.stderr == ""


def test_a_verb_can_be_run_alone():
    """What `@verb` makes is a click command, with a session of its own where there is none."""

    @verb(examples="flows alone", name="alone")
    @click.option("--times", default=1)
    def command(console: Console, times: int) -> Exit | None:
        console.emit([console.json, console.debug, times])
        return None

    with command.make_context("alone", ["--json", "--times", "2"]) as context:
        assert command.invoke(context) == 0
    assert command.name == "alone"


def test_the_errors_that_verbs_raise_have_their_codes():
    assert [int(code) for code in (Exit.OK, Exit.PROBLEMS, Exit.USAGE, Exit.UNAVAILABLE, Exit.INTERRUPTED)] == [
        0,
        1,
        2,
        3,
        130,
    ]
    assert issubclass(UsageError, FlowlatticeError)
    assert issubclass(EngineUnavailable, FlowlatticeError)
