"""Bodies of nodes: steps, checks and the value of a reply become the statements of a pure function."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from flowlattice.headers import header_value
from flowlattice.operators import catalogue
from flowlattice_agents import expressions
from flowlattice_agents.errors import ExpressionError
from flowlattice_agents.expressions import ListType, OptionalType, RecordType, Type
from flowlattice_agents.rendering.records import Records, most_sensitive
from flowlattice_agents.rendering.text import Names, double_quoted, literal, statement
from flowlattice_agents.spec import CheckSpec, ReplySpec, RouteSpec, StepSpec

REQUEST = "req"


@dataclass
class Body:
    """The statements of one function over a request.

    Attributes:
        route: The route that it is for.
        records: Where the records that it builds are rendered.
        types: The types of the names that expressions may use, fields and steps so far.
        rename: What each name is in the function.
        classes: Data class of each name.
        lines: The statements.
    """

    route: RouteSpec
    records: Records
    types: dict[str, Type] = field(default_factory=dict)
    rename: dict[str, str] = field(default_factory=dict)
    classes: dict[str, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.types |= expressions.functions_of(self.records.spec)
        accepted = self.records.spec.record(self.route.accepts)
        if accepted is None:
            return
        self.types |= expressions.names_of_record(accepted.name, self.records.spec)
        for part in accepted.fields:
            self.rename[part.name] = f"{REQUEST}.{part.name}"
            self.classes[part.name] = part.data or accepted.data or "public"

    def expression(self, text: str, hint: str = "Value") -> str:
        """The Python source of an expression; records that it builds are named after `hint`."""

        def write(of: RecordType, fields: Mapping[str, str]) -> str:
            classes = {name: self._class_of(source) for name, source in fields.items()}
            name = of.name or self.records.built(of, hint, classes)
            return f"{name}({', '.join(f'{key}={value}' for key, value in fields.items())})"

        source, families = expressions.render(text, self.types, self.rename, write)
        self.records.imports.operators |= families
        return double_quoted(source)

    def compute(self, steps: Sequence[StepSpec], checks: Sequence[CheckSpec]) -> None:
        """All steps in order, each check as soon as what it needs is there."""
        waiting = list(checks)
        self._check_ready(waiting)
        for step in steps:
            self._step(step)
            self._check_ready(waiting)

    def compute_for(self, steps: Sequence[StepSpec], needed: Iterable[str]) -> None:
        """Only the steps that some expressions need, directly or through other steps."""
        wanted = expressions.needed_steps(steps, needed)
        for step in steps:
            if step in wanted:
                self._step(step)
            else:
                self.types[step.name] = expressions.check(step.value, self.types)

    def returns(self, reply: ReplySpec, hint: str) -> str:
        """Return what a respond makes a reply from; gives the function's return annotation.

        Args:
            reply: A reply with a body, or with headers that are worked out.
            hint: The name of the record of its body.

        Raises:
            ExpressionError: The body or a header is not of the type that it must have.
        """
        body = None if reply.kind == "empty" else self._body(reply, hint)
        headers = worked_out(reply)
        if body is not None and not headers:
            self.lines.append(wrapped_return(body[0]))
            return body[1]
        name = self.records.names.take(f"{hint.removesuffix('Out')}Answer")
        arguments, fields = ([f"body={body[0]}"], [("body", body[1], "body=True")]) if body else ([], [])
        attributes = expressions.identifiers(["body", *headers])
        for header, text in headers.items():
            attribute = attributes[header].lower()
            arguments.append(f"{attribute}={self.expression(text)}")
            fields.append((attribute, self._header(header, text), f"header={literal(header)}"))
        source = f"{name}({', '.join(arguments)})"
        self.records.answer(name, fields, self._class_of(source))
        self.lines.append(wrapped_return(source))
        return name

    def _header(self, header: str, text: str) -> str:
        """The annotation of a header's value."""
        found = expressions.check(text, self.types)
        inner = found.item if isinstance(found, OptionalType) else found
        if inner not in (expressions.STRING, expressions.INTEGER, expressions.DATE):
            raise ExpressionError(
                f"the header {header} is a text, a whole number or a date, not {found}", expression=text
            )
        return self.records.annotation(found)

    def _body(self, reply: ReplySpec, hint: str) -> tuple[str, str]:
        """Source and annotation of a reply's body."""
        body = reply.body or ""
        found = expressions.check(body, self.types)
        if reply.kind in ("text", "html") and found != expressions.STRING:
            raise ExpressionError(f"a reply of kind {reply.kind} is text, not {found}", expression=body)
        if reply.kind == "events" and not isinstance(found, ListType):
            raise ExpressionError(f"a reply of kind events is a list, not {found}", expression=body)
        source = self.expression(body, hint)
        return source, self.records.annotation(found, hint)

    def _step(self, step: StepSpec) -> None:
        if step.meaning:
            self.lines.append(f"    # {' '.join(step.meaning.split())}")
        functions = [function.name for function in self.records.spec.functions]
        module = [REQUEST, "flow", "require", *functions, *self.records.sources, *operator_families()]
        taken = Names([*self.rename.values(), *module])
        local = taken.take(step.name, f"{step.name}_value")
        source = self.expression(step.value, step.name)
        self.classes[step.name] = self._class_of(source)
        self.types[step.name] = expressions.check(step.value, self.types)
        self.rename[step.name] = local
        self.lines.append(statement(f"{local} = ", source))

    def _check_ready(self, waiting: list[CheckSpec]) -> None:
        ready = [check for check in waiting if expressions.free_names(check.require) <= set(self.types)]
        waiting[:] = [check for check in waiting if check not in ready]
        fields = list(dict.fromkeys(check.field for check in ready))
        if len(fields) > 1:
            self._check_all(ready, fields)
            return
        for check in ready:
            self.records.imports.flowlattice.add("require")
            condition = self.expression(check.require)
            self.lines.append(f"    require({condition}, {literal(self._wire(check.field))}, {literal(check.reason)})")

    def _check_all(self, checks: Sequence[CheckSpec], fields: Sequence[str]) -> None:
        """Checks of several fields at once: the caller is told of each field with the first reason against it."""
        self.records.imports.flowlattice.add("require_all")
        entries = []
        for name in fields:
            own = [check for check in checks if check.field == name]
            reasons = [f"{literal(check.reason)} if not ({self.expression(check.require)}) else " for check in own]
            entries.append(f"        {literal(self._wire(name))}: {''.join(reasons)}None,\n")
        self.lines.append(f"    require_all({{\n{''.join(entries)}    }})")

    def _wire(self, name: str) -> str:
        accepted = self.records.spec.record(self.route.accepts)
        blamed = accepted.field(name) if accepted else None
        return blamed.wire_name if blamed else name

    def _class_of(self, source: str) -> str:
        """The most sensitive class among what a piece of rendered source reads."""
        inner = {name: data for name, data in self.classes.items() if _reads(source, self.rename.get(name, name))}
        return most_sensitive(inner.values())


