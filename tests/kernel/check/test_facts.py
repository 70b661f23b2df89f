"""Facts: what the spec states makes a fix safe that would choose for people without it."""

import pytest

from flowlattice.check import CheckContext, Facts, apply_fixes, check, read_facts, with_edits
from flowlattice.cli import run
from flowlattice.errors import UsageError
from tests.kernel.check.conftest import HEAD

END = "flow.connect(hook, f)\nflow.connect(f, flow.respond())\n"
KV = "@node{}\nasync def f(a: A, k: KvWrite) -> A:\n    return a\n" + END
API = "@node\nasync def f(a: A, api: HttpRead) -> A:\n    await api.get('https://a.example/x')\n    return a\n" + END
X = "class X(Record):\n{}t = flow.trigger(http.post('/x', accepts=X))\nflow.connect(t, flow.respond())\n"
UNCLASSIFIED = X + "flow.connect(hook, flow.respond())\n"

STATED = {
    "a key": (
        KV.format(""),
        {"identities": {"f": {"fields": ["v"], "ttl_ms": 7_200_000}}},
        '@node(idempotency=by("v", ttl=hours(2)))\n',
    ),
    "a key remembered as long as all are": (
        KV.format(""),
        {"identities": {"f": {"fields": ["v"]}}, "dedupe_ttl_ms": 1_500},
        '@node(idempotency=by("v", ttl=ms(1500)))\n',
    ),
    "the fields of a key that says more": (
        KV.format("(idempotency=by(ttl=days(1)))"),
        {"identities": {"f": {"fields": ["v", "n"]}}},
        '@node(idempotency=by("v", "n", ttl=days(1)))\n',
    ),
    "the class of a record": (
        UNCLASSIFIED.format("    b: str\n"),
        {"data_classes": {"X": "pii"}},
        'class X(Record, data="pii"):\n    b: str\n',
    ),
    "the class of one field": (
        UNCLASSIFIED.format("    b: str  # kept\n"),
        {"data_classes": {"X.b": "payment"}},
        'class X(Record):\n    b: Annotated[str, field(data="payment")]  # kept\n',
    ),
    "the class of a field that has constraints": (
        UNCLASSIFIED.format("    b: Annotated[str, field(min_length=1)]\n"),
        {"data_classes": {"X.b": "secret"}},
        'b: Annotated[str, field(min_length=1, data="secret")]\n',
    ),
    "a host": (API, {"hosts": {"api": ["a.example", "b.example"]}}, 'flow.egress("api", "a.example", "b.example")\n'),
}


def fixed(flow_of, text, facts, head=HEAD, unsafe=False):
    context = CheckContext(facts=Facts.model_validate(facts))
    flow, source = flow_of(text, head), head + text
    found = with_edits(flow, check(flow, context), {"flow.py": source}, context)
    return apply_fixes(source, found, unsafe=unsafe), found


@pytest.mark.parametrize(("text", "facts", "expected"), STATED.values(), ids=STATED)
def test_what_is_stated_is_safe_and_said(flow_of, text, facts, expected):
    done, found = fixed(flow_of, text, facts)
    assert expected in done
    assert next(d.fix.title for d in found if d.fix and d.fix.applicability == "safe").endswith(", as the spec states")


@pytest.mark.parametrize("text", {text for text, _, _ in STATED.values()})
def test_what_is_not_stated_is_not(flow_of, text):
    assert fixed(flow_of, text, {})[0] == HEAD + text


OTHER = {
    "a key of what is no field": (KV.format(""), {"identities": {"f": {"fields": ["order"]}}}),
    "a key of another node": (KV.format(""), {"identities": {"g": {"fields": ["v"]}}}),
    "hosts that are not all": (API, {"hosts": {"api": ["b.example"]}}),
    "the class of another record": (UNCLASSIFIED.format("    b: str\n"), {"data_classes": {"Y": "pii", "b": "pii"}}),
}


@pytest.mark.parametrize(("text", "facts"), OTHER.values(), ids=OTHER)
def test_a_fact_that_does_not_fit_makes_nothing_safe(flow_of, text, facts):
    assert fixed(flow_of, text, facts)[0] == HEAD + text


def test_facts_from_a_file(tmp_path, capsys):
    head = HEAD.replace("import *", "import Flow, KvWrite, Record, http, node")
    (tmp_path / "flow.py").write_text(head + KV.format(""))
    (tmp_path / "facts.yaml").write_text("identities:\n  f: {fields: [v]}\n")
    assert run(["check", str(tmp_path), "--fix", "--facts", str(tmp_path / "facts.yaml")]) == 0
    assert '@node(idempotency=by("v"))' in (tmp_path / "flow.py").read_text()
    assert "1 warning" in capsys.readouterr().out


BROKEN = {
    "deadline_ms: -1\n": "deadline_ms",
    "colour: red\n": "colour",
    "[1]\n": "facts",
    "a: [\n": "YAML",
    "identities: {f: {fields: []}}\n": "identities.f.fields",
    "data_classes: {A: top}\n": "data_classes.A",
}


@pytest.mark.parametrize(("text", "said"), BROKEN.items(), ids=BROKEN)
def test_a_file_that_states_nothing_is_one_clear_line(tmp_path, text, said):
    (tmp_path / "facts.yaml").write_text(text)
    with pytest.raises(UsageError, match=said) as raised:
        read_facts(tmp_path / "facts.yaml")
    assert "\n" not in str(raised.value)


def test_no_file(tmp_path):
    with pytest.raises(UsageError, match="no such file"):
        read_facts(tmp_path / "facts.yaml")


def test_an_empty_file_states_nothing(tmp_path):
    (tmp_path / "facts.yaml").write_text("")
    assert read_facts(tmp_path / "facts.yaml") == Facts()
