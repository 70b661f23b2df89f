"""Capability types: each says once what asking for it does, and offers just what its name says."""

from decimal import Decimal
from typing import Annotated, Protocol

import pytest

from flowlattice import (
    AiRead,
    BlobRead,
    BlobReadByHash,
    BlobWrite,
    CallFailed,
    Clock,
    Context,
    Creds,
    DbRead,
    DbWrite,
    DedupeStore,
    Determinism,
    Effects,
    HttpRead,
    HttpReadPinned,
    HttpResponse,
    HttpWrite,
    KafkaWrite,
    KvRead,
    KvWrite,
    Mail,
    PluginPython,
    QueueConsume,
    QueuePublish,
    Record,
    Rng,
    SeededRng,
    SessionRead,
    SessionStore,
    TokenBudget,
    field,
    minutes,
    model,
    per,
    sandboxed,
    scopes,
    seconds,
    tokens,
    usd,
)
from flowlattice.capabilities import Detail, capability, capability_type

# Name, effects, determinism, retry owner, whether the sink honours keys, backends.
TYPES = {
    AiRead: ("ai.read", "read_only", "best_effort", "orchestrator", None, ("openai",)),
    BlobRead: ("blob.read", "read_only", "best_effort", "orchestrator", None, ("folder", "s3")),
    BlobReadByHash: ("blob.read_by_hash", "read_only", "strict", "orchestrator", None, ("folder", "s3")),
    BlobWrite: ("blob.write", "effectful", "best_effort", "orchestrator", True, ("folder", "s3")),
    Clock: ("clock", "read_only", "nondeterministic", None, None, ()),
    Creds: ("creds", "read_only", "strict", None, None, ("secret",)),
    DbRead: ("db.read", "read_only", "best_effort", "connector", None, ("sqlite", "postgres")),
    DbWrite: ("db.write", "effectful", "best_effort", "connector", True, ("sqlite", "postgres")),
    DedupeStore: ("dedupe", "read_only", "best_effort", None, None, ("sqlite", "postgres")),
    HttpRead: ("http.read", "read_only", "best_effort", "orchestrator", None, ("http",)),
    HttpReadPinned: ("http.read_pinned", "read_only", "stable", "orchestrator", None, ("http",)),
    HttpWrite: ("http.write", "effectful", "best_effort", "orchestrator", False, ("http",)),
    KafkaWrite: ("kafka.write", "effectful", "best_effort", "orchestrator", False, ("kafka",)),
    KvRead: ("kv.read", "read_only", "best_effort", "connector", None, ("sqlite",)),
    KvWrite: ("kv.write", "effectful", "best_effort", "connector", True, ("sqlite",)),
    Mail: ("mail.send", "effectful", "best_effort", "orchestrator", False, ("smtp",)),
    PluginPython: ("plugin.python", "effectful", "best_effort", "orchestrator", None, ()),
    QueueConsume: ("queue.consume", "effectful", "best_effort", "connector", True, ("sqlite", "postgres")),
    QueuePublish: ("queue.publish", "effectful", "best_effort", "connector", True, ("sqlite", "postgres")),
    Rng: ("rng", "read_only", "nondeterministic", None, None, ()),
    SeededRng: ("rng.seeded", "pure", "strict", None, None, ()),
    SessionRead: ("session.read", "read_only", "best_effort", "connector", None, ("sqlite", "postgres")),
    SessionStore: ("session", "effectful", "best_effort", "connector", True, ("sqlite", "postgres")),
    TokenBudget: ("budget", "read_only", "stable", None, None, ()),
}
DATED = "gpt-4o-mini-2024-07-18"


@pytest.mark.parametrize(("protocol", "stated"), TYPES.items(), ids=lambda value: getattr(value, "__name__", None))
def test_what_a_capability_does_to_a_node(protocol, stated):
    found = capability_type(protocol)
    assert found is not None
    said = (str(found.effects), str(found.determinism), found.retry_owner, found.idempotent_sink, found.backends)
    assert (found.name, *said) == stated
    assert found.needs_binding == bool(found.backends)


def test_those_that_reach_hosts_the_flow_declares_are_networked():
    stated = [capability_type(protocol) for protocol in TYPES]
    assert {found.name for found in stated if found and found.networked} == {
        "http.read",
        "http.read_pinned",
        "http.write",
    }


