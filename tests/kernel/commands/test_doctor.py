"""`flows doctor`: one line a check, what helps, and exit codes that tell a sick machine from a sick flow."""

import json
import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from flowlattice.cli import run
from tests.support.distributions import install
from tests.support.docblocks import ROOT
from tests.support.flows import write_flow

ECHO = str(ROOT / "examples" / "s01_echo")

# What none of it needs; a doctor who takes seconds is not asked.
HEAVY = {"cel", "flowlattice_agents", "httpx", "hypothesis", "langgraph", "libcst", "pygit2", "starlette", "uvicorn"}


@pytest.fixture
def broken(tmp_path):
    """A flow that cannot be built."""
    file = tmp_path / "flow.py"
    file.write_text("this is no Python\n")
    return str(file)


@pytest.fixture(name="homeless")
def _homeless(tmp_path, monkeypatch):
    """A machine on which no state can be kept."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FLOWS_HOME", str(tmp_path / "file" / "home"))


def checks(capsys):
    return {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}


def test_it_says_one_line_a_check(capsys):
    assert run(["doctor"]) == 0
    lines = capsys.readouterr().out.splitlines()
    named = {line.split()[1]: line.split()[0] for line in lines if line.split()[0] in ("ok", "warn", "fail")}
    assert {"python", "flowlattice", "packages", "sandbox", "home", "port", "clock"} <= set(named)
    assert "fail" not in named.values()


def test_it_speaks_json(capsys):
    assert run(["doctor", "--json"]) == 0
    found = checks(capsys)
    assert set(found["python"]) == {"name", "status", "text", "remedy", "details"}
    assert found["packages"]["details"]["click"]
    assert "flow" not in found


def test_a_flow_that_is_well(capsys):
    assert run(["doctor", ECHO, "--json"]) == 0
    assert checks(capsys)["flow"]["status"] == "ok"


def test_a_flow_with_problems_is_exit_1_and_says_what_shows_them(capsys, broken):
    assert run(["doctor", broken, "--json"]) == 1
    found = checks(capsys)["flow"]
    assert found["status"] == "fail"
    assert found["text"] == f"{broken} has 1 error (LOAD001)"
    assert found["remedy"] == f"flows check {broken} says where"


@pytest.mark.usefixtures("homeless")
def test_a_machine_that_lacks_something_is_exit_3_and_the_flow_is_left_alone(capsys, broken):
    assert run(["doctor", broken, "--json"]) == 3
    found = checks(capsys)
    assert (found["home"]["status"], found["flow"]["status"]) == ("fail", "warn")


def test_a_sandbox_that_does_not_start_is_exit_3(capsys, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert run(["doctor", ECHO, "--json"]) == 3
    assert "cannot be started" in checks(capsys)["flow"]["text"]


@pytest.mark.usefixtures("homeless")
def test_a_remedy_stands_below_what_it_is_for(capsys):
    assert run(["doctor"]) == 3
    lines = capsys.readouterr().out.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("fail"))
    assert "FLOWS_HOME" in lines[place + 1]


def test_a_path_without_a_flow_is_wrong_usage(capsys, tmp_path):
    assert run(["doctor", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_it_imports_nothing_heavy():
    done = subprocess.run(
        [sys.executable, "-m", "flowlattice", "doctor"],
        env=os.environ | {"PYTHONPROFILEIMPORTTIME": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    assert {line.split("|")[2].strip() for line in lines} & HEAVY == set()


NEEDS = """
from flowlattice import BlobWrite, Creds, DbWrite, HttpRead, KafkaWrite, SeededRng, scopes

class In(Record, data="public"):
    v: str

class Out(Record, data="public"):
    v: str

@node(idempotency=by("v"))
async def act(
    req: In, api: HttpRead, key: Annotated[Creds, scopes("orders:read")], db: DbWrite, kv: KvWrite, files: BlobWrite,
    events: KafkaWrite, rng: SeededRng,
) -> Out:
    return Out(v=(await api.get("https://api.example.com/", auth=key)).text)

flow = Flow("needy", version="1.0.0")
hook = flow.trigger(http.post("/go", accepts=In, deadline=seconds(5)))
flow.connect(hook, act)
flow.connect(act, flow.respond())
flow.egress("api", "api.example.com")
flow.creds("key", provider="api", scopes=("orders:read",))
flow.rate_limit(qps=1, burst=1)
"""
BOUND = """
[live.api]
backend = "http"
region = "eu"
[live.key]
backend = "secret"
value = "$NEEDY_KEY"
scopes = ["orders:read", "orders:write"]
[live.db]
backend = "sqlite"
path = "shop.sqlite"
[live.kv]
backend = "sqlite"
path = "deep/kv.sqlite"
[live.files]
backend = "folder"
path = "files"
[live.events]
backend = "local"
"""


@pytest.fixture
def needy(tmp_path, monkeypatch):
    """A flow that asks for much, in a folder where all of it is there."""
    monkeypatch.setenv("NEEDY_KEY", "k3y")
    folder = tmp_path / "needy"
    write_flow(folder, NEEDS)
    (folder / "files").mkdir()
    with closing(sqlite3.connect(folder / "shop.sqlite")) as database:
        database.execute("CREATE TABLE orders (v TEXT)")
    (folder / "bindings.toml").write_text(BOUND)
    return folder


def needed(capsys):
    """What was found of the flow's needs."""
    names = ("api", "key", "db", "kv", "files", "events", "rng")
    return {name: check for name, check in checks(capsys).items() if name in names}


