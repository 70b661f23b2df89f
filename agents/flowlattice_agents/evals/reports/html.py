"""An eval as one HTML page that needs nothing else: figures, then every sample with its transcript."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.resources import files

from flowlattice_agents.evals.reports.html_sample import sample
from flowlattice_agents.evals.reports.markup import Html, raw, tag
from flowlattice_agents.evals.results import Result
from flowlattice_agents.evals.summary import TOTAL, Group, Summary

_NOTHING_ELSE = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def page(summary: Summary, results: Sequence[Result]) -> str:
    """The page."""
    manifest = summary.manifest
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_NOTHING_ELSE),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"flows eval {manifest.suite}"),
        tag("style", _asset("page.css")),
    )
    body = tag(
        "body",
        tag("header", tag("h1", f"Eval of {manifest.suite}"), tag("p", _about(summary))),
        tag("section", map(_card, summary.totals), class_="cards"),
        tag("ul", (tag("li", pair.text) for pair in summary.arms), class_="arms") if summary.arms else None,
        tag("div", _table(summary.groups), class_="wide"),
        _filters(results),
        tag("main", map(sample, _worst_first(results))),
        tag("script", _asset("page.js")),
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en')}\n"


def _about(summary: Summary) -> str:
    manifest = summary.manifest
    seed = "" if manifest.seed is None else f", seeds from {manifest.seed}"
    return f"model {manifest.model}{seed}, flowlattice {manifest.version}, {len(summary.samples)} samples"


def _asset(name: str) -> Html:
    return raw((files(__package__) / name).read_text(encoding="utf-8"))


def _card(total: Group) -> Html:
    figures = [
        ("model calls a brief, median", f"{total.calls:g}"),
        ("prompt tokens a brief, median", f"{total.prompt_tokens:g}"),
        ("cost", f"{total.usd:.4f} USD"),
    ]
    if total.k > 1:
        figures = [
            (f"pass@{total.k}", _percent(total.pass_at_k)),
            (f"pass^{total.k}", _percent(total.pass_hat_k)),
            *figures,
        ]
    if total.fixes.share is not None:
        figures.append(("first-round diagnostics the kernel fixed", _percent(total.fixes.share)))
    apart = f"{total.passed} of {total.scored} scored · errors {total.errors} · unscored {total.unscored}"
    return tag(
        "article",
        tag("h2", total.arm),
        tag("p", _percent(total.rate), tag("small", _error(total)), class_="rate"),
        _bar(total),
        tag("p", apart + (f" · stale {total.stale}" if total.stale else "")),
        tag("dl", (part for name, value in figures for part in (tag("dt", name), tag("dd", value)))),
    )


def _bar(group: Group) -> Html:
    parts = (
        ("pass", group.passed),
        ("fail", group.scored - group.passed),
        ("error", group.errors),
        ("unscored", group.unscored),
    )
    filled = [(name, count) for name, count in parts if count]
    return tag(
        "div",
        (tag("i", class_=name, style=f"flex:{count}", title=f"{name} {count}") for name, count in filled),
        class_="bar",
    )


def _table(groups: Sequence[Group]) -> Html:
    rungs = list(dict.fromkeys(rung for group in groups for rung in group.rungs))
    titles = ("arm", "family", "passed", "rate", *rungs, "errors", "unscored", "what went wrong")
    return tag(
        "table",
        tag("thead", tag("tr", (tag("th", title) for title in titles))),
        tag("tbody", (_row(group, rungs) for group in groups if group.samples)),
        class_="groups",
    )


def _row(group: Group, rungs: Sequence[str]) -> Html:
    climbed = ("/".join(map(str, group.rungs[rung])) if rung in group.rungs else "" for rung in rungs)
    wrong = ", ".join(f"{name} {count}" for name, count in group.categories.items())
    cells = (
        group.arm,
        group.family,
        f"{group.passed}/{group.scored}",
        f"{_percent(group.rate)}{_error(group)}",
        *climbed,
        str(group.errors),
        str(group.unscored),
        wrong,
    )
    return tag("tr", (tag("td", cell) for cell in cells), class_="total" if group.family == TOTAL else None)


def _filters(results: Sequence[Result]) -> Html:
    kinds = (
        ("state", ("pass", "fail", "error", "unscored")),
        ("arm", _distinct(result.arm for result in results)),
        ("family", _distinct(result.brief.family for result in results)),
        ("category", _distinct(result.score.category for result in results if result.score.category)),
    )
    return tag(
        "nav",
        tag("input", type="search", id="find", placeholder="find in ids and reasons", aria_label="find"),
        (_choice(name, values) for name, values in kinds),
        tag("button", "open all", type="button", id="open"),
        tag("output", id="shown"),
    )


def _choice(name: str, values: Iterable[str]) -> Html:
    options = [tag("option", f"any {name}", value=""), *(tag("option", value, value=value) for value in values)]
    return tag("select", options, data_filter=name, aria_label=name)


def _distinct(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _worst_first(results: Sequence[Result]) -> Iterator[Result]:
    yield from sorted(results, key=lambda result: (result.score.passed, result.score.status != "scored"))


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _error(group: Group) -> str:
    return "" if group.error is None else f" ± {group.error:.1%}"
