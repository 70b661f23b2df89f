"""`flows pin`: writes what a connector is, reads it without running it, says what is missing."""

import json

import pytest

from flowlattice.cli import run
from flowlattice.ir.pins import read_pins

CONNECTOR = """
raise SystemExit("nobody runs this")
connector = Connector("stripe", version="1.2.0", nodes=[], fixtures=("fixtures/ok.json",))
"""


@pytest.fixture
def module(tmp_path):
    (tmp_path / "fixtures").mkdir()
    (tmp_path / "fixtures" / "ok.json").write_text("{}")
    (tmp_path / "stripe.py").write_text(CONNECTOR)
    return tmp_path / "stripe.py"


def test_a_connector_is_pinned_and_nothing_of_it_is_run(capsys, module):
    assert run(["pin", str(module)]) == 0
    printed = capsys.readouterr().out
    pin = read_pins(module.parent)["stripe"]
    assert printed.startswith(f"stripe 1.2.0 is pinned in {module.parent / 'connectors.toml'}: {pin.digest}\n")
    assert "fixtures/ok.json blake3:" in printed


def test_it_speaks_json(capsys, module):
    assert run(["pin", str(module), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["name"], found["version"], found["path"]) == ("stripe", "1.2.0", "stripe.py")
    assert found["digest"] == read_pins(module.parent)["stripe"].digest
    assert list(found["fixtures"]) == ["fixtures/ok.json"]


def test_a_second_time_is_the_same(capsys, module):
    assert run(["pin", str(module)]) == 0
    before = (module.parent / "connectors.toml").read_text()
    assert run(["pin", str(module)]) == 0
    assert (module.parent / "connectors.toml").read_text() == before


@pytest.mark.parametrize(
    ("path", "said"),
    [("", "name the Python file of a connector"), ("fixtures/ok.json", "states no connector")],
)
def test_what_is_no_connector_is_wrong_usage(capsys, module, path, said):
    assert run(["pin", str(module.parent / path)]) == 2
    assert said in capsys.readouterr().err
