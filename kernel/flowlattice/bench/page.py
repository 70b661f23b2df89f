"""A benchmark's report as one page of HTML: tables, and the distributions drawn. It needs nothing but itself."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Final

from flowlattice.bench.report import Check, Report, Section

Curves = Mapping[str, Sequence[tuple[float, float]]]

_COLOURS: Final = ("#0b63c5", "#b4530a", "#2e7d32", "#7b3fa0")
_WIDTH: Final = 760
_HEIGHT: Final = 320
_LEFT: Final = 64
_RIGHT: Final = 20
_TOP: Final = 16
_BOTTOM: Final = 52
_PERCENTS: Final = (0.0, 50.0, 90.0, 95.0, 99.0, 99.9)
_SLOWEST: Final = 99.9
"""Where the drawing ends: beyond it there are too few to draw."""

_STYLE: Final = """
body {
  font: 16px/1.5 system-ui, sans-serif; color: #1c1c1c; background: #fff;
  max-width: 62rem; margin: 2rem auto; padding: 0 1rem
}
h1 { font-size: 1.6rem; margin-bottom: .2rem }
h2 { font-size: 1.2rem; margin: 2.2rem 0 .4rem }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1rem; margin: 1rem 0 }
dt { font-weight: 600 }
dd { margin: 0 }
.wide { overflow-x: auto }
table { border-collapse: collapse; margin: .6rem 0 1rem; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .8rem; border-bottom: 1px solid #ddd; text-align: right }
th:first-child, td:first-child { text-align: left; padding-left: 0 }
.kept { color: #1b6e1f }
.missed { color: #b00020; font-weight: 600 }
svg { max-width: 100%; height: auto }
svg text { font: 12px system-ui, sans-serif; fill: #444 }
.grid { stroke: #e2e2e2 }
.curve { fill: none; stroke-width: 2 }
"""


def page_of(report: Report) -> str:
    """The page."""
    title = f"flows bench {report.name}"
    facts = {
        **report.arms,
        "machine": report.machine,
        "load average": "{:.1f} before, {:.1f} after".format(*report.busy),
    }
    told = "".join(f"<dt>{escape(name)}</dt><dd>{escape(words)}</dd>" for name, words in facts.items())
    notes = "".join(f"<p>{escape(note)}</p>" for note in report.notes)
    sections = "".join(_section(section) for section in report.sections)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>'
        f"<h1>{escape(title)}</h1><p>{_kept(report.within)}</p><dl>{told}</dl>{notes}{sections}</body></html>\n"
    )


def _section(section: Section) -> str:
    parts = [f"<h2>{escape(section.title)}</h2>", _medians(section)]
    if section.checks:
        parts.append(_checks(section.checks))
    if section.curves:
        parts.append(f"<p>Distribution of all rounds together: {escape(section.times)}.</p>{drawing(section.curves)}")
    return "".join(parts)


def _medians(section: Section) -> str:
    rows = (
        [title, *(f"{value:.2f}" for value in section.medians(name).values())] for name, title in section.fields.items()
    )
    return _table([f"medians of {section.turns}", *section.arms], rows)


def _checks(checks: Sequence[Check]) -> str:
    head = ["against the bounds", "median", "quartiles", "bound", ""]
    rows = (
        f"<tr><td>{escape(', '.join(filter(None, (check.title, check.unit))))}</td><td>{check.spread.median:.2f}</td>"
        f"<td>{check.spread.lower:.2f} to {check.spread.upper:.2f}</td><td>{check.asked}</td>"
        f"<td>{_kept(check.within)}</td></tr>"
        for check in checks
    )
    return _framed(head, "".join(rows))


def _table(head: Sequence[str], rows: Iterator[list[str]]) -> str:
    return _framed(
        head, "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    )


def _framed(head: Sequence[str], rows: str) -> str:
    titles = "".join(f"<th>{escape(title)}</th>" for title in head)
    return f'<div class="wide"><table><thead><tr>{titles}</tr></thead><tbody>{rows}</tbody></table></div>'


def _kept(within: bool) -> str:
    return '<span class="kept">within the bound</span>' if within else '<span class="missed">missed</span>'


def drawing(curves: Curves) -> str:
    """The percentiles of each arm as an SVG: to the right ever slower ones, each nine twice as near to all.

    Args:
        curves: Percents and percentiles in ms, by arm.
    """
    top = _ceiling(max(value for curve in curves.values() for percent, value in curve if percent <= _SLOWEST))
    bottom = _HEIGHT - _BOTTOM
    parts = [f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="percentiles in ms">']
    for step in range(5):
        y, value = bottom - step / 4 * (bottom - _TOP), top * step / 4
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{value:g} ms</text>')
    for percent in _PERCENTS:
        x = _x(percent)
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{bottom}"/>')
        parts.append(f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{_ordinal(percent)}</text>')
    for place, (arm, curve) in enumerate(curves.items()):
        parts += _line(arm, curve, _COLOURS[place % len(_COLOURS)], place, top)
    return "".join([*parts, "</svg>"])


def _line(arm: str, curve: Sequence[tuple[float, float]], colour: str, place: int, top: float) -> Iterator[str]:
    bottom = _HEIGHT - _BOTTOM
    points = " ".join(
        f"{_x(percent):.1f},{bottom - min(value / top, 1) * (bottom - _TOP):.1f}"
        for percent, value in curve
        if percent <= _SLOWEST
    )
    yield f'<polyline class="curve" stroke="{colour}" points="{points}"/>'
    x, y = _LEFT + place * 170, _HEIGHT - 10
    yield f'<line x1="{x}" x2="{x + 24}" y1="{y - 4}" y2="{y - 4}" stroke="{colour}" stroke-width="3"/>'
    yield f'<text x="{x + 30}" y="{y}">{escape(arm)}</text>'


def _x(percent: float) -> float:
    share = math.log10(100 / (100 - percent)) / math.log10(100 / (100 - _SLOWEST))
    return _LEFT + share * (_WIDTH - _LEFT - _RIGHT)


def _ordinal(percent: float) -> str:
    return "least" if percent == 0 else f"p{percent:g}"


def _ceiling(value: float) -> float:
    """The next number of one leading digit, so that the lines stand at numbers that can be read."""
    unit = 10.0 ** math.floor(math.log10(value)) if value > 0 else 1.0
    return next(unit * digit for digit in (1, 2, 4, 8, 10) if value <= unit * digit) if value > 0 else 1.0
