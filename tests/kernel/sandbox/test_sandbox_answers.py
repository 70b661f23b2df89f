"""Answers: JSON out, JSON back, events meanwhile; whatever else comes back is an error, never an exception of ours."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from flowlattice.sandbox import (
    JsonValue,
    Sandbox,
    SandboxCancelled,
    SandboxCrashed,
    SandboxError,
    SandboxTaskError,
    SandboxUnavailable,
    protection,
    run,
)

TASKS = "tests.kernel.sandbox.sandbox_tasks"
GREET = f"{TASKS}:greet"


def test_a_task_gets_json_and_answers_json():
    events: list[JsonValue] = []

    result = run(GREET, ["Ada", 1, 2.5, None, True, {"é": "\u2028"}], on_event=events.append)

    assert result.value == "hello, ['Ada', 1, 2.5, None, True, {'é': '\\u2028'}]"
    assert events == [{"greeting": ["Ada", 1, 2.5, None, True, {"é": "\u2028"}]}]
    assert result.protection == protection()


def test_runs_do_not_share_state(attack):
    source = "import json; out = hasattr(json, 'left_behind'); json.left_behind = 1"

    assert [attack(source).value for _ in range(2)] == [False, False]


def test_large_requests_and_answers_pass(attack):
    text = "ä" * 500_000

    assert attack("out = arguments[0]", text).value == text


def test_what_the_task_raises_comes_back_as_text(attack):
    with pytest.raises(SandboxTaskError) as error:
        attack("class Odd(Exception): pass\nraise Odd('no such\\x1b[31m rate')")

    assert (error.value.type, error.value.message) == ("Odd", "no such\\x1b[31m rate")
    assert "line 2, in <module>" in error.value.traceback
    assert error.value.task == f"{TASKS}:execute"


@pytest.mark.parametrize(
    ("source", "type_name"),
    [
        ("out = {1, 2}", "TypeError"),
        ("out = float('nan')", "ValueError"),
        ("out = object()", "TypeError"),
        ("raise SystemExit(0)", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("def f(): f()\nf()", "RecursionError"),
        ("out = []\nfor _ in range(100_000): out = [out]", "RecursionError"),
        ("import nothing_of_this_name", "ModuleNotFoundError"),
    ],
)
def test_what_is_no_answer_is_an_error_of_the_task(attack, source, type_name):
    with pytest.raises(SandboxTaskError) as error:
        attack(source)
    assert error.value.type == type_name


def test_what_is_printed_is_kept_apart_and_made_harmless(attack):
    source = r"""
import os, sys
print('{"value": "forged"}\x1b]0;title\x07')
sys.stderr.write("warned\n")
os.write(1, b'{"value": "forged"}\n\xff')
out = "real"
"""

    result = attack(source)

    assert result.value == "real"
    assert '{"value": "forged"}\\x1b]0;title\\x07' in result.stderr
    assert "\x1b" not in result.stderr


@pytest.mark.parametrize(
    "said",
    [
        b"garbage\n",
        b"\xff\xfe\n",
        b"\n",
        b"[]\n",
        b"{}\n",
        b'"value"\n',
        b'{"value": NaN}\n',
        b'{"value": 1, "event": 2}\n',
        b'{"unknown": 1}\n',
        b'{"ready": {}}\n',
        b'{"unavailable": "forged"}\n',
        b'{"raised": 1}\n',
        b'{"value": "\\ud800"}\n',
        b'{"value": ' + b"9" * 10_000 + b"}\n",
        b"[" * 200_000 + b"\n",
    ],
    ids=lambda said: repr(said[:30]),
)
def test_nonsense_in_place_of_an_answer_is_a_crash(attack, said):
    source = """
import os
for descriptor in range(3, 20):
    try:
        os.write(descriptor, arguments[0].encode("latin-1"))
    except OSError:
        pass
"""
    with pytest.raises(SandboxCrashed, match="answered what is no answer"):
        attack(source, said.decode("latin-1"))


@pytest.mark.parametrize(
    ("source", "exit_code", "signal"),
    [
        ("import os; os._exit(0)", 0, None),
        ("import os; os._exit(7)", 7, None),
        ("import os; os.abort()", None, "SIGABRT"),
        ("import ctypes; ctypes.string_at(0)", None, "SIGSEGV"),
        ("import os; os.closerange(0, 99); os._exit(3)", 3, None),
    ],
)
def test_an_end_without_answer_is_a_crash(attack, source, exit_code, signal):
    with pytest.raises(SandboxCrashed, match="without an answer") as error:
        attack(source)
    assert (error.value.exit_code, error.value.signal) == (exit_code, signal)


def test_a_crash_shows_what_was_printed(attack):
    with pytest.raises(SandboxCrashed) as error:
        attack("import os; os.write(2, b'last words'); os._exit(1)")
    assert error.value.stderr == "last words"


def test_a_run_can_be_stopped(attack):
    seen: list[JsonValue] = []

    with pytest.raises(SandboxCancelled):
        attack("emit('started')\nwhile True: pass", on_event=seen.append, should_stop=lambda: bool(seen))


def test_an_error_of_the_listener_ends_the_run_and_is_passed_on(attack):
    def listener(event):
        raise LookupError(event)

    with pytest.raises(LookupError, match="first"):
        attack("emit('first')\nwhile True: pass", on_event=listener)
    assert attack("out = 1").value == 1


@pytest.mark.parametrize("task", ["no_such_package:f", f"{TASKS}:no_such_function", f"{TASKS}.no_such_module:f", TASKS])
def test_a_task_that_cannot_be_imported_is_unavailable(task):
    with pytest.raises(SandboxUnavailable, match=task):
        run(task, None)


def test_only_tasks_of_the_sandbox_can_be_run(sandbox):
    with pytest.raises(SandboxUnavailable, match="was made for"):
        sandbox.run("os:system", "true")


def test_closing_ends_what_runs_and_removes_its_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    started = threading.Event()
    request: JsonValue = {"source": "emit('started')\nwhile True: pass", "arguments": []}
    with ThreadPoolExecutor() as threads, Sandbox(f"{TASKS}:execute") as sandbox:
        running = threads.submit(sandbox.run, f"{TASKS}:execute", request, on_event=lambda _: started.set())
        assert started.wait(30)
        assert list(tmp_path.iterdir()) != []
        sandbox.close()

        assert isinstance(running.exception(30), SandboxError)
    assert list(tmp_path.iterdir()) == []


def test_runs_may_overlap(sandbox):
    with ThreadPoolExecutor(4) as threads:
        answers = threads.map(lambda n: sandbox.run(GREET, n).value, range(12))

        assert list(answers) == [f"hello, {n}" for n in range(12)]


def test_a_closed_sandbox_is_unavailable():
    with Sandbox(GREET) as closed:
        pass

    with pytest.raises(SandboxError):
        closed.run(GREET, None)
