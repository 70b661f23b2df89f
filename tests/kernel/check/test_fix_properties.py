"""Fixes in whichever way a file is written: a fixed point that parses, with every comment and every line end kept."""

import io
import re
import tempfile
import tokenize
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowlattice.check import CheckContext, Facts, apply_fixes, check, rules, with_edits
from flowlattice.ir.lower import lower
from flowlattice.language.loading import load
from tests.kernel.check.test_pages import STATED, example

MOST_ROUNDS = 12
NOTHING = Facts()


def commented(text):
    """A comment at the end of every line."""
    return "\n".join(line and f"{line}  # {number} é" for number, line in enumerate(text.split("\n")))


def spread(text):
    """Imports and options of nodes one a line."""
    text = re.sub(
        r"^from flowlattice import ([^(\n]*)$",
        lambda found: "from flowlattice import (\n" + "".join(f"    {n},\n" for n in found[1].split(", ")) + ")",
        text,
        flags=re.MULTILINE,
    )
    return re.sub(r"^@node\((.*)\)$", r"@node(\n    \1,\n)", text, flags=re.MULTILINE)


def renamed(text):
    """`from flowlattice import node as n`."""
    done = re.sub(r"^(from flowlattice import [^(\n]*\bnode)\b", r"\1 as n", text, flags=re.MULTILINE)
    return text if done == text else done.replace("@node", "@n")


def whole(text):
    """`import flowlattice as fl`."""
    imported = re.search(r"^from flowlattice import ([^(\n]*)$", text, flags=re.MULTILINE)
    if imported is None:
        return text
    for name in imported[1].split(", "):
        text = re.sub(rf"(?<![\w.\"'/]){name}(?![\w\"'/])(?!\s*=[^=])", f"fl.{name}", text)
    return re.sub(r"^from flowlattice import .*$", "import flowlattice as fl", text, flags=re.MULTILINE)


