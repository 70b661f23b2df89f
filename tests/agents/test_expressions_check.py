"""Types of expressions, and what people are told where they do not fit."""

from collections.abc import Iterable

import pytest

from flowlattice.operators import catalogue
from flowlattice_agents.errors import ExpressionError
from flowlattice_agents.expressions import (
    BOOLEAN,
    DATE,
    INTEGER,
    NOTHING,
    NULL,
    NUMBER,
    STRING,
    ListType,
    MapType,
    OptionalType,
    RecordField,
    RecordType,
    Type,
    assignable,
    check,
    identifiers,
    join,
    names_of_record,
    optional,
    type_named,
)
from flowlattice_agents.spec import FieldSpec, FlowSpec, RecordSpec, ReplySpec, RouteSpec

LINE = RecordType((RecordField("qty", INTEGER, "qty"), RecordField("price", NUMBER, "price")), "Line")
CUSTOMER = RecordType(
    (RecordField("email", STRING, "email"), RecordField("phone", optional(STRING), "Phone1")), "Customer"
)
NAMES: dict[str, Type] = {
    "text": STRING,
    "n": INTEGER,
    "x": NUMBER,
    "flag": BOOLEAN,
    "day": DATE,
    "note": optional(STRING),
    "limit": optional(INTEGER),
    "items": ListType(STRING),
    "lines": ListType(LINE),
    "customer": CUSTOMER,
    "table": MapType(INTEGER),
    "step": RecordType((RecordField("e_mail", STRING, "e-mail"),)),
}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'a'", "string"),
        ("n + 1", "integer"),
        ("n + x", "number"),
        ("n / 2", "number"),
        ("n // 2 % 3", "integer"),
        ("-n ** 2", "integer"),
        ("text + 'a'", "string"),
        ("items + ['a']", "list[string]"),
        ("f'{text} {n} {x} {flag} {day}'", "string"),
        ("1 < n <= 3 and not flag", "boolean"),
        ("text in items or 'a' in text or text in table", "boolean"),
        ("text in {'a': 1}", "boolean"),
        ("n if flag else x", "number"),
        ("n if flag else None", "optional[integer]"),
        ("[1, 2.5]", "list[number]"),
        ("[None, 1]", "list[optional[integer]]"),
        ("[]", "list[nothing]"),
        ("[] if flag else items", "list[string]"),
        ("None", "null"),
        ("customer", "Customer"),
        ("customer.email", "string"),
        ("customer['Phone1']", "optional[string]"),
        ("step['e-mail'] + step.e_mail", "string"),
        ("{'a': n, 'b': {'c': [text]}}", "{a: integer, b: {c: list[string]}}"),
        ("[{'total': line.qty * line.price} for line in lines]", "list[{total: number}]"),
        ("[{'v': 1}, {'v': None}]", "list[{v: optional[integer]}]"),
        ("{'a': 1}['a']", "integer"),
        ("table[text]", "integer"),
        ("lines[0].price", "number"),
        ("lines[-2:][0].qty", "integer"),
        ("text[0] + text[1:n:2]", "string"),
        ("[line.qty for line in lines if line.qty > 1 if line.price > 2]", "list[integer]"),
        ("aggregation.total(line.qty for line in lines)", "integer"),
        ("aggregation.total([line.price for line in lines])", "number"),
        ("aggregation.total([])", "integer"),
        ("aggregation.maximum([text])", "string"),
        ("lookups.get({'a': 1, 'b': 2.5}, text)", "number"),
        ("lookups.get({'a': 1} if flag else {'b': 2}, text)", "integer"),
        ("lookups.get({'a': {'v': 1}}, text).v", "integer"),
        ("lists.first([{'v': 1}, {'v': 2.5}]).v", "number"),
        ("lists.chunk(items, size=2)", "list[list[string]]"),
        ("lists.first_or_null(lines)", "optional[Line]"),
        ("selection.coalesce(note, 'x')", "string"),
        ("selection.coalesce(limit, 2.5)", "number"),
        ("selection.first_present([note, 'a'])", "optional[string]"),
        ("lists.sort_by(lines, [line.price for line in lines])", "list[Line]"),
        ("numbers.larger(n, x)", "number"),
        ("numbers.with_separators(n, places=2)", "string"),
        ("dates.add_days(day, n) > day", "boolean"),
    ],
)
def test_types_are_inferred(expression, expected):
    assert str(check(expression, NAMES)) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "note if note is not None else 'x'",
        "'x' if note is None else note",
        "text if not note is not None else note",
        "note is not None and text.length(note) > 3",
        "note is None or text.length(note) > 3",
        "text.trim(note) if flag and note is not None else ''",
        "text.trim(note) if not (note is None or flag) else ''",
        "'x' if note is None or limit is None else f'{note}{limit}'",
        "text.trim(customer.phone) if customer.phone is not None else ''",
        "[text.trim(c.phone) for c in [customer] if c.phone is not None if text.length(c.phone) > 1]",
        "[part + 'x' for part in [note] if part is not None]",
        "note if note is not None else (note if note is not None else text)",
        "note == 'x'",
        "note in ['x', None]",
    ],
)
def test_a_guard_makes_a_value_that_may_be_null_usable(expression):
    assert check(expression, NAMES) in (STRING, BOOLEAN, ListType(STRING))


