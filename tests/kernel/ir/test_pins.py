"""Connectors and plugins: what is pinned, what is there, and that an approval covers all that belongs to a flow."""

import pytest

from flowlattice.errors import UsageError
from flowlattice.ir.build import build
from flowlattice.ir.digest import connector_digest, file_digest, source_digest, source_files
from flowlattice.ir.pins import Pin, read_pins, write_pin

CONNECTOR = """
from flowlattice import Connector, HttpWrite, by, node
from .records import Ack, Row

@node(idempotency=by("v"), honours_key=True)
async def charge(row: Row, stripe: HttpWrite) -> Ack:
    return Ack(v=row.v)

connector = Connector(
    "stripe", version="1.2.0", nodes=[charge], egress={"stripe": ["api.stripe.com"]},
    scopes={"stripe_key": ["charges:write"]}, fixtures=["fixtures/ok.json"],
)
"""
FLOW = """
from typing import Annotated
from flowlattice import Flow, PluginPython, http, node, sandboxed
from .records import Row
from .stripe import charge

@node
async def clean(row: Row, py: Annotated[PluginPython, sandboxed("plugins/clean.py", deterministic=True)]) -> Row:
    await py.call("clean", {})
    return row

flow = Flow("t", version="1.0.0")
hook = flow.trigger(http.post("/t", accepts=Row))
flow.connect(hook, clean)
flow.connect(clean, charge)
flow.connect(charge, flow.respond())
"""
RECORDS = """
from flowlattice import Record

class Row(Record, data="public"):
    v: str

class Ack(Record, data="public"):
    v: str
"""


@pytest.fixture
def folder(tmp_path):
    files = {
        "flow.py": FLOW,
        "stripe.py": CONNECTOR,
        "records.py": RECORDS,
        "plugins/clean.py": "import pandas\n",
        "fixtures/ok.json": "{}",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def ir_of(folder):
    built = build(folder)
    assert built.ir is not None, built.diagnostics
    return built.ir


# Connectors


def test_a_connector_that_nobody_pinned_is_found_all_the_same(folder):
    (found,) = ir_of(folder).connectors
    assert (found.name, found.version, found.digest) == ("stripe", "1.2.0", None)
    assert found.found == connector_digest(folder / "stripe.py")
    assert (found.egress, found.scopes) == ({"stripe": ("api.stripe.com",)}, {"stripe_key": ("charges:write",)})
    assert found.source.file == "stripe.py"


def test_a_pin_is_what_is_there_until_something_changes(folder):
    name, pin, fixtures = write_pin(folder / "stripe.py")
    assert (name, pin.version, pin.path) == ("stripe", "1.2.0", "stripe.py")
    assert fixtures == {"fixtures/ok.json": file_digest(b"{}")}
    (found,) = ir_of(folder).connectors
    assert found.digest == found.found == pin.digest
    (folder / "fixtures" / "ok.json").write_text("[]")
    (found,) = ir_of(folder).connectors
    assert found.digest == pin.digest != found.found


def test_other_pins_stay(folder):
    write_pin(folder / "stripe.py")
    (folder / "other.py").write_text(CONNECTOR.replace('"stripe", version="1.2.0"', '"an other", version="0.1.0"'))
    write_pin(folder / "other.py")
    write_pin(folder / "stripe.py")
    pins = read_pins(folder)
    assert list(pins) == ["an other", "stripe"]
    assert pins["stripe"] == Pin(version="1.2.0", path="stripe.py", digest=connector_digest(folder / "stripe.py"))


def test_using_a_connector_lets_its_bindings_reach_its_hosts(folder):
    flow = ir_of(folder)
    charge = next(node for node in flow.nodes if node.name == "charge")
    assert charge.capabilities[0].egress == ("api.stripe.com",)
    assert [(grant.binding, grant.hosts, grant.source.file) for grant in flow.egress] == [
        ("stripe", ("api.stripe.com",), "stripe.py")
    ]


def test_a_connector_of_which_no_node_is_used_is_none_of_the_flow(folder):
    text = FLOW.replace("flow.connect(clean, charge)\nflow.connect(charge, flow", "flow.connect(clean, flow")
    (folder / "flow.py").write_text(text)
    assert ir_of(folder).connectors == ()
    assert ir_of(folder).egress == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = 1", "states no connector"),
        ("x = (", "states no connector"),
        (CONNECTOR + CONNECTOR, "states no connector"),
        (CONNECTOR.replace('"1.2.0"', "VERSION"), "states no connector"),
        (CONNECTOR.replace("ok.json", "gone.json"), "no file fixtures/gone.json"),
        (CONNECTOR.replace("fixtures/ok.json", "../x.json"), "no file ../x.json"),
    ],
)
def test_what_cannot_be_pinned(folder, text, said):
    (folder / "stripe.py").write_text(text)
    with pytest.raises(UsageError, match=said):
        write_pin(folder / "stripe.py")
    assert not (folder / "connectors.toml").exists()


