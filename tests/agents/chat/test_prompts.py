"""Prompt files: what is read, what is refused, and how placeholders are filled in."""

import hashlib

import pytest

from flowlattice_agents.chat.prompts import load_prompt
from flowlattice_agents.errors import PromptError

FILE = """---
id: pm-draft
version: 2
schema: draft
model_class: capable
token_ceiling: 4000
agent: pm
task: pm-draft
---

Write {{what}} for {{who}}. Like {"a": {"b": 1}}.
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pm-draft.md").write_text(FILE)
    return tmp_path


def test_a_prompt_knows_itself(folder):
    prompt = load_prompt("pm-draft", folder)
    assert prompt.front.schema_name == "draft"
    assert prompt.front.token_ceiling == 4000
    assert (prompt.front.model_class, prompt.front.agent, prompt.front.task) == ("capable", "pm", "pm-draft")
    assert prompt.ref.version == 2
    assert prompt.ref.digest == hashlib.sha256(FILE.encode()).hexdigest()


def test_values_are_filled_in_once(folder):
    text = load_prompt("pm-draft", folder).render(what="{{who}}", who="me")
    assert text == 'Write {{who}} for me. Like {"a": {"b": 1}}.\n'


@pytest.mark.parametrize(
    ("values", "said"),
    [({"what": "x"}, "{{who}} is not filled in"), ({"what": "x", "who": "y", "why": "z"}, "there is no {{why}}")],
)
def test_no_hole_and_no_surplus(folder, values, said):
    with pytest.raises(PromptError) as caught:
        load_prompt("pm-draft", folder).render(**values)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no front matter", "begins with front matter"),
        (FILE.replace("version: 2", "version: two"), "version: "),
        (FILE.replace("agent: pm\n", ""), "agent: Field required"),
        (FILE.replace("agent: pm\n", "agent: pm\nmood: good\n"), "mood: Extra inputs"),
        (FILE.replace("id: pm-draft", "id: other"), "must be the file's name"),
        (FILE.replace("version: 2", "version: [2"), "no YAML"),
    ],
)
def test_what_does_not_hold_together_is_refused(folder, text, said):
    (folder / "pm-draft.md").write_text(text)
    with pytest.raises(PromptError, match=r"pm-draft\.md") as caught:
        load_prompt("pm-draft", folder)
    assert said in str(caught.value)


def test_a_prompt_that_is_not_there(tmp_path):
    with pytest.raises(PromptError, match="prompt pm-nothing cannot be read"):
        load_prompt("pm-nothing", tmp_path)