@pytest.mark.parametrize(
    "expression",
    [
        "text.trim(note)",
        "note + 'x'",
        "f'{note}'",
        "limit > 3",
        "-limit",
        "limit + 1 if flag else 0",
        "text.trim(note) if note is None else ''",
        "text.trim(note) if note is not None or flag else ''",
        "note is None and text.length(note) > 3",
        "lists.first_or_null(lines).qty",
        "note[0]",
        "flag and limit",
    ],
)
def test_a_value_that_may_be_null_is_guarded(expression):
    with pytest.raises(ExpressionError, match=r"null"):
        check(expression, NAMES)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("nn", "unknown name `nn`, did you mean `n`?"),
        ("qqqqqq", "unknown name `qqqqqq`, there is `text`"),
        ("custmer.email", "did you mean `customer`?"),
        ("customer.emial", "`customer` has no field `emial`, did you mean `email`?"),
        ("text.uper(text)", "there is no operator `text.uper`, did you mean `text.upper`?"),
        ("numbers", "`numbers` is a family of operators: call one of them"),
        ("numbers.floor", "`numbers.floor` is not called"),
        ("text + n", "`+` does not take string and integer: put both into an f-string"),
        ("text * 3", "`*` does not take string and integer: use text.repeat"),
        ("n and flag", "`and` needs boolean, not integer (`n`)"),
        ("not text", "`not` needs boolean, not string (`text`)"),
        ("1 if n else 2", "a condition needs boolean, not integer (`n`)"),
        ("1 if flag else 'a'", "the branches of `if` do not fit together: integer and string"),
        ("[1, 'a']", "the items of a list do not fit together: integer and string"),
        ("[{'a': 1}, {'b': 1}]", "the items of a list do not fit together: {a: integer} and {b: integer}"),
        ("n == text", "`==` does not compare integer with string"),
        ("flag == 1", "`==` does not compare boolean with integer"),
        ("flag < flag", "`<` does not compare boolean with boolean"),
        ("day > text", "`>` does not compare date with string"),
        ("1 in items", "`in` does not compare integer with list[string]"),
        ("customer == customer", "`==` does not compare Customer with Customer"),
        ("text.upper(n)", "`text.upper` takes string as `value`, not integer"),
        ("text.upper()", "`text.upper` also needs `value`"),
        ("text.upper(text, text)", "`text.upper` takes 1 values, not 2"),
        ("text.upper(text, value=text)", "`text.upper` takes no further value `value`"),
        ("text.upper(text, loud=text)", "`text.upper` takes no further value `loud`"),
        ("aggregation.total(items)", "`aggregation.total` takes list[integer or number] as `values`, not list[string]"),
        ("aggregation.total([flag])", "not list[boolean]"),
        ("lists.contains(items, 1)", "`lists.contains` takes string as `item`, not integer"),
        ("lists.length(text)", "`lists.length` takes list[anything] as `items`, not string"),
        ("[i for i in text]", "`for` needs a list, not string (`text`)"),
        ("[text for text in items]", "`for text` hides the name `text`: choose another one"),
        ("(i for i in items)", "write it in brackets"),
        ("f'{items}'", "an f-string does not show list[string] (`items`)"),
        ("customer[0]", "a field of `customer` is named by a constant text"),
        ("customer['fax']", "`customer` has no field `fax`"),
        ("n[0]", "`n` is integer, which has no parts to take by position"),
        ("items['a']", "a position needs integer, not string"),
        ("table[1]", "a key needs string, not integer"),
        ("items[text:]", "a bound needs integer, not string"),
        ("n.real", "`n` is integer, not a record with a field `real`"),
        ("step if flag else {'e-mail': None}", "`step` is {e-mail: string} where {e-mail: optional[string]} is needed"),
    ],
)
def test_what_does_not_fit_is_said_in_one_line(expression, message):
    with pytest.raises(ExpressionError) as caught:
        check(expression, NAMES)
    assert message in str(caught.value)
    assert str(caught.value).endswith(f"in `{expression}`")
    assert "\n" not in str(caught.value)
    assert caught.value.expression == expression


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "1 +",
        "x = 1",
        "import os",
        "__import__('os')",
        "eval('1')",
        "max(n, 1)",
        "text.upper.__globals__",
        "text.__class__",
        "().__class__.__bases__[0].__subclasses__()",
        "'{0.__class__}'.format(text)",
        "text.upper(text)('a')",
        "customer.email.upper()",
        "lambda: 1",
        "(i := 1)",
        "[*items]",
        "text.join(*items)",
        "text.join(**table)",
        "(1, 2)",
        "{1, 2}",
        "{n: 1}",
        "{1: 1}",
        "{'a': 1, 'a': 2}",
        "{**table}",
        "{k: 1 for k in items}",
        "{i for i in items}",
        "[i for i in items for j in items]",
        "[i async for i in items]",
        "[i for i, j in lines]",
        "[i for customer.email in items]",
        "await text",
        "(yield 1)",
        "n @ n",
        "~n",
        "+n",
        "n | 1",
        "n << 100",
        "n ** n",
        "n ** 65",
        "n ** -1",
        "n ** True",
        "9 ** 9.5",
        "b'a'",
        "1j",
        "...",
        "1e999",
        "'\\ud800'",
        "n is 1",
        "n == None",
        "None != n",
        "f'{x:.2f}'",
        "f'{x!r}'",
        "text[::0]",
        "text[::n]",
        "text[1, 2]",
        "items[...]",
        "1 if flag else" + " 1 if flag else" * 70 + " 1",
        "+".join(["n"] * 3000),
        "(" * 300 + "1" + ")" * 300,
        "n + " * 6000 + "n",
        "text\x00",
    ],
)
def test_what_is_outside_the_language_is_refused(expression):
    with pytest.raises(ExpressionError):
        check(expression, NAMES)


