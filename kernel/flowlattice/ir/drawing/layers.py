"""Columns of a picture and the order of what stands in them; after Sugiyama, Tagawa and Toda (1981).

Every edge goes from a column to one further right: those that would close a cycle are turned around, and each stands as
far left as the longest path to it allows. An edge that skips columns passes through a *bend* in each, so that all
segments go to the next column. Barycentres then decide the order in the columns. Separate parts of a graph never mix.
Equal graphs give equal columns.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

Link = tuple[int, int]

_SWEEPS = 8


@dataclass(frozen=True)
class Layers:
    """Where vertices stand. Numbers from `size` on are bends.

    Attributes:
        columns: The vertices of each column, from top to bottom.
        routes: For each link the vertices that it passes, from left to right; one vertex for a loop.
        turned: The links that run from right to left.
        parts: For each vertex, bends included, which separate part of the graph it belongs to.
    """

    columns: tuple[tuple[int, ...], ...]
    routes: tuple[tuple[int, ...], ...]
    turned: frozenset[int]
    parts: tuple[int, ...]


def layers(size: int, links: Sequence[Link]) -> Layers:
    """Arrange vertices `0 ... size-1` in columns."""
    turned = _closing(size, links)
    forward = [(b, a) if number in turned else (a, b) for number, (a, b) in enumerate(links)]
    ranks = _ranks(size, forward)
    routes = _routes(forward, ranks)
    parts = _parts(len(ranks), routes)
    columns = _ordered(ranks, routes, parts)
    return Layers(columns, tuple(routes), frozenset(turned), tuple(parts))


def _closing(size: int, links: Sequence[Link]) -> set[int]:
    """The links that close a cycle in a search in the order of declaration; loops are none of them."""
    leaving: dict[int, list[int]] = defaultdict(list)
    for number, (source, target) in enumerate(links):
        if source != target:
            leaving[source].append(number)
    closing: set[int] = set()
    state = ["new"] * size
    # What nothing leads to comes first: a trigger shall not be the end of a turned link.
    reached = {target for source, target in links if source != target}
    for root in sorted(range(size), key=lambda vertex: vertex in reached):
        stack = [root] if state[root] == "new" else []
        while stack:
            vertex = stack[-1]
            if state[vertex] == "new":
                state[vertex] = "open"
            if not leaving[vertex]:
                state[stack.pop()] = "done"
                continue
            number = leaving[vertex].pop(0)
            target = links[number][1]
            if state[target] == "open":
                closing.add(number)
            elif state[target] == "new":
                stack.append(target)
    return closing


def _ranks(size: int, forward: Sequence[Link]) -> list[int]:
    """The column of each vertex: the length of the longest path to it."""
    ranks = [0] * size
    waiting = [0] * size
    following: dict[int, list[int]] = defaultdict(list)
    for source, target in forward:
        if source != target:
            following[source].append(target)
            waiting[target] += 1
    ready = [vertex for vertex in range(size) if not waiting[vertex]]
    for vertex in ready:  # grows while it is read
        for target in following[vertex]:
            ranks[target] = max(ranks[target], ranks[vertex] + 1)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return ranks


def _routes(forward: Sequence[Link], ranks: list[int]) -> list[tuple[int, ...]]:
    """Each link's vertices; the bends are added to `ranks`."""
    routes = []
    for source, target in forward:
        between = range(ranks[source] + 1, ranks[target])
        bends = range(len(ranks), len(ranks) + len(between))
        ranks.extend(between)
        routes.append((source,) if source == target else (source, *bends, target))
    return routes


def _parts(size: int, routes: Sequence[tuple[int, ...]]) -> list[int]:
    """Number the connected parts in the order of their first vertices."""
    beside: dict[int, list[int]] = defaultdict(list)
    for route in routes:
        for left, right in pairwise(route):
            beside[left].append(right)
            beside[right].append(left)
    parts = [-1] * size
    count = 0
    for root in range(size):
        stack = [root] if parts[root] < 0 else []
        while stack:
            vertex = stack.pop()
            if parts[vertex] < 0:
                parts[vertex] = count
                stack.extend(beside[vertex])
        count = max(count, parts[root] + 1)
    return parts


Columns = list[list[int]]


def _ordered(
    ranks: Sequence[int], routes: Sequence[tuple[int, ...]], parts: Sequence[int]
) -> tuple[tuple[int, ...], ...]:
    """The order with the fewest crossings among those that sweeping to and fro passes through."""
    left: dict[int, list[int]] = defaultdict(list)
    right: dict[int, list[int]] = defaultdict(list)
    for route in routes:
        for a, b in pairwise(route):
            right[a].append(b)
            left[b].append(a)
    columns = _first_order(ranks, right, parts)
    best, fewest = [*columns], _crossings(columns, right)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        columns = _swept(columns, left, parts) if sweep % 2 == 0 else _swept(columns[::-1], right, parts)[::-1]
        crossings = _crossings(columns, right)
        if crossings < fewest:
            best, fewest = [*columns], crossings
    return tuple(tuple(column) for column in best)


def _first_order(ranks: Sequence[int], right: dict[int, list[int]], parts: Sequence[int]) -> Columns:
    """The order of a search from the first vertices, which keeps branches in the order they were written in."""
    columns: Columns = [[] for _ in range(max(ranks, default=-1) + 1)]
    seen: set[int] = set()
    for root in sorted(range(len(ranks)), key=lambda vertex: (parts[vertex], ranks[vertex], vertex)):
        stack = [root]
        while stack:
            vertex = stack.pop()
            if vertex not in seen:
                seen.add(vertex)
                columns[ranks[vertex]].append(vertex)
                stack.extend(reversed(right[vertex]))
    return columns


def _swept(columns: Columns, before: dict[int, list[int]], parts: Sequence[int]) -> Columns:
    """Order each column by the mean position of the neighbours in the one before it."""
    swept = columns[:1]
    for column in columns[1:]:
        position = {vertex: number for number, vertex in enumerate(swept[-1])}
        # Without neighbours a vertex keeps its place.
        centre = {
            vertex: sum(position[other] for other in before[vertex]) / len(before[vertex]) if before[vertex] else number
            for number, vertex in enumerate(column)
        }
        swept.append(sorted(column, key=lambda vertex: (parts[vertex], centre[vertex])))
    return swept


def _crossings(columns: Columns, right: dict[int, list[int]]) -> int:
    """How many pairs of segments cross."""
    count = 0
    for column, following in pairwise(columns):
        position = {vertex: number for number, vertex in enumerate(following)}
        passed: list[int] = []
        for vertex in column:
            ends = sorted(position[other] for other in right[vertex])
            count += sum(len(passed) - bisect_right(passed, end) for end in ends)
            for end in ends:
                insort(passed, end)
    return count
