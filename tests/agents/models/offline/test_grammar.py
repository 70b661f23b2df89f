"""The grammar is data: rules compile, name only what exists, and never begin with themselves by a detour."""

import pytest

from flowlattice_agents.models.offline.chart import Chart
from flowlattice_agents.models.offline.grammar import Choice, Literal, Part, compile_grammar, load_grammar
from flowlattice_agents.models.offline.lexer import lex
from flowlattice_agents.models.offline.names import Names
from flowlattice_agents.models.offline.operations import operations
from flowlattice_agents.models.offline.recognisers import recognisers
from flowlattice_agents.models.offline.terms import term


def parts(elements):
    for element in elements:
        if isinstance(element, Part):
            yield element.name
        elif isinstance(element, Choice):
            for option in element.options:
                yield from parts(option)


def corners(elements):
    """The names that a sequence may begin with."""
    for element in elements:
        if isinstance(element, Literal):
            return
        if isinstance(element, Part):
            yield element.name
            return
        for option in element.options:
            yield from corners(option)
        if () not in element.options:
            return


def test_every_name_in_a_rule_is_defined():
    grammar = load_grammar()
    rules = [rule for group in (*grammar.rules.values(), *grammar.growing.values()) for rule in group]
    known = grammar.rules.keys() | recognisers(Names([])).keys()
    assert {name for rule in rules for name in parts(rule.elements)} <= known


def test_no_rule_begins_with_itself_by_a_detour():
    grammar = load_grammar()
    graph = {name: {c for rule in group for c in corners(rule.elements)} for name, group in grammar.rules.items()}
    for name, begins in graph.items():
        seen, pending = set(), list(begins)
        while pending:
            other = pending.pop()
            assert other != name, f"{name} may begin with itself"
            if other not in seen:
                seen.add(other)
                pending.extend(graph.get(other, ()))


def test_operations_name_operators_that_exist():
    from flowlattice_agents.expressions._signatures import families

    for found in operations().values():
        for operation in found:
            for template in operation.templates:
                heads = {word.split("(")[0].split(".")[0] for word in template.split() if "." in word}
                assert {head.lstrip("[-(") for head in heads if head.lstrip("[-(").isalpha()} <= set(families()), (
                    template
                )


@pytest.mark.parametrize("rule", ["value\n  | [a]\n", "value\n  | (a\n", "value\n  | a => head($x\n"])
def test_a_rule_that_cannot_be_read_is_an_error(rule):
    with pytest.raises((ValueError, IndexError)):
        compile_grammar([rule])


def test_the_cheapest_reading_comes_first():
    grammar = compile_grammar(
        ["sum\n  | <n:x>\n  | <sum:a> plus <n:b> => add($a, $b)\n", "n\n  | one => num('1')\n  | two => num('2')\n"]
    )
    chart = Chart(grammar, lex("one plus two plus two"), {}, frozenset())
    ends = {end: value for end, value, _ in chart.parse("sum", 0)}
    assert ends[1] == term("num", "1")
    assert ends[5] == term("add", term("add", term("num", "1"), term("num", "2")), term("num", "2"))


def test_fillers_may_stand_anywhere():
    grammar = compile_grammar(["go\n  | do it => done()\n"])
    chart = Chart(grammar, lex("do please it"), {}, frozenset({"please"}))
    assert chart.parse("go", 0)[0][0] == 3
