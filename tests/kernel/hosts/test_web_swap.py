"""Other versions are served without a restart: in process, where both versions can be watched."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import sys
from contextlib import asynccontextmanager

import pytest

from flowlattice.bindings import LocalBindings
from flowlattice.deployments import Deployments, NotVerified
from flowlattice.errors import UsageError
from flowlattice.hosts.inprocess import InProcess
from flowlattice.hosts.versions import DeployedFlows, PathFlows
from flowlattice.hosts.web import WebApp, swap
from flowlattice.hosts.web.app import Part
from flowlattice.hosts.web.swap import Swapper
from tests.support.deployed import deploy
from tests.support.flows import running, runtime_of, until, write_flow

SAYING = """
class In(Record, data="public"):
    v: str = ""

GO = asyncio.Event()
BEGUN = []

@node
def say(req: In) -> In:
    return In(v="WORD")

@node
async def wait(req: In) -> In:
    BEGUN.append(req)
    await GO.wait()
    return In(v="WORD")

flow = Flow("NAME", version="1.0.0")
done = flow.respond()
for path, step in [("/PATH", say), ("/PATH/wait", wait)]:
    flow.connect(flow.trigger(http.post(path, accepts=In)), step)
    flow.connect(step, done)
"""


def saying(folder, word, *, name="talk", path="say", more=""):
    """A flow that answers a word, at once and when it is let."""
    return write_flow(folder, SAYING.replace("WORD", word).replace("NAME", name).replace("PATH", path) + more)


class Host:
    """The web host of a source."""

    def __init__(self, driver: InProcess, swapper: Swapper) -> None:
        self.driver = driver
        self.swapper = swapper

    async def ask(self, path: str) -> tuple[int, str]:
        answer = await self.driver.request("POST", path, body=b"{}")
        return answer.status, json.loads(answer.body).get("v", "")


@asynccontextmanager
async def host(source):
    app = WebApp()
    swapper = Swapper(app, source)
    swapper.start()
    async with InProcess(app) as driver:
        yield Host(driver, swapper)


def lines(caplog) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


@running
async def test_the_next_request_is_answered_by_the_new_version_and_the_last_of_the_old_by_the_old(tmp_path):
    saying(tmp_path, "old")
    async with host(PathFlows([tmp_path], None, None)) as served:
        old = next(m for m in sys.modules.values() if getattr(m, "__file__", "") == str(tmp_path / "flow.py"))
        waiting = asyncio.create_task(served.ask("/say/wait"))
        await until(lambda: bool(old.BEGUN))
        saying(tmp_path, "new")
        await served.swapper.refresh(again=True)
        assert await served.ask("/say") == (200, "new")
        assert not waiting.done()
        metrics = (await served.driver.request("GET", "/metrics")).body.decode()
        assert 'flows_in_flight{flow="talk"} 1.0' in metrics
        old.GO.set()
        assert await waiting == (200, "old")


@running
async def test_a_runtime_that_is_served_no_longer_is_closed_after_its_last_request(tmp_path):
    closed = []

    class Watched(LocalBindings):
        async def close(self) -> None:
            closed.append(self)
            await super().close()

    one = runtime_of(tmp_path / "one", SAYING.replace("PATH", "a"), bindings=Watched())
    two = runtime_of(tmp_path / "two", SAYING.replace("PATH", "b"), bindings=Watched())
    app = WebApp([one, two])
    async with InProcess(app) as driver:
        module = next(m for m in sys.modules.values() if getattr(m, "__file__", "") == str(one_file(tmp_path)))
        waiting = asyncio.create_task(driver.request("POST", "/a/wait", body=b"{}"))
        await until(lambda: bool(module.BEGUN))
        app.swap([two])
        assert (await driver.request("POST", "/a", body=b"{}")).status == 404
        assert closed == []
        module.GO.set()
        assert (await waiting).status == 200
        await until(lambda: closed == [one.bindings])
    assert closed == [one.bindings, two.bindings]


def one_file(folder):
    return (folder / "one" / "flow.py").resolve()


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("x = (", "SyntaxError while it was loaded"),
        ("raise SystemExit(0)", "SystemExit while it was loaded"),
        ("x = 1", "defines 0 flows"),
        (SAYING.replace("/PATH", "/metrics"), "the host's own page"),
    ],
)
@running
async def test_a_version_that_cannot_be_served_is_one_line_and_the_old_one_goes_on(tmp_path, caplog, broken, said):
    saying(tmp_path, "old")
    async with host(PathFlows([tmp_path], None, None)) as served:
        write_flow(tmp_path, broken)
        await served.swapper.refresh(again=True)
        assert await served.ask("/say") == (200, "old")
        [line] = lines(caplog)
        assert said in line
        assert "what is served goes on" in line
        saying(tmp_path, "mended")
        await served.swapper.refresh(again=True)
        assert await served.ask("/say") == (200, "mended")


@running
async def test_what_goes_on_still_finds_what_lies_beside_it(tmp_path):
    late = SAYING.replace('return In(v="WORD")', "from .words import WORD\n    return In(v=WORD)", 1)
    (tmp_path / "words.py").write_text("WORD = 'found'")
    write_flow(tmp_path, late)
    async with host(PathFlows([tmp_path], None, None)) as served:
        assert await served.ask("/PATH") == (200, "found")
        write_flow(tmp_path, "from .words import WORD, NUMBER")
        await served.swapper.refresh(again=True)
        (tmp_path / "words.py").unlink()
        assert await served.ask("/PATH") == (200, "found")


@running
async def test_a_version_whose_code_never_ends_is_given_up_and_later_ones_are_served(tmp_path, caplog, monkeypatch):
    saying(tmp_path, "old")
    hour = "import threading\nthreading.Event().wait(3600)\n"
    async with host(PathFlows([tmp_path], None, None)) as served:
        write_flow(tmp_path, hour)
        with monkeypatch.context() as patched:
            patched.setattr(swap, "LONGEST_LOAD_S", 0.05)
            await served.swapper.refresh(again=True)
        assert await served.ask("/say") == (200, "old")
        assert "it was not loaded within" in lines(caplog)[0]
        saying(tmp_path, "new")
        await served.swapper.refresh(again=True)
        assert await served.ask("/say") == (200, "new")


@running
async def test_two_flows_may_exchange_their_routes(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    saying(one, "one", name="one", path="a")
    saying(two, "two", name="two", path="b")
    async with host(PathFlows([one, two], None, None)) as served:
        saying(one, "one", name="one", path="c")
        saying(two, "two", name="two", path="a")
        await served.swapper.refresh(again=True)
        assert [await served.ask(path) for path in ("/a", "/c")] == [(200, "two"), (200, "one")]
        assert (await served.driver.request("POST", "/b", body=b"{}")).status == 404


@running
async def test_a_route_that_another_flow_has_is_refused_to_the_newcomer(tmp_path, caplog):
    one, two = tmp_path / "one", tmp_path / "two"
    saying(one, "one", name="one", path="a")
    saying(two, "two", name="two", path="b")
    async with host(PathFlows([one, two], None, None)) as served:
        saying(two, "two", name="two", path="a")
        await served.swapper.refresh(again=True)
        assert [await served.ask(path) for path in ("/a", "/b")] == [(200, "one"), (200, "two")]
        [line] = lines(caplog)
        assert "POST /a is there twice" in line


@running
async def test_a_new_version_brings_no_new_tokens(tmp_path):
    limit = "flow.rate_limit(qps=0.001, burst=3)\n"
    saying(tmp_path, "old", more=limit)
    async with host(PathFlows([tmp_path], None, None)) as served:
        assert [(await served.ask("/say"))[0] for _ in range(2)] == [200, 200]
        saying(tmp_path, "new", more=limit)
        await served.swapper.refresh(again=True)
        write_flow(tmp_path, SAYING.replace("/PATH", "/metrics") + limit)
        await served.swapper.refresh(again=True)
        assert await served.ask("/say") == (200, "new")
        assert (await served.ask("/say"))[0] == 429
        saying(tmp_path, "newest", more=limit)
        await served.swapper.refresh(again=True)
        assert (await served.ask("/say"))[0] == 429


@running
async def test_what_is_deployed_rolled_back_or_withdrawn_meanwhile_is_followed(tmp_path, caplog):
    home = tmp_path / "home"
    home.mkdir()
    deploy(home, saying(tmp_path / "one", "one"))
    source = DeployedFlows(home)
    async with host(source) as served:
        stamp = source.stamp()
        await served.swapper.refresh()
        assert source.stamp() == stamp, "looking changes nothing"
        deploy(home, saying(tmp_path / "two", "two"))
        assert source.stamp() != stamp
        deploy(home, saying(tmp_path / "other", "other", name="other", path="other"), name="other")
        await served.swapper.refresh()
        assert [await served.ask(path) for path in ("/say", "/other")] == [(200, "two"), (200, "other")]
        deploy(home, write_flow(tmp_path / "broken", "raise ValueError('no')"))
        for again in (False, False, True):
            await served.swapper.refresh(again=again)
            assert await served.ask("/say") == (200, "two")
        assert len(lines(caplog)) == 2, "once, and once more when it was asked for"
        for word in ("two", "one"):
            Deployments(home).rollback("talk")
            await served.swapper.refresh()
            assert await served.ask("/say") == (200, word)
        Deployments(home).rollback("other")
        await served.swapper.refresh()
        assert (await served.driver.request("POST", "/other", body=b"{}")).status == 404


def refuse(home, name: str) -> None:
    """Let what a name stands for lack what is attested, as it does in a record of an earlier version."""
    connection = sqlite3.connect(home / "deployments.sqlite")
    with connection:
        change = "UPDATE deployments SET record = json_remove(record, '$.attestation') WHERE name = ?"
        connection.execute(change, (name,))
    connection.close()


@running
async def test_what_is_not_verified_is_not_loaded_and_the_others_are_served(tmp_path, caplog):
    home = tmp_path / "home"
    home.mkdir()
    deploy(home, saying(tmp_path / "one", "one"))
    deploy(home, saying(tmp_path / "bad", "bad", name="bad", path="bad", more="raise SystemExit"), name="bad")
    refuse(home, "bad")
    async with host(DeployedFlows(home)) as served:
        served.swapper.say_refused()
        [line] = lines(caplog)
        assert line.startswith("bad ")
        assert "without an attestation; deploy it again: flows deploy PATH --approve); it is not served" in line
        assert await served.ask("/say") == (200, "one")
        deploy(home, saying(tmp_path / "two", "two"))
        refuse(home, "talk")
        for _ in range(2):
            await served.swapper.refresh()
            assert await served.ask("/say") == (200, "one")
        assert len(lines(caplog)) == 2, "each is said once"
        assert "what is served goes on" in lines(caplog)[1]


def test_where_nothing_is_verified_there_is_nothing_to_start_with(tmp_path):
    for name in ("one", "two"):
        deploy(tmp_path, saying(tmp_path / name, name, name=name, path=name), name=name)
        refuse(tmp_path, name)
    swapper = Swapper(WebApp(), DeployedFlows(tmp_path))
    with pytest.raises(NotVerified, match=r"nothing .* \(and 1 more: flows deployments\): one .* deploy it again"):
        swapper.start()


def test_requests_under_way_are_divided_among_workers_and_none_goes_empty():
    assert [Part(worker, 3).of(8, "f") for worker in range(3)] == [3, 3, 2]
    with pytest.raises(UsageError, match=r"max_in_flight\(2\) cannot be divided by 3 workers"):
        Part(0, 3).of(2, "f")


@pytest.mark.parametrize("later", ["", "x = ("])
@running
async def test_another_process_serves_what_was_loaded_and_not_what_lies_on_the_disk(tmp_path, later):
    flow, kept = tmp_path / "flow", tmp_path / "kept"
    (flow / "words.py").parent.mkdir()
    (flow / "words.py").write_text("WORD = 'old'")
    write_flow(flow, SAYING.replace('"WORD"', "WORD").replace("class In", "from .words import WORD\n\nclass In", 1))
    lead, other = PathFlows([flow], None, None), PathFlows([flow], None, None)
    for source in (lead, other):
        source.keep_in(kept)
    async with host(lead) as first:
        (flow / "words.py").write_text("WORD = 'new'")
        if later:
            write_flow(flow, later)
        app = WebApp()
        swapper = Swapper(app, other)
        swapper.start(first.swapper.numbers)
        async with InProcess(app) as driver:
            assert await Host(driver, swapper).ask("/PATH") == (200, "old")
            if not later:
                await first.swapper.refresh(again=True)
                await swapper.refresh(numbers=first.swapper.numbers)
                assert await Host(driver, swapper).ask("/PATH") == (200, "new")


@running
async def test_paths_are_checked_when_they_are_read_again_and_not_served_where_that_fails(tmp_path, caplog):
    asked = []

    def check(path, is_start):
        asked.append((path, is_start))
        if not is_start:
            raise UsageError("flow.py: 1 error")

    saying(tmp_path, "old")
    async with host(PathFlows([tmp_path], None, None, check=check)) as served:
        saying(tmp_path, "new")
        await served.swapper.refresh(again=True)
        assert await served.ask("/say") == (200, "old")
    assert asked == [(tmp_path, True), (tmp_path, False)]
    assert "flow.py: 1 error" in lines(caplog)[0]