def always(reply: ReplySpec) -> dict[str, str]:
    """The headers of a reply that are constant texts."""
    return {name: value for name, text in reply.headers.items() if (value := _constant(text)) is not None}


def worked_out(reply: ReplySpec) -> dict[str, str]:
    """The expressions of the headers that are not."""
    return {name: text for name, text in reply.headers.items() if _constant(text) is None}


def _constant(text: str) -> str | None:
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except SyntaxError:
        return None
    if isinstance(tree, ast.Constant) and isinstance(tree.value, str):
        return header_value(tree.value)
    return None


def wrapped_return(source: str) -> str:
    """`return Name(...)`, with one argument a line where it is too long."""
    line = f"    return {source}"
    if len(line) <= 110:
        return line
    tree = ast.parse(source, mode="eval").body
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and not tree.args:
        arguments = [f"{word.arg}={double_quoted(ast.unparse(word.value))}" for word in tree.keywords]
        inner = "".join(f"        {argument},\n" for argument in arguments)
        return f"    return {tree.func.id}(\n{inner}    )"
    return statement("return ", source)


def operator_families() -> frozenset[str]:
    """The names of all families of operators, each of which a flow file may import."""
    return frozenset(operator.family for operator in catalogue().values())


def _reads(source: str, name: str) -> bool:
    return re.search(rf"(?<![\w.]){re.escape(name)}(?!\w)", source) is not None
