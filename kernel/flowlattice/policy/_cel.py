"""The CEL library: compiled expressions, and the names that an expression reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Final, cast

from flowlattice.errors import UsageError

if TYPE_CHECKING:
    from cel import Program

CANNOT: Final = (ValueError, RuntimeError, TypeError, KeyError, IndexError, ArithmeticError)
"""What the library raises for a rule that does not fit its subject."""

_WORD: Final = re.compile(r"[A-Za-z_]\w*")


def evaluate(expression: str, names: Mapping[str, object]) -> object:
    """What an expression is, given what its names stand for.

    Raises:
        ValueError, RuntimeError, TypeError, KeyError, IndexError, ArithmeticError: It is no CEL, or does not fit.
    """
    read = _words(expression)  # what it does not name need not be converted
    return _program(expression).execute({name: value for name, value in names.items() if name in read})


@cache
def _words(expression: str) -> frozenset[str]:
    return frozenset(_WORD.findall(expression))


@cache
def _program(expression: str) -> Program:
    return cast("Program", _cel().compile(expression))


@cache
def _cel() -> ModuleType:
    """The CEL library's compiled module alone: the package around it imports its command line, half a second of it."""
    package = find_spec("cel")
    if package is None or package.origin is None:
        raise UsageError("policies need the package common-expression-language; pip install flowlattice again")
    compiled = next(iter(sorted(Path(package.origin).parent.glob("cel*.so"))), None)
    found = None if compiled is None else spec_from_file_location("cel.cel", compiled)
    if found is None or found.loader is None:
        return import_module("cel")
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module
