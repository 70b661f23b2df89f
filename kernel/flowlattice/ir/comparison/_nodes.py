"""Nodes: which there are, what they do to the world, whether they repeat, and what identifies their effects."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from pydantic import JsonValue

from flowlattice.ir.comparison._change import Change, Kind, Weight, moved, paired, weight_of
from flowlattice.ir.comparison._facts import node_fact
from flowlattice.ir.model import FlowIR, Node
from flowlattice.lattice import Determinism, Effects

_EFFECTS = tuple(level.value for level in Effects)
_DETERMINISM = tuple(level.value for level in Determinism)


def nodes(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    """Nodes that are new, gone, or promise something else than before; triggers are compared as routes."""
    old, new = ({node.name: node for node in ir.nodes if node.kind != "trigger"} for ir in (before, after))
    names = {node.id: node.name for ir in (before, after) for node in ir.nodes}
    for name in [name for name in old if name not in new]:
        weight: Weight = "safer" if old[name].effects == "effectful" else "neutral"
        yield Change(kind="node", weight=weight, subject=name, text=f"gone: {_fact(old[name])}", before=name)
    for name in [name for name in new if name not in old]:
        weight = "riskier" if new[name].effects == "effectful" else "neutral"
        yield Change(kind="node", weight=weight, subject=name, text=f"new: {_fact(new[name])}", after=name)
    for name, was, now in [*paired(old, new), *paired(_triggers(before), _triggers(after))]:
        if was != now:
            loud = [*_levels(name, was, now), *_egress(name, was, now), *_identity(name, was, now)]
            loud += [*_options(name, was, now, names), *_made(name, was, now)]
            # What follows from the changes above is not said again.
            yield from loud or _quiet(name, was, now)


def _triggers(ir: FlowIR) -> dict[str, Node]:
    """The triggers without what is said of routes."""
    said = {"trigger": None, "out_schema": None}
    return {node.name: node.model_copy(update=said) for node in ir.triggers()}


def _fact(node: Node) -> str:
    return node_fact(node) if node.kind == "node" else f"{node.kind} {node.name}"


def _levels(name: str, was: Node, now: Node) -> Iterator[Change]:
    if was.effects != now.effects:
        text = f"node {name} is {now.effects}{_because(now, 'effects')}, was {was.effects}"
        weight = weight_of(_EFFECTS, was.effects, now.effects)
        yield Change(kind="effects", weight=weight, subject=name, text=text, before=was.effects, after=now.effects)
    if was.determinism != now.determinism:
        text = f"node {name} is {now.determinism}{_because(now, 'determinism')}, was {was.determinism}"
        weight = weight_of(_DETERMINISM, was.determinism, now.determinism)
        yield Change(
            kind="determinism", weight=weight, subject=name, text=text, before=was.determinism, after=now.determinism
        )


def _because(node: Node, of: str) -> str:
    level = node.effects if of == "effects" else node.determinism
    why = next((reason.because for reason in node.reasons if reason.of == of and reason.level == level), None)
    return f" ({why})" if why else ""


def _egress(name: str, was: Node, now: Node) -> Iterator[Change]:
    old, new = ({f"{use.binding} ({use.name})": use for use in node.capabilities} for node in (was, now))
    for use in sorted(old.keys() ^ new.keys()):
        is_new = use in new
        text = f"node {name} asks for {use}" if is_new else f"node {name} no longer asks for {use}"
        weight: Weight = "riskier" if is_new else "safer"
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
    if sorted(was.unknown_capabilities) != sorted(now.unknown_capabilities):
        what = f"what {name} asks for that no capability is"
        yield moved("capability", name, what, [*was.unknown_capabilities], [*now.unknown_capabilities], "riskier")
    yield from _bodies(name, was, now)


def _bodies(name: str, was: Node, now: Node) -> Iterator[Change]:
    """What is written in the body and matters to security: URLs, methods that are not offered, what is vouched for."""
    old, new = (sorted(f"{u.host}{' with a credential' * u.credential}" for u in node.urls) for node in (was, now))
    if old != new:
        weight: Weight = "riskier" if any(new.count(url) > old.count(url) for url in new) else "safer"
        yield moved("egress", name, f"the hosts in the body of {name}", [*old], [*new], weight)
    ways = [sorted(f"{m.binding} ({m.capability}).{m.method}" for m in node.misused) for node in (was, now)]
    if ways[0] != ways[1]:
        yield moved("capability", name, f"what {name} calls that is not offered", [*ways[0]], [*ways[1]], "riskier")
    if was.vouched != now.vouched:
        yield moved("effects", name, f"what is vouched for in {name}", [*was.vouched], [*now.vouched], "riskier")
    unneeded = [*was.unneeded_vouchers], [*now.unneeded_vouchers]
    if unneeded[0] != unneeded[1]:
        yield moved("effects", name, f"what is vouched for in vain in {name}", *unneeded, "neutral")


def _hosts(node: Node) -> set[str]:
    return {host for use in node.capabilities for host in use.egress}


def _identity(name: str, was: Node, now: Node) -> Iterator[Change]:
    old, new = was.idempotency, now.idempotency
    if old == new:
        return
    before, after = (None if key is None else key.model_dump(mode="json") for key in (old, new))
    if old is None or new is None:
        fields = ", ".join(key.fields) if (key := old or new) else ""
        text = f"node {name} acts once per {fields}; it had no key"
        weight: Weight = "safer"
        if new is None:
            text, weight = f"node {name} loses its key ({fields}): a repeat happens again", "riskier"
        yield Change(kind="idempotency", weight=weight, subject=name, text=text, before=before, after=after)
        return
    if old.fields != new.fields:
        text = f"node {name} acts once per {', '.join(new.fields)}, was once per {', '.join(old.fields)}"
        yield Change(kind="idempotency", weight="riskier", subject=name, text=text, before=before, after=after)
    if old.ttl_ms != new.ttl_ms:
        shorter = new.ttl_ms is not None and (old.ttl_ms is None or new.ttl_ms < old.ttl_ms)
        text = f"node {name} remembers its key {_long(new.ttl_ms)}, was {_long(old.ttl_ms)}"
        weight = "riskier" if shorter else "safer"
        yield Change(kind="idempotency", weight=weight, subject=name, text=text, before=before, after=after)
    if old.scope != new.scope:
        yield moved("idempotency", name, f"the scope of the key of {name}", old.scope, new.scope, "riskier")


def _long(ttl_ms: int | None) -> str:
    return "for ever" if ttl_ms is None else f"for {ttl_ms} ms"


def _options(name: str, was: Node, now: Node, names: dict[UUID, str]) -> Iterator[Change]:
    if was.retry != now.retry:
        old, new = (None if node.retry is None else node.retry.model_dump(mode="json") for node in (was, now))
        yield moved("node", name, f"how {name} is retried", old, new, "riskier" if new else "neutral")
    if was.timeout_ms != now.timeout_ms:
        weight: Weight = "riskier" if now.timeout_ms is None else "neutral"
        yield moved("limit", name, f"the timeout of {name} (ms)", was.timeout_ms, now.timeout_ms, weight)
    undo = [names.get(node.compensate, str(node.compensate)) if node.compensate else None for node in (was, now)]
    if undo[0] != undo[1]:
        yield moved("node", name, f"what undoes {name}", undo[0], undo[1], "riskier" if undo[1] is None else "safer")
    plain: tuple[tuple[Kind, str, JsonValue, JsonValue], ...] = (
        ("node", f"the kind of {name}", was.kind, now.kind),
        ("schema", f"what {name} takes", was.in_schema, now.in_schema),
        ("schema", f"what {name} gives", was.out_schema, now.out_schema),
        ("node", f"whether {name} gives many", was.stream, now.stream),
        ("node", f"the side outputs of {name}", [*was.side_outputs], [*now.side_outputs]),
    )
    for kind, what, one, other in plain:
        if one != other:
            yield moved(kind, name, what, one, other)


def _made(name: str, was: Node, now: Node) -> Iterator[Change]:
    for field in sorted(was.derivations.keys() | now.derivations.keys()):
        old, new = (_sources(node.derivations.get(field)) for node in (was, now))
        if old != new:
            text = f"node {name} makes {field} of {new or 'nothing'}, was {old or 'nothing'}"
            yield Change(kind="data", weight="neutral", subject=f"{name}.{field}", text=text, before=old, after=new)


def _sources(fields: tuple[str, ...] | None) -> str:
    words = {"!": "a clock or chance", "*": "its whole input"}
    return ", ".join(words.get(field, field) for field in fields or ())


def _quiet(name: str, was: Node, now: Node) -> Iterator[Change]:
    """How a node is written, as far as the IR has it."""
    for what, old, new in zip(_WRITTEN, _written(was), _written(now), strict=True):
        if old != new:
            yield moved("node", name, f"{what} of {name}", old, new)


_WRITTEN = ("the claims", "the signature", "the reasons", "the function", "the summary", "the colour")


def _written(node: Node) -> tuple[JsonValue, ...]:
    given = [(parameter.name, parameter.annotation) for parameter in node.parameters]
    returns = (node.returns.name, node.returns.annotation) if node.returns else None
    return (
        [f"effects {node.declared.effects}", f"determinism {node.declared.determinism}"],
        [*(f"{key}: {annotation}" for key, annotation in given), f"{returns}"],
        [f"{r.of} {r.level}: {r.because} [{r.capability}]" for r in node.reasons],
        node.function,
        node.summary,
        ["async" if node.is_async else "sync", "with context" if node.takes_context else "without context"],
    )


def _at(is_new: bool, value: str) -> dict[str, str]:
    return {"after" if is_new else "before": value}
