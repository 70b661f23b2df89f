"""Coordinates of a picture: boxes in columns, edges as lines that meet no box.

Columns stand from left to right with a gap between them. All that is not horizontal happens in the gaps, so an edge
cannot run through a box; behind the curve a gap has room for the labels. Down the column everything stands as near as
can be to what it is connected to, without changing the order or touching (isotonic regression). All numbers are pixels.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from flowlattice.ir.drawing.layers import Layers, layers

CURVE = 52.0
"""The part of a gap in which edges change their height."""

_STUB = 16.0  # straight before an arrow's head
_BOXES_APART = 26.0
_LINES_APART = 8.0
_PORT = 18.0  # between two edges at one side of a box: a label has to fit
_CORNERS = 14.0  # the part of a box's side where no edge ends
_PASSES = 20
_BEND_WEIGHT = 6.0  # long edges are straight before boxes are centred

Point = tuple[float, float]


@dataclass(frozen=True)
class Size:
    """A box's width and height."""

    width: float
    height: float


@dataclass(frozen=True)
class Line:
    """An edge to draw, with the width of its label; none if 0."""

    source: int
    target: int
    label: float = 0.0


@dataclass(frozen=True)
class Rect:
    """A box with its place: the upper left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Track:
    """An edge's way, always from left to right.

    Attributes:
        points: Between an odd one and the next there is a curve, all else is straight and horizontal. None for a loop.
        label: Where its label starts, on the line.
        turned: The arrow's head is at the first point.
    """

    points: tuple[Point, ...]
    label: Point
    turned: bool


@dataclass(frozen=True)
class Layout:
    """Where everything is."""

    boxes: tuple[Rect, ...]
    tracks: tuple[Track, ...]
    width: float
    height: float


def layout(sizes: Sequence[Size], lines: Sequence[Line]) -> Layout:
    """Place boxes and the lines between them; boxes grow where more lines end at a side than there is room for."""
    return _Layout(sizes, lines).result()


class _Layout:
    def __init__(self, sizes: Sequence[Size], lines: Sequence[Line]) -> None:
        self.lines = lines
        self.layers = layers(len(sizes), [(line.source, line.target) for line in lines])
        self.columns = self.layers.columns
        self.leaving, self.arriving = _ports(self.layers)
        self.sizes = [self._grown(vertex, size) for vertex, size in enumerate(sizes)]

    def result(self) -> Layout:
        starts, ends = self._across()
        centres = self._down()
        rank = {vertex: number for number, column in enumerate(self.columns) for vertex in column}
        boxes = tuple(
            Rect(starts[rank[vertex]], centres[vertex] - size.height / 2, size.width, size.height)
            for vertex, size in enumerate(self.sizes)
        )
        tracks = tuple(self._track(number, rank, starts, ends, centres) for number in range(len(self.lines)))
        lowest = [box.y + box.height for box in boxes] + [y for track in tracks for _, y in track.points]
        return Layout(boxes, tracks, ends[-1] if ends else 0.0, max(lowest, default=0.0))

    def _grown(self, vertex: int, size: Size) -> Size:
        ports = max(len(self.leaving.get(vertex, ())), len(self.arriving.get(vertex, ())))
        return Size(size.width, max(size.height, ports * _PORT + _CORNERS if ports > 1 else 0.0))

    def _across(self) -> tuple[list[float], list[float]]:
        """Left and right of each column."""
        rank = {vertex: number for number, column in enumerate(self.columns) for vertex in column}
        labels = [0.0] * len(self.columns)
        for line, route in zip(self.lines, self.layers.routes, strict=True):
            labels[rank[route[0]]] = max(labels[rank[route[0]]], line.label)
        starts, ends = [], []
        left = 0.0
        for column, label in zip(self.columns, labels, strict=True):
            starts.append(left)
            ends.append(
                left + max((self.sizes[vertex].width for vertex in column if self._is_box(vertex)), default=0.0)
            )
            left = ends[-1] + CURVE + (label + _PORT / 2 if label else 0.0) + _STUB
        return starts, ends

    def _down(self) -> dict[int, float]:
        """The height of every vertex's middle; one part of the graph below the other."""
        centres: dict[int, float] = {}
        top = 0.0
        for part in sorted(set(self.layers.parts)):
            columns = [[v for v in column if self.layers.parts[v] == part] for column in self.columns]
            found = self._settle([column for column in columns if column])
            shift = top - min(middle - self._height(vertex) / 2 for vertex, middle in found.items())
            centres |= {vertex: middle + shift for vertex, middle in found.items()}
            top = max(centres[vertex] + self._height(vertex) / 2 for vertex in found) + _BOXES_APART
        return centres

    def _settle(self, columns: list[list[int]]) -> dict[int, float]:
        centres: dict[int, float] = {}
        for column in columns:
            centres |= self._spread(column, [0.0] * len(column))
        for number in range(_PASSES):
            last = number >= _PASSES - 2
            for column in columns if number % 2 == 0 else reversed(columns):
                sides = (self.arriving, self.leaving) if last else ((self.arriving, self.leaving)[number % 2],)
                centres |= self._spread(column, [self._wish(vertex, sides, centres) for vertex in column])
        return centres

    def _wish(self, vertex: int, sides: Sequence[_Ports], centres: dict[int, float]) -> float:
        """Where a vertex's edges would be horizontal, on average."""
        wish = weight = 0.0
        for port in (port for side in sides for port in side.get(vertex, {}).values()):
            share = 1.0 if self._is_box(vertex) or self._is_box(port.other) else _BEND_WEIGHT
            wish += share * (centres[port.other] + port.there - port.here)
            weight += share
        return wish / weight if weight else centres[vertex]

    def _spread(self, column: list[int], wishes: list[float]) -> dict[int, float]:
        """Put a column's vertices as near to their wishes as their order and their heights allow."""
        offsets = [0.0]
        for upper, lower in pairwise(column):
            apart = _BOXES_APART if self._is_box(upper) and self._is_box(lower) else _LINES_APART
            offsets.append(offsets[-1] + (self._height(upper) + self._height(lower)) / 2 + apart)
        weights = [1.0 if self._is_box(vertex) else _BEND_WEIGHT for vertex in column]
        level = _isotonic([wish - offset for wish, offset in zip(wishes, offsets, strict=True)], weights)
        return {vertex: level[number] + offsets[number] for number, vertex in enumerate(column)}

    def _track(
        self, number: int, rank: dict[int, int], starts: list[float], ends: list[float], centres: dict[int, float]
    ) -> Track:
        route = self.layers.routes[number]
        if len(route) == 1:
            return Track((), (starts[rank[route[0]]], centres[route[0]]), turned=False)
        points: list[Point] = []
        for left, right in pairwise(route):
            column = rank[left]
            leave = centres[left] + self.leaving[left][number].here
            arrive = centres[right] + self.arriving[right][number].here
            edge = starts[column] + self.sizes[left].width if self._is_box(left) else starts[column]
            points += [
                (edge, leave),
                (ends[column], leave),
                (ends[column] + CURVE, arrive),
                (starts[column + 1], arrive),
            ]
        return Track(tuple(points), points[2], turned=number in self.layers.turned)

    def _is_box(self, vertex: int) -> bool:
        return vertex < len(self.sizes)

    def _height(self, vertex: int) -> float:
        return self.sizes[vertex].height if self._is_box(vertex) else _PORT


