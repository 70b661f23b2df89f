"""The LangGraph: who works when, and where it goes back.

    pm -> (ask -> pm) -> expect -> (settle) -> build <-> compile -> policy -> test (-> build) -> optimizer
       -> (decide -> build) -> compare -> review -> deploy
    review -> revise -> compile -> ... -> review, which is a reviewer's text; what it breaks ends in restore -> review

Every step is checkpointed before the next one starts, so a killed run goes on where it was.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeAlias

from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from flowlattice_agents.builder import Builder
from flowlattice_agents.deploy import Deployer
from flowlattice_agents.optimizer import Optimizer
from flowlattice_agents.pm import PM
from flowlattice_agents.policy import PolicyAgent
from flowlattice_agents.revise import Reviser
from flowlattice_agents.state import RunState
from flowlattice_agents.test import TestAgent
from flowlattice_agents.workbench import Workbench

RunGraph: TypeAlias = CompiledStateGraph[RunState, None, RunState, RunState]


class Work(Protocol):
    """What an agent does in one step: from the state to what changes in it."""

    def __call__(self, state: RunState) -> RunState:
        """Do the step."""


STEPS = (
    "pm", "ask", "expect", "settle", "build", "compile", "policy", "test", "optimizer", "decide", "compare",
    "review", "revise", "answer", "restore", "deploy",
)  # fmt: skip


@contextmanager
def run_graph(bench: Workbench) -> Iterator[RunGraph]:
    """The graph of one run with its checkpoints open."""
    pm, builder, tester, deployer = PM(bench), Builder(bench), TestAgent(bench), Deployer(bench)
    optimizer, reviser = Optimizer(bench), Reviser(bench)
    graph = StateGraph(RunState)

    def add(step: str, work: Work) -> None:
        graph.add_node(step, _timed(bench, step, work))

    add("pm", pm.understand)
    add("ask", pm.ask)
    add("expect", tester.expect)
    add("settle", pm.settle)
    add("build", builder.build)
    add("compile", builder.compile)
    add("policy", PolicyAgent(bench).decide)
    add("test", tester.certify)
    add("optimizer", optimizer.measure)
    add("decide", optimizer.decide)
    add("compare", reviser.compare)
    add("review", deployer.review)
    add("revise", reviser.revise)
    add("answer", builder.answer)
    add("restore", reviser.restore)
    add("deploy", deployer.deploy)
    graph.add_edge(START, "pm")
    graph.add_conditional_edges("pm", _after_pm, ["ask", "expect", END])
    graph.add_edge("ask", "pm")
    graph.add_conditional_edges("expect", _after_expectations, ["settle", "build"])
    graph.add_conditional_edges("settle", _after_settling, ["ask", "build", END])
    graph.add_conditional_edges("build", _after_build, ["pm", "compile", END])
    graph.add_conditional_edges("compile", _after_compile, ["build", "policy", "restore", END])
    graph.add_conditional_edges("policy", _after_policy, ["test", "restore", END])
    graph.add_conditional_edges("test", _after_test, ["build", "optimizer", "restore", END])
    graph.add_conditional_edges("optimizer", _after_optimizer, ["decide", "compare"])
    graph.add_conditional_edges("decide", _after_decision, ["build", "compare"])
    graph.add_edge("compare", "review")
    graph.add_conditional_edges("review", _after_review, ["revise", "deploy", END])
    graph.add_conditional_edges("revise", reviser.next_step, ["answer", "compile"])
    graph.add_conditional_edges("answer", _unless_ended("compile"), ["compile", END])
    graph.add_edge("restore", "review")
    graph.add_edge("deploy", END)
    with SqliteSaver.from_conn_string(str(bench.store.checkpoints)) as checkpoints:
        yield graph.compile(checkpointer=checkpoints)


def _timed(bench: Workbench, step: str, work: Work) -> Work:
    """Keep how long a step took, for `flows show` and the bench."""

    def timed(state: RunState) -> RunState:
        began = time.perf_counter()
        update = work(state)
        took = round((time.perf_counter() - began) * 1000, 1)
        bench.progress.say(step, "step", "", {"step": step, "ms": took})
        return update

    return timed


def _after_pm(state: RunState) -> str:
    if state.get("outcome"):
        return END
    return "ask" if state.get("questions_digest") else "expect"


def _after_expectations(state: RunState) -> str:
    return "settle" if state.get("disagreements_digest") else "build"


def _after_settling(state: RunState) -> str:
    if state.get("outcome"):
        return END
    return "ask" if state.get("questions_digest") else "build"


def _after_build(state: RunState) -> str:
    if state.get("outcome"):
        return END
    # A change of the spec that does not go into a file that was edited by hand: the file itself is changed then.
    return "compile" if state.get("spec_digest") or state.get("written_digest") else "pm"


def _after_test(state: RunState) -> str:
    if state.get("revised") and (state.get("outcome") or state.get("findings_digest")):
        return "restore"
    if state.get("outcome"):
        return END
    return "build" if state.get("findings_digest") else "optimizer"


def _after_compile(state: RunState) -> str:
    if state.get("revised") and (state.get("outcome") or state.get("errors")):
        return "restore"
    if state.get("outcome"):
        return END
    return "build" if state.get("errors") else "policy"


def _after_optimizer(state: RunState) -> str:
    return "decide" if state.get("proposal_digest") else "compare"


def _after_decision(state: RunState) -> str:
    return "build" if state.get("diagnostics_digest") is None else "compare"


def _after_policy(state: RunState) -> str:
    if state.get("outcome"):
        return "restore" if state.get("revised") else END
    return "test"


def _after_review(state: RunState) -> str:
    if state.get("outcome"):
        return END
    return "revise" if state.get("revision_digest") else "deploy"


def _unless_ended(step: str) -> Callable[[RunState], str]:
    """Go on to a step unless the run has ended."""

    def route(state: RunState) -> str:
        return END if state.get("outcome") else step

    return route