def test_what_a_flow_needs_without_an_environment(capsys, needy):
    assert run(["doctor", str(needy), "--json"]) == 0
    found = needed(capsys)
    assert {name: check["status"] for name, check in found.items()} == {
        "api": "warn",
        "key": "warn",
        "db": "warn",
        "kv": "warn",
        "files": "warn",
        "events": "warn",
        "rng": "ok",
    }
    assert found["api"]["text"] == "http.read to api.example.com: a local double stands in"
    assert found["api"]["details"] == {
        "capabilities": "http.read",
        "hosts": "api.example.com",
        "backends": "http",
    }
    assert found["rng"]["text"] == "rng.seeded: the host's own"


def test_an_environment_that_has_all_of_it(capsys, needy):
    assert run(["doctor", str(needy), "--env", "live", "--json"]) == 0
    found = needed(capsys)
    assert {name: check["text"] for name, check in found.items()} == {
        "api": "http.read to api.example.com: on http",
        "key": "creds with orders:read: on secret",
        "db": "db.write: on sqlite",
        "kv": "kv.write: on sqlite",
        "files": "blob.write: on folder",
        "events": "kafka.write: a local double, as [live.events] asks for",
        "rng": "rng.seeded: the host's own",
    }
    assert found["events"]["status"] == "warn"
    assert found["api"]["details"]["region"] == "eu"


@pytest.mark.parametrize(
    "case",
    [
        ("api", "", "not bound in live", 'add [live.api] with backend = "http" to bindings.toml'),
        ("api", "backend = 'folder'\npath = 'x'", "bound to folder in live", 'add [live.api] with backend = "http"'),
        ("key", "backend = 'secret'\nvalue = '$ABSENT'", "but ABSENT has no value", "set the variable ABSENT"),
        ("key", "backend = 'secret'\nvalue = {file = '/no/such'}", "but /no/such has no value", "put it into /no/such"),
        (
            "key",
            "backend = 'secret'\nvalue = '$NEEDY_KEY'\nscopes = []",
            "but it lacks orders:read",
            "list it in scopes",
        ),
        ("db", "backend = 'sqlite'\npath = 'absent.sqlite'", "absent.sqlite is not there", "make the database"),
        ("db", "backend = 'sqlite'\npath = 'bindings.toml'", "bindings.toml cannot be opened", "name an SQLite file"),
        ("files", "backend = 'folder'\npath = 'absent'", "absent is no folder", "make it, or correct path"),
        ("events", "backend = 'kafka'\nbrokers = ['h:1']", "no host that runs in this process serves", "stands in"),
    ],
)
def test_what_is_missing_is_said_with_what_helps_and_is_exit_1(capsys, needy, case):
    binding, entry, text, remedy = case
    others = [part for part in BOUND.split("[live.") if not part.startswith(f"{binding}]")]
    own = f"{binding}]\n{entry}\n" if entry else ""
    (needy / "bindings.toml").write_text("[live.".join([*others, own] if own else others))
    assert run(["doctor", str(needy), "--env", "live", "--json"]) == 1
    found = needed(capsys)
    assert [name for name, check in found.items() if check["status"] == "fail"] == [binding]
    assert text in found[binding]["text"]
    assert remedy in found[binding]["remedy"]


def test_servers_are_connected_to_only_when_that_is_asked(capsys, needy):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (needy / "bindings.toml").write_text(
            BOUND.replace('backend = "http"', f'backend = "http"\negress = ["127.0.0.1:{port}"]')
        )
        assert run(["doctor", str(needy), "--env", "live", "--connect", "--json"]) == 0
        assert needed(capsys)["api"]["status"] == "ok"
    assert run(["doctor", str(needy), "--env", "live", "--json"]) == 0
    capsys.readouterr()
    assert run(["doctor", str(needy), "--env", "live", "--connect", "--json"]) == 1
    found = needed(capsys)["api"]
    assert f"127.0.0.1:{port} cannot be connected to (ConnectionRefusedError)" in found["text"]


def test_hosts_that_the_flow_declares_are_tried_where_the_binding_lists_none(capsys, needy):
    with socket.create_server(("127.0.0.1", 0)) as server:
        host = f"127.0.0.1:{server.getsockname()[1]}"
        write_flow(needy, NEEDS.replace('"api.example.com"', f'"{host}"').replace("api.example.com", host))
        assert run(["doctor", str(needy), "--env", "live", "--connect", "--json"]) == 0
    capsys.readouterr()
    assert run(["doctor", str(needy), "--env", "live", "--connect", "--json"]) == 1
    assert needed(capsys)["api"]["status"] == "fail"


