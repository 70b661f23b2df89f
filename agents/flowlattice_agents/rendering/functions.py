"""The functions that a spec brings along, as helper functions of the flow file."""

from __future__ import annotations

from flowlattice_agents.expressions import type_named
from flowlattice_agents.functions import indented, names_read
from flowlattice_agents.rendering.bodies import operator_families
from flowlattice_agents.rendering.records import Records
from flowlattice_agents.rendering.text import call
from flowlattice_agents.spec import FunctionSpec


def render_function(function: FunctionSpec, records: Records) -> str:
    """A function with its signature; what its body uses of the operators is imported.

    Raises:
        ExpressionError: A type of its signature is none.
    """
    used = names_read(function.name, function.body)
    records.imports.operators |= used & operator_families()
    records.imports.dates |= "date" in used
    spec = records.spec
    parameters = [f"{part.name}: {records.annotation(type_named(part.type, spec))}" for part in function.parameters]
    returns = records.annotation(type_named(function.returns, spec))
    meaning = " ".join(function.meaning.split()).rstrip(".").replace("\\", "\\\\").replace('"', "'")
    head = call(f"def {function.name}", parameters)
    return f'{head} -> {returns}:\n    """{meaning}."""\n{indented(function.body)}'
