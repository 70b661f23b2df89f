"""The SVG: well-formed whatever the names are, readable in full, aloud, and on dark ground."""

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from flowlattice.ir.drawing import svg
from flowlattice.ir.drawing.text import clean, width, wrap
from tests.support.drawn import edge, flow, node, orders

SVG = "{http://www.w3.org/2000/svg}"
LONG = "normalise_the_customer_address_and_validate_it_against_the_postal_register_of_the_country_of_residence"
NAMES = st.text(min_size=1, max_size=200)


def drawn(ir):
    return ET.fromstring(svg(ir))


def texts(element):
    return [text.text for text in element.iter(f"{SVG}text")]


def tips(root):
    return [group.findtext(f"{SVG}title") for group in root.iter(f"{SVG}g") if group.find(f"{SVG}title") is not None]


@given(NAMES, NAMES, NAMES)
def test_it_is_well_formed_whatever_the_names_are(name, other, case):
    ir = flow([node(name), node(other + "!")], [edge(name, other + "!", case)], summary=case)
    root = drawn(ir)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} == {
        "svg", "title", "desc", "style", "defs", "marker", "path", "rect", "g", "text",
    }  # fmt: skip
    assert clean(name) in tips(root)[-2]


def test_it_refers_to_nothing_outside_itself():
    text = svg(orders())
    assert "http" not in text.replace("http://www.w3.org/2000/svg", "").replace("http.write", "")
    assert "url(" not in text.replace("url(#flow-", "")
    root = ET.fromstring(text)
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    assert set(root.attrib["aria-labelledby"].split()) <= set(ids)


def test_its_words_say_all_that_it_shows():
    root = drawn(orders())
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "Flow orders 1.0.0"
    told = root.findtext(f"{SVG}desc")
    assert "charge (node; Order → Receipt; effectful · best effort; http.write stripe → api.stripe.com" in told
    assert "region leads to customer (eu)." in told


def test_a_long_name_is_broken_and_whole_in_the_tip():
    root = drawn(flow([node(LONG)]))
    lines = texts(root)[2:-1]
    assert len(lines) == 3
    assert "".join(lines).startswith("normalise_the_customer_address_and_validate_it")
    assert lines[-1].endswith("…")
    assert tips(root) == [f"{LONG}; pure · strict"]


def test_text_stays_inside_its_box():
    root = drawn(flow([node(LONG), node("触发器" * 20), node("W" * 80), node("a")]))
    for group in root.iter(f"{SVG}g"):
        if group.find(f"{SVG}title") is None:
            continue
        x, wide = _across(group.find(f"{SVG}path").get("d"))
        for text in group.iter(f"{SVG}text"):
            half = width(text.text, 12.0) / 2
            assert x <= float(text.get("x")) - half
            assert float(text.get("x")) + half <= x + wide


def test_colours_are_explained_where_they_differ():
    assert "read only" not in texts(drawn(flow([node("a"), node("b")])))
    several = texts(drawn(flow([node("a"), node("b", effects="read_only", determinism="stable")])))
    assert several[-4:] == ["pure", "read only", "strict", "stable"]


def test_dark_ground_has_colours_of_its_own():
    style = drawn(orders()).findtext(f"{SVG}style")
    light, _, dark = style.partition("@media(prefers-color-scheme:dark)")
    for name in ("pure", "read_only", "effectful", "ground", "edge", "head"):
        assert f" .{name}{{" in light
        assert f" .{name}{{" in dark
    # Inside a page the rules touch this drawing alone.
    selectors = [rule.partition("{")[0] for rule in light.split("}") if rule]
    assert all(part.startswith("#flow-") for selector in selectors for part in selector.split(","))


def test_cycles_and_loops_are_drawn():
    root = drawn(flow([node("a"), node("b")], [edge("a", "b"), edge("b", "a", "again"), edge("b", "b", "self")]))
    arrows = [path for path in root.iter(f"{SVG}path") if "edge" in path.get("class")]
    assert ["marker-start" in path.attrib for path in arrows] == [False, True, False]
    assert {"again", "self"} <= set(texts(root))


@given(st.text(max_size=300), st.floats(60, 400), st.integers(1, 4))
def test_lines_are_as_short_as_they_have_to_be(text, limit, most):
    lines = wrap(clean(text), limit, 12.0, most)
    assert 1 <= len(lines) <= most
    assert all(width(line, 12.0) <= limit + 1e-6 for line in lines)
    if not lines[-1].endswith("…"):
        assert "".join(lines).replace(" ", "") == clean(text).replace(" ", "")


def test_marks_stay_with_their_letter():
    lines = wrap("नि" * 30, 60, 12.0, 9)
    assert not any(line.startswith("ि") for line in lines)


def test_surrogates_cannot_break_the_encoding():
    assert clean("a\ud800b").encode() == "a\ufffdb".encode()


def _across(path):
    """Left and width of a box with round corners: `M<x+r> <y>h<w-2r>a<r> ...`."""
    start, _, rest = path[1:].partition("h")
    inner, _, arc = rest.partition("a")
    radius = float(arc.split(" ")[0])
    return float(start.split(" ")[0]) - radius, float(inner) + 2 * radius
