"""`bindings.toml`, local doubles, the clock, the random source and the run log."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flowlattice.bindings import (
    EnvironmentBindings,
    LocalBindings,
    PinnedClock,
    Randomness,
    SqliteCallLog,
    SystemClock,
    bindings_for,
    described,
)
from flowlattice.engine import CallRecord
from flowlattice.errors import UsageError
from tests.kernel.check.irs import flow

TOML = """
[production.crm]
backend = "http"
headers = { Authorization = "$CRM_TOKEN" }

[production.seen]
backend = "sqlite"
path = "seen.sqlite"

[staging]
"""


@pytest.mark.parametrize(
    ("text", "environment", "said"),
    [
        ("not toml [", "production", "not TOML"),
        (TOML, "test", "no environment test; there is production, staging"),
        ("", "test", "no environment test; there is none"),
        ('[p.crm]\nbackend = "ftp"', "p", "p.crm"),
        ("[p.crm]\nbackend = 'sqlite'", "p", "p.crm.sqlite.path"),
        ("[p.crm]\nbackend = 'http'\nurl = 'x'", "p", "p.crm.http.url"),
        ("[p.crm]\nbackend = 'http'\ntimeout_ms = 0", "p", "p.crm.http.timeout_ms"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path, text, environment, said):
    with pytest.raises(UsageError, match=said):
        EnvironmentBindings(text, environment, tmp_path)


def test_a_binding_that_is_missing_or_of_another_kind(tmp_path):
    bindings = EnvironmentBindings(TOML, "production", tmp_path)
    with pytest.raises(UsageError, match=r"CAP101 binding mail is not bound .* add \[production.mail\]"):
        bindings.http("mail")
    with pytest.raises(UsageError, match='needs backend = "http"'):
        bindings.http("seen")
    with pytest.raises(UsageError, match='needs backend = "sqlite"'):
        bindings.kv("crm")


def test_what_an_environment_binds_as_the_checker_sees_it(monkeypatch):
    monkeypatch.delenv("CRM_TOKEN", raising=False)
    found = described(TOML, "production")
    assert dict(found.backends) == {"crm": "http", "seen": "sqlite"}
    assert dict(found.missing_credentials) == {"crm": ("CRM_TOKEN",)}
    monkeypatch.setenv("CRM_TOKEN", "x")
    assert described(TOML, "production").missing_credentials == {}


def test_bindings_of_a_folder(tmp_path):
    assert isinstance(bindings_for(tmp_path, None), LocalBindings)
    with pytest.raises(UsageError, match=r"bindings.toml: not there; --env production"):
        bindings_for(tmp_path, "production")
    (tmp_path / "bindings.toml").write_text(TOML)
    assert isinstance(bindings_for(tmp_path, "production"), EnvironmentBindings)


def test_clocks():
    before = datetime.now(UTC)
    assert before <= SystemClock().now() <= datetime.now(UTC)
    pinned = PinnedClock(datetime(2026, 1, 31, tzinfo=UTC))
    assert pinned.now() < pinned.now()
    assert pinned.now() - datetime(2026, 1, 31, tzinfo=UTC) < timedelta(seconds=1)


def test_randomness():
    one, same, other = Randomness(7), Randomness(7), Randomness()
    draws = [(r.random(), r.integer(1, 6), r.uuid()) for r in (one, same, other)]
    assert draws[0] == draws[1] != draws[2]
    for number, die, unique in draws:
        assert 0 <= number < 1
        assert 1 <= die <= 6
        assert unique.version == 4


def test_the_run_log_keeps_calls_by_flow(tmp_path):
    path = tmp_path / "calls.sqlite"
    call = CallRecord(run="r", node="n", attempt=1, capability="http.write", method="post", target="h", key="k")
    one, two = SqliteCallLog(path, flow(name="one")), SqliteCallLog(path, flow(name="two"))
    for number in range(1200):
        one.record(call.model_copy(update={"run": str(number)}))
    two.record(call.model_copy(update={"outcome": "unknown", "key": None}))
    one.close()
    two.close()
    again = SqliteCallLog(path, flow(name="one"))
    assert [kept.run for kept in again.calls()] == [str(number) for number in range(1200)]
    again.close()
    other = SqliteCallLog(path, flow(name="two"))
    assert other.calls() == [call.model_copy(update={"outcome": "unknown", "key": None})]
    other.close()


def test_a_run_log_that_cannot_be_written_loses_calls_and_says_so(tmp_path, caplog):
    log = SqliteCallLog(tmp_path / "calls.sqlite", flow(name="one"))
    log._database.close()
    log.record(CallRecord(run="r", node="n", attempt=1, capability="c", method="m", target="t"))
    log.close()
    assert "1 calls of one are lost" in caplog.text
