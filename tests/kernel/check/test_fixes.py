"""Fixes: edits turn one text into the other and touch nothing else; each rule's rewriting, in the ways people write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlattice.check import apply_fixes, check, with_edits
from flowlattice.check.fixes import _replaced, _spans, edits_between
from flowlattice.diagnostics import Diagnostic, Fix, TextEdit

LINES = st.lists(st.sampled_from(["a", "b = 1", "é", "", "  x", "\t"]), max_size=8)
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


@st.composite
def texts(draw):
    return "".join(line + draw(ENDS) for line in draw(LINES)) + draw(st.sampled_from(["", "last"]))


def diagnostic(*edits, applicability="safe"):
    return Diagnostic(
        code="X1", message="m", file="flow.py", line=1, fix=Fix(applicability=applicability, title="t", edits=edits)
    )


def edit(line, column, end_line, end_column, text):
    return TextEdit(line=line, column=column, end_line=end_line, end_column=end_column, text=text)


@given(texts(), texts())
def test_edits_turn_one_text_into_the_other(before, after):
    edits = edits_between(before, after)
    done = apply_fixes_without_parsing(before, edits)
    assert done == after
    assert bool(edits) == (before != after)


def apply_fixes_without_parsing(text, edits):
    return _replaced(text, _spans(text, edits))


def test_edits_are_as_small_as_can_be():
    assert edits_between("from m import a, b\nx = 1\n", "from m import a, by, b\nx = 1\n") == (
        edit(1, 19, 1, 19, "y, b"),
    )


def test_safe_fixes_are_applied_and_others_when_asked():
    safe, unsafe = diagnostic(edit(1, 5, 1, 6, "2")), diagnostic(edit(2, 5, 2, 6, "3"), applicability="unsafe")
    shown = diagnostic(edit(3, 5, 3, 6, "4"), applicability="display_only")
    text = "a = 1\nb = 1\nc = 1\n"
    assert apply_fixes(text, [safe, unsafe, shown]) == "a = 2\nb = 1\nc = 1\n"
    assert apply_fixes(text, [safe, unsafe, shown], unsafe=True) == "a = 2\nb = 3\nc = 1\n"


def test_of_overlapping_fixes_the_first_is_applied():
    one, two = diagnostic(edit(1, 5, 1, 8, "9")), diagnostic(edit(1, 6, 1, 7, "8"))
    assert apply_fixes("a = 123\n", [one, two]) == "a = 9\n"
    assert apply_fixes("a = 123\n", [two, one]) == "a = 183\n"


def test_two_insertions_at_one_place_wait_for_each_other():
    one, two = diagnostic(edit(1, 5, 1, 5, "1 + ")), diagnostic(edit(1, 5, 1, 5, "2 + "))
    assert apply_fixes("a = 3\n", [one, two]) == "a = 1 + 3\n"


def test_a_fix_that_would_not_parse_is_left_out():
    broken, fine = diagnostic(edit(1, 1, 1, 2, "(")), diagnostic(edit(2, 5, 2, 6, "2"))
    assert apply_fixes("a = 1\nb = 1\n", [broken, fine]) == "a = 1\nb = 2\n"


# What rules rewrite. Each case: the definitions, the code whose fixes are applied, a part of the text after that.
HERE = "flow.connect(hook, f)\nflow.connect(f, flow.respond())\n"
KV = "@node{}\nasync def f(a: A, k: KvWrite) -> A:  # kept\n    return a\n" + HERE

REWRITES = {
    "a bare decorator": (
        KV.format(""),
        "DAG004",
        '@node(idempotency=by("v", "n"))\nasync def f(a: A, k: KvWrite) -> A:  # kept',
    ),
    "an empty call": (KV.format("()"), "DAG004", '@node(idempotency=by("v", "n"))\n'),
    "other options": (
        KV.format("(timeout=ms(5))"),
        "DAG004",
        '@node(timeout=ms(5), idempotency=by("v", "n"))\n',
    ),
    "one option a line": (
        KV.format("(\n    timeout=ms(5),\n    vouch=[],\n)"),
        "DAG004",
        '@node(\n    timeout=ms(5),\n    vouch=[],\n    idempotency=by("v", "n"),\n)\n',
    ),
    "a key of nothing": (KV.format("(idempotency=by())"), "IDEM020", '@node(idempotency=by("v", "n"))\n'),
    "a weaker claim": (
        "@node(effects=Effects.PURE, determinism=Determinism.STRICT)\ndef f(a: A, k: KvRead) -> A:\n    return a\n"
        + HERE,
        "EFFECT201",
        "@node(effects=Effects.READ_ONLY, determinism=Determinism.STRICT)\n",
    ),
    "a claim that a capability breaks": (
        "@node(determinism=Determinism.STRICT)\ndef f(a: A, c: Clock) -> A:\n    return a\n" + HERE,
        "DET302",
        "@node(determinism=Determinism.NONDETERMINISTIC)\n",
    ),
    "a claim that a body breaks": (
        "import time\n@node(determinism=Determinism.STRICT)\ndef f(a: A) -> A:\n    return A(n=int(time.time()))\n"
        + HERE,
        "DET301",
        "@node(determinism=Determinism.NONDETERMINISTIC)\n",
    ),
    "a loop over a set": (
        "@node(determinism=Determinism.STRICT)\ndef f(a: A) -> A:\n    for w in set(a.v.split()):  # each\n"
        "        return A(v=w)\n    return a\n" + HERE,
        "DET301",
        "    for w in sorted(set(a.v.split())):  # each\n",
    ),
    "the time that the record brings": (
        "class E(Record, data='public'):\n    at: datetime\n@node(determinism=Determinism.STRICT)\n"
        "def f(e: E) -> A:\n    return A(n=datetime.now().year)  # kept\n"
        "t = flow.trigger(http.post('/e', accepts=E))\nflow.connect(t, f)\nflow.connect(f, flow.respond())\n"
        "flow.connect(hook, flow.respond(name='r'))\n",
        "DET301",
        "return A(n=e.at.year)  # kept\n",
    ),
    "seconds of the time that the record brings": (
        "import time\nclass E(Record, data='public'):\n    at: datetime\ndef f(e: E) -> A:\n"
        "    return A(n=int(time.time()))\nm = Map(f)\n"
        "t = flow.trigger(http.post('/e', accepts=E))\nflow.connect(t, m)\nflow.connect(m, flow.respond())\n"
        "flow.connect(hook, flow.respond(name='r'))\n",
        "EFFECT201",
        "return A(n=int(e.at.timestamp()))\n",
    ),
    "a return type": (
        "@node\ndef f(a: A):\n    if a.v:\n        return B(v=a.v)\n    return B()\n" + HERE,
        "DAG001",
        "def f(a: A) -> B:\n",
    ),
    "a parameter's type": ("@node\ndef f(a) -> A:\n    return A()\n" + HERE, "DAG001", "def f(a: A) -> A:\n"),
    "an answer": ("flow.connect(hook, same)  # the end\n", "DAG204", "# the end\nflow.connect(same, flow.respond())\n"),
    "an answer after a variable": (
        "def f(a: A) -> A:\n    return a\nlast = Map(f)\nflow.connect(hook, last)\n"
        "flow.rate_limit(qps=1, burst=1)\nX = 1\n",
        "DAG204",
        "flow.rate_limit(qps=1, burst=1)\nflow.connect(last, flow.respond())\nX = 1\n",
    ),
    "a name for a combinator": (
        "gate = Filter(lambda a: True)\nother = Filter(lambda a: True)\nflow.connect(hook, gate)\n"
        "flow.connect(gate, other)\n"
        "flow.connect(other, flow.respond())\n",
        "DAG205",
        'other = Filter(lambda a: True, name="filter_2")\n',
    ),
    "another name": (
        "again = same.named('same')\nflow.connect(hook, same)\nflow.connect(same, again)\n"
        "flow.connect(again, flow.respond())\n",
        "DAG205",
        'again = same.named("same_2")\n',
    ),
    "a name of a trigger": (
        "flow.connect(hook, flow.respond())\nt = flow.trigger(http.get('/x'), name='trigger')\n"
        "flow.connect(t, flow.respond())\n",
        "DAG205",
        "flow.trigger(http.get('/x'), name=\"trigger_2\")",
    ),
    "hosts of a new binding": (
        "@node\nasync def f(a: A, api: HttpRead) -> A:\n    await api.get('https://a.example/x')\n    return a\n"
        + HERE,
        "EGRESS101",
        'flow.connect(f, flow.respond())\nflow.egress("api", "a.example")\n',
    ),
    "more hosts": (
        "@node\nasync def f(a: A, api: HttpRead) -> A:\n    await api.get('https://a.example/x')\n    return a\n"
        + HERE
        + "flow.egress('api', 'b.example')\n",
        "EGRESS101",
        "flow.egress('api', 'b.example', \"a.example\")\n",
    ),
    "a data class": (
        "class X(Record):\n    b: str\nt = flow.trigger(http.post('/x', accepts=X))\nflow.connect(t, flow.respond())\n"
        "flow.connect(hook, flow.respond())\n",
        "DATA101",
        'class X(Record, data="internal"):\n',
    ),
}


def fixed_of(flow_of, text, code, head):
    source = head + text
    flow = flow_of(text, head)
    found = [d for d in with_edits(flow, check(flow), {"flow.py": source}) if d.code == code]
    assert found
    return apply_fixes(source, found, unsafe=True)


@pytest.fixture
def head():
    from tests.kernel.check.conftest import HEAD

    return HEAD


@pytest.mark.parametrize(("text", "code", "expected"), REWRITES.values(), ids=REWRITES)
def test_rewriting(flow_of, head, text, code, expected):
    assert expected in fixed_of(flow_of, text, code, head)


@pytest.mark.parametrize(("text", "code", "expected"), REWRITES.values(), ids=REWRITES)
def test_rewriting_leaves_the_rest_as_it_was(flow_of, head, text, code, expected):
    done = fixed_of(flow_of, text, code, head).splitlines()
    before = (head + text).splitlines()
    changed = [line for line in before if line not in done]
    assert len(changed) <= 2


IMPORTS = {
    "in order": (
        "from flowlattice import A, KvWrite, http, node\n",
        "from flowlattice import A, KvWrite, by, http, node\n",
    ),
    "the only one": ("from flowlattice import node\n", "from flowlattice import by, node\n"),
    "at the end": ("from flowlattice import KvWrite\n", "from flowlattice import KvWrite, by\n"),
    "one a line": (
        "from flowlattice import (\n    KvWrite,\n    node,\n)\n",
        "from flowlattice import (\n    KvWrite,\n    by,\n    node,\n)\n",
    ),
    "there already": ("from flowlattice import by, node\n", "from flowlattice import by, node\n"),
    "under another name": ("from flowlattice import node as n\n", "from flowlattice import by, node as n\n"),
    "everything": ("from flowlattice import *\n", "from flowlattice import *\n"),
    "none": (
        '"""Doc."""\nfrom __future__ import annotations\nimport json\n',
        "annotations\nfrom flowlattice import by\nimport json\n",
    ),
}


@pytest.mark.parametrize(("before", "after"), IMPORTS.values(), ids=IMPORTS)
def test_importing_a_name(before, after):
    import libcst as cst

    from flowlattice.check.imports import with_import

    assert after in with_import(cst.parse_module(before), "by").code


PREFIXED = """import flowlattice as fl
class A(fl.Record, data="public"):
    v: str = ""
