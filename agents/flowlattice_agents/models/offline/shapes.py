"""Fields from what a brief shows or says of them: objects, lists of names, "a whole number from 1 to 20"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from flowlattice_agents.models.offline.fields import Field, Kind, is_concrete, item_name, json_of, number_of
from flowlattice_agents.models.offline.names import parts_of
from flowlattice_agents.models.offline.terms import Term, term

# Numbers of these are whole without saying so: "month is a number from 1 to 12".
_WHOLE_ANYWAY = frozenset("month year quarter weekday floor".split())
Describe = Callable[[str], list[Term]]
_BOUND_HEADS = frozenset({"ge", "gt", "le", "lt", "eq", "between"})
_IGNORED = frozenset({"allowed", "empty_ok", "required", "valid"})
_CASE_PATTERNS = {"upper": r"^[^a-z]*$", "lower": r"^[^A-Z]*$"}
_TYPES = frozenset({"type", "listof", "fulllistof", "listobj", "objectof"})
_TRUSTED_HOLE = {"text": "string"}


class NotUnderstoodError(Exception):
    """What is said of a field does not fit it or is not understood."""


def fields_of_object(shape: Term, describe: Describe) -> list[Field]:
    """The fields that an object shows; `describe` reads a text such as `whole number` as a description."""
    return [_field_of_pair(pair, describe) for pair in shape.terms if pair.head == "pair"]


def _field_of_pair(pair: Term, describe: Describe) -> Field:
    found = Field(pair.text, optional="optional" in pair.args[2:])
    learn_value(found, pair.terms[0], describe)
    return found


def learn_value(field: Field, value: Term, describe: Describe) -> None:
    """Take what an object shows as a field's value."""
    if value.head == "hole":
        if value.text in _TRUSTED_HOLE:
            field.set_kind("string", firm=False)
    elif value.head == "raw":
        readings = describe(value.text)
        if readings:
            apply_description(field, readings[0])
        elif not _stands_for_the_value(value.text, field.name):
            raise NotUnderstoodError(value.text)
    elif value.head == "obj":
        field.set_kind("object")
        for child in fields_of_object(value, describe):
            field.children[child.name] = child
        if is_concrete(value) and value.terms:
            field.samples.append(json_of(value))
    elif value.head == "arr":
        _learn_list(field, value, describe)
    else:
        field.learn_sample(json_of(value))


def _stands_for_the_value(text: str, name: str) -> bool:
    """Whether words in the place of a value say nothing of it: `n`, `the name`, `some text`."""
    words = [word for word in re.findall(r"[A-Za-z]+", text.lower()) if word not in _VAGUE]
    return len(words) <= 1 or set(words) <= {part.lower() for part in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}


_VAGUE = frozenset("the a an some any your my our its this that value given person s user".split())


def _learn_list(field: Field, value: Term, describe: Describe) -> None:
    field.set_kind("list")
    field.item = field.item or Field(item_name(field.name))
    for item in value.terms:
        if item.head not in {"more", "hole"}:
            learn_value(field.item, item, describe)
    if is_concrete(value):
        field.samples.append(json_of(value))


def declared_fields(decls: Term) -> Iterator[tuple[Field, list[Term]]]:
    """The fields that a list of names declares, each with its descriptions."""
    for decl in decls.terms:
        inner = decl.terms[0] if decl.head == "opt_decl" else decl
        name = inner.terms[0].text
        field = Field(name, optional=decl.head == "opt_decl")
        yield field, list(inner.terms[1:])


def apply_description(field: Field, description: Term) -> None:
    """Take a description (`desc(type, constraints...)`).

    Raises:
        NotUnderstoodError: A part of it does not fit the field.
        ContradictionError: It contradicts what is known.
    """
    ordered = sorted(description.terms, key=lambda part: part.head not in _TYPES)
    for part in ordered:
        _apply_part(field, part)


def _apply_part(field: Field, part: Term) -> None:
    if part.head in _TYPES:
        _apply_type(field, part)
    elif part.head in _BOUND_HEADS:
        apply_bound(field, part)
    elif part.head == "size":
        apply_bound(field, part.terms[0], sized=True)
    elif part.head in _IGNORED:
        return
    elif part.head in _SIMPLE:
        _SIMPLE[part.head](field, part)
    else:
        raise NotUnderstoodError(part.head)


