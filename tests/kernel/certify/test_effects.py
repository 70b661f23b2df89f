"""The effects check: nodes that the reader was told are pure, and that reach out when they run, are caught.

Their flow is not one that admission lets in; what a library does that is installed beside a flow looks the same.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flowlattice.certify.bench import Bench
from flowlattice.certify.checks import effects
from flowlattice.certify.harness import LIMITS
from flowlattice.certify.laboratory import Laboratory
from flowlattice.certify.model import Check
from flowlattice.ir.lower import lower
from flowlattice.language.loading import load

HEAD = """
import asyncio, ctypes, glob, json, os, pathlib, socket, sqlite3, subprocess, sys, tempfile, threading, urllib.request
from contextlib import suppress

from flowlattice import Effects, Flow, HttpWrite, KvRead, Record, http, node


class In(Record, data="public"):
    v: str


HERE = sys.modules[__name__]  # what is taken from it by a name made up on the way, the reader has to be told
flow = Flow("reaching", version="1.0.0")
hook = flow.trigger(http.post("/x", accepts=In))
"""

SYNC = """
@node(vouch=["getattr", "action"])
def {name}(given: In) -> In:
    action = getattr(HERE, given.v[:0] + "{name}_")
    action()
    return given


def {name}_():
    with suppress(BaseException):
        {body}


flow.connect(hook, {name})
"""

ASYNC = """
@node(vouch=["getattr", "action"])
async def {name}(given: In) -> In:
    action = getattr(HERE, given.v[:0] + "{name}_")
    await action()
    return given


async def {name}_():
    with suppress(BaseException):
        {body}


flow.connect(hook, {name})
"""

LIES = {
    "by_urllib": ('urllib.request.urlopen("http://127.0.0.1:9/", timeout=1)', "reaches for the network"),
    "by_httpx": ('__import__("httpx").get("http://127.0.0.1:9/")', "reaches for the network"),
    "by_socket": ('socket.getaddrinfo("localhost", 80)', "reaches for the network"),
    "by_pathlib": ('pathlib.Path("/etc/hostname").read_text()', "reads files"),
    "by_glob": ('glob.glob("/etc/*")', "reads files"),
    "by_open": ('open("kept.txt", "a").write("x")', "changes files"),
    "by_tempfile": ("tempfile.mkdtemp()", "changes files"),
    "by_sqlite": ('sqlite3.connect("kept.sqlite").execute("select 1")', "changes files"),
    "by_remove": ('os.remove("kept.txt")', "changes files"),
    "by_subprocess": ('subprocess.run(["true"])', "reaches for other processes"),
    "by_system": ('os.system("true")', "reaches for other processes"),
    "by_ctypes": ("ctypes.CDLL(None).getpid()", "calls code outside of Python"),
    "by_environment": ('os.environ.update(KEPT="1")', "changes the process's environment"),
    "by_thread": ('threading.Thread(target=os.listdir, args=("/etc",)).start()', "reads files"),
}
ASYNC_LIES = {
    "by_connection": ('await asyncio.open_connection("localhost", 9)', "reaches for the network"),
    "by_executor": ('await asyncio.get_running_loop().run_in_executor(None, os.listdir, "/etc")', "reads files"),
    "by_callback": ('asyncio.get_running_loop().call_soon(os.listdir, "/etc")', "reads files"),
}
HONEST = {
    "by_import": '__import__("xml.dom.minidom")',
    "by_zone": '__import__("zoneinfo").ZoneInfo("Europe/Berlin")',
    "in_memory": 'sqlite3.connect(":memory:").execute("select 1")',
    "by_own_loop": "asyncio.run(asyncio.sleep(0))",
    "by_failure": '__import__("traceback").format_exc(); json.loads("no")',
}
MORE = """
@node(effects=Effects.PURE)
async def claims_to_be_pure(given: In, store: KvRead) -> In:
    await store.get("a")
    return given


@node
def reads_and_says_so(given: In) -> In:
    with suppress(BaseException):
        open("/etc/hostname")
    return given


@node(vouch=["getattr", "action"])
async def also_beside(given: In, api: HttpWrite) -> In:
    action = getattr(HERE, given.v[:0] + "also_beside_")
    action()
    return given


def also_beside_():
    os.system("true")


for other in (claims_to_be_pure, reads_and_says_so, also_beside):
    flow.connect(hook, other)
"""


@pytest.fixture(scope="module")
def laboratory() -> Iterator[Laboratory]:
    with Laboratory() as one:
        yield one


def bench_of(folder: Path, source: str, laboratory: Laboratory) -> Bench:
    """A bench for a flow that admission would not let in, or that the checker finds wanting."""
    (folder / "flow.py").write_text(source, encoding="utf-8")
    ir = lower(load(folder))
    names = tuple(node.name for node in ir.nodes)
    return Bench(
        path=folder / "flow.py",
        ir=ir,
        nodes=names,
        routes=(),
        examples=(),
        laboratory=laboratory,
        limits=LIMITS,
    )


@pytest.fixture(scope="module")
def found(tmp_path_factory, laboratory) -> Check:
    parts = [SYNC.format(name=name, body=body) for name, (body, _) in LIES.items()]
    parts += [ASYNC.format(name=name, body=body) for name, (body, _) in ASYNC_LIES.items()]
    parts += [SYNC.format(name=name, body=body) for name, body in HONEST.items()]
    return effects.run(bench_of(tmp_path_factory.mktemp("reaching"), HEAD + "".join(parts) + MORE, laboratory))


def part(check: Check, node: str) -> tuple[str, str]:
    one = next(one for one in check.parts if one.name == f"node:{node}")
    return one.verdict, one.summary


@pytest.mark.parametrize(("name", "said"), [(name, said) for name, (_, said) in (LIES | ASYNC_LIES).items()])
def test_a_node_that_reaches_out_is_caught_though_it_swallows_the_error(found, name, said):
    verdict, summary = part(found, name)
    assert (verdict, summary.startswith(f"node {name} {said} (")) == ("failed", True), summary


@pytest.mark.parametrize("name", HONEST)
def test_what_the_interpreter_does_for_itself_is_no_effect(found, name):
    assert part(found, name)[0] == "passed", part(found, name)


def test_a_claim_that_is_purer_than_what_is_derived_fails_with_the_reason(found):
    assert part(found, "claims_to_be_pure") == (
        "failed",
        "node claims_to_be_pure is declared pure, and asks for store (kv.read)",
    )


def test_a_body_that_is_known_to_read_may_read(found):
    verdict, summary = part(found, "reads_and_says_so")
    assert verdict == "passed", summary


def test_a_node_with_effects_has_them_by_its_capabilities_alone(found):
    verdict, summary = part(found, "also_beside")
    assert (verdict, "other processes (os.system)" in summary) == ("failed", True), summary


def test_the_check_says_where_and_nothing_of_what_was_handed_over(found):
    assert found.verdict == "failed"
    assert any("through urllib, flow.py line " in failure for failure in found.failures)
    assert not any("127.0.0.1" in failure for failure in found.failures)
