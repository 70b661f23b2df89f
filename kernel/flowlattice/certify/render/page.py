"""The report as a page that a person reads: one file without scripts, everything in it escaped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from html import escape
from typing import Final

from flowlattice.certify.checklists import TOLD
from flowlattice.certify.checks import CHECKS
from flowlattice.certify.model import Certificate, Check, Checklist, Part
from flowlattice.certify.render.text import carried_lines, outcome

_STYLE: Final = """
body {
  font: 16px/1.5 system-ui, sans-serif; color: #1c1c1c; background: #fff;
  max-width: 66rem; margin: 2rem auto; padding: 0 1rem
}
h1 { font-size: 1.6rem; margin-bottom: .2rem }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .4rem }
.outcome { font-size: 1.15rem; font-weight: 600; margin: .2rem 0 1rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 1rem 0 }
dt { font-weight: 600 }
dd { margin: 0; overflow-wrap: anywhere }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100%; margin: .6rem 0 1rem }
th, td { padding: .35rem .8rem .35rem 0; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top }
td:first-child { white-space: nowrap }
td { overflow-wrap: anywhere }
td ul { margin: .2rem 0; padding-left: 1.1rem }
.what { color: #555; font-size: .9rem }
summary { cursor: pointer; color: #555; font-size: .9rem }
.passed, .ticked { color: #1b6e1f; font-weight: 600 }
.failed, .open { color: #b00020; font-weight: 600 }
.could_not_run { color: #8a4b00; font-weight: 600 }
.not_applicable { color: #666 }
td:nth-child(2) { white-space: nowrap }
td:last-child { white-space: normal; width: 65% }
code { font-size: .9rem }
"""
_STATES: Final = {"ticked": "\u2713 ticked", "not_applicable": "does not apply", "open": "\u2717 open"}
_TITLES: Final = {check.NAME: check.TITLE for check in CHECKS}


def page_of(certificate: Certificate) -> str:
    """The page."""
    title = f"Certificate of {certificate.flow}"
    good = "passed" if certificate.publishable else "failed" if not certificate.passed else "could_not_run"
    facts = {
        "certificate": certificate.digest,
        "sources": certificate.source_digest,
        "environment": certificate.environment or "local doubles",
        "harness": certificate.harness,
        "policy decision": certificate.decision or "the policies were not asked",
        "confined by": certificate.protection,
    }
    told = "".join(f"<dt>{escape(name)}</dt><dd>{escape(words)}</dd>" for name, words in facts.items())
    sections = [
        _checks(certificate),
        *(_checklist(checklist) for checklist in certificate.checklists),
        _carried(certificate),
        _parts(certificate),
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f'<h1>{escape(title)}</h1><p class="outcome {good}">{escape(outcome(certificate))}</p><dl>{told}</dl>'
        f"{''.join(sections)}</body></html>\n"
    )


def _checks(certificate: Certificate) -> str:
    rows = ("".join(_check(check)) for check in certificate.checks)
    return f"<h2>Checks</h2>{_table(('check', 'verdict', 'evidence'), rows)}"


def _check(check: Check) -> Iterator[str]:
    what = f'<div class="what">{escape(_TITLES.get(check.name, ""))}</div>'
    failures = "".join(f"<li>{escape(failure)}</li>" for failure in check.failures)
    fixtures = "".join(f"<li>fails on <code>{escape(json.dumps(one))}</code></li>" for one in check.fixtures)
    listed = f"<ul>{failures}{fixtures}</ul>" if failures or fixtures else ""
    yield f"<tr><td><b>{escape(check.name)}</b></td>{_verdict(check.verdict)}"
    yield f"<td>{what}{escape(check.summary)}{listed}{_figures(check)}</td></tr>"


def _figures(check: Check) -> str:
    if not check.measured:
        return ""
    said = ", ".join(f"{name} {json.dumps(value)}" for name, value in check.measured.items())
    return f"<details><summary>figures</summary>{escape(said)}</details>"


def _checklist(checklist: Checklist) -> str:
    rows = (
        f'<tr><td>{escape(line.title)}</td><td class="{_mark(line.state, later=line.later)}">'
        f"{'later' if line.later else _STATES[line.state]}</td><td>{escape(line.evidence)}</td></tr>"
        for line in checklist.lines
    )
    return f"<h2>Checklist: {escape(checklist.title)}</h2>{_table(('line', '', 'evidence'), rows)}"


def _mark(state: str, *, later: bool) -> str:
    return "not_applicable" if later else state


def _carried(certificate: Certificate) -> str:
    said = "".join(f"<p>{escape(line)}</p>" for line in carried_lines(certificate))
    return f"<h2>Carried over</h2>{said}" if said else ""


def _parts(certificate: Certificate) -> str:
    """What each check says of each part."""
    found: dict[str, list[tuple[str, Part]]] = {}
    for check in certificate.checks:
        for part in check.parts:
            found.setdefault(part.name, []).append((check.name, part))
    rows = (_part(name, said) for name, said in sorted(found.items()))
    return f"<h2>Nodes and routes</h2>{_table(('part', 'checks'), rows)}" if found else ""


def _part(name: str, said: list[tuple[str, Part]]) -> str:
    lines = "".join(
        f'<li><span class="{part.verdict}">{escape(check)} {TOLD[part.verdict]}</span> {escape(part.summary)}'
        f"{'' if part.carried is None else f' <span class=what>(as in {escape(part.carried[:12])})</span>'}</li>"
        for check, part in said
    )
    return f"<tr><td><b>{escape(name)}</b></td><td><ul>{lines}</ul></td></tr>"


def _verdict(verdict: str) -> str:
    return f'<td class="{verdict}">{TOLD[verdict]}</td>'


def _table(head: tuple[str, ...], rows: Iterable[str]) -> str:
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    return f'<div class="wide"><table><thead><tr>{titles}</tr></thead><tbody>{"".join(rows)}</tbody></table></div>'
