"""What a run looks like: lines while it works, a closing text for people, one object for machines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from pathlib import Path
from typing import cast

import click
from pydantic import JsonValue

from flowlattice.certify import Certificate
from flowlattice.console import Console, Exit
from flowlattice_agents.deployed import Deployed
from flowlattice_agents.errors import BudgetExhausted, ModelMisconfigured, ModelUnavailable, PriceUnknown
from flowlattice_agents.fixes import usd
from flowlattice_agents.progress import Event
from flowlattice_agents.runs import RunResult
from flowlattice_agents.store import RunStore
from flowlattice_agents.visible import visible

_COLOURS = {
    "pm": "magenta",
    "builder": "blue",
    "policy": "yellow",
    "test": "cyan",
    "optimizer": "green",
    "deploy": "bright_green",
}


@dataclass(frozen=True)
class Reporter:
    """Shows a run on the console."""

    console: Console

    def begins(self, model: str) -> None:
        """Say which model understands the brief."""
        if not self.console.json:
            told = {"offline": "; no key, no network"}.get(model.partition(":")[0], "")
            self.console.progress(f"model {model}{told}")

    def watch(self, event: Event) -> None:
        """Show an event as it happens."""
        line = self.line(event.agent, event.kind, event.text)
        if line and not self.console.json:
            self.console.progress(line)

    def line(self, agent: str, kind: str, text: str) -> str:
        """How an event is shown; empty for one that is only kept."""
        if kind == "step":
            return ""
        text = visible(text)
        head = click.style(f"{agent:<10}", fg=_COLOURS.get(agent))
        mark = {"started": " ", "note": "·", "finished": "✓", "stopped": "✗"}.get(kind, " ")
        return f"{head} {mark} " + text.replace("\n", "\n" + " " * 13)

    def ends(self, result: RunResult) -> Exit:
        """Show how the run ended; exit 0 only for what is deployed or certified."""
        if self.console.json:
            self.console.emit(summary(result))
        else:
            for line in self.closing(result):
                self.console.result(line)
        if isinstance(result.halted, ModelUnavailable | ModelMisconfigured | PriceUnknown):
            return Exit.UNAVAILABLE
        return Exit.OK if outcome_of(result) in ("deployed", "certified") else Exit.PROBLEMS

    def closing(self, result: RunResult) -> Iterator[str]:
        """The closing text for people."""
        outcome = outcome_of(result)
        state, store = result.state, result.store
        yield ""
        reason = reason_of(result)
        yield click.style(f"{outcome}", bold=True) + (f": {visible(reason)}" if reason else "")
        if result.halted is not None:
            yield from _halted(result)
        elif outcome == "needs_input":
            for question in questions_of(result):
                yield f"  ? {visible(question['text'])}"
                if question.get("assumption"):
                    yield f"    with --assume: {visible(question['assumption'])}"
            yield f"  answer with: flows resume {result.run} --answers FILE   (a list of {{ask: regex, say: text}})"
            if result.waiting is not None and result.waiting["kind"] == "approval":
                yield f"  review with: flows review {result.run}"
        if outcome == "unfinished":
            yield f"  go on with: flows resume {result.run}"
        digest = state.get("deployment_digest")
        if outcome == "deployed" and digest:
            deployed = store.model(Deployed, digest)
            yield f"  flow     {relative(state.get('flow_path'))}"
            yield f"  url      {deployed.url} (probed, then stopped)"
            if deployed.sample is not None:
                sample = deployed.sample
                yield f"  request  {sample.method} {sample.target} {sample.body or ''}"
                yield f"  answer   {sample.status} {sample.answer}"
            if deployed.doubles:
                yield f"  note     local doubles stand in for {', '.join(deployed.doubles)}: nothing left this machine"
            yield f"  sources  {deployed.digest[:12]}, which flows deployments lists"
            for name in state.get("removed", []):
                yield f"  removed  {name}, which did not describe the flow any more"
            yield "  keep it serving with: flows serve --deployed"
        if result.cost.calls:
            yield f"  cost     {result.cost}"
        for reason in result.stale:
            yield f"  stale    {reason}"


def summary(result: RunResult) -> dict[str, JsonValue]:
    """The one object that `flows author --json` ends with."""
    state, store = result.state, result.store
    certificate = state.get("certificate_digest")
    deployment = state.get("deployment_digest")
    return {
        "run": result.run,
        "outcome": outcome_of(result),
        "halted": None if result.halted is None else type(result.halted).__name__,
        "reason": reason_of(result),
        "flow": state.get("flow_path"),
        "removed": [*state.get("removed", [])],
        "questions": cast(JsonValue, questions_of(result)),
        "assumptions": _kept(store, state.get("assumptions_digest"), []),
        "diagnostics": _kept(store, state.get("diagnostics_digest"), []),
        "policy": _findings(store, state.get("policy_digest")),
        "certificate": None if certificate is None else store.model(Certificate, certificate).digest,
        "deployment": _kept(store, deployment, None),
        "fixes": _kept(store, state.get("fixes_digest"), []),
        "cost": result.cost.as_json(),
        "stale": [*result.stale],
        "timings": cast(JsonValue, timings_of(store)),
    }


def outcome_of(result: RunResult) -> str:
    """The run's outcome; a run that waits for somebody, or for more money, needs input."""
    if result.halted is not None:
        return "needs_input" if isinstance(result.halted, BudgetExhausted) else "failed"
    return result.state.get("outcome") or ("needs_input" if result.waiting else "unfinished")


