"""The briefs of docs/briefs.md: each becomes a spec, and the spec answers its requests as the page says."""

import json
import re
from pathlib import Path

import pytest

from flowlattice_agents.models.offline import OfflineModel
from flowlattice_agents.simulate import fits, simulate
from tests.support.markdown import blocks_of

PAGE = Path(__file__).parents[4] / "docs" / "briefs.md"
_LINE = re.compile(r"(?P<method>[A-Z]+) (?P<path>\S+)(?: (?P<body>\{.*?\}))? -> (?P<status>\d+)(?: (?P<reply>.*))?")


def _briefs():
    return [
        pytest.param(block.text, id=f"briefs.md:{block.line}") for block in blocks_of(PAGE) if block.kind == "brief"
    ]


@pytest.mark.parametrize("text", _briefs())
def test_brief_is_built_and_answers_as_shown(text):
    brief, _, lines = text.rstrip().rpartition("\n\n")
    draft = OfflineModel().draft(brief)
    assert draft.spec is not None, draft
    for line in lines.splitlines():
        shown = _LINE.fullmatch(line)
        assert shown, f"{line} is not a request and its reply"
        body = json.loads(shown["body"]) if shown["body"] else None
        reply = simulate(draft.spec, shown["method"], shown["path"], body)
        assert reply.status == int(shown["status"]), line
        if shown["reply"] and shown["reply"].startswith("{"):
            assert fits(json.loads(shown["reply"]), reply.json_body), (line, reply)
        elif shown["reply"]:
            assert shown["reply"] in json.dumps(reply.json_body), (line, reply)
