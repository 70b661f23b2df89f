"""What holds for every operator of the catalogue."""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from functools import reduce
from types import NoneType, UnionType
from typing import TypeVar, get_args, get_origin

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flowlattice.operators import FAMILIES, NoValueError, Operator, catalogue, is_operator

OPERATORS = list(catalogue().values())
HUGE = st.sampled_from([10**400, -(10**4000), 10**5000])
SCALARS = {
    str: st.text(max_size=20) | st.sampled_from(["-4.5", "2024-02-29", "23:59", "a@b.org", "[A-Z]+", "km", "A-1 b_2!"]),
    int: st.integers(-20, 20) | st.integers() | HUGE,
    float: st.integers(-20, 20) | st.floats() | HUGE | st.decimals(-99, 99, places=2).map(float),
    bool: st.booleans(),
    date: st.dates(),
    NoneType: st.none(),
}
# Phrases that name two operators: which one is meant depends on the type of what it is said of, or must be asked.
AMBIGUOUS = {
    "length": {"text.length", "lists.length"},
    "reverse": {"text.reverse", "lists.reverse"},
    "reversed": {"text.reverse", "lists.reverse"},
    "in reverse order": {"text.reverse", "lists.reverse"},
    "in groups of": {"text.grouped", "lists.chunk"},
    "grouped by": {"text.grouped", "aggregation.group_by"},
    "palindrome": {"text.is_palindrome", "text.reads_same_backwards"},
    "rounded": {"numbers.round_half_up", "numbers.round_to_integer"},
}
ALL_EXAMPLES = """
from flowlattice.operators import catalogue
for operator in catalogue().values():
    for example in operator.examples:
        print(operator.qualified_name, repr(operator.function(*example.arguments)))
print(catalogue()["lists.unique"].function([chr(65 + i * 7 % 26) for i in range(80)]))
print(catalogue()["aggregation.counts"].function([chr(65 + i * 7 % 26) for i in range(80)]))
"""


def values_of(annotation: object, settled: object = int) -> st.SearchStrategy[object]:
    """Arguments for an annotation; type variables stand for one settled type throughout a call."""
    if isinstance(annotation, TypeVar):
        return values_of(settled)
    if annotation in SCALARS:
        return SCALARS[annotation]
    parts = get_args(annotation)
    if get_origin(annotation) is UnionType or NoneType in parts:
        return reduce(lambda a, b: a | b, (values_of(part, settled) for part in parts))
    origin = get_origin(annotation)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return st.dictionaries(st.text(max_size=5), values_of(parts[1], settled), max_size=5)
    return st.lists(values_of(parts[0], settled), max_size=6)


def settled_types(operator: Operator) -> list[object]:
    """What the operator's type variables can stand for, the same for all of them."""
    variables = [hint for hint in map(inner_variable, operator.parameters.values()) if hint]
    choices = [set(variable.__constraints__) for variable in variables if variable.__constraints__]
    if not variables:
        return [int]
    return sorted(set.intersection(*choices), key=str) if choices else [int, str]


def inner_variable(hint: object) -> TypeVar | None:
    if isinstance(hint, TypeVar):
        return hint
    return next((found for found in map(inner_variable, get_args(hint)) if found), None)


def fits(value: object, annotation: object, settled: object) -> bool:
    if isinstance(annotation, TypeVar):
        return fits(value, settled, settled)
    parts = get_args(annotation)
    if get_origin(annotation) is UnionType or NoneType in parts:
        return any(fits(value, part, settled) for part in parts)
    if annotation in SCALARS:
        return type(value) is annotation or (annotation is float and type(value) is int)
    if get_origin(annotation) is dict:
        return type(value) is dict and all(type(k) is str and fits(v, parts[1], settled) for k, v in value.items())
    return type(value) is list and all(fits(item, parts[0], settled) for item in value)


CALLS = [(operator, settled) for operator in OPERATORS for settled in settled_types(operator)]


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.qualified_name)
def test_examples_run(operator: Operator) -> None:
    assert len(operator.examples) >= 2
    for example in operator.examples:
        result = operator.function(*example.arguments)
        assert result == example.gives
        assert type(result) is type(example.gives)


@pytest.mark.parametrize(("operator", "settled"), CALLS, ids=lambda part: getattr(part, "qualified_name", str(part)))
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_arguments_of_the_right_types_give_a_value_of_the_right_type_or_none(
    operator: Operator, settled: object, data: st.DataObject
) -> None:
    arguments = [data.draw(values_of(hint, settled)) for hint in operator.parameters.values()]
    try:
        result = operator.function(*arguments)
    except NoValueError as error:
        reason = error.reason
    else:
        reason = "none"
        assert fits(result, operator.returns, settled)
    assert reason
    assert "\n" not in reason


@pytest.mark.parametrize("operator", OPERATORS, ids=lambda operator: operator.qualified_name)
def test_declares_what_readers_need(operator: Operator) -> None:
    assert is_operator(operator.function)
    assert operator.meaning.endswith((".", "`."))
    assert len(operator.meaning) <= 120
    assert operator.phrases
    assert len(set(operator.phrases)) == len(operator.phrases)
    for phrase in operator.phrases:
        assert phrase == phrase.lower().strip()
        assert phrase


def test_phrases_name_one_operator_but_for_known_ones() -> None:
    named = defaultdict(set)
    for operator in OPERATORS:
        for phrase in operator.phrases:
            named[phrase].add(operator.qualified_name)
    assert {phrase: names for phrase, names in named.items() if len(names) > 1} == AMBIGUOUS


def test_names_are_unique_and_families_are_all_there() -> None:
    assert {operator.family for operator in OPERATORS} == set(FAMILIES)
    assert all(name == operator.qualified_name for name, operator in catalogue().items())


def test_results_do_not_depend_on_hash_seeds() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", ALL_EXAMPLES],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(outputs) == 1
