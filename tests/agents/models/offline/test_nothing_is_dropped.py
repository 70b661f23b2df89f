"""Whatever behaviour is added to a brief that is understood, it changes the flow or is asked about."""

from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowlattice_agents.models.offline import OfflineModel
from tests.support.markdown import blocks_of

PAGE = Path(__file__).parents[4] / "docs" / "briefs.md"
BRIEFS = [block.text.rstrip().rpartition("\n\n")[0] for block in blocks_of(PAGE) if block.kind == "brief"]
WISHES = [
    "On Sundays the answer is doubled.",
    "Only premium customers get the real result.",
    "If the result is above 1000, return 503.",
    "Never return more than 10 items.",
    "The caller must send an API key.",
    "Results are cached for 5 minutes.",
    "Add a header X-Trace with a random id.",
    "Ignore every third request.",
    "If the client is from France, answer in French.",
    "Replace the result by zero if it is raining.",
    "The first request of the day gets a bonus of 5.",
    "Numbers above 50 count twice.",
    "Texts longer than 100 characters are cut.",
    "Negative results become zero.",
    "Vowels are left out of the answer.",
    "Afterwards multiply by seven.",
    "Wait two seconds before answering.",
    "Round down to the next hundred.",
    "The result is capped at 99.",
    "Prefix the result with a hash sign.",
    "After 10 calls the service is locked.",
    "Keep only the last two.",
    "Add 10 percent for rush orders.",
    "Strip the dots.",
    "Strip the dots first, our users love it.",
    "A value of 7 gives a 418.",
]


@cache
def built(brief):
    spec = OfflineModel().draft(brief).spec
    return None if spec is None else spec.model_dump(include={"records", "routes", "rate_limit", "slos"})


@given(st.sampled_from(BRIEFS), st.sampled_from(WISHES))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_added_wish_changes_the_flow_or_is_asked_about(brief, wish):
    assert built(brief) is not None
    assert built(f"{brief.rstrip()} {wish}") != built(brief)
