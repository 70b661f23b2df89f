"""A picture as SVG: one self-contained drawing that reads on light and on dark ground, and aloud."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise

from flowlattice.ir.drawing.geometry import CURVE, Line, Point, Rect, Track, layout
from flowlattice.ir.drawing.labels import SAMPLE, SMALL, Entry, Text, box_size, caption, edge_label, legend, written
from flowlattice.ir.drawing.picture import Arrow, Box, Picture, picture
from flowlattice.ir.drawing.shapes import inset, number, outline
from flowlattice.ir.drawing.style import style_sheet
from flowlattice.ir.drawing.text import width
from flowlattice.ir.model import FlowIR

_MARGIN = 24.0
_LOOP_LABEL = 8.0  # above the box

Placed = tuple[Box, Rect]


def svg(ir: FlowIR) -> str:
    """The flow as a drawing."""
    shown = picture(ir)
    texts, boxes, tracks, wide, high = _placed(shown)
    above, below = caption(shown), legend(shown)
    top = 2 * _MARGIN + sum(line.height for line in above)
    width_ = 2 * _MARGIN + max([wide, sum(entry.width for entry in below), *(line.width for line in above)])
    height = top + high + (3 * _MARGIN if below else _MARGIN)
    lines = [
        *_opening(shown, width_, height),
        *_column(above, _MARGIN, _MARGIN, "start"),
        f'<g transform="translate({number(_MARGIN)} {number(top)})">',
        *(
            part
            for arrow, track in zip(shown.arrows, tracks, strict=True)
            for part in _edge(shown, arrow, track, boxes)
        ),
        *(part for box in shown.boxes for part in _node(*boxes[box.key], texts[box.key])),
        "</g>",
        *_samples(below, height - _MARGIN),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _placed(shown: Picture) -> tuple[dict[str, list[Text]], dict[str, Placed], tuple[Track, ...], float, float]:
    """The boxes' texts, the boxes and the edges in their places, and how much room they take."""
    texts = {box.key: written(box) for box in shown.boxes}
    sizes = [box_size(box, texts[box.key]) for box in shown.boxes]
    index = {box.key: number_ for number_, box in enumerate(shown.boxes)}
    found = layout(
        sizes,
        [
            Line(index[arrow.source], index[arrow.target], width(edge_label(arrow.label), SMALL))
            for arrow in shown.arrows
        ],
    )
    boxes = {box.key: (box, rect) for box, rect in zip(shown.boxes, found.boxes, strict=True)}
    return texts, boxes, found.tracks, found.width, found.height


def _opening(shown: Picture, wide: float, high: float) -> Iterator[str]:
    key, size = shown.key, f'width="{number(wide)}" height="{number(high)}"'
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" id="{key}" {size} viewBox="0 0 {number(wide)} {number(high)}" '
        f'role="img" aria-labelledby="{key}-title {key}-desc">'
    )
    yield f'<title id="{key}-title">Flow {escape(shown.title)}</title>'
    yield f'<desc id="{key}-desc">{escape(_told(shown))}</desc>'
    yield f"<style>{style_sheet(key)}</style>"
    yield (
        f'<defs><marker id="{key}-head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" '
        'markerUnits="userSpaceOnUse" orient="auto-start-reverse">'
        '<path class="head" d="M0 .8L9.5 5L0 9.2z"/></marker></defs>'
    )
    yield f'<rect class="ground" width="{number(wide)}" height="{number(high)}"/>'


def _told(shown: Picture) -> str:
    """The picture in words, for those who do not see it."""
    names = {box.key: box.name for box in shown.boxes}
    sentences = [shown.summary.rstrip("."), "; ".join(shown.notes)]
    sentences += [f"{box.name} ({'; '.join((box.kind, *box.notes))})" for box in shown.boxes]
    for arrow in shown.arrows:
        label = f" ({arrow.label})" if arrow.label else ""
        sentences.append(f"{names[arrow.source]} leads to {names[arrow.target]}{label}")
    return " ".join(f"{sentence}." for sentence in sentences if sentence)


def _edge(shown: Picture, arrow: Arrow, track: Track, boxes: dict[str, Placed]) -> Iterator[str]:
    source, target = boxes[arrow.source], boxes[arrow.target]
    left, right = (target, source) if track.turned else (source, target)
    text, (x, y) = edge_label(arrow.label), track.label
    if track.points:
        path = _path(track, left, right)
    else:
        path, (x, y) = _loop(source[1]), (source[1].x + source[1].width, source[1].y - _LOOP_LABEL)
    end = "start" if track.turned else "end"
    name = f"{source[0].name} → {target[0].name}{': ' if arrow.label else ''}{arrow.label}"
    yield f"<g><title>{escape(name)}</title>"
    yield f'<path class="edge {arrow.kind}" d="{path}" marker-{end}="url(#{shown.key}-head)"/>'
    if text:
        yield f'<text class="case" x="{number(x + 2)}" y="{number(y - 4)}">{escape(text)}</text>'
    yield "</g>"


def _path(track: Track, left: Placed, right: Placed) -> str:
    """Lines and curves through a track's points, from one outline to the other."""
    points = list(track.points)
    (x, y), (end_x, end_y) = points[0], points[-1]
    points[0] = (x - inset(left[0].kind, left[1], y), y)
    points[-1] = (end_x + inset(right[0].kind, right[1], end_y), end_y)
    steps = [f"M{_point(points[0])}"]
    for (from_x, from_y), (to_x, to_y) in pairwise(points):
        if from_y != to_y:
            half = from_x + CURVE / 2
            steps.append(f"C{_point((half, from_y))} {_point((half, to_y))} {_point((to_x, to_y))}")
        elif from_x != to_x:
            steps.append(f"H{number(to_x)}")
    return "".join(steps)


def _loop(box: Rect) -> str:
    """From the right side of a box over its corner to its top."""
    right, middle = box.x + box.width, box.y + box.height / 2
    bends = ((right + 40, middle), (right + 10, box.y - 30), (right - 24, box.y))
    return f"M{_point((right, middle))}C{' '.join(map(_point, bends))}"


def _node(box: Box, rect: Rect, lines: list[Text]) -> Iterator[str]:
    yield f"<g><title>{escape('; '.join((box.name, *box.notes)))}</title>"
    yield f'<path class="box {box.kind} {box.effects} {box.determinism}" d="{outline(box.kind, rect)}"/>'
    high = sum(line.height for line in lines)
    yield from _column(lines, rect.x + rect.width / 2, rect.y + (rect.height - high) / 2, "middle")
    yield "</g>"


def _column(lines: Sequence[Text], x: float, top: float, anchor: str) -> Iterator[str]:
    y = top
    for line in lines:
        # On this baseline the letters stand in the middle of their line.
        baseline = number(y + line.height / 2 + line.size * 0.35)
        place = f'x="{number(x)}" y="{baseline}" text-anchor="{anchor}"'
        yield f'<text class="{line.style}" {place}>{escape(line.text)}</text>'
        y += line.height


def _samples(entries: list[Entry], y: float) -> Iterator[str]:
    x = _MARGIN
    for entry in entries:
        sample = f"M{_point((x, y - 11))}h{number(SAMPLE)}v14h-{number(SAMPLE)}z"
        yield f'<path class="box {entry.classes}" d="{sample}"/>'
        yield f'<text class="note" x="{number(x + SAMPLE + 8)}" y="{number(y)}">{escape(entry.text)}</text>'
        x += entry.width


def _point(point: Point) -> str:
    return f"{number(point[0])} {number(point[1])}"