def test_reading_and_writing_are_two_types():
    assert not any(hasattr(HttpRead, method) for method in ("post", "put", "patch", "delete"))
    assert not hasattr(HttpWrite, "get")
    assert not any(hasattr(KvRead, method) for method in ("set", "delete"))
    assert not any(hasattr(DbRead, method) for method in ("upsert", "insert", "update", "delete", "transaction"))
    assert not any(hasattr(BlobRead, method) for method in ("put", "delete"))
    assert not any(hasattr(SessionRead, method) for method in ("write", "end"))


@pytest.mark.parametrize("other", [Context, int, None, "Clock", object(), HttpResponse])
def test_other_annotations_are_no_capabilities(other):
    assert capability_type(other) is None


@pytest.mark.parametrize(
    ("protocol", "details", "effects", "determinism", "because"),
    [
        (AiRead, [model(DATED, seed=42)], "read_only", "stable", ""),
        (AiRead, [model("local@3f2a", seed=0)], "read_only", "stable", ""),
        (AiRead, [model(DATED)], "read_only", "best_effort", f"the model {DATED} has no seed"),
        (AiRead, [model("gpt-4o", seed=1)], "read_only", "best_effort", "the model gpt-4o is no dated release"),
        (AiRead, [], "read_only", "best_effort", "no model is named"),
        (PluginPython, [sandboxed("a.py", deterministic=True)], "pure", "strict", ""),
        (PluginPython, [sandboxed("a.py")], "pure", "best_effort", "nobody vouches that it is deterministic"),
        (
            PluginPython,
            [sandboxed("a.py", network="allow", deterministic=True)],
            "effectful",
            "best_effort",
            "its network is allowed",
        ),
        (HttpRead, [], "read_only", "best_effort", ""),
        (Creds, [scopes("charges:write")], "read_only", "strict", ""),
    ],
)
def test_what_a_node_says_further_can_change_what_is_promised(protocol, details, effects, determinism, because):
    declared = capability_type(protocol)
    assert declared is not None
    refined = declared.refine(["somebody else's", *details])
    assert (str(refined.effects), str(refined.determinism), refined.because) == (effects, determinism, because)
    assert refined.unfit == ()


def test_a_plugin_without_a_sandbox_is_all_that_can_be_feared():
    declared = capability_type(PluginPython)
    assert declared is not None
    refined = declared.refine([])
    assert (refined.effects, refined.determinism) == (Effects.EFFECTFUL, Determinism.BEST_EFFORT)


def test_what_is_vouched_for_is_said():
    declared = capability_type(PluginPython)
    assert declared is not None
    assert declared.refine([sandboxed("clean.py", deterministic=True)]).vouched == "clean.py is deterministic"
    assert declared.refine([sandboxed("clean.py")]).vouched == ""


def test_what_the_ir_keeps_of_details():
    def facts(protocol, detail):
        declared = capability_type(protocol)
        assert declared is not None
        return dict(declared.refine([detail]).facts)

    priced = model(DATED, seed=42, max_tokens=400, usd_per_million=("0.15", Decimal("0.60")))
    assert facts(AiRead, priced) == {
        "model": DATED,
        "seed": 42,
        "max_tokens": 400,
        "usd_per_million": ["0.15", "0.60"],
        "tolerance": None,
    }
    assert facts(TokenBudget, per(day=[usd("5"), tokens(9), usd(4)], call=tokens(2_000))) == {
        "usd_per_day": "4",
        "usd_per_run": None,
        "tokens_per_day": 9,
        "tokens_per_run": None,
        "tokens_per_call": 2_000,
        "tenant": None,
        "usd_per_tenant_day": None,
        "tokens_per_tenant_day": None,
        "on_exhausted": "refuse",
    }
    tenants = facts(TokenBudget, per(tenant="customer", tenant_day=[usd("0.50"), tokens(100)]))
    assert {name: tenants[name] for name in ("tenant", "usd_per_tenant_day", "tokens_per_tenant_day")} == {
        "tenant": "customer",
        "usd_per_tenant_day": "0.50",
        "tokens_per_tenant_day": 100,
    }
    with pytest.raises(ValueError, match="tenant_day needs the field that names the tenant"):
        per(tenant_day=usd(1))
    assert facts(TokenBudget, per(run=usd("0.50"), on_exhausted="shrink"))["usd_per_run"] == "0.50"
    assert facts(Creds, scopes("a", "b")) == {"scopes": ["a", "b"]}
    assert facts(PluginPython, sandboxed("a.py", cpu=minutes(2), memory=1024)) == {
        "file": "a.py",
        "network": "deny",
        "cpu_ms": 120_000,
        "memory_bytes": 1024,
        "deterministic": False,
    }


