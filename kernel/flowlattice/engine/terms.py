"""On what terms a node asks its language model: at which price, within which budget, and what may be written down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, cast

from pydantic import JsonValue

from flowlattice.budgets import Amount, Limits, Purse, Remaining, Reservation
from flowlattice.budgets.limits import Stated
from flowlattice.chat import FREE, Price, Question, TokenCounter, Usage
from flowlattice.engine.backends import Bindings
from flowlattice.errors import BudgetExceeded, UsageError
from flowlattice.ir import model as ir
from flowlattice.ir.ceilings import flow_budget

LONGEST_ANSWER: Final = 1_024
"""The most tokens of an answer where neither the node nor its budget bounds it."""

_OPEN: Final = frozenset({"public", "internal"})
_OWN: Final = frozenset({"ai.read", "budget", "clock", "dedupe", "rng", "rng.seeded"})
_NO_CEILINGS: Final = frozenset({"on_exhausted", "tenant"})  # the parts of a budget that are none


@dataclass(frozen=True)
class Allowed:
    """A call that may be made.

    Attributes:
        most: The most tokens of its answer.
        worst: What it comes to at worst.
        held: What is set aside for it; none where nothing is counted.
    """

    most: int
    worst: Usage
    held: Reservation | None = None


class Terms:
    """The terms of one node.

    Args:
        price: What its model costs.
        purse: What it may spend; none where nothing is counted: for a double, and for a free model that nothing bounds.
        budget: Its budget as the IR has it.
        withheld: Why nothing of its prompts and answers may be written down; none where it may.
    """

    def __init__(self, *, price: Price, purse: Purse | None, budget: ir.AiBudget | None, withheld: str | None) -> None:
        self._price = price
        self._purse = purse
        self._budget = budget or ir.AiBudget()
        self.withheld = withheld

    def longest(self, question: Question, counter: TokenCounter, stated: int | None) -> int:
        """The most tokens that an answer may have: what is stated, else what its call leaves."""
        call = self._budget.tokens_per_call
        if stated is not None or call is None:
            return LONGEST_ANSWER if stated is None else stated
        return max(1, call - counter.request_at_most(question))

    def micro_usd(self, usage: Usage) -> int:
        """What a call came to in micro-dollars."""
        return self._price.micro_usd(usage)

    async def allow(self, question: Question, counter: TokenCounter, *, run: str, tenant: str | None) -> Allowed | None:
        """Set aside what a call comes to at worst.

        Returns:
            What may be called, with a shorter answer than asked for where the budget shrinks; none where a budget that
            shrinks leaves no answer at all.

        Raises:
            BudgetExceeded: It does not fit, and the budget refuses.
        """
        prompt, most = counter.request_at_most(question), question.max_output_tokens
        while most > 0:
            worst = Usage(prompt_tokens=prompt, completion_tokens=most, source="counted")
            if self._purse is None:
                return Allowed(most, worst)
            try:
                held = await self._purse.reserve(self._amount(worst), run=run, tenant=tenant)
                return Allowed(most, worst, held)
            except BudgetExceeded:
                if self._budget.on_exhausted == "refuse":
                    raise
            # Others spend meanwhile, so what is left may be less by the time it is set aside.
            left = await self._purse.remaining(run, tenant)
            most = min(most - 1, _answer_within(left, prompt, self._price))
        return None

    async def settle(self, allowed: Allowed, spent: Usage, *, is_assumed: bool = False) -> None:
        """Book what a call came to, or is assumed to have; nothing at all gives back what was set aside."""
        if self._purse is None or allowed.held is None:
            return
        if spent.tokens:
            await self._purse.settle(allowed.held, self._amount(spent), is_assumed=is_assumed)
        else:
            await self._purse.release(allowed.held)

    def tenant_of(self, record: object) -> str | None:
        """Whom a call is for, where the budget says which field of the node's input names it."""
        name = self._budget.tenant
        return None if name is None else str(getattr(record, name))

    def _amount(self, usage: Usage) -> Amount:
        return Amount(micro_usd=self._price.micro_usd(usage), tokens=usage.tokens)


UNBOUND: Final = Terms(price=FREE, purse=None, budget=None, withheld="nobody said what it may hold")
"""Those of a node that has none of its own."""


