"""Whatever the text, a draft is exactly one outcome, the same every time and in every process."""

import os
import subprocess
import sys

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowlattice_agents.models.offline import OfflineModel

PIECES = st.sampled_from(
    [
        *("GET /a", "POST /b/{id}", "takes", '{"x": 1}', '{"x": "..."}', "returns", "if", "missing", "422", "->"),
        *("or", "and", "a whole number", "from 1 to 5", "text", "upper case", "the sum of a and b", "...", "\n- "),
        *("\n1. ", ".", ",", "(", ")", "'", '"', "`n`", "{", "}", "[", "https://x.example/y", "is", "not", "below 3"),
        *("else", "50 requests per second", "é", "☃"),
    ]
)
BRIEFS = st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=40).map(" ".join))
SETTINGS = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(BRIEFS)
@SETTINGS
def test_a_draft_is_exactly_one_outcome(brief):
    draft = OfflineModel().draft(brief)
    assert [draft.spec is not None, bool(draft.questions), draft.refusal is not None].count(True) == 1


@given(BRIEFS)
@settings(SETTINGS, max_examples=40)
def test_a_draft_is_the_same_every_time(brief):
    assert OfflineModel().draft(brief) == OfflineModel().draft(brief)


def test_a_draft_does_not_depend_on_the_hash_seed():
    brief = 'POST /t takes text and n, and gives {"a": text in upper case, "b": n * 2}. 422 if n is missing or below 1.'
    script = f"from flowlattice_agents.models.offline import OfflineModel; print(OfflineModel().draft({brief!r}))"
    outputs = set()
    for seed in ("1", "2", "3"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        run = subprocess.run([sys.executable, "-c", script], env=env, capture_output=True, text=True, check=True)
        outputs.add(run.stdout)
    assert len(outputs) == 1
