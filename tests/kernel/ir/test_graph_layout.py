"""Where boxes and edges go: nothing overlaps, no edge runs through a box, and every graph can be laid out."""

from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from flowlattice.ir.drawing.geometry import CURVE, Line, Size, layout
from flowlattice.ir.drawing.layers import layers

NEAR = 1e-6
BETWEEN_LINES = 18.0  # room for a label


@st.composite
def graphs(draw):
    """Any directed graph: with cycles, loops, several links between two, and separate parts."""
    size = draw(st.integers(1, 14))
    vertex = st.integers(0, size - 1)
    return size, draw(st.lists(st.tuples(vertex, vertex), max_size=24))


@st.composite
def drawings(draw):
    """Boxes large enough for their edges, and lines with labels."""
    count, links = draw(graphs())
    lengths = st.sampled_from([0.0, 12.5, 150.0])
    lines = [Line(source, target, draw(lengths)) for source, target in links]
    sizes = [Size(draw(st.floats(40, 260)), draw(st.floats(20, 200))) for _ in range(count)]
    return sizes, lines


@given(graphs())
def test_every_link_goes_column_by_column_to_the_right(graph):
    size, links = graph
    found = layers(size, links)
    column = {vertex: number for number, vertices in enumerate(found.columns) for vertex in vertices}
    assert sorted(column) == list(range(len(column)))
    for number, (source, target) in enumerate(links):
        route = found.routes[number]
        ends = (target, source) if number in found.turned else (source, target)
        assert (route[0], route[-1]) == ends
        assert all(column[b] == column[a] + 1 for a, b in pairwise(route))
        assert all(vertex >= size for vertex in route[1:-1])


@given(graphs())
def test_links_are_turned_only_where_there_is_a_cycle(graph):
    size, links = graph
    forward = [(min(a, b), max(a, b)) for a, b in links if a != b]
    assert layers(size, forward).turned == frozenset()


@given(graphs())
def test_separate_parts_do_not_mix(graph):
    size, links = graph
    found = layers(size, links)
    for column in found.columns:
        parts = [found.parts[vertex] for vertex in column]
        assert parts == sorted(parts)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=20))
def test_the_edges_of_a_tree_do_not_cross(parents):
    links = [(parent % child, child) for child, parent in enumerate(parents, start=1)]
    found = layers(len(links) + 1, links)
    place = {vertex: number for column in found.columns for number, vertex in enumerate(column)}
    segments = [segment for route in found.routes for segment in pairwise(route)]
    for column in found.columns:
        ends = [sorted(place[right] for left, right in segments if left == vertex) for vertex in column]
        together = [end for own in ends for end in own]
        assert together == sorted(together)


def test_branches_stand_in_the_order_they_were_written_in():
    found = layers(5, [(0, 1), (0, 2), (0, 3), (0, 4)])
    assert found.columns == ((0,), (1, 2, 3, 4))


@given(drawings())
def test_boxes_are_apart_and_inside(drawing):
    sizes, lines = drawing
    found = layout(sizes, lines)
    for box, size in zip(found.boxes, sizes, strict=True):
        assert box.width == size.width
        assert box.height >= size.height
        assert box.x >= -NEAR
        assert box.y >= -NEAR
        assert box.x + box.width <= found.width + NEAR
        assert box.y + box.height <= found.height + NEAR
    for one, other in combinations(found.boxes, 2):
        assert not (
            _overlap(one.x, one.width, other.x, other.width) and _overlap(one.y, one.height, other.y, other.height)
        )


@given(drawings())
def test_edges_touch_their_boxes_and_no_other(drawing):
    sizes, lines = drawing
    found = layout(sizes, lines)
    for line, track in zip(lines, found.tracks, strict=True):
        if line.source == line.target:
            assert track.points == ()
            continue
        left, right = (line.target, line.source) if track.turned else (line.source, line.target)
        box, end = found.boxes[left], found.boxes[right]
        assert _near(track.points[0][0], box.x + box.width)
        assert box.y - NEAR <= track.points[0][1] <= box.y + box.height + NEAR
        assert _near(track.points[-1][0], end.x)
        assert end.y - NEAR <= track.points[-1][1] <= end.y + end.height + NEAR
        for (x, y), (to_x, to_y) in pairwise(track.points):
            assert to_x >= x - NEAR
            # A curve is as wide as a gap leaves room for, so the rectangle around it is in the gap.
            assert _near(y, to_y) or _near(to_x - x, CURVE)
            assert not any(_meets(other, x, y, to_x, to_y) for other in found.boxes)


@given(drawings())
def test_labels_have_room_and_do_not_meet(drawing):
    sizes, lines = drawing
    found = layout(sizes, lines)
    labels = [
        (track.label[0], track.label[1], line.label)
        for line, track in zip(lines, found.tracks, strict=True)
        if line.label and track.points
    ]
    for x, y, width in labels:
        # The letters stand on the line, about as high as the space between two lines at least is.
        assert not any(_overlap(x, width, box.x, box.width) and box.y < y < box.y + box.height for box in found.boxes)
    for (x, y, width), (other_x, other_y, other_width) in combinations(labels, 2):
        assert not (_overlap(x, width, other_x, other_width) and abs(y - other_y) < BETWEEN_LINES - NEAR)


@given(drawings())
def test_equal_graphs_are_laid_out_alike(drawing):
    assert layout(*drawing) == layout(*drawing)


def test_a_chain_is_a_straight_line():
    found = layout([Size(100, 40), Size(50, 90), Size(80, 60)], [Line(0, 1), Line(1, 2)])
    assert len({y for track in found.tracks for _, y in track.points}) == 1


def test_a_long_chain_can_be_laid_out():
    size = 3000
    found = layers(size, [(number, number + 1) for number in range(size - 1)])
    assert len(found.columns) == size


def _overlap(start, length, other_start, other_length):
    return start + NEAR < other_start + other_length and other_start + NEAR < start + length


def _near(one, other):
    return abs(one - other) < NEAR


def _meets(box, x, y, to_x, to_y):
    """Whether the rectangle around a segment and a box overlap; touching is not overlapping."""
    low, high = min(y, to_y), max(y, to_y)
    return (
        x + NEAR < box.x + box.width and box.x + NEAR < to_x and low + NEAR < box.y + box.height and box.y + NEAR < high
    )
