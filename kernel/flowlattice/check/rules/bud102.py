"""One call of a language model can cost more than its budget allows.

Before each call the engine reserves its worst case: as many tokens as one call may have, at the stated prices. A call
whose worst case is above a ceiling is refused every time, with the budget still whole; what was meant as a bound is a
node that never works. The same is true of an answer that may be as long as the whole call, which leaves nothing for the
prompt. With `on_exhausted="shrink"` such an answer is cut short instead, and this is a warning.

## Bad

```python
from typing import Annotated

from flowlattice import AiRead, Flow, Record, TokenBudget, http, model, node, per, tokens, usd

class Text(Record, data="internal"):
    text: str

@node
async def summarize(
    given: Text,
    ai: Annotated[AiRead, model("gpt-4o", max_tokens=4_000, usd_per_million=("2.50", "10.00"))],
    budget: Annotated[TokenBudget, per(run=usd("0.01"), call=tokens(8_000))],
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

from flowlattice import AiRead, Flow, Record, TokenBudget, http, model, node, per, tokens, usd

class Text(Record, data="internal"):
    text: str

@node
async def summarize(
    given: Text,
    ai: Annotated[AiRead, model("gpt-4o", max_tokens=4_000, usd_per_million=("2.50", "10.00"))],
    budget: Annotated[TokenBudget, per(run=usd("0.05"), call=tokens(8_000))],
) -> Text:
    return Text(text=await ai.complete(given.text))

flow = Flow("summaries", version="1.0.0")
hook = flow.trigger(http.post("/summaries", accepts=Text))
flow.connect(hook, summarize)
flow.connect(summarize, flow.respond())
```

## Fix

None: whether to spend more or to ask for less is a decision.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from flowlattice.check import spending
from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.check.places import asked, defined
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.ceilings import flow_budget
from flowlattice.ir.model import AiBudget, FlowIR, Node

CODE = "BUD102"
SEVERITY: Severity = "error"


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find calls that can never be reserved."""
    whole = flow_budget(flow)
    for node in flow.nodes:
        if node.ai is None or (node.ai.budget is None and whole is None):
            continue
        budget = node.ai.budget or AiBudget()
        severity: Severity = SEVERITY if budget.on_exhausted == "refuse" else "warning"
        binding = spending.budget_of(node)
        source = defined(node) if binding is None else asked(node, binding)
        for problem in _problems(node, budget, whole or AiBudget()):
            text = "raise the ceiling, or bound the call: per(call=tokens(...)), model(..., max_tokens=...)"
            message = f"one call of {node.name} {problem}"
            yield finding(CODE, message, source, severity=severity, node=node.name, help=text)


def _problems(node: Node, budget: AiBudget, whole: AiBudget) -> Iterator[str]:
    answer = None if node.ai is None else node.ai.max_tokens
    if answer is not None and budget.tokens_per_call is not None and answer >= budget.tokens_per_call:
        yield f"may have {budget.tokens_per_call} tokens, and its answer alone {answer}"
    most = spending.worst_tokens(node)
    for period, ceiling in (
        ("run", budget.tokens_per_run),
        ("day", budget.tokens_per_day),
        ("day of a tenant", budget.tokens_per_tenant_day),
        ("run of the flow", whole.tokens_per_run),
        ("day of the flow", whole.tokens_per_day),
    ):
        if most is not None and ceiling is not None and most > ceiling:
            yield f"may have {most} tokens, and one {period} {ceiling}"
    cost = spending.worst_usd(node)
    for period, dollars in (
        ("run", budget.usd_per_run),
        ("day", budget.usd_per_day),
        ("day of a tenant", budget.usd_per_tenant_day),
        ("run of the flow", whole.usd_per_run),
        ("day of the flow", whole.usd_per_day),
    ):
        if cost is not None and dollars is not None and cost > Decimal(dollars):
            yield f"can cost {cost.normalize():f} USD, and one {period} may cost {dollars}"