@dataclass(frozen=True)
class _Port:
    """Where an edge touches a vertex, and the vertex at the other end; heights are relative to the middles."""

    other: int
    here: float
    there: float


_Ports = dict[int, dict[int, _Port]]


def _ports(found: Layers) -> tuple[_Ports, _Ports]:
    """For each vertex and link the port at its right side and the one at its left, in the order of the other ends."""
    position = {vertex: number for column in found.columns for number, vertex in enumerate(column)}
    segments = [(number, left, right) for number, route in enumerate(found.routes) for left, right in pairwise(route)]
    right_side = _heights(segments, lambda segment: segment[1], lambda segment: position[segment[2]])
    left_side = _heights(segments, lambda segment: segment[2], lambda segment: position[segment[1]])
    leaving: _Ports = defaultdict(dict)
    arriving: _Ports = defaultdict(dict)
    for segment in segments:
        number, left, right = segment
        here, there = right_side[segment], left_side[segment]
        leaving[left][number] = _Port(right, here, there)
        arriving[right][number] = _Port(left, there, here)
    return leaving, arriving


_Segment = tuple[int, int, int]


def _heights(
    segments: Sequence[_Segment], end: Callable[[_Segment], int], other: Callable[[_Segment], int]
) -> dict[_Segment, float]:
    """Spread the segments that share an end around its middle."""
    sharing: dict[int, list[_Segment]] = defaultdict(list)
    for segment in segments:
        sharing[end(segment)].append(segment)
    heights = {}
    for group in sharing.values():
        for number, segment in enumerate(sorted(group, key=lambda segment: (other(segment), segment[0]))):
            heights[segment] = (number - (len(group) - 1) / 2) * _PORT
    return heights


def _isotonic(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The rising sequence nearest to the values (weighted least squares), by pooling adjacent violators."""
    pools: list[tuple[float, float, int]] = []
    for value, weight in zip(values, weights, strict=True):
        mean, total, count = value, weight, 1
        while pools and pools[-1][0] > mean:
            upper, heavier, more = pools.pop()
            mean = (upper * heavier + mean * total) / (heavier + total)
            total, count = heavier + total, more + count
        pools.append((mean, total, count))
    return [mean for mean, _, count in pools for _ in range(count)]
