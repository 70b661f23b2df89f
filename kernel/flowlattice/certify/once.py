"""What a node promises of its effects, and whether what landed keeps the promise (design: exactly once).

* `repeatable`: doing it again under its key does nothing more, by contract of the receivers; whatever is repeated, each
  key has one effect, and a crash leaves nothing undone.
* `once`: a store remembers the key, and nobody else would; an effect happens at most once, and one of which nobody
  knows is in doubt, never repeated.
* `repeated`: nothing remembers the key; work is repeated, so what is stored has to come out the same, and what is sent
  has to go to a receiver that knows keys by contract (a queue). A plain request or a mail would be sent again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from flowlattice.capabilities import registry
from flowlattice.certify.landing import Arrival, Landed
from flowlattice.ir.model import Node
from flowlattice.ir.repeating import KEYLESS, READING, may_repeat

Promise: TypeAlias = Literal["repeatable", "once", "repeated"]

IN_WORDS: Final[dict[Promise, str]] = {
    "repeatable": "one effect for each key, whatever is repeated",
    "once": "at most once for each key, in doubt where nobody knows",
    "repeated": "repeated, and the same each time",
}

_UNSEEN: Final = frozenset({"creds", "dedupe", "budget"})
"""What a node asks for without what it reads being in what it sends."""


@dataclass(frozen=True)
class Demand:
    """What is demanded of a node's effects.

    Attributes:
        node: The node's name.
        promise: What it promises.
        by_content: Whether all that is sent under a key has to be the same; not where it may hold what was read.
        honoured: Whether the receivers know keys, as the author states.
        draws: Whether what it stores may hold random values, so that only how much there is can be compared.
    """

    node: str
    promise: Promise
    by_content: bool
    honoured: bool
    draws: bool

    @classmethod
    def of(cls, node: Node) -> Demand:
        """What is demanded of a node."""
        remembers = any(use.name == "dedupe" for use in node.capabilities)
        promise: Promise = "repeatable" if may_repeat(node) else "once" if remembers else "repeated"
        seen = [use for use in node.capabilities if use.name not in _UNSEEN]
        reads = any(use.idempotent is None or set(use.methods) & READING for use in seen)
        honoured = node.idempotency is not None and node.idempotency.honoured
        draws = any(use.name == "rng" for use in seen)
        return cls(node.name, promise, by_content=not reads, honoured=honoured, draws=draws)

    def broken(self, once: Landed, found: Landed, when: str) -> Iterator[str]:
        """What is wrong with what was found, where each effect should be as it is after it was done once."""
        expected, arrived = once.counted(by_content=self.by_content), found.counted(by_content=self.by_content)
        known = {one[:4] for one in expected}
        for arrival, times in arrived.items():
            if arrival not in expected and arrival[:4] in known:
                yield f"{self.node} sends {_named(arrival)} something else under the same key {when}"
            elif arrival not in expected:
                yield f"{self.node} sends {_named(arrival)} under another key {when}"
            elif times > expected[arrival] and self._is_too_often(arrival):
                yield f"{self.node} makes the effect {_named(arrival)} {times} times {when}{self._because(arrival)}"
        for arrival in expected:
            if arrival not in arrived:
                yield f"{self.node} does not make the effect {_named(arrival)} {when}"
        yield from self._displaced(once, found, when)

    def _is_too_often(self, arrival: Arrival) -> bool:
        return self.promise == "once" or not arrival[3] or not self._knows_keys(arrival[0])

    def _because(self, arrival: Arrival) -> str:
        if self.promise != "repeated":
            return ""
        why = "it has no place for a key" if arrival[0] in KEYLESS else "its receiver need not know the key"
        return f": {why}, and nothing remembers it (ask for a DedupeStore)"

    def _knows_keys(self, capability: str) -> bool:
        declared = registry.named(capability)
        by_contract = declared is not None and declared.idempotent_sink is True
        return capability not in KEYLESS and (self.honoured or by_contract)

    def _displaced(self, once: Landed, found: Landed, when: str) -> Iterator[str]:
        for place in sorted({*once.stored, *found.stored}):
            there, wanted = found.stored.get(place, ()), once.stored.get(place, ())
            if len(there) != len(wanted) or (there != wanted and not self.draws):
                how = f"{len(there)}, not {len(wanted)}" if len(there) != len(wanted) else "others than after one run"
                yield f"{self.node} leaves {place} that are {how}, {when}"


def _named(arrival: Arrival) -> str:
    capability, method, target, key, _ = arrival
    return f"{capability} {method} to {target}" + (f" (key {key[:12]})" if key else " (without a key)")
