"""A node is taken to repeat, but what it reads is not pinned.

Something is pinned when it means the same for ever: a dated model with a seed, an object by its digest. A node that
claims to be stable and asks an unpinned model claims more than anybody can promise. A cache makes the same claim
without words: it gives the old result for the new one. It may do so for a time that the node states (`ttl`), which says
how old a result may be; without one it would do so for ever. The result of a clock or a random source, and one that an
effect had, cannot stand for another at all: a result out of the cache is an effect that does not happen.

## Bad

```python
from typing import Annotated

from flowlattice import AiRead, Cache, Determinism, Flow, Record, TokenBudget, by, http, minutes, model, node, per, usd

class Text(Record, data="internal"):
    text: str

@node(determinism=Determinism.STABLE, cache=Cache(by("text"), ttl=minutes(5)))
async def summarize(
    given: Text,
    ai: Annotated[AiRead, model("gpt-4o-mini", max_tokens=400)],
    budget: Annotated[TokenBudget, per(day=usd("5"))],
) -> Text:
    return Text(text=await ai.complete(given.text))

flow = Flow("summaries", version="1.0.0")
hook = flow.trigger(http.post("/summaries", accepts=Text))
flow.connect(hook, summarize)
flow.connect(summarize, flow.respond())
```

## Good

```python
from typing import Annotated

from flowlattice import AiRead, Cache, Determinism, Flow, Record, TokenBudget, by, http, minutes, model, node, per, usd

class Text(Record, data="internal"):
    text: str

@node(determinism=Determinism.STABLE, cache=Cache(by("text"), ttl=minutes(5)))
async def summarize(
    given: Text,
    ai: Annotated[AiRead, model("gpt-4o-mini-2024-07-18", seed=42, max_tokens=400)],
    budget: Annotated[TokenBudget, per(day=usd("5"))],
) -> Text:
    return Text(text=await ai.complete(given.text))

flow = Flow("summaries", version="1.0.0")
hook = flow.trigger(http.post("/summaries", accepts=Text))
flow.connect(hook, summarize)
flow.connect(summarize, flow.respond())
```

## Fix

Safe, for a claim: it is weakened to what is derived. Unsafe, for a cache over a dated model that only lacks a seed: it
gets one. Elsewhere none: for how long an old result may stand for a new one is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice.capabilities import Model
from flowlattice.check.claims import broken, is_unpinned_model, weaken
from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding, offer
from flowlattice.check.places import asked, defined, named
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR, Node

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "CACHE002"
SEVERITY: Severity = "error"

_SEED = 1


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find claims to repeat, and caches, over what is not pinned."""
    claimed = set()
    for node, reason in broken(flow, "determinism"):
        if is_unpinned_model(node, reason):
            claimed.add(node.id)
            message = f"{node.name} is declared {node.declared.determinism} but nothing pins it: it {reason.because}"
            text = "name a dated release and a seed, or promise less"
            fix = offer("safe", f"declare it {node.determinism}")
            yield finding(CODE, message, reason.source, node=node.name, help=text, fix=fix)
    for node in flow.nodes:
        if node.cache is not None and not node.cache.fields:
            message = f"results of {node.name} are kept by no field, so that one would stand for all"
            text = 'say what tells them apart: Cache(by("text"))'
            yield finding(CODE, message, defined(node), node=node.name, help=text)
        if node.cache is not None and node.id not in claimed and node.determinism not in {"strict", "stable"}:
            yield from _cached(node)


def _cached(node: Node) -> Iterator[Diagnostic]:
    if node.effects == "effectful":
        message = f"{node.name} has an effect, which does not happen where its result comes out of the cache"
        text = "remember effects with a DedupeStore, and cache what is only read"
        yield finding(CODE, message, defined(node), node=node.name, help=text)
    elif node.determinism == "nondeterministic":
        message = f"{node.name} is cached but {_cause(node)}, so that no result stands for another"
        yield finding(CODE, message, defined(node), node=node.name, help="leave out its cache")
    elif node.cache is not None and node.cache.ttl_ms is None:
        message = f"{node.name} is cached for ever but {_cause(node)}"
        text = "say how old a result may be: Cache(..., ttl=minutes(5)), or pin what it reads"
        binding = _without_seed(node)
        source = defined(node) if binding is None else asked(node, binding)
        fix = None if binding is None else offer("unsafe", f"pin the seed of its model: seed={_SEED}")
        yield finding(CODE, message, source, node=node.name, help=text, fix=fix)


def _cause(node: Node) -> str:
    causes = (reason for reason in node.reasons if reason.of == "determinism" and reason.level == node.determinism)
    return next((f"it {reason.because}" for reason in causes), f"it is declared {node.determinism}")


def _without_seed(node: Node) -> str | None:
    """The binding of the model where a seed is all that the node lacks."""
    weak = [reason for reason in node.reasons if reason.of == "determinism" and reason.level == node.determinism]
    model = node.ai.model if node.ai is not None and node.ai.seed is None else None
    if model is None or len(weak) != 1 or not Model(name=model).is_dated:
        return None
    return weak[0].capability


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Weaken the claim to what is derived, or give the model a seed."""
    from flowlattice.check import codemods

    node = named(flow, found.node)
    binding = None if node is None else _without_seed(node)
    if node is None or binding is None or node.declared.determinism == "stable":
        return weaken(found, flow, module, "determinism")
    return codemods.set_inner_keyword(module, asked(node, binding), "model", "seed", str(_SEED))
