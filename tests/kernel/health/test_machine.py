"""What the machine offers: the checks look at the real thing and leave nothing behind."""

import socket
from datetime import UTC, datetime

from flowlattice.health import Finding, worst
from flowlattice.health.machine import clock, home, machine, ports, sandbox
from flowlattice.home import flows_home
from flowlattice.sandbox import Protection


def test_a_confined_flow_is_well():
    found = sandbox(Protection(system="Linux", landlock=7, seccomp=True))
    assert (found.status, found.text) == ("ok", "Landlock ABI 7, seccomp on Linux")


def test_missing_protection_is_a_warning_that_says_what_is_possible():
    found = sandbox(Protection(system="Darwin", landlock=None, seccomp=False))
    assert found.status == "warn"
    assert "read and write files" in found.text
    assert "trust" in str(found.remedy)


def test_a_home_that_can_be_written_is_well_and_left_as_it_was():
    before = sorted(flows_home().iterdir())
    found = home()
    assert (found.status, found.details) == ("ok", {"path": str(flows_home())})
    assert sorted(flows_home().iterdir()) == before


def test_a_home_that_is_no_folder_is_a_failure(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("FLOWS_HOME", str(tmp_path / "file" / "home"))
    found = home()
    assert found.status == "fail"
    assert "FLOWS_HOME" in str(found.remedy)


def test_a_port_in_use_is_a_warning():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        found = ports(port)
        assert found.status == "warn"
        assert str(port) in found.text
        assert "--port 0" in str(found.remedy)


def test_a_free_port_is_well():
    assert ports(0).status == "ok"


def test_a_clock_that_is_wrong_is_a_warning():
    assert clock().status == "ok"
    assert clock(datetime(1970, 1, 2, tzinfo=UTC)).status == "warn"
    assert clock(datetime(2262, 1, 1, tzinfo=UTC)).status == "warn"


def test_all_of_it_is_looked_at():
    assert [finding.name for finding in machine()] == ["sandbox", "home", "port", "clock"]


def test_the_worst_counts():
    ok, warn, fail = (Finding(name="x", status=status, text="") for status in ("ok", "warn", "fail"))
    assert worst([]) == "ok"
    assert worst([ok, warn, ok]) == "warn"
    assert worst([fail, warn]) == "fail"
