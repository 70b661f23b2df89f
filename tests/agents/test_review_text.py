"""Reviews as text: whatever a flow is called, it is neither Markdown nor HTML nor an order to a terminal."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlattice.ir.comparison import Change
from flowlattice_agents.review import Review, Revision, code_changes, revision_of
from flowlattice_agents.review.markdown import MAX_DIFF, code, fenced, markdown
from flowlattice_agents.review.view import shown

HOSTILE = [
    "@everyone look", "#12", "owner/repo#1", "<img src=x onerror=alert(1)>", "</code></td></table>\n# Owned",
    "[click](https://evil.example)", "https://evil.example", "www.evil.example", "![x](http://evil.example/p.png)",
    "`code`", "```\n</details>", "a | b", "*bold* _em_ ~~no~~", "<!-- -->", "&lt;b&gt;", ":smile:", "$x$", "\\",
    "mail@evil.example", "\x1b[2J\x1b[31mred", "a\rb", "\u202eevil", "line\n\n# heading",
]  # fmt: skip


def review(text: str) -> Review:
    change = Change(kind="node", weight="riskier", subject=text, text=text)
    return Review(
        text=text, digest="d" * 64, diff=f"--- a/flow.py\n+++ b/flow.py\n+{text}\n", before="x\n", after=f"{text}\n",
        meaning=(text,), changes=(change,), certificate=(text,), broken=(text,),
    )  # fmt: skip


def outside_code(comment: str) -> str:
    """What of a comment Markdown and HTML would read: all but what stands in fences and in code."""
    without = re.sub(r"^(`{3,})diff\n.*?^\1$", "FENCE", comment, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"<code>[A-Za-z0-9 ,;()%+=&#-]*</code>", "CODE", without)


PLAIN = outside_code(markdown(review("plain"), "run"))


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_others_is_markup_in_a_comment(text: str) -> None:
    assert outside_code(markdown(review(text), "run")) == PLAIN


@given(st.text(max_size=60))
def test_no_text_at_all_is_markup_in_a_comment(text: str) -> None:
    assert outside_code(markdown(review(text), "run")) == PLAIN


@given(st.text(max_size=60))
def test_code_shows_the_text_as_it_is(text: str) -> None:
    inside = re.sub(r"&#(\d+);", lambda found: chr(int(found[1])), code(text)[6:-7])
    assert inside.split() == inside.split(" ") or not inside
    if re.fullmatch(r"[!-~]*", text):
        assert inside == text


def test_a_fence_is_longer_than_any_in_the_diff() -> None:
    first, *_, last = fenced("+````\n+text\n")
    assert (first, last) == ("`````diff", "`````")


def test_a_diff_that_is_too_long_is_cut_and_says_so() -> None:
    text = "\n".join(fenced("+line\n" * 20_000))
    assert len(text) < MAX_DIFF + 200
    assert "The diff is cut after 40000 of 120000 characters." in text


def test_what_is_riskier_comes_first_and_is_counted() -> None:
    comment = markdown(review("x"), "run")
    assert "1 riskier, 0 safer, 0 neutral" in comment
    assert "Approve with <code>flows review run --accept</code>." in comment


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_on_a_terminal_obeys_the_text(text: str) -> None:
    lines = "\n".join(shown(review(text)))
    styled = re.sub(r"\x1b\[(?:0|1|\d\d)m", "", lines)
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", styled)


def test_a_revision_holds_the_text_that_is_left_and_the_words() -> None:
    offered = Review(text="?", digest="d", before="a(1)\nb(1)\nc(1)\n", after="a(2)\nb(1)\nc(2)\n")
    found = Revision.model_validate(revision_of(offered, {2}, {2: "keep c"}))
    assert found.source == "a(2)\nb(1)\nc(1)\n"
    assert [(entry.hunk, entry.title, entry.comment) for entry in found.rejected] == [(2, "c", "keep c")]
    assert found.rejected[0].lines[-2:] == ("-c(1)", "+c(2)")


def test_code_that_changes_without_a_promise_is_said() -> None:
    before = "def f(x):\n    return x\n\n\ndef g(x):\n    return x\n"
    after = before.replace("def f(x):\n    return x", "def f(x):\n    # the same\n    return x").replace(
        "def g(x):\n    return x", "def g(x):\n    return x + 1"
    )
    assert [change.text for change in code_changes(before, after)] == ["the code of g changes"]
    assert list(code_changes("def (", after)) == []
