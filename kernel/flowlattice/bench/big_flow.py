"""A flow of 200 nodes in 20 files, written for measuring: node bodies of usual forms, with helpers in other files.

One trigger, a switch with twelve ways of sixteen nodes each, what they merge into, four nodes more and an answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

NODES: Final = 200
FILES: Final = 20

_WAYS: Final = 12
_STEPS: Final = 16
_RULES: Final = 6

_RECORDS: Final = '''"""What goes through the flow."""

from decimal import Decimal
from typing import Annotated

from flowlattice import Record, field


class Line(Record, data="internal"):
    sku: str
    quantity: Annotated[int, field(ge=0)] = 1
    cents: int = 0

    @property
    def total(self) -> int:
        return self.quantity * self.cents


class Order(Record, data="internal"):
    order_id: str
    kind: str = ""
    customer: Annotated[str, field(data="pii")] = ""
    note: str = ""
    tags: list[str] = []
    lines: list[Line] = []
    cents: int = 0
    rate: Decimal = Decimal("1.0")


class Summary(Record, data="internal"):
    order_id: str
    text: str
'''

_RULES_FILE: Final = '''"""Rules {number}: what several nodes share."""

from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from functools import cache, reduce

from .records import Line, Order

RATES = {{"basic": Decimal("1.0{number}"), "plus": Decimal("1.1{number}")}}
STOP_WORDS = frozenset({{"the", "a", "of"}})


@cache
def rate_of(kind: str) -> Decimal:
    """The rate of a kind of order."""
    return RATES.get(kind, Decimal(1))


def in_cents(amount: Decimal) -> int:
    """An amount in whole cents."""
    return int((amount * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def words(text: str) -> list[str]:
    """The words of a text that say something."""
    return [word for word in text.lower().split() if word not in STOP_WORDS]


def commonest(texts: list[str]) -> str:
    """The word that is used most."""
    counts = Counter(word for text in texts for word in words(text))
    return min(counts, key=lambda word: (-counts[word], word)) if counts else ""


def total(lines: list[Line]) -> int:
    """What lines cost, in cents."""
    return reduce(lambda sum_so_far, line: sum_so_far + line.total, lines, 0)


def by_price(line: Line) -> tuple[int, str]:
    """The order in which lines are shown."""
    return (-line.total, line.sku)


def renamed(order: Order, note: str) -> Order:
    """The same order with another note."""
    return order.model_copy(update={{"note": note}})
'''

_BODIES: Final = (
    'return req.model_copy(update={{"note": req.note.strip().lower()[:{n}0]}})',
    "return renamed(req, commonest([req.note, *req.tags]))",
    'lines = sorted(req.lines, key=by_price)\n    return req.model_copy(update={{"lines": lines[:{n}]}})',
    "spent = total(req.lines)\n    if spent > {n}000:\n        spent -= spent // {n}0\n"
    '    return req.model_copy(update={{"cents": spent}})',
    "match req.kind:\n        case 'basic' | 'plus' as kind:\n            found = rate_of(kind)\n        case _:\n"
    '            found = req.rate\n    return req.model_copy(update={{"rate": found}})',
    "seen: dict[str, int] = {{}}\n    for tag in req.tags:\n        seen[tag] = seen.get(tag, 0) + {n}\n"
    '    return req.model_copy(update={{"tags": [tag for tag, times in seen.items() if times > 1]}})',
    "def short(text: str) -> str:\n        return text if len(text) < {n}0 else text[:{n}] + '...'\n\n"
    '    return req.model_copy(update={{"tags": [short(tag) for tag in req.tags]}})',
    "cents = in_cents(rate_of(req.kind) * sum(line.cents for line in req.lines) / {n})\n"
    '    return Order(**(req.model_dump() | {{"cents": cents, "note": f"{{req.order_id}}: {{cents:>8}}"}}))',
)

_FLOW_HEAD: Final = '''"""A flow of many nodes."""

from flowlattice import Flow, Map, Merge, Record, Switch, http, ms, node
'''

_FLOW: Final = '''

def kind_of(order: Order) -> str:
    """Which way an order goes."""
    return f"way_{{len(order.order_id) % {ways}}}"


@node
def priced(req: Order) -> Order:
    """What the order costs in the end."""
    return req.model_copy(update={{"cents": max(req.cents, total(req.lines))}})


@node
def tidied(req: Order) -> Order:
    """Tags in order, each once."""
    return req.model_copy(update={{"tags": sorted(set(req.tags))}})


@node
def summed(req: Order) -> Summary:
    """The order in words."""
    return Summary(order_id=req.order_id, text=f"{{req.customer}}: {{req.cents}} ({{', '.join(req.tags)}})")


def shortened(summary: Summary) -> Summary:
    """What fits on a line."""
    return summary.model_copy(update={{"text": summary.text[:80]}})


flow = Flow("big", version="1.0.0")
hook = flow.trigger(http.post("/orders", accepts=Order, respond="on_last", deadline=ms(2000)))
ways = Switch(kind_of, cases=[{cases}])
merged: Merge[Order] = Merge()
flow.connect(hook, ways)
flow.connect(ways.default, merged)
{connections}
last = Map(shortened)
flow.connect(merged, priced)
flow.connect(priced, tidied)
flow.connect(tidied, summed)
flow.connect(summed, last)
flow.connect(last, flow.respond())
flow.rate_limit(qps=500, burst=1000)
'''


def write_big_flow(folder: Path) -> Path:
    """Write the flow into a folder, which is made if it is not there.

    Returns:
        The flow file.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in _files():
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "flow.py"


def _files() -> Iterator[tuple[str, str]]:
    yield "records.py", _RECORDS
    for number in range(_RULES):
        yield f"rules_{number}.py", _RULES_FILE.format(number=number)
    for way in range(_WAYS):
        yield f"steps_{way}.py", _steps(way)
    yield "flow.py", _flow()


def _steps(way: int) -> str:
    shared = "by_price, commonest, in_cents, rate_of, renamed, total"
    nodes = [
        f"@node\ndef step_{way}_{number}(req: Order) -> Order:\n"
        f'    """Step {number} of way {way}."""\n    {_BODIES[number % len(_BODIES)].format(n=number + 2)}\n'
        for number in range(_STEPS)
    ]
    head = f'"""Way {way}."""\n\nfrom flowlattice import node\n\nfrom .records import Order\n'
    return f"{head}from .rules_{way % _RULES} import {shared}\n\n\n" + "\n\n".join(nodes)


def _flow() -> str:
    imports = "\n".join(f"from . import steps_{way}" for way in range(_WAYS))
    cases = ", ".join(f'"way_{way}"' for way in range(_WAYS))
    return f"{_FLOW_HEAD}\n{imports}\nfrom .records import Order, Summary\nfrom .rules_0 import total\n" + _FLOW.format(
        ways=_WAYS + 1, cases=cases, connections="\n".join(_connections())
    )


def _connections() -> Iterator[str]:
    for way in range(_WAYS):
        named = [f"steps_{way}.step_{way}_{number}" for number in range(_STEPS)]
        yield f'flow.connect(ways.case("way_{way}"), {named[0]})'
        for first, second in pairwise(named):
            yield f"flow.connect({first}, {second})"
        yield f"flow.connect({named[-1]}, merged)"
