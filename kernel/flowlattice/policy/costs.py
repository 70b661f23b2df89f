"""What one run of each route can cost at worst, by what the IR states: the evidence for a ceiling on language models.

A node's own worst case stands in the IR (tokens of a call times its tries, by the stated prices, within its ceilings).
Here those of a route add up: of a switch or an if the dearest case counts, where records fan out each way counts. What
is behind a `foreach` or a node that gives many records is asked an unstated number of times: there the ceiling of a
run or of a day bounds it, or nothing does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from pydantic import JsonValue

from flowlattice.policy._graph import Plain, entries, identity_of, table

MICROS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class RunCost:
    """The worst case of one run.

    Attributes:
        asks: Whether a language model is asked at all.
        tokens: Tokens; none where nothing bounds them.
        usd_micros: Millionths of a US dollar; none where no price or no bound is stated.
        unknown: What is not stated, each a clause that names the node.
    """

    asks: bool = False
    tokens: int | None = 0
    usd_micros: int | None = 0
    unknown: tuple[str, ...] = ()

    def plus(self, other: RunCost) -> RunCost:
        """What both together cost."""
        return RunCost(
            asks=self.asks or other.asks,
            tokens=_sum(self.tokens, other.tokens),
            usd_micros=_sum(self.usd_micros, other.usd_micros),
            unknown=tuple(dict.fromkeys((*self.unknown, *other.unknown))),
        )

    def or_dearer(self, other: RunCost) -> RunCost:
        """What the dearer of two ways costs, measure by measure."""
        return RunCost(
            asks=self.asks or other.asks,
            tokens=_most(self.tokens, other.tokens),
            usd_micros=_most(self.usd_micros, other.usd_micros),
            unknown=tuple(dict.fromkeys((*self.unknown, *other.unknown))),
        )

    def within(self, tokens: int | None, usd_micros: int | None) -> RunCost:
        """The same under ceilings of a run; what a ceiling bounds is known."""
        return RunCost(
            asks=self.asks,
            tokens=_least(self.tokens, tokens),
            usd_micros=_least(self.usd_micros, usd_micros),
            unknown=self.unknown,
        )

    def as_fact(self) -> dict[str, JsonValue]:
        """As rules see it."""
        return {"asks": self.asks, "tokens": self.tokens, "usd_micros": self.usd_micros}


Prices = Callable[[str], tuple[JsonValue, JsonValue] | None]
"""The prices of a million prompt and answer tokens of a model, in US dollars as decimal text; none if unknown."""


def run_costs(ir: Plain, prices: Prices = lambda _: None) -> dict[str, RunCost]:
    """The worst case of one run of each trigger, by the trigger's id.

    Args:
        ir: A flow's IR as JSON, or parts of one.
        prices: What a model costs for which the flow states no price.
    """
    whole, routes = table(ir, "policies"), _Routes(ir, prices)
    asks = any(isinstance(node.get("ai"), dict) for node in entries(ir, "nodes"))
    found = {}
    for node in entries(ir, "nodes"):
        if node.get("kind") == "trigger":
            identity = identity_of(node)
            cost = routes.below(identity) if asks else RunCost()
            bounds = [_count(whole.get(f"tokens_per_{span}")) for span in ("run", "day")]
            money = [_micros(whole.get(f"usd_per_{span}")) for span in ("run", "day")]
            found[identity] = cost.within(_first(bounds), _first(money))
    return found


def spend_of(ir: Plain, node: Plain) -> dict[str, JsonValue] | None:
    """The ceilings of what a node may spend on a model, the flow's among them; none of a node that asks none."""
    if not isinstance(node.get("ai"), dict):
        return None
    budget, whole = table(table(node, "ai"), "budget"), table(ir, "policies")
    spans = ("call", "run", "day", "tenant_day")
    money = {span: _least(*(_micros(part.get(f"usd_per_{span}")) for part in (budget, whole))) for span in spans}
    counts = {span: _least(*(_count(part.get(f"tokens_per_{span}")) for part in (budget, whole))) for span in spans}
    return {
        "bounded": any(value is not None for value in (*money.values(), *counts.values())),
        **{f"usd_micros_per_{span}": money[span] for span in spans},
        **{f"tokens_per_{span}": counts[span] for span in spans},
    }


_Step = tuple[str, bool]
"""A node's id, and whether it is asked for more than one record of a run."""