@pytest.mark.parametrize("name", list(catalogue()))
def test_every_operator_can_be_called(name):
    operator = catalogue()[name]
    names = [f"argument_{number}" for number in range(len(operator.parameters))]
    for example in operator.examples:
        types = {name: type_of(argument) for name, argument in zip(names, example.arguments, strict=False)}
        found = check(f"{name}({', '.join(types)})", types)
        assert assignable(type_of(example.gives), found) or type_of(example.gives) == found


def type_of(value: object) -> Type:
    """The type of an example's value."""
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, list):
        return ListType(type_of_items(value))
    if isinstance(value, dict):
        return MapType(type_of_items(value.values()))
    kinds = {str: STRING, int: INTEGER, float: NUMBER, type(None): NULL}
    return kinds.get(type(value), DATE)


def type_of_items(values: Iterable[object]) -> Type:
    """What the types of mixed items join to."""
    item: Type | None = NOTHING
    for part in values:
        item = join(item or NOTHING, type_of(part))
    return item or NOTHING


def test_types_join_to_the_smallest_that_holds_both():
    assert join(INTEGER, NUMBER) == NUMBER
    assert join(NULL, INTEGER) == optional(INTEGER) == OptionalType(INTEGER)
    assert join(optional(INTEGER), NUMBER) == optional(NUMBER)
    assert join(ListType(NOTHING), ListType(STRING)) == ListType(STRING)
    assert join(MapType(INTEGER), MapType(NUMBER)) == MapType(NUMBER)
    assert join(BOOLEAN, INTEGER) is None
    assert join(LINE, CUSTOMER) is None
    assert optional(optional(STRING)) == optional(STRING)
    assert assignable(INTEGER, optional(NUMBER))
    assert not assignable(optional(INTEGER), INTEGER)


@pytest.mark.parametrize("one", NAMES.values(), ids=str)
@pytest.mark.parametrize("other", NAMES.values(), ids=str)
def test_joining_does_not_depend_on_the_order(one, other):
    joined = join(one, other)
    assert joined == join(other, one)
    if joined is not None:
        assert assignable(one, joined)
        assert assignable(other, joined)


def test_keys_become_distinct_identifiers():
    keys = ["class", "e-mail", "e_mail", "2nd", "", "größe", "ok", "a.b", "a b"]
    names = identifiers(keys)
    assert list(names) == keys
    assert len(set(names.values())) == len(keys)
    assert all(name.isidentifier() for name in names.values())
    assert names["class"] == "class_"
    assert names["e-mail"] == "e_mail"
    assert names["ok"] == "ok"


def spec_with(*records: RecordSpec) -> FlowSpec:
    return FlowSpec(name="f", records=records, routes=(RouteSpec(method="GET", path="/", reply=ReplySpec(body="1")),))


def test_types_of_a_spec():
    order = RecordSpec(
        name="Order",
        fields=(
            FieldSpec(name="lines", type="list[Line]"),
            FieldSpec(name="sent", type="date", required=False),
            FieldSpec(name="from_", alias="from", type="string", nullable=True),
            FieldSpec(name="express", type="boolean", required=False, default=False),
        ),
    )
    spec = spec_with(order, RecordSpec(name="Line", fields=(FieldSpec(name="qty", type="integer"),)))
    names = names_of_record("Order", spec)
    assert {name: str(found) for name, found in names.items()} == {
        "lines": "list[Line]",
        "sent": "optional[date]",
        "from_": "optional[string]",
        "express": "boolean",
    }
    assert check("[line.qty for line in lines]", names) == ListType(INTEGER)
    assert type_named("optional[list[map[number]]]", spec) == optional(ListType(MapType(NUMBER)))


@pytest.mark.parametrize("name", ["text", "list[Lin]", "list[", "Loop"])
def test_names_that_are_no_types(name):
    spec = spec_with(RecordSpec(name="Loop", fields=(FieldSpec(name="next", type="list[Loop]"),)))
    with pytest.raises(ExpressionError):
        type_named(name, spec)


def test_a_route_accepts_a_record():
    with pytest.raises(ExpressionError, match="not a record"):
        names_of_record("string", spec_with())
