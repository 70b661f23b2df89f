"""The tables know all that a flow may import: nothing that admission lets in is unknown to the reader."""

import inspect
from importlib import import_module

import pytest

from flowlattice.language._objects import knowledge
from flowlattice.language.admission import _modules
from flowlattice.lattice import Determinism, Effects

# What is made by a class statement or a decorator is used when the flow is loaded, not by its nodes.
DEFINING = {"__future__", "enum", "typing"}


def admitted():
    for module in sorted(_modules._STANDARD):
        loaded = import_module(module)
        for name in sorted(_modules._public(module)):
            value = getattr(loaded, name, None)
            if module not in DEFINING and (inspect.isroutine(value) or inspect.isclass(value)):
                yield pytest.param(value, id=f"{module}.{name}")


@pytest.mark.parametrize("value", list(admitted()))
def test_what_may_be_imported_is_known(value):
    if inspect.isclass(value) and issubclass(value, BaseException):
        return
    assert knowledge(value) is not None


@pytest.mark.parametrize("module", ["random", "secrets", "time", "uuid"])
def test_what_draws_or_asks_is_not_strict(module):
    loaded = import_module(module)
    pure = {
        name
        for name in _modules._public(module)
        if inspect.isroutine(getattr(loaded, name, None))
        and (known := knowledge(getattr(loaded, name))) is not None
        and (known.effects, known.determinism) == (Effects.PURE, Determinism.STRICT)
    }
    assert pure <= {"strptime", "uuid3", "uuid5", "compare_digest"}
