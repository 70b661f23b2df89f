"""What expressions give: the interpreter and the rendered Python agree on every value."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowlattice.operators import NoValueError, catalogue
from flowlattice_agents.errors import ExpressionError
from flowlattice_agents.expressions import (
    BOOLEAN,
    DATE,
    INTEGER,
    NUMBER,
    STRING,
    ListType,
    MapType,
    RecordField,
    RecordType,
    Type,
    check,
    evaluate,
    optional,
    render,
)

LINE = RecordType((RecordField("qty", INTEGER, "qty"), RecordField("note", optional(STRING), "class")), "Line")
NAMES: dict[str, Type] = {
    "text": STRING,
    "other": STRING,
    "n": INTEGER,
    "m": INTEGER,
    "x": NUMBER,
    "y": NUMBER,
    "flag": BOOLEAN,
    "day": DATE,
    "note": optional(STRING),
    "items": ListType(STRING),
    "counts": ListType(INTEGER),
    "lines": ListType(LINE),
    "table": MapType(INTEGER),
}
VALUES = {
    "text": '  Ada "L\'o" {x}\n',
    "other": "é",
    "n": 7,
    "m": 0,
    "x": 2.5,
    "y": -0.0,
    "flag": True,
    "day": date(2024, 2, 29),
    "note": None,
    "items": ["b", "a"],
    "counts": [3, 0, -2],
    "lines": [{"qty": 2, "note": None}, {"qty": 0, "note": "late"}],
    "table": {"a": 1},
}


@dataclass(frozen=True)
class Built:
    """A record that rendered Python builds."""

    fields: tuple[tuple[str, object], ...]

    def __getattr__(self, name: str) -> object:
        return dict(self.fields)[name]


def as_rendered(value: object) -> object:
    """Values as the flow file has them: records have attributes."""
    if isinstance(value, Mapping) and set(value) == {"qty", "note"}:
        return SimpleNamespace(**value)
    return [as_rendered(item) for item in value] if isinstance(value, list) else value


def as_evaluated(value: object, record: Mapping[str, str]) -> object:
    """What the rendered Python gives, with records as the interpreter gives them."""
    if isinstance(value, Built):
        return {record.get(name, name): as_evaluated(part, record) for name, part in value.fields}
    if isinstance(value, SimpleNamespace):
        return vars(value)
    return [as_evaluated(item, record) for item in value] if isinstance(value, list) else value


def run_rendered(expression: str, values: Mapping[str, object] = VALUES) -> object:
    def write(record: RecordType, fields: Mapping[str, str]) -> str:
        assert [field.name for field in record.fields] == list(fields)
        return f"Built(({''.join(f'({name!r}, {source}),' for name, source in fields.items())}))"

    source, families = render(expression, NAMES, lambda name: f"req.{name}", write)
    modules = {family: __import__(f"flowlattice.operators.{family}", fromlist=["_"]) for family in families}
    request = SimpleNamespace(**{name: as_rendered(value) for name, value in values.items()})
    globals_ = {"__builtins__": {"str": str}, "req": request, "Built": Built, **modules}
    return eval(compile(source, "flow", "eval"), globals_)  # the text that a flow file would hold


def outcome(run: Callable[[], object]) -> object:
    try:
        value = run()
    except (NoValueError, OverflowError):
        return "no value"
    return value


def integers(depth: int) -> st.SearchStrategy[str]:
    leaves = st.sampled_from(["n", "m", "lines[0].qty", "table['a']"]) | st.integers(0, 12).map(str)
    if not depth:
        return leaves
    sub, strings = integers(depth - 1), texts(depth - 1)
    return (
        leaves
        | binary(["+", "-", "*", "//", "%"], sub, sub)
        | st.builds("-({})".format, sub)
        | st.builds("({})**{}".format, sub, st.integers(0, 3))
        | conditional(sub, depth)
        | st.builds("text.length({})".format, strings)
        | st.builds("numbers.larger({}, other={})".format, sub, sub)
        | st.builds("aggregation.total({})".format, whole_lists(depth - 1))
        | st.builds("({})[{}]".format, whole_lists(depth - 1), sub)
        | st.builds("lookups.get_or({{'a': {}, 'b': 2}}, {}, 0)".format, sub, strings)
        | st.builds("{{'a': {}, 'b': 2}}[{}]".format, sub, strings)
    )


def numbers(depth: int) -> st.SearchStrategy[str]:
    leaves = st.sampled_from(["x", "y"]) | st.sampled_from(["0.1", "2.675", "1e300", "3.0"])
    if not depth:
        return leaves
    sub, either = numbers(depth - 1), numbers(depth - 1) | integers(depth - 1)
    return (
        leaves
        | binary(["+", "-", "*", "//", "%"], sub, either)
        | binary(["/"], either, either)
        | st.builds("({})**{}".format, sub, st.integers(0, 3))
        | conditional(either, depth).filter(lambda source: "x" in source)
        | st.builds("numbers.round_half_up({}, {})".format, either, st.integers(0, 3))
    )


def texts(depth: int) -> st.SearchStrategy[str]:
    leaves = st.sampled_from(["text", "other"]) | st.text(max_size=4).map(repr)
    if not depth:
        return leaves
    sub = texts(depth - 1)
    shown = sub | integers(depth - 1) | numbers(depth - 1) | booleans(depth - 1) | st.just("day")
    return (
        leaves
        | binary(["+"], sub, sub)
        | conditional(sub, depth)
        | st.lists(shown.map(embedded) | st.sampled_from(["a'", "b ", "{{", "}}", "\\n", "€"]), max_size=3).map(
            f_string
        )
        | st.builds("text.replace({}, {}, {})".format, sub, sub, sub)
        | st.builds("({})[{}:{}:{}]".format, sub, integers(depth - 1), integers(depth - 1), st.sampled_from([1, -1, 2]))
        | st.builds("({})[{}]".format, sub, integers(depth - 1))
        | st.builds("(note if note is not None else {})".format, sub)
        | st.builds(f"text.join([t{depth} + ({{}}) for t{depth} in items if t{depth} != ({{}})], ',')".format, sub, sub)
        | st.builds("{{'class': {}, 'v': 'w'}}['class']".format, sub)
    )


def booleans(depth: int) -> st.SearchStrategy[str]:
    leaves = st.sampled_from(["flag", "True", "note is None", "text.is_blank(other)", "day > dates.add_days(day, n)"])
    if not depth:
        return leaves
    sub, whole = booleans(depth - 1), integers(depth - 1)
    number = whole | numbers(depth - 1)
    return (
        leaves
        | binary(["and", "or"], sub, sub)
        | st.builds("not ({})".format, sub)
        | binary(["<", "<=", "==", "!=", ">", ">="], number, number)
        | st.builds("({}) < ({}) <= ({})".format, number, number, whole)
        | binary(["in", "not in"], whole, whole_lists(depth - 1))
        | binary(["in", "==", "<"], texts(depth - 1), texts(depth - 1))
        | st.builds("({}) in {{'a': 1}}".format, texts(depth - 1))
        | st.builds(f"aggregation.any_true(b{depth}.qty > ({{}}) for b{depth} in lines)".format, whole)
    )


def whole_lists(depth: int) -> st.SearchStrategy[str]:
    leaves = st.sampled_from(["counts", "[]+counts", "[lists.qty for lists in lines]"])
    if not depth:
        return leaves
    sub, whole = whole_lists(depth - 1), integers(depth - 1)
    return (
        leaves
        | st.lists(whole, min_size=1, max_size=3).map(lambda parts: f"[{', '.join(parts)}]")
        | binary(["+"], sub, sub)
        | st.builds(f"[w{depth} * ({{}}) for w{depth} in ({{}}) if w{depth} > ({{}})]".format, whole, sub, whole)
        | st.builds("lists.sort_by({0}, {0})".format, sub)
        | st.builds("({})[{}:]".format, sub, whole)
    )


def binary(signs: list[str], left: st.SearchStrategy[str], right: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds("({}) {} ({})".format, left, st.sampled_from(signs), right)


def conditional(branch: st.SearchStrategy[str], depth: int) -> st.SearchStrategy[str]:
    return st.builds("({}) if ({}) else ({})".format, branch, booleans(depth - 1), branch)


def embedded(source: str) -> str:
    return "{" + source + "}"


def f_string(parts: list[str]) -> str:
    return (
        "f'"
        + "".join(part.replace("'", "\\'") if not part.startswith("{") or part == "{{" else part for part in parts)
        + "'"
    )


def parses(source: str) -> bool:
    try:
        ast.parse(source, mode="eval")
    except (SyntaxError, ValueError):
        return False  # quotes inside of an f-string, before Python 3.12
    return True


any_expression = (integers(2) | numbers(2) | texts(2) | booleans(2) | whole_lists(2)).filter(parses)


@settings(max_examples=400)
@given(any_expression)
def test_interpreter_and_rendered_python_agree(expression):
    check(expression, NAMES)
    evaluated, rendered = (
        outcome(lambda: evaluate(expression, VALUES, NAMES)),
        outcome(lambda: run_rendered(expression)),
    )
    assert repr(evaluated) == repr(rendered)


@pytest.mark.parametrize(
    "expression",
    [
        "{'a': n, 'class': {'b': [{'c': line.qty} for line in lines]}}",
        "[{'v': 1}, {'v': None}]",
        "{'a': {'v': 1} if flag else {'v': 2.5}}",
        "[line for line in lines if line.qty > 1]",
        "{'note': note, 'items': items, 'day': day}",
        "[{'q': line.qty, 'late': line.note is not None and line['class'] == 'late'} for line in lines]",
        "[] if flag else [{'a': 1}]",
    ],
)
def test_records_agree(expression):
    wire = {"class_": "class"}
    assert evaluate(expression, VALUES, NAMES) == as_evaluated(run_rendered(expression), wire)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("f'{n} {x} {3.0} {y} {flag} {day} {other}'", "7 2.5 3 0 true 2024-02-29 é"),
        ("7 / 2", 3.5),
        ("-7 // 2", -4),
        ("-7 % 3", 2),
        ("2 ** 10", 1024),
        ("1 < 2 < 2", False),
        ("n if n > 3 else 0", 7),
        ("items[-1]", "a"),
        ("text.trim(text)[:3]", "Ada"),
        ("aggregation.total(line.qty for line in lines)", 2),
        ("selection.coalesce(note, 'none')", "none"),
        ("lookups.get({'a': 'x'}, 'a')", "x"),
        ("flag and m == 0 or 1 / m > 0", True),
        ("m == 0 or 1 / m > 0", True),
        ("0 if m == 0 else 1 / m", 0),
        ("{'class': 1, 'v': 2}['class']", 1),
        ("lines[1]['class']", "late"),
        ("lines[1].note", "late"),
    ],
)
def test_values(expression, value):
    assert evaluate(expression, VALUES, NAMES) == value
    assert run_rendered(expression) == value


@pytest.mark.parametrize(
    "expression",
    [
        "1 / m",
        "1 // m",
        "x % m",
        "items[2]",
        "items[-3]",
        "other[1]",
        "table['b']",
        "{'a': 1}[other]",
        "x ** 64 * 0 + (x * 1e300) ** 3",
        "aggregation.average([])",
        "text.repeat(other, 10 ** 9)",
    ],
)
def test_what_has_no_value_says_so_in_both(expression):
    for run in (lambda: evaluate(expression, VALUES, NAMES), lambda: run_rendered(expression)):
        with pytest.raises(NoValueError):
            run()


@pytest.mark.parametrize("name", list(catalogue()))
def test_operators_give_what_they_give_in_python(name):
    for example in catalogue()[name].examples:
        values = {f"argument_{number}": argument for number, argument in enumerate(example.arguments)}
        assert evaluate(f"{name}({', '.join(values)})", values) == example.gives


@pytest.mark.parametrize(
    ("expression", "source", "families"),
    [
        ("n + 1", "req.n + 1", set()),
        ("n / 2 + n % -2", "req.n / 2 + req.n % -2", set()),
        ("n / m", "numbers.divide(req.n, req.m)", {"numbers"}),
        ("(n + 1) * -m", "(req.n + 1) * -req.m", set()),
        ("text.upper(text)", "text.upper(req.text)", {"text"}),
        ("f'Hi {text}!'", "f'Hi {req.text}!'", set()),
        ("f'{x} {flag}'", "f'{numbers.to_text(req.x)} {text.from_boolean(req.flag)}'", {"numbers", "text"}),
        (
            "aggregation.total(line.qty for line in lines)",
            "aggregation.total([line.qty for line in req.lines])",
            {"aggregation"},
        ),
        ("[lists for lists in items]", "[lists_ for lists_ in req.items]", set()),
        (
            "[req for req in items if text.contains(req, other)]",
            "[req_ for req_ in req.items if text.contains(req_, req.other)]",
            {"text"},
        ),
        ("{'a': n, 'class': text}", "R(a=req.n, class_=req.text)", set()),
        ("{'a': 1}[text]", "lookups.get({'a': 1}, req.text)", {"lookups"}),
        ("lines[0]['class']", "lists.at(req.lines, 0).note", {"lists"}),
        ("text[1:-1]", "req.text[1:-1]", set()),
        ("x ** 2", "numbers.power(req.x, 2)", {"numbers"}),
        ("n ** 2", "req.n ** 2", set()),
    ],
)
def test_rendered_source(expression, source, families):
    def write(record: RecordType, fields: Mapping[str, str]) -> str:
        return f"R({', '.join(f'{name}={part}' for name, part in fields.items())})"

    assert render(expression, NAMES, lambda name: f"req.{name}", write) == (source, frozenset(families))


def test_names_can_be_renamed_by_a_mapping_and_records_are_displays_by_default():
    source, _ = render("{'e-mail': text, 'n': n}", NAMES, {"text": "customer.email"})
    assert source == "{'e-mail': customer.email, 'n': n}"


def test_each_display_is_the_record_that_its_place_needs():
    seen: list[str] = []

    def write(record: RecordType, fields: Mapping[str, str]) -> str:
        seen.append(str(record))
        return "R()"

    render("{'rows': [{'v': 1}, {'v': None}], 'one': {'v': 1} if flag else {'v': 2.5}}", NAMES, {}, write)
    expected = str(check("{'rows': [{'v': 1}, {'v': None}], 'one': {'v': 1} if flag else {'v': 2.5}}", NAMES))
    assert seen == ["{v: optional[integer]}"] * 2 + ["{v: number}"] * 2 + [expected]


@pytest.mark.parametrize("quotes", ["'", '"', "'\"", "'''", '"""', "\\", "\n", "{", "}}"])
def test_texts_with_quotes_survive_in_f_strings(quotes):
    inner = f"text.join(['x', {quotes!r}], {quotes!r})"
    names = dict(NAMES, part=STRING)
    for expression in (f"f'{{text.trim(part)}} {{n}}' + {inner}", f"text.join([f'{{part}}', {inner}], {quotes!r})"):
        source, _ = render(expression, names, {"part": inner})
        ast.parse(source, mode="eval")
        assert "\n" not in source


