"""A node asks a language model without a budget.

Every call of a language model costs money, and a loop, a long text or a burst of requests costs a thousand times as
much. A node that asks one says the most that may be spent, `budget: Annotated[TokenBudget, per(day=usd("5"))]`, and the
engine reserves the worst case before each call, so that the ceiling holds however many calls run at once. A budget
without any ceiling is none. A ceiling of the whole flow, `flow.budget(per(day=usd("10")))`, bounds all of its nodes
together, and is enough.

## Bad

```python
from typing import Annotated

from flowlattice import AiRead, Flow, Record, http, model, node

class Text(Record, data="internal"):
    text: str

@node
async def summarize(given: Text, ai: Annotated[AiRead, model("gpt-4o-mini", max_tokens=400)]) -> Text:
    return Text(text=await ai.complete(given.text))

flow = Flow("summaries", version="1.0.0")
hook = flow.trigger(http.post("/summaries", accepts=Text))
flow.connect(hook, summarize)
flow.connect(summarize, flow.respond())
```

## Good

```python
from typing import Annotated

from flowlattice import AiRead, Flow, Record, TokenBudget, http, model, node, per, tokens, usd

class Text(Record, data="internal"):
    text: str

@node
async def summarize(
    given: Text,
    ai: Annotated[AiRead, model("gpt-4o-mini", max_tokens=400)],
    budget: Annotated[TokenBudget, per(day=usd("5"), call=tokens(2_000))],
) -> Text:
    return Text(text=await ai.complete(given.text))

flow = Flow("summaries", version="1.0.0")
hook = flow.trigger(http.post("/summaries", accepts=Text))
flow.connect(hook, summarize)
flow.connect(summarize, flow.respond())
```

## Fix

Safe, where the spec states the budget: the node asks for it. Else none: how much may be spent is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from flowlattice.check import spending
from flowlattice.check.context import CheckContext
from flowlattice.check.facts import stated
from flowlattice.check.finding import finding
from flowlattice.check.places import asked, defined, named
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.ceilings import flow_budget
from flowlattice.ir.model import FlowIR

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "BUD101"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find nodes that ask a model and may spend anything."""
    if flow_budget(flow) is not None:
        return  # all that its nodes spend is bounded together
    for node in flow.nodes:
        model = spending.model_of(node)
        if model is None or spending.has_ceiling(node):
            continue
        budget = spending.budget_of(node)
        if budget is None:
            message = f"{node.name} asks {model.binding} ({model.name}) without a budget"
            source = asked(node, model.binding)
        else:
            message, source = f"{budget} of {node.name} has no ceiling", asked(node, budget)
        text = 'say the most that may be spent: budget: Annotated[TokenBudget, per(day=usd("5"))]'
        known = context.facts.budgets.get(node.name)
        is_said = known is not None and bool(spending.in_code(known)) and defined(node).file == source.file
        fix = stated("ask for the budget") if is_said else None
        yield finding(CODE, message, source, node=node.name, help=text, fix=fix)


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Ask for the budget that the spec states."""
    from flowlattice.check import codemods

    node = named(flow, found.node)
    known = None if node is None else context.facts.budgets.get(node.name)
    if node is None or node.definition is None or known is None:
        return None
    ceilings = spending.in_code(known)
    budget = spending.budget_of(node)
    annotation, names = f"Annotated[TokenBudget, {ceilings}]", ["TokenBudget", "per", "usd", "tokens"]
    names = [name for name in names if f"{name}(" in annotation or name == "TokenBudget"]
    if budget is None:
        done = codemods.add_parameter(module, node.definition, "budget", annotation, names)
    else:
        done = codemods.set_annotation(module, asked(node, budget), annotation, names)
    return codemods.with_annotated(done)
