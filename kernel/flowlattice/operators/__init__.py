"""The catalogue of operators: small, pure, typed functions that specs cite and flows call, one family a module.

A flow imports a family: `from flowlattice.operators import text`, then `text.trim(req.name)`. Values are text, whole
and decimal numbers, booleans, dates, null, lists and mappings by text; nothing here reads a clock, a locale, a file or
a random number, and no result depends on the order of a set.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from flowlattice.operators.base import (
    NoValueError,
    Operator,
    OperatorExample,
    example,
    is_operator,
    operator,
    operators_of,
)

FAMILIES = (
    "text",
    "numbers",
    "lists",
    "aggregation",
    "lookups",
    "selection",
    "dates",
    "times",
    "units",
    "validation",
    "checksums",
    "masking",
    "encoding",
)

__all__ = [
    "FAMILIES",
    "NoValueError",
    "Operator",
    "OperatorExample",
    "catalogue",
    "example",
    "is_operator",
    "operator",
    "operators_of",
]


@cache
def catalogue() -> Mapping[str, Operator]:
    """All operators by qualified name (`text.trim`), family by family in the order of definition."""
    modules = (import_module(f"{__name__}.{family}") for family in FAMILIES)
    return MappingProxyType({found.qualified_name: found for module in modules for found in operators_of(module)})
