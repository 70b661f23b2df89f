"""The rules: found by listing the package `check.rules`, run over the IR, their findings sorted."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

from flowlattice.check import rules as package
from flowlattice.check.context import CheckContext
from flowlattice.check.within import JUDGED, used
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A rule.

    Attributes:
        code: Its code, the same for ever.
        severity: How bad its findings are, unless one says otherwise.
        title: What it finds, in one line.
        page: Its manual page, Markdown.
        check: Finds.
        fix: Rewrites a file of the flow to answer one finding in it, in the circumstances it was found in; none where
            the rule has no fix.
    """

    code: str
    severity: Severity
    title: str
    page: str
    check: Callable[[FlowIR, CheckContext], Iterator[Diagnostic]]
    fix: Callable[[Diagnostic, FlowIR, cst.Module, CheckContext], Rewrite | None] | None


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, by code."""
    names = sorted(module.name for module in pkgutil.iter_modules(package.__path__) if not module.name.startswith("_"))
    return tuple(_rule(importlib.import_module(f"{package.__name__}.{name}")) for name in names)


def rule(code: str) -> Rule | None:
    """The rule with a code; none if there is none."""
    return next((rule for rule in rules() if rule.code == code.upper()), None)


def check(flow: FlowIR, context: CheckContext | None = None) -> tuple[Diagnostic, ...]:
    """Everything that the rules find, sorted by place and code; the same for the same flow.

    That is in the flow, and in what it uses of others, which are put right in their own files: so without fixes.

    Args:
        flow: The flow's IR.
        context: What is known besides; none for nothing.
    """
    circumstances = context or CheckContext()
    found = {diagnostic for rule in rules() for diagnostic in rule.check(flow, circumstances)}
    told = {_unfixed(one) for one in found}
    judging = [rule for rule in rules() if rule.code in JUDGED]
    inside = {_unfixed(one) for part in used(flow) for rule in judging for one in rule.check(part, circumstances)}
    return tuple(sorted(found | (inside - told), key=_order))


def _unfixed(found: Diagnostic) -> Diagnostic:
    return found.model_copy(update={"fix": None})


def _order(found: Diagnostic) -> tuple[str, int, int, str, str]:
    return (found.file, found.line, found.column, found.code, found.message)


def _rule(module: ModuleType) -> Rule:
    page = inspect.cleandoc(module.__doc__ or "")
    return Rule(
        code=module.CODE,
        severity=module.SEVERITY,
        title=page.partition("\n")[0].rstrip("."),
        page=page,
        check=module.check,
        fix=getattr(module, "fix", None),
    )
