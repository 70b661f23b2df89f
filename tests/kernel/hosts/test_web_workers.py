"""`flows serve` with workers, and versions that change under load: real processes, real connections."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from flowlattice.signing import Keys, SigningKey
from tests.support import waiting
from tests.support.deployed import deploy
from tests.support.flows import write_flow

PATIENCE_S = 30.0
eventually = partial(waiting.eventually, patience=PATIENCE_S)

TALK = """
from pathlib import Path

class In(Record, data="public"):
    v: str = ""

class Said(Record, data="public"):
    v: str
    word: str

@node
def say(req: In) -> Said:
    return Said(v=req.v, word="WORD")

@node
async def later(req: In) -> Said:
    await asyncio.sleep(0.01)
    return Said(v=req.v, word="WORD")

@node
async def pause(req: In) -> Said:
    Path(req.v).write_text("started")
    while not Path(req.v + ".go").exists():
        await asyncio.sleep(0.01)
    return Said(v=req.v, word="WORD")

@node
def fail(req: In) -> Said:
    raise ValueError(req.v)

flow = Flow("talk", version="1.0.0")
done = flow.respond()
for step in (say, later, pause, fail):
    flow.connect(flow.trigger(http.post(f"/{step.name}", accepts=In)), step)
    flow.connect(step, done)
"""
LIMITED = """
class In(Record, data="public"):
    v: str

@node
def echo(req: In) -> In:
    return req

