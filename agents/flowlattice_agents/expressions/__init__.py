"""Expressions: a small, typed subset of Python, in which specs say what is computed.

An expression is parsed, never run as Python. It has names, constants (text, numbers, true, false, null), fields of
records (`customer.email`), arithmetic, comparisons, `and` / `or` / `not`, conditional expressions, f-strings, lists,
records and tables (`{"key": value}`), comprehensions with one `for`, positions, slices, and calls of the operators of
`flowlattice.operators` (`text.trim(name)`) or, by bare name, of the spec's own functions; nothing else.

`check` finds the type, `evaluate` a value, `render` the Python source for a flow file; `evaluate` and the rendered
source agree on every value. Differences from plain Python, for the sake of people who read the result: an f-string
shows a number without a needless ".0" and a boolean as `true` or `false`; what has no value (a division by zero, an
item that is not there) is `NoValueError`, which a caller sees as invalid input.
"""

from flowlattice_agents.expressions._evaluate import evaluate
from flowlattice_agents.expressions._infer import check
from flowlattice_agents.expressions._render import RecordWriter, Rename, render
from flowlattice_agents.expressions._signatures import signature_text
from flowlattice_agents.expressions._steps import needed_steps
from flowlattice_agents.expressions._syntax import called_functions, free_names
from flowlattice_agents.expressions._types import (
    BOOLEAN,
    DATE,
    INTEGER,
    NOTHING,
    NULL,
    NUMBER,
    STRING,
    FunctionType,
    ListType,
    MapType,
    OptionalType,
    RecordField,
    RecordType,
    Scalar,
    Type,
    anonymous_record,
    assignable,
    functions_of,
    identifiers,
    join,
    names_of_record,
    optional,
    type_named,
)

__all__ = [
    "BOOLEAN",
    "DATE",
    "INTEGER",
    "NOTHING",
    "NULL",
    "NUMBER",
    "STRING",
    "FunctionType",
    "ListType",
    "MapType",
    "OptionalType",
    "RecordField",
    "RecordType",
    "RecordWriter",
    "Rename",
    "Scalar",
    "Type",
    "anonymous_record",
    "assignable",
    "called_functions",
    "check",
    "evaluate",
    "free_names",
    "functions_of",
    "identifiers",
    "join",
    "names_of_record",
    "needed_steps",
    "optional",
    "render",
    "signature_text",
    "type_named",
]
