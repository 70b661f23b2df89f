"""The checker: what is wrong with a flow, and what can be fixed.

    context = CheckContext(allowed_hosts=frozenset({"api.stripe.com"}), facts=read_facts(path))
    found = check(ir, context)
    found = with_edits(ir, found, sources, context)     # computes the edits of the fixes that are offered
    text = apply_fixes(sources["flow.py"], found)       # applies the safe ones

One rule is one module of `check.rules`: its docstring is the manual page, `check` finds, `fix` rewrites. Rules read
Flow IR and nothing else; how findings are shown is in `check.render`.
"""

from flowlattice.check.at_run_time import RunTimeCode, run_time_code, run_time_codes
from flowlattice.check.context import CheckContext, Environment
from flowlattice.check.facts import Facts, Identity, Rate, read_facts
from flowlattice.check.fixes import apply_fixes, with_edits
from flowlattice.check.registry import Rule, check, rule, rules

__all__ = [
    "CheckContext",
    "Environment",
    "Facts",
    "Identity",
    "Rate",
    "Rule",
    "RunTimeCode",
    "apply_fixes",
    "check",
    "read_facts",
    "rule",
    "rules",
    "run_time_code",
    "run_time_codes",
    "with_edits",
]