class _Routes:
    """Adds up what is behind a node."""

    def __init__(self, ir: Plain, prices: Prices) -> None:
        self._prices = prices
        self._nodes = {identity_of(node): node for node in entries(ir, "nodes")}
        self._ways: dict[str, list[tuple[JsonValue, str]]] = {}
        for edge in entries(ir, "edges"):
            self._ways.setdefault(str(edge.get("from")), []).append((edge.get("case"), str(edge.get("to"))))
        self._known: dict[_Step, RunCost] = {}

    def below(self, start: str) -> RunCost:
        """What one record of a node can cost there and in all that it leads to."""
        waiting, opened = [(start, False)], set[_Step]()
        while waiting:
            step = waiting[-1]
            opened.add(step)
            # One that is opened and not known is on the way here: a cycle, which the checker refuses.
            missing = [ahead for _, ahead in self._ahead(step) if ahead not in self._known and ahead not in opened]
            if missing and step not in self._known:
                waiting += missing
            else:
                self._known.setdefault(step, self._reckoned(step))
                waiting.pop()
        return self._known[start, False]

    def _reckoned(self, step: _Step) -> RunCost:
        ways: dict[str, RunCost] = {}
        for way, ahead in self._ahead(step):
            ways[way] = ways.get(way, RunCost()).plus(self._known.get(ahead, RunCost()))
        dearest = RunCost()
        for cost in ways.values():
            dearest = dearest.or_dearer(cost)
        identity, many = step
        return _own(self._nodes.get(identity, {}), self._prices, many=many).plus(dearest)

    def _ahead(self, step: _Step) -> list[tuple[str, _Step]]:
        """What follows a node, each with the way that it is on, of which only one is gone."""
        identity, many = step
        node = self._nodes.get(identity, {})
        chooses = node.get("kind") in ("switch", "if")
        after = many or node.get("kind") == "foreach" or (node.get("stream") is True and node.get("kind") == "node")
        return [(str(case) if chooses else "", (target, after)) for case, target in self._ways.get(identity, ())]


def _own(node: Plain, prices: Prices, *, many: bool) -> RunCost:
    """What one node can cost in a run; `many` says that it is asked for more than one record of it."""
    if not isinstance(node.get("ai"), dict):
        return RunCost()
    name, cost, budget = node.get("name", ""), table(node, "cost"), table(table(node, "ai"), "budget")
    ceilings = [budget.get(f"{kind}_per_{span}") for kind in ("tokens", "usd") for span in ("run", "day")]
    tokens, usd = _count(cost.get("tokens")), _micros(cost.get("usd"))
    if usd is None and tokens is not None:
        usd = _priced(tokens, prices(str(table(node, "ai").get("model"))))
    if many:
        tokens, usd = _least(*map(_count, ceilings[:2])), _least(*map(_micros, ceilings[2:]))
    unknown = []
    if usd is None and many:
        unknown.append(f"{name} is asked for each of an unstated number of records, and no run or day of it is bounded")
    elif usd is None and table(node, "ai").get("usd_per_million") is None:
        unknown.append(
            f"the price of {table(node, 'ai').get('model') or 'its model'}, which {name} asks, is not stated"
        )
    elif usd is None:
        unknown.append(f"nothing bounds the tokens of a call of {name}")
    return RunCost(asks=True, tokens=tokens, usd_micros=usd, unknown=tuple(unknown))


def _priced(tokens: int, price: tuple[JsonValue, JsonValue] | None) -> int | None:
    """What so many tokens cost at most, in micro-dollars: all of them at the dearer price."""
    each = None if price is None else _most(*map(_micros, price))
    return None if each is None else math.ceil(Decimal(tokens * each) / MICROS)


def _micros(usd: JsonValue) -> int | None:
    """Whole millionths of a dollar, rounded up; none for what is no amount."""
    if not isinstance(usd, str | int):
        return None
    try:
        amount = Decimal(usd)
    except InvalidOperation:
        return None
    return math.ceil(amount * MICROS) if amount.is_finite() else None


def _count(value: JsonValue) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _first(values: list[int | None]) -> int | None:
    return next((value for value in values if value is not None), None)


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _most(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else max(one, other)


def _least(*values: int | None) -> int | None:
    """The lowest of the ceilings that there are."""
    return min((value for value in values if value is not None), default=None)