def _apply_type(field: Field, part: Term) -> None:
    if part.head == "type":
        kind = _kind(part.text)
        if kind == "number" and parts_of(field.name)[-1] in _WHOLE_ANYWAY:
            kind = "integer"
        if field.kind == "list" and field.item is not None and kind not in {"list", "object"}:
            field.item.set_kind(kind)
        elif kind == "list":
            field.set_kind("list")
            field.item = field.item or Field(item_name(field.name))
        elif field.kind == "list" and kind == "object":
            field.item = field.item or Field(item_name(field.name))
            field.item.set_kind("object")
        else:
            field.set_kind(kind)
        return
    if part.head == "fulllistof":
        _apply_type(field, Term("listof", part.args))
        field.limit("min_items", 1)
        return
    if part.head == "objectof":
        field.set_kind("object")
        _add_children(field, part.terms[0])
        return
    field.set_kind("list")
    field.item = field.item or Field(item_name(field.name))
    if part.head == "listobj":
        field.item.set_kind("object")
        _add_children(field.item, part.terms[0])
    elif part.terms:
        _apply_type(field.item, part.terms[0])


def _add_children(field: Field, decls: Term) -> None:
    for child, descriptions in declared_fields(decls):
        field.children.setdefault(child.name, child)
        for description in descriptions:
            apply_description(field.children[child.name], description)


def _kind(text: str) -> Kind:
    kinds: dict[str, Kind] = {
        "string": "string", "integer": "integer", "number": "number", "boolean": "boolean", "date": "date",
        "list": "list", "object": "object",
    }  # fmt: skip
    return kinds[text]


def amount_of(part: Term) -> tuple[int | float, str]:
    """A constant amount and its unit: characters, items, words, plain, or none.

    Raises:
        NotUnderstoodError: The amount is not a constant.
    """
    number = next((inner for inner in part.walk() if inner.head == "num"), None)
    if number is None or part.has("ref", "it", "thing", "result", "add", "sub", "mul", "div"):
        raise NotUnderstoodError("the amount is not a constant")
    unit = next((inner.text for inner in part.walk() if inner.head == "unit"), "")
    return number_of(number.text), unit


def digits_between(removed: Term, bound: Term) -> str | None:
    """The pattern of a text with so many digits once single characters are removed; none where it is something else."""
    steps = removed.terms if removed.head == "chain" else (removed,)
    plain = all(step.head == "replace" and step.terms[1].text == "" and len(step.terms[0].text) == 1 for step in steps)
    if not plain or bound.head != "between" or amount_of(bound.terms[1])[1] != "digits":
        return None
    low, high = (amount_of(part)[0] for part in bound.terms)
    marks = "".join(re.escape(step.terms[0].text) for step in steps)
    return f"^[{marks}]*(?:[0-9][{marks}]*){{{low},{high}}}$"


def apply_bound(field: Field, bound: Term, *, sized: bool = False) -> None:
    """Take a bound such as `ge(12)` or `between(1, 20)`, on the value, its length or its number of items."""
    if bound.head == "between":
        unit = next((part for part in bound.terms[1].terms if part.head == "unit"), None)
        low, high = bound.terms
        if unit is not None and low.get("unit") is None:
            low = Term(low.head, (*low.args, unit))
        apply_bound(field, term("ge", low), sized=sized)
        apply_bound(field, term("le", high), sized=sized)
        return
    amount, unit_name = amount_of(bound)
    if sized and unit_name == "digits" and bound.head in {"ge", "gt"}:
        raise NotUnderstoodError("so many digits among other characters")
    target = field.item if field.kind == "list" and field.item and unit_name != "items" and not sized else field
    if unit_name in {"characters", "digits"} or (sized and field.kind == "string"):
        _apply_size(field, bound.head, amount, "length")
        if unit_name == "digits":
            field.pattern = r"^[0-9]*$"
    elif unit_name == "items" or (sized and field.kind == "list"):
        _apply_size(field, bound.head, amount, "items")
    elif unit_name == "words" or (target.kind == "string" and target.firm):
        raise NotUnderstoodError("a bound on a text needs a unit")
    else:
        _apply_number(target, bound.head, amount)


def _apply_size(field: Field, head: str, amount: int | float, what: str) -> None:
    if not isinstance(amount, int):
        raise NotUnderstoodError("a size is a whole number")
    field.set_kind("string" if what == "length" else "list", firm=False)
    low = {"ge": amount, "gt": amount + 1, "eq": amount}.get(head)
    high = {"le": amount, "lt": amount - 1, "eq": amount}.get(head)
    if low is not None:
        field.limit(f"min_{what}", low)
    if high is not None:
        field.limit(f"max_{what}", high)


def _apply_number(field: Field, head: str, amount: int | float) -> None:
    if head == "eq":
        raise NotUnderstoodError("a field with one possible value")
    if field.kind is None:
        field.set_kind("number", firm=False)
    names = {"ge": "minimum", "gt": "exclusive_minimum", "le": "maximum", "lt": "exclusive_maximum"}
    field.limit(names[head], amount)