flow = Flow("limited", version="1.0.0")
flow.connect(flow.trigger(http.post("/limited", accepts=In)), echo)
flow.connect(echo, flow.respond())
flow.rate_limit(qps=0.0001, burst=20)
"""


def talk(folder: Path, word: str, *, source: str = TALK) -> Path:
    """A flow that answers a word."""
    return write_flow(folder, source.replace("WORD", word))


class Server:
    """`flows serve` as a process."""

    def __init__(self, process: subprocess.Popen[str], said: Path) -> None:
        self.process = process
        self._said = said
        self.port = 0

    def ready(self) -> Server:
        """Once it answers."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self._said.read_text()
        self.port = int(json.loads(line)["url"].rpartition(":")[2])
        return self

    def workers(self) -> list[int]:
        """The processes of its workers."""
        pid = self.process.pid
        return sorted(int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())

    def connect(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)

    def ask(self, path: str, v: str, method: str = "POST") -> tuple[int, str]:
        """Send a request over a connection of its own."""
        connection = self.connect()
        try:
            connection.request(method, path, json.dumps({"v": v}), {"content-type": "application/json"})
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def metrics(self) -> dict[str, float]:
        lines = self.ask("/metrics", "", "GET")[1].splitlines()
        return {name: float(value) for name, _, value in (li.rpartition(" ") for li in lines if li[:1] != "#")}

    def log(self) -> list[dict[str, str]]:
        """The lines of its log."""
        return [json.loads(line) for line in self._said.read_text().splitlines() if line.startswith("{")]

    def refuses(self) -> bool:
        """Whether nothing listens on its port."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) != 0


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[Server]:
    """`flows serve` with arguments, once it answers."""
    said = folder / "said"
    command = [sys.executable, "-m", "flowlattice", "serve", *arguments, "--no-check", "--port", "0", "--json"]
    with said.open("w") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "FLOWS_HOME": str(folder / "home"), "TMPDIR": str(folder)},
        )
    try:
        yield Server(process, said).ready()
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE_S)


class Load:
    """Clients that keep their connections and ask again and again, each until it is told to stop.

    Attributes:
        words: The words of all answers, for each client.
        lost: How often a connection broke.
        wrong: Answers that are not what was asked for.
    """

    def __init__(self, server: Server, clients: int = 6) -> None:
        self._server = server
        self._over = threading.Event()
        self.words: list[list[str]] = [[] for _ in range(clients)]
        self.lost = 0
        self.wrong: list[tuple[int, str]] = []
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(clients)]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def go_on(self, answers: int = 10) -> None:
        """Wait until every client has so many more answers."""
        wanted = [len(words) + answers for words in self.words]
        eventually(
            lambda: all(len(words) >= count for words, count in zip(self.words, wanted, strict=True)),
            "a client is not answered any more",
        )

    def _ask(self, client: int) -> None:
        connection = self._server.connect()
        number = 0
        while not self._over.is_set():
            number += 1
            v = f"{client}-{number}"
            path = "/say" if number % 2 else "/later"
            try:
                connection.request("POST", path, json.dumps({"v": v}), {"content-type": "application/json"})
                answer = connection.getresponse()
                status, body = answer.status, answer.read().decode()
            except (OSError, HTTPException):
                self.lost += 1
                connection.close()
                connection = self._server.connect()
                continue
            found = json.loads(body) if status == 200 else {}
            if found.get("v") != v:
                self.wrong.append((status, body))
            self.words[client].append(found.get("word", ""))
        connection.close()


def changed_once(words: list[str], old: str, new: str) -> bool:
    """Whether one word came first and then only the other."""
    return words == [old] * words.count(old) + [new] * words.count(new) and new in words


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    """Two workers that serve what is deployed."""
    folder = tmp_path_factory.mktemp("deployed")
    (folder / "home").mkdir()
    deploy(folder / "home", talk(folder / "first", "first"))
    deploy(folder / "home", write_flow(folder / "limited", LIMITED), name="limited")
    with serving(folder, "--deployed", "--workers", "2") as server:
        yield server, folder


def test_workers_let_in_together_what_the_limit_says_and_answer_each_request_once(deployed):
    server, _ = deployed
    one, other = server.workers()
    answers: list[tuple[int, str]] = []
    for stopped in (one, other):
        os.kill(stopped, signal.SIGSTOP)  # so that the other one answers all of these
        try:
            answers += [server.ask("/limited", f"{stopped}-{number}") for number in range(30)]
        finally:
            os.kill(stopped, signal.SIGCONT)
    assert Counter(status for status, _ in answers) == {200: 20, 429: 40}
    bodies = [body for status, body in answers if status == 200]
    assert bodies == [json.dumps({"v": f"{one}-{number}"}, separators=(",", ":")) for number in range(20)]
    route = 'flow="limited",method="POST",route="/limited"'
    counted = {
        f'flows_requests_total{{{route},status="200"}}': 20.0,
        f'flows_requests_total{{{route},status="429"}}': 40.0,
        'flows_rejected_total{flow="limited",reason="rate_limited"}': 40.0,
    }

    def are_counted() -> bool:  # an answer is counted when it is out, and that worker was stopped just then
        found = server.metrics()
        return {name: found.get(name) for name in counted} == counted

    eventually(are_counted, "not every answer is counted, once")


def test_a_worker_that_is_killed_is_started_again_and_costs_only_what_it_was_answering(deployed):
    server, _ = deployed
    killed = server.workers()[0]
    with Load(server) as load:
        load.go_on()
        os.kill(killed, signal.SIGKILL)
        eventually(lambda: len(server.workers()) == 2 and killed not in server.workers(), "it is not started again")
        load.go_on()
    assert load.lost <= len(load.words), "a connection breaks at most once"
    assert load.wrong == []
    assert any("signal 9" in line["event"] for line in server.log())


def test_a_redeployed_flow_is_served_by_all_workers_and_no_request_is_lost(deployed):
    server, folder = deployed
    with Load(server) as load:
        load.go_on()
        deploy(folder / "home", talk(folder / "second", "second"))
        eventually(lambda: all(words[-1] == "second" for words in load.words), "the old version goes on")
        load.go_on()
    assert (load.lost, load.wrong) == (0, [])
    assert all(changed_once(words, "first", "second") for words in load.words)


def test_a_broken_version_is_one_line_and_what_was_served_goes_on_also_in_a_new_worker(deployed):
    server, folder = deployed
    deploy(folder / "home", talk(folder / "third", "third"))
    eventually(lambda: "third" in server.ask("/say", "")[1], "the third version is not served")
    with Load(server) as load:
        deploy(folder / "home", write_flow(folder / "broken", "raise ValueError('a secret')"))
        eventually(lambda: complaints(server), "nobody says that it is broken")
        os.kill(server.workers()[0], signal.SIGKILL)
        load.go_on()
    eventually(lambda: len(server.workers()) == 2, "the worker is not started again")
    assert load.wrong == []
    assert {word for words in load.words for word in words[-5:]} == {"third"}
    [line] = complaints(server)
    assert "what is served goes on" in line
    assert "secret" not in line


def test_a_new_worker_verifies_for_itself_and_goes_on_without_what_is_not_trusted_any_more(deployed):
    server, folder = deployed
    stranger, keys = SigningKey.generate("stranger"), Keys(folder / "home")
    keys.trust("stranger", stranger.public.pem)
    file = write_flow(folder / "extra", LIMITED.replace("limited", "extra"))
    deploy(folder / "home", file, name="extra", key=stranger)
    eventually(lambda: server.ask("/extra", "")[0] == 200, "what another trusted key signed is not served")
    before, known = server.workers(), len(complaints(server))
    keys.untrust("stranger")
    for worker in before:
        os.kill(worker, signal.SIGKILL)
    eventually(lambda: len(complaints(server)) == known + 2, "the new workers do not say what they leave out")
    after = server.workers()
    assert not set(before) & set(after)
    assert all("which is not trusted here; flows keys trust FILE" in line for line in complaints(server)[known:])
    assert server.ask("/extra", "")[0] == 404
    assert server.ask("/say", "")[0] == 200
    assert server.workers() == after, "they go on, and are not started again and again"


def complaints(server: Server) -> list[str]:
    return [line["event"] for line in server.log() if "cannot be served" in line["event"]]


def test_a_node_that_fails_is_a_line_of_json_without_what_was_sent(deployed):
    server, _ = deployed
    status, body = server.ask("/fail", "my secret")
    assert status == 500
    run = json.loads(body)["run"]
    [line] = [line for line in server.log() if line.get("run") == run]
    assert {name: line[name] for name in ("level", "flow", "node", "error")} == {
        "level": "error",
        "flow": "talk",
        "node": "fail",
        "error": "ValueError",
    }
    assert line["place"].startswith("flow.py:")
    assert "secret" not in json.dumps(line)


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 0), (signal.SIGKILL, -9)], ids=["told to stop", "supervisor killed"]
)
def test_workers_answer_what_is_under_way_before_they_end(tmp_path, number, code):
    file = tmp_path / "seen"
    talk(tmp_path / "flow", "word")
    with serving(tmp_path, str(tmp_path / "flow"), "--workers", "2") as server:
        workers = server.workers()
        answers: list[tuple[int, str]] = []
        asking = threading.Thread(target=lambda: answers.append(server.ask("/pause", str(file))))
        asking.start()
        eventually(file.exists, "the node never started")
        server.process.send_signal(number)
        eventually(server.refuses, "it goes on accepting connections")
        (tmp_path / "seen.go").touch()
        asking.join()
        assert [status for status, _ in answers] == [200]
        assert server.process.wait(PATIENCE_S) == code
        eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), "a worker goes on")
        assert list(tmp_path.glob("flowlattice-serve-*")) == []


def test_one_process_reads_its_paths_again_on_sighup(tmp_path):
    talk(tmp_path / "flow", "old")
    with serving(tmp_path, str(tmp_path / "flow")) as server, Load(server) as load:
        load.go_on()
        talk(tmp_path / "flow", "new")
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: all(words[-1] == "new" for words in load.words), "the old version goes on")
        write_flow(tmp_path / "flow", "x = (")
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: complaints(server), "nobody says that it is broken")
        load.go_on()
    assert (load.lost, load.wrong) == (0, [])
    assert f"{tmp_path / 'flow'} cannot be served (SyntaxError while it was loaded" in complaints(server)[0]
    assert all(changed_once(words, "old", "new") for words in load.words)


def test_a_flow_that_no_worker_can_serve_is_one_clear_line(tmp_path):
    source = TALK + "flow.max_in_flight(1)\n"
    command = [sys.executable, "-m", "flowlattice", "serve", str(write_flow(tmp_path, source)), "--workers", "2"]
    done = subprocess.run(
        [*command, "--no-check", "--port", "0"], capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert done.returncode == 2
    assert done.stderr == (
        "error: flow talk: max_in_flight(1) cannot be divided by 2 workers; serve it with --workers 1\n"
    )
