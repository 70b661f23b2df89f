"""What is known of a route while its brief is read, and which statements belong to which route."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl

from pydantic import JsonValue

from flowlattice_agents.models.offline.fields import Field, number_of
from flowlattice_agents.models.offline.terms import Term

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
METHODS: dict[str, Method] = {"GET": "GET", "POST": "POST", "PUT": "PUT", "PATCH": "PATCH", "DELETE": "DELETE"}


@dataclass(frozen=True)
class Gap:
    """Something that must be asked."""

    slot: str
    text: str
    assumption: str | None = None


@dataclass
class Clause:
    """A stretch of the brief with its meaning, and what became of it."""

    text: str
    meaning: Term
    sentence: int
    became: str = ""
    title: bool = False


@dataclass
class Sample:
    """An example that the brief gives: request values by field, and what must come back."""

    inputs: dict[str, JsonValue]
    status: int | None = None
    json_body: JsonValue = None
    text: str | None = None


@dataclass
class Route:
    """A route as far as it is understood; `clauses` are those that speak of it, in order; `alone`: the only one."""

    path: str
    method: Method | None = None
    fields: dict[str, Field] = field(default_factory=dict)
    clauses: list[Clause] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)
    deadline_ms: int | None = None
    shown: dict[str, JsonValue] = field(default_factory=dict)
    placeholders: dict[str, str] = field(default_factory=dict)
    alone: bool = True

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in the path."""
        return tuple(re.findall(r"\{(\w+)\}", self.path))

    def add(self, found: Field) -> Field:
        """Know a field; one already known is kept."""
        known = self.fields.setdefault(found.name, found)
        if known is not found:
            known.optional = known.optional or found.optional
        return known

    def all_fields(self) -> Iterator[tuple[str, Field]]:
        """Every field outside lists with its path in expressions, outer ones first."""
        pending = [(name, known) for name, known in self.fields.items()]
        for path, known in pending:
            yield path, known
            pending.extend((f"{path}.{name}", child) for name, child in known.children.items())

    def find(self, name: str) -> Field | None:
        """The field of that name, also inside objects and lists, where there is only one."""
        name = self.placeholders.get(name, name)
        if name in self.fields:
            return self.fields[name]
        found = [inner for known in self.fields.values() for inner in known.walk() if inner.name == name]
        return found[0] if len(found) == 1 else None


def with_parameters(path: str, names: Mapping[str, str]) -> str:
    """A path in which an example value stands for a parameter, as a template: `/factorial/{n=5}`."""
    bare, mark, query = path.partition("?")
    head, _, last = bare.rpartition("/")
    return f"{head}/{{{names[last]}={last}}}{mark}{query}" if last in names else path


def split_path(text: str) -> tuple[str, dict[str, str]]:
    """A path without its query, and the query's values."""
    path, _, query = text.partition("?")
    path = re.sub(r"\{(\w+)=[^}]*\}", r"{\1}", path)
    return path.rstrip("/") or "/", dict(parse_qsl(query, keep_blank_values=True))


def values_in(text: str, template: str) -> dict[str, str]:
    """The example values that a mention of a path holds, in its query and in place of the template's parameters."""
    path, query = split_path(text)
    found = match_template(template, path) or {}
    concrete = {name: value for name, value in found.items() if value != f"{{{name}}}"}
    return {**query, **concrete, **dict(re.findall(r"\{(\w+)=([^}]*)\}", text))}


def match_template(template: str, path: str) -> dict[str, str] | None:
    """The values of a template's parameters in a concrete path, none where it does not fit."""
    pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
    match = re.fullmatch(pattern, path)
    return match.groupdict() if match else None


def known_route(routes: Iterable[Route], method: str | None, path: str) -> Route | None:
    """The route that a mention of a path means, where it is known already."""
    for route in routes:
        if route.path == path and (method is None or route.method is None or route.method == method):
            return route
    for route in routes:
        if route.parameters and match_template(route.path, path) is not None and method in {None, route.method}:
            return route
    return None


def milliseconds(duration: Term) -> int:
    """A duration of the grammar in milliseconds, rounded up."""
    factor = {"ms": 1, "seconds": 1000, "minutes": 60_000, "hours": 3_600_000}[duration.head]
    return math.ceil(float(number_of(duration.terms[0].text)) * factor)