def _apply_choices(field: Field, part: Term) -> None:
    values = [choice for choice in part.terms if choice.head in {"str", "num", "str_of"}]
    if len(values) != len(part.terms):
        raise NotUnderstoodError("a choice is not a constant")
    texts = [choice.terms[0].text if choice.head == "str_of" else choice.text for choice in values]
    if all(choice.head == "num" for choice in values):
        field.set_kind("integer")
        field.choices = tuple(int(text) for text in texts)
    else:
        field.set_kind("string")
        field.choices = tuple(texts)


def _apply_default(field: Field, part: Term) -> None:
    value = part.terms[0]
    if not is_concrete(value):
        raise NotUnderstoodError("a default is a constant")
    field.optional, field.default = True, json_of(value)
    if field.kind is None:
        field.learn_sample(field.default)


def _apply_optional(field: Field, _part: Term) -> None:
    field.optional = True


def _apply_filled(field: Field, _part: Term) -> None:
    if field.kind == "list":
        field.limit("min_items", 1)
    else:
        field.set_kind("string", firm=False)
        field.limit("min_length", 1)


def _apply_unblank(field: Field, _part: Term) -> None:
    field.set_kind("string", firm=False)
    field.unblank = True


def _apply_format(field: Field, part: Term) -> None:
    if part.text == "date":
        field.set_kind("date")
    elif not field.choices:
        field.set_kind("string", firm=False)
        field.pattern = _CASE_PATTERNS[part.text]


def _apply_count(field: Field, part: Term) -> None:
    character = re.escape(part.terms[0].text)
    if len(part.terms[0].text) != 1:
        raise NotUnderstoodError("exactly one of a longer text")
    field.set_kind("string", firm=False)
    field.pattern = f"^[^{character}]*{character}[^{character}]*$"


def _apply_distinct(field: Field, _part: Term) -> None:
    field.distinct = True


def _apply_like(field: Field, part: Term) -> None:
    value = part.terms[0]
    if value.head != "several" and is_concrete(value):
        field.learn_sample(json_of(value))


def _apply_letters(field: Field, part: Term) -> None:
    field.set_kind("string", firm=False)
    letters = {"capitals": "A-Z", "letters": "A-Za-z", "digits": "0-9"}[part.head]
    field.pattern = f"^[{letters}]{{{int(float(part.terms[0].text))}}}$"


def _apply_decimals(field: Field, part: Term) -> None:
    field.set_kind("number", firm=False)
    field.decimals = int(float(part.terms[0].text))


def _apply_between(field: Field, part: Term) -> None:
    character = re.escape(part.terms[0].text)
    field.set_kind("string", firm=False)
    field.pattern = f"^[^{character}]+{character}[^{character}]+$"


def _apply_holding(field: Field, part: Term) -> None:
    field.set_kind("string", firm=False)
    field.pattern = re.escape(part.terms[0].text)


def _apply_reaches(field: Field, part: Term) -> None:
    character = re.escape(part.terms[0].text)
    field.set_kind("string", firm=False)
    field.pattern = f"^[^{character}]+{character}"


def _apply_all_of(field: Field, part: Term) -> None:
    apply_bound(field, part.terms[0])


def _apply_never(field: Field, part: Term) -> None:
    """The value is never so: negative, empty, zero."""
    wrong = part.terms[0]
    for one in wrong.terms if wrong.head == "or" else (wrong,):
        opposite = _NEVER.get(one.head)
        if opposite is None:
            raise NotUnderstoodError(one.head)
        _apply_part(field, Term(opposite, one.args))


def _apply_ne(field: Field, part: Term) -> None:
    field.excluded.append(amount_of(part)[0])


def _apply_charset(field: Field, part: Term) -> None:
    field.set_kind("string", firm=False)
    if field.pattern is not None:
        raise NotUnderstoodError("two forms of one text")
    field.pattern = f"^[{part.text}]*$"


_NEVER = {
    "lt": "ge", "le": "gt", "gt": "le", "ge": "lt", "eq": "ne", "empty": "filled", "blank": "unblank",
    "missing": "required",
}  # fmt: skip
_SIMPLE: dict[str, Callable[[Field, Term], None]] = {
    "oneof": _apply_choices,
    "default": _apply_default,
    "optional": _apply_optional,
    "filled": _apply_filled,
    "unblank": _apply_unblank,
    "format": _apply_format,
    "count_is": _apply_count,
    "distinct": _apply_distinct,
    "like": _apply_like,
    "holding": _apply_holding,
    "contains": _apply_holding,
    "reaches": _apply_reaches,
    "all_of": _apply_all_of,
    "one_between": _apply_between,
    "decimals": _apply_decimals,
    "never": _apply_never,
    "ne": _apply_ne,
    "charset": _apply_charset,
    "letters": _apply_letters,
    "capitals": _apply_letters,
    "digits": _apply_letters,
}