TRIGGERED = """
from flowlattice import kafka

class In(Record, data="public"):
    v: str

@node
def same(req: In) -> In:
    return req

flow = Flow("triggered", version="1.0.0", profile=Profile.QUEUE)
flow.connect(flow.trigger(kafka("clicks", accepts=In), name="ingest"), same)
"""
NO_HOST = "kafka trigger of clicks: on kafka, but no host that runs in this process serves it there"


def bound_to(port, more=""):
    return f'[live.ingest]\nbackend = "kafka"\nbrokers = ["127.0.0.1:{port}"]\n{more}'


@pytest.fixture
def triggered(tmp_path):
    """A flow that a topic starts."""
    folder = tmp_path / "triggered"
    write_flow(folder, TRIGGERED)
    return folder


def ingest(capsys, *arguments):
    """The exit code, and what was found of the trigger."""
    code = run(["doctor", *map(str, arguments), "--json"])
    return code, checks(capsys)["ingest"]


def test_a_trigger_is_listed_like_a_capability(capsys, triggered):
    code, found = ingest(capsys, triggered)
    assert (code, found["status"], found["text"]) == (0, "warn", "kafka trigger of clicks: bound to nothing")
    assert found["details"] == {"triggers": "kafka trigger", "backends": "kafka"}


@pytest.mark.parametrize(
    "case",
    [
        ("[live]\n", 1, "fail", "not bound in live", 'add [live.ingest] with backend = "kafka" to bindings.toml'),
        (
            '[live.ingest]\nbackend = "sqlite"\npath = "x"\n',
            1,
            "fail",
            "bound to sqlite in live",
            'add [live.ingest] with backend = "kafka" to bindings.toml',
        ),
        ('[live.ingest]\nbackend = "local"\n', 0, "warn", "nothing comes in by it, as [live.ingest] asks for", None),
        (
            bound_to(9, 'password = "$ABSENT"\n'),
            1,
            "fail",
            "on kafka, but ABSENT has no value",
            "set the variable ABSENT",
        ),
        (bound_to(9), 0, "warn", NO_HOST[len("kafka trigger of clicks: ") :], "it cannot run here"),
    ],
)
def test_what_a_trigger_is_bound_to(capsys, triggered, case):
    text, code, status, said, remedy = case
    (triggered / "bindings.toml").write_text(text)
    exited, found = ingest(capsys, triggered, "--env", "live")
    assert (exited, found["status"], found["text"]) == (code, status, f"kafka trigger of clicks: {said}")
    assert (found["remedy"] or "").endswith(remedy or "")


def test_the_broker_of_a_trigger_is_connected_to_when_that_is_asked(capsys, triggered):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        (triggered / "bindings.toml").write_text(bound_to(port))
        code, found = ingest(capsys, triggered, "--env", "live", "--connect")
        assert (code, found["text"]) == (0, NO_HOST)
    code, found = ingest(capsys, triggered, "--env", "live", "--connect")
    assert (code, found["status"]) == (1, "fail")
    assert f"127.0.0.1:{port} cannot be connected to (ConnectionRefusedError)" in found["text"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--env", "live"], "give its PATH"),
        ([ECHO, "--connect"], "name it with --env"),
        ([ECHO, "--env", "live"], "bindings.toml: not there"),
    ],
)
def test_options_that_do_not_go_together(capsys, arguments, said):
    assert run(["doctor", *arguments]) == 2
    assert said in capsys.readouterr().err


def test_an_environment_that_is_not_there(capsys, needy):
    assert run(["doctor", str(needy), "--env", "lively"]) == 2
    assert "no environment lively; there is live" in capsys.readouterr().err


def test_what_other_distributions_announce_is_listed(capsys, tmp_path, monkeypatch):
    types = (
        "from typing import Protocol\nfrom flowlattice.capabilities import capability\n"
        "from flowlattice.lattice import Determinism, Effects\n"
        '@capability("NAME", effects=Effects.PURE, determinism=Determinism.STRICT)\nclass It(Protocol): ...\n'
    )
    for package, name in (("fine_caps", "fine.it"), ("bad_caps", "kv.read")):
        announces = f"[flowlattice.capabilities]\nit = {package}.types\n"
        files = {f"{package}/types.py": types.replace("NAME", name)}
        monkeypatch.syspath_prepend(str(install(tmp_path / package, package.replace("_", "-"), files, announces)))
    assert run(["doctor", "--json"]) == 0
    found = checks(capsys)
    assert (found["capabilities fine-caps"]["status"], found["capabilities fine-caps"]["text"]) == (
        "ok",
        "fine_caps.types: It (fine.it)",
    )
    assert found["capabilities bad-caps"]["status"] == "warn"
    assert found["capabilities bad-caps"]["text"] == "bad_caps.types.It calls itself kv.read, as flowlattice does"
