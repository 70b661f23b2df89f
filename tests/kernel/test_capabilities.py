"""Capability types: each says once what asking for it does, and offers just what its name says."""

import pytest

from flowlattice import Clock, Context, DedupeStore, HttpRead, HttpResponse, HttpWrite, KvRead, KvWrite, Rng
from flowlattice.capabilities import capability_type

TYPES = {
    Clock: ("clock", "read_only", "nondeterministic", False),
    Rng: ("rng", "read_only", "nondeterministic", False),
    HttpRead: ("http.read", "read_only", "best_effort", True),
    HttpWrite: ("http.write", "effectful", "best_effort", True),
    KvRead: ("kv.read", "read_only", "best_effort", False),
    KvWrite: ("kv.write", "effectful", "best_effort", False),
    DedupeStore: ("dedupe", "read_only", "best_effort", False),
}


@pytest.mark.parametrize(("protocol", "stated"), TYPES.items(), ids=lambda value: getattr(value, "__name__", None))
def test_what_a_capability_does_to_a_node(protocol, stated):
    found = capability_type(protocol)
    assert found is not None
    assert (found.name, str(found.effects), str(found.determinism), found.networked) == stated


def test_reading_and_writing_are_two_types():
    assert not any(hasattr(HttpRead, method) for method in ("post", "put", "patch", "delete"))
    assert not hasattr(HttpWrite, "get")
    assert not any(hasattr(KvRead, method) for method in ("set", "delete"))


@pytest.mark.parametrize("other", [Context, int, None, "Clock", object(), HttpResponse])
def test_other_annotations_are_no_capabilities(other):
    assert capability_type(other) is None


def test_an_answer():
    answer = HttpResponse(status=204, headers={"x-a": "1"}, body=b"\xffok")
    assert answer.ok
    assert answer.text == "\ufffdok"
    assert not HttpResponse(status=302).ok
    assert HttpResponse(status=200).text == ""
