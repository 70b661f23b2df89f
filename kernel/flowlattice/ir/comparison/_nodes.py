"""Nodes: which there are, what they do to the world, whether they repeat, and what identifies their effects."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from flowlattice.ir.comparison._asked import asked
from flowlattice.ir.comparison._change import Change, Weight, moved, paired, weight_of
from flowlattice.ir.comparison._facts import node_fact
from flowlattice.ir.comparison._options import options
from flowlattice.ir.model import FlowIR, Idempotency, Node
from flowlattice.lattice import Determinism, Effects

_DEFAULT_TTL_MS = 86_400_000  # how long hosts remember a key of which nothing is said
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
            loud = [*_levels(name, was, now), *asked(name, was, now), *_identity(name, was, now)]
            loud += [*options(name, was, now, names), *_made(name, was, now)]
            if was.body != now.body:
                text = f"node {name} may compute something else: its code is not as it was"
                loud.append(
                    Change(kind="node", weight="neutral", subject=name, text=text, before=was.body, after=now.body)
                )
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
        shorter = _kept_ms(new) < _kept_ms(old)
        text = f"node {name} remembers its key {_long(new.ttl_ms)}, was {_long(old.ttl_ms)}"
        weight = "riskier" if shorter else "safer"
        yield Change(kind="idempotency", weight=weight, subject=name, text=text, before=before, after=after)
    if old.scope != new.scope:
        yield moved("idempotency", name, f"the scope of the key of {name}", old.scope, new.scope, "riskier")
    if old.honoured != new.honoured:
        weight = "safer" if new.honoured else "riskier"
        what = f"whether the receiver of {name} honours its key by contract"
        yield moved("idempotency", name, what, old.honoured, new.honoured, weight)


def _kept_ms(key: Idempotency) -> int:
    return _DEFAULT_TTL_MS if key.ttl_ms is None else key.ttl_ms


def _long(ttl_ms: int | None) -> str:
    return f"for {_DEFAULT_TTL_MS} ms, the default" if ttl_ms is None else f"for {ttl_ms} ms"


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
