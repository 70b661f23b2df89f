"""A flow on the web host in a child process, for as long as a `with` block: how deployments are probed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from email.message import Message
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import IO

from flowlattice.errors import EngineUnavailable

READY_S = 15.0
_STOP_S = 10.0
_REQUEST_S = 30.0


class ServedFlow:
    """`with ServedFlow(folder) as served: served.request("POST", "/echo", body='{"v": "a"}')`.

    Args:
        path: The flow's folder or file, which is not checked again; none where `arguments` say what to serve.
        arguments: Further arguments of `flows serve`.
        ready_s: For how long to wait until it answers.
        env: The environment of the process; by default this one's.
    """

    def __init__(
        self, path: Path | None, *arguments: str, ready_s: float = READY_S, env: Mapping[str, str] | None = None
    ) -> None:
        self._env = env
        self._what = [*(() if path is None else (str(path), "--no-check")), *arguments]
        self._title = " ".join(one for one in self._what if one != "--no-check")
        self._ready_s = ready_s
        self._process: subprocess.Popen[bytes] | None = None
        self._said: IO[bytes] | None = None
        self._port = 0

    @property
    def url(self) -> str:
        """The URL of its root."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> ServedFlow:
        """Start it and wait until it answers.

        Raises:
            EngineUnavailable: It ended, or did not answer in time; with what it said last.
        """
        how = ["--port", "0", "--json", "--until-eof"]
        command = [sys.executable, "-m", "flowlattice", "serve", *self._what, *how]
        output, self._said = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=self._said,
            env=dict(os.environ if self._env is None else self._env),
        )
        try:
            self._port = self._wait(self._process, output)
        except BaseException:
            self._stop()
            raise
        finally:
            output.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop it, in an orderly way first."""
        self._stop()

    def kill(self) -> None:
        """End it at once, as a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def request(
        self, method: str, target: str, *, body: str | bytes | None = None, content_type: str | None = None
    ) -> tuple[int, str]:
        """Send a request; the status and the body of the answer.

        Raises:
            EngineUnavailable: There was no answer.
        """
        status, _, text = self.exchange(method, target, body=body, content_type=content_type)
        return status, text

    def exchange(
        self,
        method: str,
        target: str,
        *,
        body: str | bytes | None = None,
        content_type: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Message, str]:
        """Send a request; status, headers and body of the answer.

        Raises:
            EngineUnavailable: There was no answer.
        """
        connection = HTTPConnection("127.0.0.1", self._port, timeout=_REQUEST_S)
        sent = {**({} if content_type is None else {"content-type": content_type}), **(headers or {})}
        try:
            connection.request(method, target, body=body.encode() if isinstance(body, str) else body, headers=sent)
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode("utf-8", "replace")
        except (OSError, HTTPException) as error:
            raise EngineUnavailable(f"{method} {target}: no answer from {self.url} ({error}){self._words()}") from error
        finally:
            connection.close()

    def _wait(self, process: subprocess.Popen[bytes], output: IO[bytes]) -> int:
        until = time.monotonic() + self._ready_s
        while time.monotonic() < until:
            output.seek(0)
            line = output.readline()
            if line.endswith(b"\n"):
                url: str = json.loads(line)["url"]
                return int(url.rpartition(":")[2])
            if process.poll() is not None:
                raise EngineUnavailable(f"{self._title}: the web host ended before it was ready{self._words()}")
            time.sleep(0.01)
        raise EngineUnavailable(f"{self._title}: the web host was not ready within {self._ready_s:g} s{self._words()}")

    def _words(self) -> str:
        """What it said last, for the error."""
        if self._said is None:
            return ""
        self._said.seek(0)
        lines = self._said.read().decode("utf-8", "replace").strip().splitlines()
        return f": {lines[-1]}" if lines else ""

    def _stop(self) -> None:
        process, said = self._process, self._said
        self._process = self._said = None
        if process is not None:
            if process.stdin is not None:
                process.stdin.close()
            process.terminate()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if said is not None:
            said.close()