def test_renamed_names_with_quotes_do_not_break_f_strings():
    source, families = render(
        "f'{text} costs {x} on {day}'", NAMES, {"text": "a['\"']", "x": "b['\\'']", "day": "c['\\n']"}
    )
    tree = ast.parse(source, mode="eval")
    assert families == {"numbers"}
    assert not any(isinstance(node, ast.JoinedStr) for node in ast.walk(tree))


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("text", {}),
        ("n + 1", {"n": "a"}),
        ("text[0]", {"text": 1}),
        ("lines[0].qty", {"lines": [{"note": None}]}),
        ("lines[0].qty", {"lines": [1]}),
        ("[i for i in items]", {"items": "abc"}),
        ("text[1:n]", {"text": "abc", "n": "a"}),
        ("text.upper(text)", {"text": 1}),
    ],
)
def test_values_that_do_not_fit_are_an_error(expression, values):
    with pytest.raises(ExpressionError):
        evaluate(expression, values, NAMES)


def test_records_are_read_by_field_name_or_by_name_on_the_wire_and_absent_is_null():
    assert evaluate("[line.note for line in lines]", {"lines": [{"note": "a"}, {"class": "b"}, {}]}, NAMES) == [
        "a",
        "b",
        None,
    ]


@pytest.mark.parametrize(
    "expression",
    [
        "[[[[1 for a in counts] for b in counts] for c in counts] for d in counts]",
        "text.repeat('a', 900000) + text.repeat('a', 900000)",
        "((((10 ** 64) ** 64) ** 64) ** 64)",
    ],
)
def test_work_is_bounded(expression):
    with pytest.raises((ExpressionError, NoValueError)):
        evaluate(expression, {"counts": list(range(100)), "n": 1}, NAMES)


def test_without_types_fields_are_found_by_their_names():
    values = {"step": {"e-mail": "a", "class": "b"}, "from_": {"qty": 1}, "table": {"k": 2}}
    assert evaluate("step.e_mail + step['class'] + step.class_", values) == "abb"
    assert evaluate("from_.qty + table['k'] + {'x': 3}['x']", values) == 6
    for missing in ("step.fax", "missing"):
        with pytest.raises(ExpressionError):
            evaluate(missing, values)
    with pytest.raises(NoValueError):
        evaluate("table['x']", values)
