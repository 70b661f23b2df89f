"""What a run does when its model, or what is made of its answers, fails."""

from pathlib import Path

import pytest

from flowlattice_agents.errors import AnswerUnusable, ModelUnavailable
from flowlattice_agents.models.offline import OfflineModel
from flowlattice_agents.models.registry import OpenModel
from flowlattice_agents.runs import Parameters, RunResult, Runs


def started(tmp_path: Path, failure: Exception, anew: list[str]) -> RunResult:
    class Failing(OfflineModel):
        def draft(self, *_given):
            raise failure

    runs = Runs(tmp_path / "home", lambda _: OpenModel(planner=Failing(), ask_anew=lambda: anew.append("asked anew")))
    parameters = Parameters(brief="GET /", model="offline", target=None, base=tmp_path)
    return runs.start(parameters, lambda _: None, lambda _: None)


@pytest.mark.parametrize(
    ("failure", "expected"), [(AnswerUnusable("no answer"), ["asked anew"]), (ModelUnavailable("away"), [])]
)
def test_only_answers_without_use_are_asked_for_again(tmp_path: Path, failure: Exception, expected: list[str]) -> None:
    anew: list[str] = []
    assert started(tmp_path, failure, anew).halted is failure
    assert anew == expected


@pytest.mark.parametrize(("failure", "expected"), [(ValueError("odd"), ["asked anew"]), (OSError("full"), [])])
def test_a_step_that_crashes_on_its_answers_asks_anew(tmp_path: Path, failure: Exception, expected: list[str]) -> None:
    anew: list[str] = []
    with pytest.raises(type(failure)):
        started(tmp_path, failure, anew)
    assert anew == expected
