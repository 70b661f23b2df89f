"""Changes of single fields and constants: bounds, choices, defaults, what a reply says."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from flowlattice_agents.models.base import Question
from flowlattice_agents.models.offline.fields import Field, Kind, json_of
from flowlattice_agents.models.offline.shapes import NotUnderstoodError, apply_description
from flowlattice_agents.models.offline.terms import Term
from flowlattice_agents.spec import ClauseAccount, FieldSpec, FlowSpec, ReplySpec, RouteSpec

_SIDES = {
    "minimum": "low", "exclusive_minimum": "low", "maximum": "high", "exclusive_maximum": "high",
    "min_length": "short", "max_length": "long", "min_items": "few", "max_items": "many",
}  # fmt: skip
_KINDS: dict[str, Kind] = {
    "string": "string", "integer": "integer", "number": "number", "boolean": "boolean", "date": "date",
}  # fmt: skip


class FieldChanges:
    """Applies what a request says of fields and constants to a spec."""

    def __init__(self, spec: FlowSpec) -> None:
        self.original = self.spec = spec
        self.questions: list[Question] = []
        self.accounts: list[ClauseAccount] = []

    def ask(self, slot: str, text: str) -> None:
        """Ask, once."""
        question = Question(slot=slot, text=text)
        if question not in self.questions:
            self.questions.append(question)

    def field(self, name: str) -> tuple[str, FieldSpec]:
        """The record and the field that a name means.

        Raises:
            NotUnderstoodError: No field has that name, or several have.
        """
        found = [(record.name, one) for record in self.spec.records for one in record.fields if one.wire_name == name]
        if len(found) != 1:
            raise NotUnderstoodError(name)
        return found[0]

    def put(self, record: str, changed: FieldSpec) -> None:
        """Put a field in the place of the one of that name."""
        records = tuple(
            known.model_copy(
                update={"fields": tuple(changed if one.name == changed.name else one for one in known.fields)}
            )
            if known.name == record
            else known
            for known in self.spec.records
        )
        self.spec = self.spec.model_copy(update={"records": records})

    def _change_field(self, meaning: Term) -> str:
        name, description = meaning.terms[0].text, meaning.terms[1]
        record, known = self.field(name)
        self.compare_old(meaning, known)
        told = _field_of(known)
        apply_description(told, description)
        if told.kind not in {_field_of(known).kind} or told.pattern or told.choices:
            raise NotUnderstoodError(name)
        sides = {_SIDES[limit] for limit in told.limits}
        update: dict[str, object] = {limit: None for limit, side in _SIDES.items() if side in sides}
        update |= told.limits
        if told.default is not None:
            update |= {"default": told.default, "required": False}
        elif told.optional:
            update |= {"required": False}
        if not update:
            raise NotUnderstoodError(name)
        self.put(record, known.model_copy(update=update))
        listed = ", ".join(f"{key} {value}" for key, value in update.items() if value is not None)
        return f"field {name}: {listed}"

    def compare_old(self, meaning: Term, known: FieldSpec) -> None:
        """Ask where a request takes a bound or default to be otherwise than it is."""
        now = {
            "was_high": known.maximum if known.maximum is not None else known.max_length,
            "was_low": known.minimum if known.minimum is not None else known.min_length,
            "was_default": known.default,
        }
        for part in meaning.terms:
            if part.head in now and part.terms and json_of(part.terms[0]) != now[part.head]:
                self.ask("contradiction", f"`{known.wire_name}` has {now[part.head]} there now. Is it what you mean?")

    def _require_field(self, meaning: Term) -> str:
        record, known = self.field(meaning.terms[0].text)
        self.put(record, known.model_copy(update={"required": True, "default": None}))
        return f"field {known.wire_name} is required"

    def _add_choices(self, meaning: Term) -> str:
        record, known = self.field(meaning.terms[0].text)
        added = tuple(one for one in _choices(meaning.terms[1]) if one not in known.choices)
        if not known.choices or not added:
            raise NotUnderstoodError(known.wire_name)
        self.put(record, known.model_copy(update={"choices": (*known.choices, *added)}))
        return f"field {known.wire_name} may also be {', '.join(map(str, added))}"

    def _drop_choices(self, meaning: Term) -> str:
        record, known = self.field(meaning.terms[0].text)
        gone = _choices(meaning.terms[1])
        kept = tuple(one for one in known.choices if one not in gone)
        if len(kept) != len(known.choices) - len(gone) or not kept:
            raise NotUnderstoodError(known.wire_name)
        self.put(record, known.model_copy(update={"choices": kept}))
        return f"field {known.wire_name} may no longer be {', '.join(map(str, gone))}"

    # Constants

    def _swap_constant(self, meaning: Term) -> str:
        """A text of the replies in the place of another, wherever it stands."""
        old, new = meaning.terms[0].text, meaning.terms[1].text
        self.rewrite(lambda body: _swapped(body, old, new))
        return f'"{new}" in the place of "{old}"'

    def _set_constant(self, meaning: Term) -> str:
        """The constant value of a member of the replies."""
        name, new, *old = meaning.terms
        before: list[object] = [json_of(one) for one in old]
        self.rewrite(lambda body: _with_member(body, name.text, json_of(new), before))
        return f"`{name.text}` in the reply is {json_of(new)!r}"

    def rewrite(self, step: Callable[[str], str | None]) -> None:
        """Rewrite the bodies of all replies.

        Raises:
            NotUnderstoodError: No reply is rewritten by it.
        """
        changed = False

        def reply(known: ReplySpec) -> ReplySpec:
            nonlocal changed
            body = step(known.body) if known.body is not None else None
            changed = changed or body is not None
            return known if body is None else known.model_copy(update={"body": body})

        def route(known: RouteSpec) -> RouteSpec:
            cases = tuple(case.model_copy(update={"reply": reply(case.reply)}) for case in known.cases)
            return known.model_copy(update={"reply": reply(known.reply), "cases": cases})

        self.spec = self.spec.model_copy(update={"routes": tuple(map(route, self.spec.routes))})
        if not changed:
            raise NotUnderstoodError("no such constant")


def _field_of(known: FieldSpec) -> Field:
    """A field of which only the type is known."""
    if known.type.startswith("list["):
        inner = known.type[5:-1]
        return Field(known.wire_name, "list", True, Field("item", _KINDS.get(inner, "object"), True))
    return Field(known.wire_name, _KINDS.get(known.type, "object"), True)


def _choices(terms: Term) -> tuple[str | int, ...]:
    found: list[str | int] = []
    for one in terms.terms:
        value = one.terms[0].text if one.head == "str_of" else json_of(one)
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise NotUnderstoodError("a choice")
        found.append(value)
    return tuple(found)


def _swapped(body: str, old: str, new: str) -> str | None:
    """The expression with a text inside its string constants replaced; none where it has none."""
    tree = ast.parse(body, mode="eval")
    changed = False
    keys = {id(key) for node in ast.walk(tree) if isinstance(node, ast.Dict) for key in node.keys}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in keys
            and old in node.value
        ):
            node.value = node.value.replace(old, new)
            changed = True
    return ast.unparse(tree.body) if changed else None


def _with_member(body: str, name: str, new: object, before: Sequence[object]) -> str | None:
    """The dict display with another constant for a member; none where it has no such member."""
    tree = ast.parse(body, mode="eval")
    changed = False
    for node in ast.walk(tree):
        for place, key in enumerate(node.keys) if isinstance(node, ast.Dict) else ():
            assert isinstance(node, ast.Dict)
            value = node.values[place]
            named = isinstance(key, ast.Constant) and key.value == name
            if named and isinstance(value, ast.Constant) and (not before or value.value in before):
                node.values[place] = ast.Constant(new)  # type: ignore[arg-type]  # a JSON scalar
                changed = True
    return ast.unparse(tree.body) if changed else None