def terms_of(flow: ir.FlowIR, bindings: Bindings) -> Mapping[tuple[str, str], Terms]:
    """The terms of all uses of language models, by the names of node and binding.

    Raises:
        UsageError: A model's price is not known, and money is what bounds its use; or nothing bounds it.
    """
    return {
        (node.name, use.binding): _terms(flow, node, use, bindings)
        for node in flow.nodes
        for use in node.capabilities
        if use.name == "ai.read"
    }


def _terms(flow: ir.FlowIR, node: ir.Node, use: ir.CapabilityUse, bindings: Bindings) -> Terms:
    ai, budget = ir.Ai.model_validate(use.facts), None if node.ai is None else node.ai.budget
    backend, withheld = bindings.ai(use.binding), _withheld(flow, node)
    # What a double answers costs nothing, whatever the model that it stands for does.
    price = FREE if bindings.is_double(use.binding) else _price(ai, backend.price(ai.model or ""))
    limits = _limits(flow, budget)
    if limits == Limits():
        if price is None or not price.is_free:
            raise UsageError(
                f"node {node.name} asks {ai.model or 'a model'} without a budget, and it is not known to be free; "
                'say the most that may be spent: Annotated[TokenBudget, per(day=usd("5"))], or flow.budget(...)'
            )
        return Terms(price=price, purse=None, budget=budget, withheld=withheld)
    if price is None:
        money = (limits.run, limits.day, limits.tenant_day, limits.flow_run, limits.flow_day)
        if any(ceiling.micro_usd is not None for ceiling in money):
            raise UsageError(
                f"node {node.name} may spend so much money, and the price of {ai.model or 'its model'} is not known; "
                f'say usd_per_million=("IN", "OUT") in model(...), or in the entry of binding {use.binding}'
            )
        price = FREE
    purse = backend.purse(limits, flow=flow.name, node=node.name)
    return Terms(price=price, purse=purse, budget=budget, withheld=withheld)


def _limits(flow: ir.FlowIR, budget: ir.AiBudget | None) -> Limits:
    """The ceilings of a node, with those of the flow."""
    own, whole = budget or ir.AiBudget(), flow_budget(flow) or ir.AiBudget()
    others = set(_NO_CEILINGS)
    stated = cast(Stated, whole.model_dump(exclude=others))
    return Limits.stated(stated, **own.model_dump(exclude=others))


def _price(ai: ir.Ai, bound: Price | None) -> Price | None:
    """What the flow says, which is what it was checked with; else what the environment says or is known."""
    return bound if ai.usd_per_million is None else Price.named(*map(Decimal, ai.usd_per_million))


def _answer_within(left: Remaining, prompt: int, price: Price) -> int:
    """The longest answer to a prompt of so many tokens that what is left allows for."""
    bounds = [] if left.tokens is None else [left.tokens - prompt]
    if left.micro_usd is not None:
        rest = left.micro_usd - price.input * prompt
        if price.output:
            bounds.append(int(rest // price.output))
        elif rest < 0:
            bounds.append(0)
    return min(bounds, default=0)


def _withheld(flow: ir.FlowIR, node: ir.Node) -> str | None:
    """What a prompt may hold that is not to be written down: the strictest class of the node's input, or more."""
    others = sorted({use.name for use in node.capabilities} - _OWN)
    if others:
        return f"it may hold what {others[0]} gave"
    found = set(_classes(flow.schemas.get(node.in_schema or ""), flow.schemas)) - _OPEN
    return f"it may hold {', '.join(sorted(found))}" if found else None


def _classes(schema: JsonValue, schemas: Mapping[str, JsonValue]) -> Iterator[str]:
    """The data classes of all fields of a schema; what has none counts as `unclassified`."""
    if schema is None:
        yield "unclassified"
    seen: set[str] = set()
    waiting: list[JsonValue] = [schema]
    while waiting:
        part = waiting.pop()
        waiting += part if isinstance(part, list) else part.values() if isinstance(part, dict) else ()
        if not isinstance(part, dict):
            continue
        if isinstance(tag := part.get("x-data-class"), str):
            yield tag
        yield from _unclassified(part.get("properties"))
        if isinstance(reference := part.get("$ref"), str) and (name := reference.rpartition("/")[2]) not in seen:
            seen.add(name)
            waiting.append(schemas.get(name))


def _unclassified(properties: JsonValue) -> Iterable[str]:
    if not isinstance(properties, dict):
        return ()
    return ("unclassified" for field in properties.values() if isinstance(field, dict) and "x-data-class" not in field)
