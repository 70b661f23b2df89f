"""What triggers need of an environment: bound by their names, and checked like capabilities, each binding once."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from flowlattice.capabilities.triggers import TRIGGER_BACKENDS
from flowlattice.check import CheckContext, Environment, check
from flowlattice.ir.model import Trigger
from tests.support.planned_ir import Drawn

TRIGGERS: dict[str, dict[str, Any]] = {
    "kafka": {"topic": "clicks"},
    "queue": {"topic": "jobs"},
    "blob": {"prefix": "s3://bucket/raw/"},
    "cron": {"cron": "0 5 * * *"},
    "http": {"method": "POST", "path": "/x", "respond": "immediate", "body": "json", "max_body_bytes": 10},
}


def started(kind, name="ingest", *uses, **more):
    flow = Drawn(profile="queue", **more).trigger(name, kind, **TRIGGERS[kind]).node("work", "node", *uses)
    return flow.line(name, "work").ir()


def found(flow, codes=("CAP101",), **bound):
    context = CheckContext(environment=Environment(name="live", **{"backends": {}, **bound})) if bound else None
    return [(d.severity, d.message, d.help) for d in check(flow, context or CheckContext()) if d.code in codes]


def test_every_kind_of_trigger_says_what_it_needs():
    assert set(TRIGGER_BACKENDS) == set(get_args(Trigger.model_fields["kind"].annotation))


@pytest.mark.parametrize("kind", TRIGGERS)
def test_without_an_environment_a_trigger_that_needs_a_backend_is_a_warning(kind):
    text = "bind it in bindings.toml and name the environment with --env"
    needed = [("warning", f"ingest ({kind} trigger) is bound to nothing", text)]
    assert found(started(kind)) == (needed if kind in {"kafka", "queue", "blob"} else [])


@pytest.mark.parametrize(
    ("kind", "kinds", "first"),
    [("kafka", "kafka", "kafka"), ("queue", "sqlite or postgres", "sqlite"), ("blob", "folder or s3", "folder")],
)
@pytest.mark.parametrize("bound", [None, "http"])
def test_an_environment_has_to_bind_it_to_a_backend_of_its_kind(kind, kinds, first, bound):
    said = f"ingest ({kind} trigger) is not bound to a {kinds} backend in live"
    text = f'add [live.ingest] with backend = "{first}" to bindings.toml'
    backends = {} if bound is None else {"ingest": bound}
    assert found(started(kind), backends=backends) == [("error", said, text)]
    for right in TRIGGER_BACKENDS[kind]:
        assert found(started(kind), backends={"ingest": right}) == []


@pytest.mark.parametrize("kind", ["http", "cron"])
def test_what_the_host_starts_needs_no_entry(kind):
    assert found(started(kind), backends={}) == []


def test_all_that_is_missing_is_said_at_once():
    flow = started("kafka", "ingest", "db.write clicks")
    assert {message.split()[0] for _, message, _ in found(flow, backends={})} == {"clicks", "ingest"}


def test_a_double_brings_nothing_in():
    said = "ingest (kafka trigger) is bound to local in live: nothing comes in by it"
    assert found(started("kafka"), backends={"ingest": "local"}) == [
        ("warning", said, "bind it to a backend when something has to")
    ]


def test_a_trigger_and_a_parameter_of_one_name_are_one_binding():
    flow = started("blob", "logs", "blob.read_by_hash logs")
    [(_, message, _)] = found(flow)
    assert message == "logs (blob trigger and blob.read_by_hash) is bound to nothing: a local double stands in"
    assert found(flow, backends={"logs": "s3"}) == []
    assert len(found(flow, backends={})) == 1


def test_what_no_one_backend_serves_is_to_be_called_differently():
    flow = started("kafka", "orders", "db.write orders")
    text = "no one backend serves all of it: give one of them another name"
    assert [help_ for _, _, help_ in found(flow)] == [text]
    for backend in ("kafka", "postgres"):
        assert found(flow, backends={"orders": backend}) == [
            ("error", "orders (db.write and kafka trigger) cannot be bound in live", text)
        ]


def test_a_name_that_is_no_bare_key_is_quoted():
    [(_, _, text)] = found(started("kafka", "from the shop"), backends={})
    assert text == 'add [live."from the shop"] with backend = "kafka" to bindings.toml'


@pytest.mark.parametrize("backends", [None, {}, {"vars": "kafka"}])
def test_nothing_is_bound_by_the_name_of_the_table_of_variables(backends):
    said = "vars (kafka trigger) cannot be bound: in bindings.toml, vars is the table of variables"
    bound = {} if backends is None else {"backends": backends}
    assert found(started("kafka", "vars"), **bound) == [("error", said, "give it another name")]
    assert found(started("cron", "vars"), **bound) == []


@pytest.mark.parametrize(
    ("databases", "count"),
    [({}, 1), ({"a": "sqlite q", "b": "sqlite q"}, 1), ({"a": "sqlite q", "b": "sqlite r"}, 0)],
)
def test_two_queues_of_a_name_are_two_if_they_are_in_two_databases(databases, count):
    flow = Drawn(profile="queue").trigger("a", "queue", topic="jobs").trigger("b", "queue", topic="jobs").node("work")
    said = found(flow.line("a", "work").line("b", "work").ir(), ("DAG103",), databases=databases)
    assert len(said) == count


@pytest.mark.parametrize(
    ("regions", "expected"),
    [
        ({"ingest": "us-east-1"}, [("error", "ingest is bound in us-east-1, but the data may only be in eu")]),
        ({}, [("warning", "live does not say in which region ingest is; the data may only be in eu")]),
        ({"ingest": "eu-central-1"}, []),
    ],
)
def test_a_trigger_stays_where_the_data_may_be(regions, expected):
    flow = started("kafka", residency=("eu",))
    said = found(flow, ("DATA102",), backends={"ingest": "kafka"}, regions=regions)
    assert [(severity, message) for severity, message, _ in said] == expected


def test_a_credential_without_a_value_is_said_once_a_binding():
    flow = started("blob", "logs", "blob.read_by_hash logs")
    said = found(flow, ("DAG203",), backends={"logs": "s3"}, missing_credentials={"logs": ("KEY", "SECRET")})
    assert sorted(message for _, message, _ in said) == [
        "the credential KEY of logs has no value in this environment",
        "the credential SECRET of logs has no value in this environment",
    ]