@pytest.mark.parametrize("text", ["x", "stripe = 1", "[stripe]\nversion = '1'", "[stripe]\ncolour = 'red'"])
def test_pins_that_are_none(folder, text):
    (folder / "connectors.toml").write_text(text)
    with pytest.raises(UsageError, match="not as `flows pin` writes it"):
        read_pins(folder)
    (problem,) = build(folder).diagnostics
    assert problem.code == "LOAD003"
    assert "connectors.toml" in problem.message


# What belongs to a flow


def test_plugins_and_fixtures_are_artifacts_by_digest(folder):
    clean, ok = file_digest(b"import pandas\n"), file_digest(b"{}")
    assert ir_of(folder).artifacts == (f"fixtures/ok.json@{ok}", f"plugins/clean.py@{clean}")


def test_a_node_with_a_plugin_is_one(folder):
    clean = next(node for node in ir_of(folder).nodes if node.name == "clean")
    assert clean.kind == "plugin"
    assert "py: plugins/clean.py is deterministic" in clean.vouched


def test_the_source_digest_covers_them_and_the_pins(folder):
    write_pin(folder / "stripe.py")
    modules = {"flow.py", "stripe.py", "records.py"}
    assert set(source_files(folder)) == modules | {"plugins/clean.py", "fixtures/ok.json", "connectors.toml"}
    for name in ("plugins/clean.py", "fixtures/ok.json", "connectors.toml"):
        before = source_digest(folder)
        (folder / name).write_text((folder / name).read_text() + "\n")
        assert source_digest(folder) != before


def test_a_plugin_is_no_module_that_would_be_loaded_or_shown(folder):
    built = build(folder)
    assert set(built.sources) == {"flow.py", "stripe.py", "records.py"}


def test_a_plugin_that_is_not_there_is_said_where_it_is_asked_for(folder):
    (folder / "plugins" / "clean.py").unlink()
    (problem,) = build(folder).diagnostics
    assert (problem.code, problem.line) == ("LOAD003", 7)
    assert "there is no file plugins/clean.py" in problem.message


def test_a_fixture_that_is_not_there_is_said_where_it_is_named(folder):
    (folder / "fixtures" / "ok.json").unlink()
    (problem,) = build(folder).diagnostics
    assert (problem.code, problem.file) == ("LOAD003", "stripe.py")
    assert "there is no file fixtures/ok.json" in problem.message


def test_a_file_that_no_source_names_would_not_be_covered(folder):
    hidden = FLOW.replace('sandboxed("plugins/clean.py"', 'sandboxed("plugins/" + "clean.py"')
    (folder / "flow.py").write_text(hidden)
    (problem,) = build(folder).diagnostics
    assert problem.code == "LOAD002"
    assert problem.message.startswith("plugins/clean.py belongs to the flow")


def test_nothing_outside_the_folder_belongs_to_a_flow(folder):
    (folder.parent / "clean.py").write_text("")
    for path in ("../clean.py", str(folder.parent / "clean.py")):
        (folder / "flow.py").write_text(FLOW.replace("plugins/clean.py", path))
        (problem,) = build(folder).diagnostics
        assert "there is no file" in problem.message
    (folder / "plugins" / "clean.py").unlink()
    (folder / "plugins" / "clean.py").symlink_to(folder.parent / "clean.py")
    (folder / "flow.py").write_text(FLOW)
    assert "plugins/clean.py" not in source_files(folder)
