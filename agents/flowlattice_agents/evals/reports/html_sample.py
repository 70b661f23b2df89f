"""One sample on the HTML page: the brief, what was said, the diff of the flow, and every probe with what it got."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from difflib import unified_diff

from flowlattice_agents.evals.answers import NoAnswer, judged
from flowlattice_agents.evals.brief import Fields, Probe, Task
from flowlattice_agents.evals.evidence import Attempt, Authored, Built, FeedAnswer, HttpAnswer
from flowlattice_agents.evals.reports.markup import Html, tag
from flowlattice_agents.evals.results import Result, number_of

_LONG = 20_000


def sample(result: Result) -> Html:
    """A sample, folded."""
    score, brief = result.score, result.brief
    state = "pass" if score.passed else "fail" if score.status == "scored" else score.status
    summary = tag(
        "summary",
        tag("span", state, class_=f"state {state}"),
        tag("span", brief.id, class_="id"),
        tag("span", brief.family, class_="chip"),
        tag("span", result.arm, class_="chip"),
        tag("span", f"epoch {result.epoch + 1}", class_="chip") if result.epoch else None,
        tag("span", score.category, class_="chip why") if score.category else None,
        tag("span", "stale record", class_="chip why") if score.stale else None,
        tag("span", " ".join(score.why.split())[:140], class_="said"),
        tag("span", _figures(result), class_="figures"),
    )
    return tag(
        "details",
        summary,
        tag("div", _body(result), class_="body"),
        class_="sample",
        data_arm=result.arm,
        data_family=brief.family,
        data_state=state,
        data_category=score.category or "none",
        data_text=f"{brief.id} {brief.story} {score.why}".lower(),
    )


def _figures(result: Result) -> str:
    runs = result.evidence.runs
    calls, seconds = sum(number_of(run, "calls") for run in runs), sum(run.seconds for run in runs)
    return (f"{calls:g} calls · {result.usd:.4f} USD · " if calls else "") + f"{seconds:.1f} s"


def _body(result: Result) -> Iterator[Html]:
    score, evidence, brief = result.score, result.evidence, result.brief
    rungs = (tag("li", rung, class_="up" if rung in score.reached else "down") for rung in score.ladder)
    yield tag("ol", rungs, class_="ladder")
    if score.why:
        yield tag("p", score.why, class_="reason")
    for reason in score.stale:
        yield tag("p", f"stale: {reason}", class_="reason")
    if evidence.base is not None:
        yield _folded("the flow to change, and how it was made", _authored(evidence.base))
    if evidence.attempt is not None:
        yield from _attempt(brief, evidence.attempt, evidence.base_sources)
    if evidence.change is not None and brief.change is not None:
        yield tag("h3", "then a change was asked for")
        before = evidence.attempt.built.sources if evidence.attempt and evidence.attempt.built else {}
        yield from _attempt(brief.change, evidence.change, before)


def _attempt(task: Task, attempt: Attempt, before: dict[str, str]) -> Iterator[Html]:
    yield tag("h4", "brief")
    yield tag("pre", task.brief, class_="brief")
    for answer in task.answers:
        yield tag("p", f"asked about /{answer.ask}/, the reply is: {answer.say}")
    yield tag("h4", "what happened")
    yield from _authored(attempt.authored)
    if attempt.built is not None:
        yield tag("h4", "diff of the flow")
        yield _diff(before, attempt.built.sources)
        yield tag("h4", "probes")
        yield _probes(task.probes, attempt.built)
        yield _folded("Flow IR", [tag("pre", _json(attempt.built.ir))])
        if attempt.built.check.out or attempt.built.check.err:
            yield _folded("flows check", [tag("pre", attempt.built.check.out + attempt.built.check.err)])


def _authored(run: Authored) -> Iterator[Html]:
    if run.events:
        rows = (
            tag("tr", (tag("td", str(event.get(key, ""))) for key in ("agent", "kind", "text"))) for event in run.events
        )
        yield tag("table", rows, class_="events")
    for number, exchange in enumerate(run.exchanges, start=1):
        yield _exchange(number, exchange)
    if run.result is None:
        ended = "stopped for its time" if run.told.code is None else f"exit code {run.told.code}"
        yield tag("pre", f"no result, {ended}\n{run.told.out}{run.told.err}")
    else:
        yield _folded("result", [tag("pre", _json(run.result))])


def _exchange(number: int, exchange: Fields) -> Html:
    reply = exchange.get("reply")
    answer: Fields = reply if isinstance(reply, dict) else {}
    messages = exchange.get("messages")
    said = [_message(m) for m in messages if isinstance(m, dict)] if isinstance(messages, list) else []
    shown = f"{answer.get('text') or ''}" + (f"\nrefused: {answer['refusal']}" if answer.get("refusal") else "")
    finish = f"reply ({answer.get('finish')})" if answer.get("finish") else "reply"
    title = f"call {number}: {exchange.get('task', '')} · {exchange.get('model', '')} · {_usage(exchange)}"
    return _folded(title, [*said, _turn(finish, shown, "assistant")])


def _message(message: Fields) -> Html:
    role = str(message.get("role"))
    text = message.get("text")
    return _turn(role, str(text) if text is not None else f"(the prompt {message.get('prompt')})", role)


def _turn(title: str, text: str, role: str) -> Html:
    return tag("div", tag("b", title), tag("pre", text), class_=f"turn {role}")


def _usage(exchange: Fields) -> str:
    usage = exchange.get("usage")
    figures: Fields = usage if isinstance(usage, dict) else {}
    tokens = f"{figures.get('prompt_tokens', '?')} + {figures.get('completion_tokens', '?')} tokens"
    return f"{tokens} · {exchange.get('usd', '0')} USD"


def _diff(before: dict[str, str], after: dict[str, str]) -> Html:
    lines: list[Html] = []
    for name in sorted({*before, *after}):
        old, new = before.get(name, ""), after.get(name, "")
        marks = {"+": "add", "-": "cut", "@": "at"}
        for line in unified_diff(old.splitlines(), new.splitlines(), name, name, lineterm="", n=3):
            kind = "file" if line.startswith(("+++ ", "--- ")) else marks.get(line[:1], "same")
            lines.append(tag("span", f"{line}\n", class_=kind))
    return tag("pre", lines or "nothing changed", class_="diff")


def _probes(probes: Sequence[Probe], built: Built) -> Html:
    http, fed = iter(built.http), iter(built.fed)
    rows = [tag("tr", (tag("th", title) for title in ("", "sent", "wanted", "got")))]
    try:
        for probe, wrong in judged(probes, built):
            got: HttpAnswer | FeedAnswer | None = next(http, None) if probe.request is not None else next(fed, None)
            cells = (tag("td", tag("pre", text)) for text in (_sent(probe), _wanted(probe), wrong or _got(got)))
            mark = tag("td", "✗" if wrong else "✓", class_="fail" if wrong else "pass")
            rows.append(tag("tr", mark, cells))
    except NoAnswer as missing:
        rows.append(tag("tr", tag("td", str(missing), colspan="4")))
    return tag("table", rows, class_="probes") if len(rows) > 1 else tag("p", "there are none")


def _sent(probe: Probe) -> str:
    if probe.request is None:
        return "\n".join(json.dumps(record, ensure_ascii=False) for record in probe.feed or ())
    rest = probe.request.model_dump(by_alias=True, exclude_unset=True, exclude={"method", "path"})
    return f"{probe.request.method} {probe.request.path}" + (f"\n{_json(rest)}" if rest else "")


def _wanted(probe: Probe) -> str:
    if probe.response is not None:
        return _json(probe.response.model_dump(by_alias=True, exclude_unset=True))
    return _json(probe.model_dump(exclude_unset=True, exclude={"feed"}))


def _got(answer: HttpAnswer | FeedAnswer | None) -> str:
    if isinstance(answer, HttpAnswer):
        return f"{answer.status}\n{answer.body[:_LONG]}"
    return _json(answer.result) if answer is not None else ""


def _folded(title: str, content: Iterator[Html] | Sequence[Html]) -> Html:
    return tag("details", tag("summary", title), content, class_="part")


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)[:_LONG]