@fl.node
async def f(a: A, k: fl.KvWrite) -> A:
    return a
flow = fl.Flow("t", version="1.0.0")
hook = flow.trigger(fl.http.post("/t", accepts=A))
flow.connect(hook, f)
flow.connect(f, flow.respond())
"""


def test_a_module_that_is_imported_whole(flow_of):
    assert '@fl.node(idempotency=fl.by("v"))\n' in fixed_of(flow_of, "", "DAG004", PREFIXED)


def test_line_ends_and_tabs_stay(flow_of, tmp_path):
    source = PREFIXED.replace("    ", "\t").replace("\n", "\r\n")
    (tmp_path / "flow.py").write_bytes(source.encode())
    from flowlattice.ir.lower import lower
    from flowlattice.language.loading import load

    flow = lower(load(tmp_path))
    done = apply_fixes(source, with_edits(flow, check(flow), {"flow.py": source}), unsafe=True)
    assert done == source.replace("@fl.node\r", '@fl.node(idempotency=fl.by("v"))\r')


UNFIXABLE = {
    "two records are returned": ("@node\ndef f(a: A):\n    return A() if a.v else B()\n" + HERE, "DAG001"),
    "a variable is returned": ("@node\ndef f(a: A):\n    b = B()\n    return b\n" + HERE, "DAG001"),
    "a generator": ("@node\nasync def f(a: A):\n    yield A()\n" + HERE, "DAG001"),
    "a set that is popped from": (
        "@node(determinism=Determinism.STRICT)\ndef f(a: A) -> A:\n    return A(v={'x', 'y'}.pop())\n" + HERE,
        "DET301",
    ),
    "two flows in the file's names": (
        "@node\nasync def f(a: A, api: HttpRead) -> A:\n    return a\n" + HERE,
        "EGRESS101",
    ),
    "sorted is another thing": (
        "sorted = print\n@node(determinism=Determinism.STRICT)\ndef f(a: A) -> A:\n"
        "    return A(v=''.join({'x', 'y'}))\n" + HERE,
        "DET301",
    ),
}


@pytest.mark.parametrize(("text", "code"), UNFIXABLE.values(), ids=UNFIXABLE)
def test_what_is_not_certain_has_no_fix(flow_of, head, text, code):
    source = head + text
    flow = flow_of(text)
    found = [d for d in with_edits(flow, check(flow), {"flow.py": source}) if d.code == code]
    assert found
    for diagnostic in found:
        assert diagnostic.fix is None or "sort" not in diagnostic.fix.title


ELEMENTS = {
    "{'a', 'b'}": "safe",
    "{1, 2}": "safe",
    "set(a.v.split())": "safe",
    "{w.lower() for w in a.v}": "safe",
    "{f'{w}' for w in a.v}": "safe",
    "{'a'} | {'b'}": "safe",
    "{'a', 1}": "unsafe",
    "{(1, 2), (3, 4)}": "unsafe",
    "{None}": "unsafe",
    "{1.5}": "unsafe",
    "set(a)": "unsafe",
}


@pytest.mark.parametrize(("expression", "applicability"), ELEMENTS.items(), ids=ELEMENTS)
def test_sorting_is_safe_for_text_and_whole_numbers(flow_of, expression, applicability):
    flow = flow_of(
        f"@node(determinism=Determinism.STRICT)\ndef f(a: A) -> A:\n    return A(v=str(list({expression})))\n" + HERE
    )
    assert [d.fix.applicability for d in check(flow) if d.code == "DET301" and d.fix is not None] == [applicability]


@given(st.data())
def test_fixes_of_other_texts_do_no_harm(data):
    """Edits that belong to another version of a file, as after an edit by somebody else, give a text that parses."""
    text = data.draw(st.sampled_from(["a = 1\n", "", "def f():\n    return 1\n"]))
    numbers = st.integers(1, 5)
    edits = data.draw(
        st.lists(st.builds(edit, numbers, numbers, numbers, numbers, st.sampled_from(["", "x", "(", "\n"])))
    )
    done = apply_fixes(text, [diagnostic(*edits)])
    compile(done, "fixed", "exec")
