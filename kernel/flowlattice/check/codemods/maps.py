"""Putting a `Map` between two nodes, with the function that makes one record from the other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from pathlib import PurePosixPath

import libcst as cst

from flowlattice.check.codemods._places import at, flow_variable
from flowlattice.check.codemods._spelling import Spelling
from flowlattice.check.conversion import conversion
from flowlattice.check.finding import listed
from flowlattice.check.imports import bound_names, classes, imported_names, with_import
from flowlattice.check.rewrite import Rewrite
from flowlattice.ir.model import FlowIR, Source

_APART = [cst.EmptyLine(indent=False), cst.EmptyLine(indent=False)]


def insert_map(module: cst.Module, flow: FlowIR, edge: Source, given: str, taken: str) -> Rewrite | None:
    """Let what is connected at a place go through a `Map` that makes the record `taken` from `given`.

    Args:
        module: The file.
        flow: The flow, for its records.
        edge: The span of the `connect` call, a statement of its own at the top of the file.
        given: The record that is given.
        taken: The record that is taken.
    """
    place = _Connected.find(module, edge)
    if place is None:
        return None
    names = _Names(bound_names(module))
    parameter, function = names.free(_snake(given)), names.free(f"as_{_snake(taken)}")
    made = conversion(flow, given, taken, parameter)
    imports = _imports(module, flow, {given, *made.records}, edge.file)
    before = _before(module, {given, *made.records}, place.number)
    if imports is None or before is None:
        return None
    variable = names.free(f"to_{_snake(taken)}")
    spelling = Spelling(module)
    parameters = [f"{parameter}: {given}", *(f"{name}: {type_}" for name, type_ in made.missing.items())]
    text = f"def {function}({', '.join(parameters)}) -> {taken}:\n    return {made.expression}\n"
    defined = cst.ensure_type(cst.parse_statement(text), cst.FunctionDef).with_changes(leading_lines=_APART)
    body = _inserted(
        module, place, before, defined, place.through(variable, spelling.expression("Map", ["Map"]), function)
    )
    done = spelling.imported(module.with_changes(body=body))
    for name, origin in imports.items():
        done = with_import(done, name, package=origin)
    return Rewrite(text=done.code, title=_title(given, taken, made.missing))


def _title(given: str, taken: str, missing: Iterable[str]) -> str:
    left = list(missing)
    title = f"put a Map in between that makes {taken} from {given}"
    return f"{title}, and say where {listed(left)} come{'s'[: len(left) == 1]} from" if left else title


@dataclass
class _Connected:
    """A `connect` call that is a statement of its own at the top of a file."""

    number: int
    statement: cst.SimpleStatementLine
    call: cst.Call

    @staticmethod
    def find(module: cst.Module, edge: Source) -> _Connected | None:
        call = at(module, edge, cst.Call)
        if call is None or len(call.args) < 2 or any(arg.keyword or arg.star for arg in call.args[:2]):
            return None
        for number, statement in enumerate(module.body):
            if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1:
                part = statement.body[0]
                if isinstance(part, cst.Expr) and part.value is call:
                    return _Connected(number, statement, call)
        return None

    def through(self, variable: str, combinator: cst.BaseExpression, function: str) -> list[cst.SimpleStatementLine]:
        """The statements that connect through a map instead; what the call says of the edge stays at its end."""
        through = cst.Name(variable)
        made = cst.Assign([cst.AssignTarget(through)], cst.Call(combinator, [cst.Arg(cst.Name(function))]))
        first = cst.Call(self.call.func, [cst.Arg(self.call.args[0].value), cst.Arg(through)])
        second = self.call.with_changes(args=[self.call.args[0].with_changes(value=through), *self.call.args[1:]])
        lines = self.statement.leading_lines
        return [
            cst.SimpleStatementLine([made], leading_lines=lines),
            cst.SimpleStatementLine([cst.Expr(first)]),
            self.statement.with_changes(body=[cst.Expr(second)], leading_lines=[]),
        ]


def _before(module: cst.Module, records: set[str], connected: int) -> int | None:
    """Before which statement a function can stand: the flow, if its records are known there; else the connection."""
    known = [
        number
        for number, part in enumerate(module.body)
        if isinstance(part, cst.ClassDef) and part.name.value in records
    ]
    flow = flow_variable(module)
    made = next(
        (
            number
            for number, part in enumerate(module.body)
            if isinstance(part, cst.SimpleStatementLine)
            and any(isinstance(one, cst.Assign) and _assigns(one, flow) for one in part.body)
        ),
        connected,
    )
    last = max(known, default=-1)
    return made if last < made <= connected else connected if last < connected else None


def _assigns(statement: cst.Assign, name: str | None) -> bool:
    return any(isinstance(one.target, cst.Name) and one.target.value == name for one in statement.targets)


def _inserted(
    module: cst.Module,
    place: _Connected,
    before: int,
    function: cst.FunctionDef,
    statements: list[cst.SimpleStatementLine],
) -> list[cst.CSTNode]:
    body: list[cst.CSTNode] = [*module.body[: place.number], *statements, *module.body[place.number + 1 :]]
    after = body[before]
    if isinstance(after, cst.SimpleStatementLine) and not any(line.comment is None for line in after.leading_lines):
        body[before] = after.with_changes(leading_lines=[*_APART, *after.leading_lines])
    return [*body[:before], function, *body[before:]]


def _imports(module: cst.Module, flow: FlowIR, records: set[str], file: str) -> dict[str, str] | None:
    """Where the records are imported from that the file does not know; none if one cannot be."""
    known = {*classes(module), *imported_names(module)}
    found = {}
    for name in sorted(records - known):
        place = flow.places.get(name)
        if place is None or place.file == file or name in bound_names(module):
            return None
        found[name] = _relative(file, place.file)
    return found


def _relative(here: str, there: str) -> str:
    """How a file of the flow's folder imports another one: `.parts.records`."""
    package, target = PurePosixPath(here).parent.parts, PurePosixPath(there).with_suffix("").parts
    shared = next((n for n, (one, other) in enumerate(zip(package, target, strict=False)) if one != other), None)
    same = min(len(package), len(target) - 1) if shared is None else shared
    return "." * (1 + len(package) - same) + ".".join(target[same:])


class _Names:
    """Names that a file does not use yet."""

    def __init__(self, taken: set[str]) -> None:
        self._taken = set(taken)

    def free(self, wanted: str) -> str:
        found = next(name for n in count(1) if (name := wanted if n == 1 else f"{wanted}_{n}") not in self._taken)
        self._taken.add(found)
        return found


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
