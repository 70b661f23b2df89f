"""Declaring operators."""

from types import ModuleType

import pytest

from flowlattice.operators import NoValueError, example, is_operator, operator, operators_of


def declared(module_name: str) -> ModuleType:
    module = ModuleType("greetings")

    @operator("greeted politely, greeted", "saluted", examples=(example("Ada", gives="Hi Ada"),))
    def greet(name: str, word: str = "Hi") -> str:
        """The name with a greeting."""
        return f"{word} {name}"

    greet.__module__ = module_name
    vars(module)["greet"] = greet
    return module


def test_a_family_lists_what_it_declares():
    [found] = operators_of(declared("greetings"))
    assert found.qualified_name == "greetings.greet"
    assert found.phrases == ("greeted politely", "greeted", "saluted")
    assert found.meaning == "The name with a greeting."
    assert found.parameters == {"name": str, "word": str}
    assert found.returns is str
    assert found.function("Ada") == "Hi Ada"


def test_a_package_lists_what_its_modules_declare():
    assert [found.family for found in operators_of(declared("greetings._polite"))] == ["greetings"]


def test_what_is_imported_from_elsewhere_belongs_elsewhere():
    assert not list(operators_of(declared("greetings_of_others")))


def test_only_declared_functions_are_operators():
    assert is_operator(declared("greetings").greet)
    assert not is_operator(len)


def test_a_missing_value_has_a_reason_for_callers():
    error = NoValueError("the list must not be empty")
    assert error.reason == str(error) == "the list must not be empty"
    assert isinstance(error, ValueError)


def test_arithmetic_that_overflows_has_no_value():
    @operator("halved", examples=(example(2, gives=1.0),))
    def half(value: float) -> float:
        """Half of the number."""
        return value / 2

    assert half(3) == 1.5
    with pytest.raises(NoValueError, match="beyond the range"):
        half(10**400)