def test_small_and_round_amounts_are_written_out():
    assert per(day=usd(Decimal("1e-6"))).facts()["usd_per_day"] == "0.000001"
    assert per(day=usd(Decimal("5e3"))).facts()["usd_per_day"] == "5000"


@pytest.mark.parametrize("amount", [0.1, True, "5_0", "٥", "1e-7", "-1", "", " 5", "NaN", Decimal("Infinity"), 10**16])
def test_an_amount_of_dollars_is_written_out_exactly(amount):
    with pytest.raises(ValueError, match="is no amount of US dollars"):
        usd(amount)


def test_an_amount_of_dollars_is_whole_micro_dollars():
    assert usd("0.000001").amount == Decimal("0.000001")
    with pytest.raises(ValueError, match="no whole number of micro-dollars"):
        usd("0.0000001")


@pytest.mark.parametrize("count", [1.5, True, "5", -1, 10**30])
def test_tokens_are_counted_in_whole_numbers(count):
    with pytest.raises(ValueError, match="is no number of tokens"):
        tokens(count)


def test_a_detail_that_the_type_does_not_take_is_no_silence():
    declared = capability_type(KvRead)
    assert declared is not None
    assert declared.refine([model(DATED)]).unfit == (repr(model(DATED)),)


def test_a_detail_has_to_say_its_facts():
    class Dumb(Detail):
        pass

    @capability("dumb", effects=Effects.PURE, determinism=Determinism.STRICT, details=[Dumb])
    class Asks(Protocol):
        pass

    declared = capability_type(Asks)
    assert declared is not None
    with pytest.raises(NotImplementedError, match="Dumb"):
        declared.refine([Dumb()])


def test_an_answer():
    answer = HttpResponse(status=204, headers={"x-a": "1"}, body=b"\xffok")
    assert answer.ok
    assert answer.text == "\ufffdok"
    assert not HttpResponse(status=302).ok
    assert HttpResponse(status=200).text == ""


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, "permanent"),
        (400, "permanent"),
        (401, "auth"),
        (403, "auth"),
        (404, "permanent"),
        (408, "transient"),
        (425, "transient"),
        (429, "rate_limited"),
        (500, "transient"),
        (503, "transient"),
    ],
)
def test_an_answer_that_is_no_success_is_a_failure_of_its_kind(status, kind):
    answer = HttpResponse(status=status, body=b'{"id": "4111"}', binding="shop", retry_after=seconds(7))
    for asked in (answer.raise_for_status, lambda: answer.read(Made)):
        with pytest.raises(CallFailed, match=f"binding shop: answered {status}$") as caught:
            asked()
        assert (caught.value.kind, caught.value.retry_after) == (kind, seconds(7))


class Made(Record, data="internal"):
    id: Annotated[str, field(min_length=3)]
    lines: tuple[int, ...] = ()


def test_an_answer_is_read_as_a_record():
    answer = HttpResponse(status=201, body=b'{"id": "4111", "more": null}')
    assert answer.raise_for_status() is answer
    assert answer.read(Made) == Made(id="4111")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>4111</html>", "the body: json_invalid"),
        (b'{"id": 4111}', "id: string_type"),
        (b'{"id": "4", "lines": ["4111"]}', "id: string_too_short, lines: int_type"),
        (b'["4111"]', "the body: model_type"),
        (b"", "the body: json_invalid"),
    ],
)
def test_a_body_that_is_no_such_record_is_a_mismatch_that_quotes_nothing(body, said):
    with pytest.raises(CallFailed) as caught:
        HttpResponse(status=200, body=body, binding="shop").read(Made)
    assert caught.value.kind == "schema_mismatch"
    assert str(caught.value) == f"binding shop: answered 200 with a body that is no Made ({said})"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity", "-1", "five", "1e999999"])
def test_what_is_no_amount_is_refused(amount):
    with pytest.raises(ValueError, match="is no amount of US dollars"):
        usd(amount)
    with pytest.raises(ValueError, match="is no amount of US dollars"):
        model("m", usd_per_million=("1", amount))


def test_what_is_no_number_of_tokens_is_refused():
    with pytest.raises(ValueError, match="-1 is no number of tokens"):
        tokens(-1)
    with pytest.raises(ValueError, match="at most 0 tokens"):
        model("m", max_tokens=0)


@pytest.mark.parametrize("tolerance", ["-0.1", "1.01", "NaN", "some"])
def test_what_is_no_share_is_refused(tolerance):
    with pytest.raises(ValueError, match="is no share; it is a number from 0 to 1"):
        model("m", tolerance=tolerance)