def reason_of(result: RunResult) -> str | None:
    """One sentence on the outcome, if there is something to say."""
    return str(result.halted) if result.halted is not None else result.state.get("reason")


def questions_of(result: RunResult) -> list[dict[str, str]]:
    """The questions that are open, with the assumption that would be made where one may be."""
    waiting = result.waiting
    if isinstance(result.halted, BudgetExhausted):
        return [{"slot": "budget", "text": f"{result.halted}. May the run cost more?"}]
    if waiting is not None and waiting["kind"] != "questions":
        return [{"slot": str(waiting["kind"]), "text": str(waiting["text"])}]
    digest = result.state.get("questions_digest")
    found = result.store.json(digest) if digest else []
    return [
        {key: str(value) for key, value in question.items() if value is not None}
        for question in cast(list[dict[str, JsonValue]], found)
    ]


def _halted(result: RunResult) -> Iterator[str]:
    """What was done, and how to go on, where no model answered."""
    done = [step for step in timings_of(result.store) if step != "ask"]
    if done or result.cost.calls:
        yield f"  done     {', '.join(done) or 'nothing yet'}; cost {result.cost}"
    if isinstance(result.halted, BudgetExhausted):
        estimate = result.halted.needed_micro_usd
        spent = Decimal(result.cost.usd)
        yield f"  finishing is estimated to cost ${usd(estimate)} at worst for this call, and the usual for each other"
        enough = spent + 2 * Decimal(estimate) / 1_000_000
        yield f"  go on with more: flows resume {result.run} --budget-usd {enough.quantize(Decimal('0.01'), ROUND_UP)}"
    else:
        yield f"  go on with: flows resume {result.run}"


def timings_of(store: RunStore) -> dict[str, float]:
    """Milliseconds spent in each step, summed over its repetitions."""
    spent: dict[str, float] = {}
    for event in store.read_events():
        data = event.get("data")
        if event.get("kind") == "step" and isinstance(data, dict):
            step, took = str(data["step"]), data["ms"]
            spent[step] = round(spent.get(step, 0.0) + float(cast(float, took)), 1)
    return spent


def _kept(store: RunStore, digest: str | None, otherwise: JsonValue) -> JsonValue:
    return otherwise if digest is None else store.json(digest)


def _findings(store: RunStore, digest: str | None) -> JsonValue:
    decision = _kept(store, digest, {"findings": []})
    return decision["findings"] if isinstance(decision, dict) else []


def relative(path: str | None) -> str:
    """A path as short as it can be said from here."""
    if path is None:
        return ""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path
