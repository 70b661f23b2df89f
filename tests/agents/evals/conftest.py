"""A tiny suite, real flows, and agents that are played from a script."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

import pytest

from flowlattice_agents.evals.brief import Brief
from flowlattice_agents.evals.evidence import Told
from flowlattice_agents.evals.processes import Children
from flowlattice_agents.evals.suite import plain
from flowlattice_agents.yaml_text import parse_yaml
from tests.support.flows import ECHO, PRELUDE

TINY = {
    "echo": """
        id: echo
        family: simple
        story: S1
        brief: |
          POST /echo takes {v: string}, trims and lower-cases v and returns {v}.
        expect:
          outcome: deployed
          profile: web
          trigger: {kind: http, method: POST, path: /echo}
          nodes: [{match: {effects: pure, determinism: strict}, min: 1}]
        probes:
          - request: {method: POST, path: /echo, json: {v: "  HeLLo "}}
            response: {status: 200, json: {v: hello}}
          - request: {method: POST, path: /echo, json: {}}
            response: {status: 422, text: v}
          - feed: [{v: " A "}, {v: B}]
            outputs: [{v: b}, {v: a}]
        """,
    "shout": """
        id: shout
        family: simple
        brief: |
          POST /shout takes {v: string}, upper-cases v and returns {v}.
        expect: {outcome: deployed}
        probes:
          - request: {method: POST, path: /shout, json: {v: Hey <b>}}
            response: {status: 200, json: {v: hey <b>}}
        """,
    "cook": """
        id: cook
        family: unsafe
        brief: Cook dinner.
        expect: {outcome: refused}
        """,
}


def brief_of(text: str) -> Brief:
    """A brief from its YAML."""
    return Brief.model_validate(plain(parse_yaml(dedent(text))))


def write_suite(folder: Path, briefs: Mapping[str, str]) -> Path:
    """A suite in files."""
    folder.mkdir(parents=True)
    for name, text in briefs.items():
        (folder / f"{name}.yaml").write_text(dedent(text), encoding="utf-8")
    return folder


@dataclass
class Played(Children):
    """Agents that build what a script says; everything else is run for real.

    Attributes:
        results: For each flow folder (`built`, `changed`, `base`) the result; `source` in it is the flow.
        asked: The arguments of every `flows author`.
    """

    results: dict[str, dict[str, object]]
    asked: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def flows(self, *arguments: str, cwd: Path, env, timeout_s: float, whole_out: bool = False) -> Told:
        """Play `author`."""
        if arguments[0] != "author":
            return super().flows(*arguments, cwd=cwd, env=env, timeout_s=timeout_s, whole_out=whole_out)
        given = list(arguments)
        self.asked.append(given)
        name = given[given.index("--out") + 1]
        result = {"run": "r1", "outcome": "deployed", "certificate": "c1", **self.results[name]}
        source = result.pop("source", None)
        if source is not None:
            (cwd / name).mkdir()
            (cwd / name / "flow.py").write_text(str(source), encoding="utf-8")
            result["flow"] = str(cwd / name / "flow.py")
        if "--record" in given:
            line = json.dumps({"v": 1, "n": 1, "task": f"for {name}", "messages": [], "reply": {"text": "hi"}})
            Path(given[given.index("--record") + 1]).write_text(f"{line}\n", encoding="utf-8")
        return Told(code=0, out=f"noise\n{json.dumps(result)}\n", err="")


@pytest.fixture
def echo_flow() -> str:
    """A flow that trims and lowers `v`."""
    return PRELUDE + ECHO