def tabbed(text):
    return re.sub(r"^( {4})+", lambda found: "\t" * (len(found[0]) // 4), text, flags=re.MULTILINE)


def carriage_returns(text):
    return text.replace("\n", "\r\n")


# The order in which they can be put on top of each other; `whole` and the two before it exclude each other.
WAYS = [renamed, spread, whole, commented, tabbed, carriage_returns]


@st.composite
def ways(draw):
    names = draw(st.sampled_from([[], [renamed], [spread], [renamed, spread], [whole]]))
    return [way for way in WAYS if way in names or (way not in WAYS[:3] and draw(st.booleans()))]


def repaired(text, facts, unsafe=True):
    """A flow file after rounds of fixing, and the codes that are left; every round gives what compiles."""
    context = CheckContext(facts=facts)
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(MOST_ROUNDS):
            (Path(folder) / "flow.py").write_bytes(text.encode())
            flow = lower(load(Path(folder)))
            found = with_edits(flow, check(flow, context), {"flow.py": text}, context)
            fixed = apply_fixes(text, found, unsafe=unsafe)
            compile(fixed, "flow.py", "exec")
            if fixed == text:
                return fixed, sorted(diagnostic.code for diagnostic in found)
            text = fixed
    raise AssertionError(f"no fixed point after {MOST_ROUNDS} rounds:\n{text}")


def comments(text):
    tokens = tokenize.generate_tokens(io.StringIO(text.replace("\r\n", "\n")).readline)
    return [token.string for token in tokens if token.type == tokenize.COMMENT]


def looked_at(text, chosen, removed=0, facts=NOTHING):
    plain = repaired(text, facts)
    for way in chosen:
        text = way(text)
    done, left = repaired(text, facts)
    assert left == plain[1]
    assert set(comments(done)) <= set(comments(text))
    assert len(comments(done)) >= len(comments(text)) - removed
    if carriage_returns in chosen:
        assert done.count("\r\n") == done.count("\n")
    if tabbed in chosen:
        assert not re.search(r"^ {4}(?=(return|await|if|for)\b)", done, flags=re.MULTILINE)


FIXABLE = [pytest.param(rule, id=rule.code) for rule in rules() if rule.fix is not None]


@pytest.mark.parametrize("rule", FIXABLE)
@settings(max_examples=4)
@given(st.data())
def test_the_bad_example_in_any_layout(rule, data):
    # What is taken out takes its own comment along.
    removed = 1 if rule.code == "RETRY010" else 0
    looked_at(example(rule, "Bad"), data.draw(ways()), removed, STATED.get(rule.code, NOTHING))


HEAD = """from flowlattice import Determinism, Effects, Filter, Flow, HttpRead, KvWrite, Map, Record, by, http, node

class A(Record, data="public"):
    v: str
    n: int

class B(Record, data="public"):
    v: str

class E(Record, data="public"):
    v: str
    more: str

"""
FLOW = """
flow = Flow("tested", version="1.0.0")
hook = flow.trigger(http.post("/t", accepts=A))
flow.connect(hook, flow.respond())
"""
# What stands above the flow and what connects it, with the number of the piece for names that must differ.
PIECES = {
    "no key": (
        "@node\nasync def f{0}(a: A, k: KvWrite) -> A:\n    return a\n\n",
        "flow.connect(t{0}, f{0})\nflow.connect(f{0}, flow.respond())\n",
    ),
    "an empty key": (
        "@node(idempotency=by())\nasync def f{0}(a: A, k: KvWrite) -> A:\n    return a\n\n",
        "flow.connect(t{0}, f{0})\nflow.connect(f{0}, flow.respond())\n",
    ),
    "no class": (
        "class X{0}(Record):\n    v: str\n\n@node\ndef f{0}(a: A) -> X{0}:\n    return X{0}(v=a.v)\n\n",
        "flow.connect(t{0}, f{0})\nflow.connect(f{0}, flow.respond())\n",
    ),
    "no types": (
        "@node\ndef f{0}(a):\n    return B(v=a.v)\n\n",
        "flow.connect(t{0}, f{0})\nflow.connect(f{0}, flow.respond())\n",
    ),
    "no hosts": (
        "@node\nasync def f{0}(a: A, api{0}: HttpRead) -> A:\n"
        '    await api{0}.get("https://h{0}.example/x")\n    return a\n\n',
        "flow.connect(t{0}, f{0})\nflow.connect(f{0}, flow.respond())\n",
    ),
    "a set": (
        '@node(determinism=Determinism.STRICT)\ndef f{0}(a: A) -> B:\n    return B(v=" ".join({{"a", "b"}}))\n\n',
        "flow.connect(t{0}, f{0})\nflow.connect(f{0}, flow.respond())\n",
    ),
    "too pure": (
        "@node(effects=Effects.PURE)\nasync def f{0}(a: A, api{0}: HttpRead) -> A:\n    return a\n\n",
        'flow.connect(t{0}, f{0})\nflow.connect(f{0}, flow.respond())\nflow.egress("api{0}", "a.example")\n',
    ),
    "a name twice": (
        "",
        "one{0} = Filter(lambda a: True)\ntwo{0} = Filter(lambda a: True)\nflow.connect(t{0}, one{0})\n"
        "flow.connect(one{0}, two{0})\nflow.connect(two{0}, flow.respond())\n",
    ),
    "another record": (
        "@node\ndef f{0}(b: B) -> B:\n    return b\n\n",
        "flow.connect(t{0}, f{0})\nflow.connect(f{0}, flow.respond())\n",
    ),
    "a record that needs more": (
        "@node\ndef f{0}(e: E) -> E:\n    return e\n\n",
        "flow.connect(t{0}, f{0})\nflow.connect(f{0}, flow.respond())\n",
    ),
}
TRIGGER = 't{0} = flow.trigger(http.post("/t{0}", accepts=A), name="t{0}")\n'


@settings(max_examples=25)
@given(st.lists(st.sampled_from([*PIECES]), min_size=1, max_size=4), ways())
def test_many_faults_at_once_in_any_layout(names, chosen):
    pieces = [(number, *PIECES[name]) for number, name in enumerate(names)]
    above = "".join(piece.format(number) for number, piece, _ in pieces)
    below = "".join((TRIGGER + piece).format(number) for number, _, piece in pieces)
    looked_at(HEAD + above + FLOW + below, chosen)
