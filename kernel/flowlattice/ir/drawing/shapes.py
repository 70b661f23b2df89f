"""Outlines of boxes in an SVG: what a node's kind looks like."""

from __future__ import annotations

from flowlattice.ir.drawing.geometry import Rect
from flowlattice.ir.model import NodeKind

POINT = 16.0
"""How far the ends of a pointed box reach beyond its text."""

_SLANT = 7.0
_BAR = 6.0
_CORNER = 6.0
_ROUND = 18.0


def outline(kind: NodeKind, box: Rect) -> str:
    """The path of a box: its outline and what is drawn inside it."""
    match kind:
        case "trigger" | "respond":
            return _rounded(box, min(_ROUND, box.height / 2))
        case "if":
            return _pointed(box)
        case "switch":
            return _slanted(box, left=_SLANT, right=0.0)
        case "merge" | "join" | "zip":
            return _slanted(box, left=0.0, right=_SLANT)
        case "foreach" | "subflow":
            return _rounded(box, 0.0) + _upright(box, box.x + _BAR) + _upright(box, box.x + box.width - _BAR)
        case "window" | "aggregate" | "distinct":
            return _rounded(box, 0.0) + _upright(box, box.x + _BAR)
        case "plugin":
            return _rounded(box, 0.0) + _across(box, box.y + _BAR)
        case "node":
            return _rounded(box, _CORNER)


def inset(kind: NodeKind, box: Rect, y: float) -> float:
    """How far the outline's side is from the rectangle's at a height."""
    if kind != "if" or not box.height:
        return 0.0
    return POINT * min(1.0, abs(y - box.y - box.height / 2) / (box.height / 2))


def _rounded(box: Rect, radius: float) -> str:
    r = number(radius)
    arc = f"a{r} {r} 0 0 1" if radius else ""
    wide, high = number(box.width - 2 * radius), number(box.height - 2 * radius)
    if not arc:
        return f"M{number(box.x)} {number(box.y)}h{wide}v{high}h-{wide}z"
    return (
        f"M{number(box.x + radius)} {number(box.y)}h{wide}{arc} {r} {r}v{high}{arc} -{r} {r}h-{wide}{arc} -{r} -{r}"
        f"v-{high}{arc} {r} -{r}z"
    )


def _pointed(box: Rect) -> str:
    half, wide, point = number(box.height / 2), number(box.width - 2 * POINT), number(POINT)
    start = f"M{number(box.x)} {number(box.y + box.height / 2)}"
    return f"{start}l{point} -{half}h{wide}l{point} {half}l-{point} {half}h-{wide}z"


def _slanted(box: Rect, *, left: float, right: float) -> str:
    """A trapezium: one side is shorter by twice so much."""
    bottom = box.y + box.height
    corners = (
        (box.x, box.y + left),
        (box.x + box.width, box.y + right),
        (box.x + box.width, bottom - right),
        (box.x, bottom - left),
    )
    return "M" + "L".join(f"{number(x)} {number(y)}" for x, y in corners) + "z"


def _upright(box: Rect, x: float) -> str:
    return f"M{number(x)} {number(box.y)}v{number(box.height)}"


def _across(box: Rect, y: float) -> str:
    return f"M{number(box.x)} {number(y)}h{number(box.width)}"


def number(value: float) -> str:
    """A coordinate: at most one digit after the point, without what is redundant."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
