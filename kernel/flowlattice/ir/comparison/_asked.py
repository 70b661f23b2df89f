"""What a node asks for, and what its body says that matters to security."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from flowlattice.capabilities.registry import named
from flowlattice.ir.comparison._change import Change, Weight, moved, paired
from flowlattice.ir.comparison._weigh import Said, Weigh, ceiling, fields_moved, granted, kept, neutral, riskier
from flowlattice.ir.model import CapabilityUse, Node

_USE = {
    "scopes": Said("the scopes that {} needs", granted),
    "retry_owner": Said("who retries {} unless the node says otherwise"),
    "idempotent": Said("whether {} honours an idempotency key", kept),
}
# What a capability's type says of a use; whatever else it may say is neither.
_FACTS: dict[str, Weigh] = {
    "network": lambda was, now: "safer" if now == "deny" else "riskier",
    "deterministic": riskier,
    "file": riskier,
    "cpu_ms": ceiling,
    "memory_bytes": ceiling,
}
_ELSEWHERE = ("ai.read", "budget")  # what they say is compared as the node's model and its budget


def asked(name: str, was: Node, now: Node) -> Iterator[Change]:
    """Capabilities that are new, gone, or wider; hosts; and what stands in the body."""
    old, new = ({f"{use.binding} ({use.name})": use for use in node.capabilities} for node in (was, now))
    for use in sorted(old.keys() ^ new.keys()):
        is_new = use in new
        text = f"node {name} asks for {use}" if is_new else f"node {name} no longer asks for {use}"
        # What remembers keys or bounds spending protects; what else is asked for can do harm.
        protects = use.endswith(("(dedupe)", "(budget)"))
        weight: Weight = "riskier" if is_new != protects else "safer"
        yield Change(kind="capability", weight=weight, subject=name, text=text, **_at(is_new, use))
    for host in sorted(_hosts(was) ^ _hosts(now)):
        is_new = host in _hosts(now)
        text = f"node {name} may reach {host}" if is_new else f"node {name} no longer reaches {host}"
        weight = "riskier" if is_new else "safer"
        yield Change(kind="egress", weight=weight, subject=host, text=text, **_at(is_new, host))
    for use, one, other in paired(old, new):
        if set(one.egress) != set(other.egress) and _hosts(was) == _hosts(now):
            what = f"where {name} may reach with {use}"
            yield moved("egress", name, what, [*one.egress], [*other.egress], "riskier")
        yield from fields_moved("capability", f"{name}.{use}", one, other, _USE)
        if one.methods != other.methods:
            what = f"what {name} calls of {use}"
            yield moved("capability", name, what, [*one.methods], [*other.methods], _called(one, other))
        if one.name not in _ELSEWHERE or was.ai == now.ai:
            yield from _facts(f"{name}.{use}", one, other)
    if sorted(was.unknown_capabilities) != sorted(now.unknown_capabilities):
        what = f"what {name} asks for that no capability is"
        yield moved("capability", name, what, [*was.unknown_capabilities], [*now.unknown_capabilities], "riskier")
    yield from _bodies(name, was, now)


def _called(was: CapabilityUse, now: CapabilityUse) -> Weight:
    """How it weighs that other methods are called: what each call does again is a risk where it was not called."""
    declared = named(now.name)
    repeats = set() if declared is None else set(declared.repeats)
    return "riskier" if repeats & (set(now.methods) - set(was.methods)) else "neutral"


def _facts(subject: str, was: CapabilityUse, now: CapabilityUse) -> Iterator[Change]:
    for key in [*was.facts, *(key for key in now.facts if key not in was.facts)]:
        one, other = was.facts.get(key), now.facts.get(key)
        if one != other:
            yield moved(
                "capability", subject, f"the {key} of {subject}", one, other, _FACTS.get(key, neutral)(one, other)
            )


def _bodies(name: str, was: Node, now: Node) -> Iterator[Change]:
    """What is written in the body and matters to others: URLs, methods that are not offered, retries, vouched names."""
    old, new = (sorted(f"{u.host}{' with a credential' * u.credential}" for u in node.urls) for node in (was, now))
    if old != new:
        weight: Weight = "riskier" if any(new.count(url) > old.count(url) for url in new) else "safer"
        yield moved("egress", name, f"the hosts in the body of {name}", [*old], [*new], weight)
    ways = [sorted(f"{m.binding} ({m.capability}).{m.method}" for m in node.misused) for node in (was, now)]
    if ways[0] != ways[1]:
        yield moved("capability", name, f"what {name} calls that is not offered", [*ways[0]], [*ways[1]], "riskier")
    again = [sorted(f"{each.binding}.{each.method}" for each in node.repeated) for node in (was, now)]
    if again[0] != again[1]:
        weight = "riskier" if any(again[1].count(each) > again[0].count(each) for each in again[1]) else "safer"
        yield moved("node", name, f"what {name} calls again until it succeeds", [*again[0]], [*again[1]], weight)
    if was.vouched != now.vouched:
        yield moved("effects", name, f"what is vouched for in {name}", [*was.vouched], [*now.vouched], "riskier")
    if was.unneeded_vouchers != now.unneeded_vouchers:
        what = f"what is vouched for in vain in {name}"
        yield moved("effects", name, what, [*was.unneeded_vouchers], [*now.unneeded_vouchers], "neutral")


def _hosts(node: Node) -> set[str]:
    return {host for use in node.capabilities for host in use.egress}


def _at(is_new: bool, value: str) -> dict[str, JsonValue]:
    return {"after" if is_new else "before": value}
