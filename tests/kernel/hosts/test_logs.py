"""Lines of the log: what stands in them, and what never does."""

from __future__ import annotations

import asyncio
import json
import logging

import pytest

from flowlattice.hosts.logs import set_up_logs


@pytest.fixture
def log(capsys):
    """Logging as a host sets it up, in a style; what was said since."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, logging.getLogger("flowlattice").level

    def said(style, *, worker=None):
        set_up_logs(style, worker=worker)
        return lambda: capsys.readouterr().err

    yield said
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    logging.getLogger("flowlattice").setLevel(before[2])


def fail() -> None:
    raise ValueError("my secret")


def test_a_line_of_json_says_what_it_is_about(log):
    said = log("json", worker=3)
    extra = {"run": "r1", "flow": "echo", "node": "tidy", "unknown": "x"}
    logging.getLogger("flowlattice.web").info("served %d", 2, extra=extra)
    line = json.loads(said())
    assert line.pop("at").endswith("Z")
    assert line == {
        "level": "info",
        "event": "served 2",
        "flow": "echo",
        "node": "tidy",
        "run": "r1",
        "logger": "flowlattice.web",
        "worker": 3,
    }


@pytest.mark.parametrize("style", ["json", "text"])
def test_of_an_error_a_line_has_type_and_place_and_never_the_text(log, style):
    said = log(style)
    try:
        fail()
    except ValueError:
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\n")
    [line] = said().splitlines()
    assert "ValueError" in line
    assert "test_logs.py:" in line
    assert "secret" not in line
    assert "Traceback" not in line


def test_what_libraries_quote_of_what_clients_sent_is_no_line(log):
    said = log("text")
    logging.getLogger("opentelemetry.trace.span").warning("Member doesn't match: secret")
    logging.getLogger("uvicorn.error").error("ASGI callable returned without completing response.")
    assert said() == ""


def test_what_asyncio_says_of_a_lost_task_shows_no_values(log):
    said = log("text")

    async def lose() -> None:
        async def failing() -> None:
            fail()

        task = asyncio.create_task(failing())
        await asyncio.wait({task})
        del task

    asyncio.run(lose())
    [line] = said().splitlines()
    assert "Task exception was never retrieved" in line
    assert "secret" not in line


def test_where_nobody_looks_at_a_terminal_a_line_is_json(log):
    said = log(None)
    logging.getLogger("somebody").info("not said")
    logging.getLogger("somebody").warning("said")
    assert json.loads(said())["event"] == "said"
