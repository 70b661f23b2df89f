"""Arms in rounds, and what is made of them: medians, bounds, text, JSON, a page."""

import json
from html.parser import HTMLParser

import pytest

from flowlattice.bench.page import page_of
from flowlattice.bench.report import FLOW, Bound, Reporter, Task
from flowlattice.bench.rounds import Measured, Spread, curve, in_rounds, percentile


def reported(flow, by_hand, *bounds, title="requests", times=()):
    """A report of two arms that need so much CPU, round by round."""

    def arm(values):
        left = iter(values)
        return lambda: Measured({"cpu_us": next(left)}, times)

    said: list[str] = []
    reporter = Reporter(len(flow), said.append)
    arms = {FLOW: arm(flow), "by hand": arm(by_hand)}
    reporter.measure(Task(title=title, fields={"cpu_us": "CPU, µs"}, arms=arms, bounds=bounds, times="latency, ms"))
    return reporter.report("web", {FLOW: "a <flow>", "by hand": "not one"}), said


def test_each_round_measures_all_arms_and_the_order_alternates():
    order, watched = [], []

    def arm(name):
        def measure():
            order.append(name)
            return Measured({"n": float(len(order))}, [3.0 - len(order) % 3])

        return measure

    found = in_rounds({"a": arm("a"), "b": arm("b")}, 3, lambda number, values: watched.append((number, [*values])))
    assert "".join(order) == "abbaab"
    assert watched == [(1, ["a", "b"]), (2, ["a", "b"]), (3, ["a", "b"])]
    assert [one["b"]["n"] for one in found.rounds] == [2, 3, 6]
    assert found.times["a"] == sorted(found.times["a"])


@pytest.mark.parametrize(("percent", "value"), [(50, 2.0), (95, 4.0), (99, 4.0), (25, 1.0), (26, 2.0), (0, 1.0)])
def test_percentiles_are_by_nearest_rank(percent, value):
    assert percentile([1.0, 2.0, 3.0, 4.0], percent) == value
    assert percentile([], percent) == 0.0


def test_a_spread_is_median_and_quartiles():
    assert Spread.of([3.0, 1.0, 2.0]) == Spread(median=2.0, lower=1.0, upper=3.0)
    assert Spread.of([5.0]) == Spread(median=5.0, lower=5.0, upper=5.0)


@pytest.mark.parametrize(
    ("bound", "median", "within"),
    [
        (Bound(field="cpu_us", against="by hand", most=1.2), 1.2, True),
        (Bound(field="cpu_us", against="by hand", most=1.1), 1.2, False),
        (Bound(field="cpu_us", most=24), 24.0, True),
        (Bound(field="cpu_us", most=25, at_least=True), 24.0, False),
        (Bound(field="cpu_us", most=24, at_least=True), 24.0, True),
        (Bound(field="cpu_us", most=59, always=True), 24.0, False),
        (Bound(field="cpu_us", most=60, always=True), 24.0, True),
        (Bound(field="cpu_us", most=13, at_least=True, always=True), 24.0, False),
    ],
)
def test_the_median_or_every_round_is_held_to_the_bound(bound, median, within):
    report, _ = reported([12.0, 24.0, 60.0], [10.0, 40.0, 20.0], bound)
    (check,) = report.sections[0].checks
    assert (check.spread.median, check.within, report.within) == (median, within, within)


def test_a_report_is_text_and_json():
    bounds = Bound(field="cpu_us", against="by hand", most=1.0), Bound(field="cpu_us", most=30)
    report, said = reported([12.0, 24.0], [10.0, 20.0], *bounds)
    assert said[0] == "requests: round 1/2: CPU, µs: flow 12.00, by hand 10.00"
    lines = [" ".join(line.split()) for line in report.lines()]
    assert "requests (2 rounds)" in lines
    assert "CPU, µs 18.00 15.00" in lines
    assert "CPU, flow / by hand 1.20 1.20-1.20 ≤ 1 MISSED" in lines
    assert "CPU, µs 18.00 9.00-27.00 ≤ 30" in lines
    assert lines[-1] == "NOT within the bounds"
    told = json.loads(report.model_dump_json())
    assert told["within"] is False
    assert [check["within"] for check in told["sections"][0]["checks"]] == [False, True]
    assert told["sections"][0]["rounds"][1] == {"flow": {"cpu_us": 24.0}, "by hand": {"cpu_us": 20.0}}


class Tags(HTMLParser):
    """What a page is made of: its tags, what they refer to, and its text."""

    def __init__(self):
        super().__init__()
        self.tags, self.references, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.references += [value for name, value in attrs if name in {"src", "href"}]

    def handle_data(self, data):
        self.text += data


def test_the_page_needs_nothing_else_and_escapes_what_it_shows():
    bound = Bound(field="cpu_us", against="by hand", most=1.0)
    report, _ = reported([12.0], [10.0], bound, title="<script>alert(1)</script>", times=[1.0, 2.0, 30.0])
    page = Tags()
    page.feed(page_of(report))
    assert page.references == []
    assert not {"script", "link", "img", "flow"} & {*page.tags}
    assert "<script>alert(1)</script>" in page.text
    assert "a <flow>" in page.text
    assert "missed" in page.text
    assert page.tags.count("polyline") == 2, "one curve for each arm"


def test_a_curve_has_its_slowest_end_in_detail():
    found = dict(curve([float(n) for n in range(1, 1001)]))
    assert (found[0.0], found[50.0], found[99.0], found[99.9], found[100.0]) == (1.0, 500.0, 990.0, 999.0, 1000.0)
    assert curve([]) == ()
