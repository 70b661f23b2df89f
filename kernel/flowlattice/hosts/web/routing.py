"""Finding the route of a path, segment by segment, so that an encoded slash stays part of its segment.

Paths are compared after percent-decoding; a trailing slash makes another path. What is spelled out goes before what is
a parameter. Starlette's router is not used because it decodes the whole path first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from urllib.parse import unquote

from flowlattice.errors import UsageError

T = TypeVar("T")

_PARAMETER = re.compile(r"\{(\w+)\}")


class RouteConflict(UsageError):
    """Two routes that no request can tell apart, or one that the host needs for itself."""


@dataclass
class _Template(Generic[T]):
    segments: list[re.Pattern[str]]
    names: list[str]
    methods: dict[str, T]

    def match(self, segments: list[str]) -> dict[str, str] | None:
        if len(segments) != len(self.segments):
            return None
        values: list[str] = []
        for pattern, segment in zip(self.segments, segments, strict=True):
            found = pattern.fullmatch(segment)
            if found is None:
                return None
            values += found.groups()
        return dict(zip(self.names, values, strict=True))


@dataclass(frozen=True)
class Match(Generic[T]):
    """What a request's path leads to: the route of its method, if there is one, and all methods there are."""

    route: T | None
    parameters: dict[str, str] = field(default_factory=dict)
    allowed: frozenset[str] = frozenset()


class RouteTable(Generic[T]):
    """Routes by path and method."""

    def __init__(self) -> None:
        self._exact: dict[str, dict[str, T]] = {}
        self._templates: dict[str, _Template[T]] = {}

    def add(self, method: str, path: str, route: T) -> None:
        """Add a route.

        Raises:
            RouteConflict: There is one for the same method and paths.
        """
        shape = _PARAMETER.sub("{}", path)
        if shape == path:
            methods = self._exact.setdefault(path, {})
        else:
            methods = self._templates.setdefault(shape, _Template(*_pattern(path), {})).methods
        if method in methods:
            raise RouteConflict(f"{method} {path} is there twice; give one of the two another path")
        methods[method] = route
        # Spelled-out segments sort before parameters, so that the most literal template is tried first.
        self._templates = dict(sorted(self._templates.items(), key=lambda item: item[0].replace("{}", "\U0010ffff")))

    def exact(self, path: str, method: str) -> T | None:
        """The route of a path without parameters: the common case, one look-up."""
        methods = self._exact.get(path)
        return None if methods is None else methods.get(method)

    def find(self, raw_path: bytes, method: str) -> Match[T]:
        """The route of a path as it was sent.

        Bytes that are no UTF-8 come out of percent-decoding as lone surrogates, which no text may hold.
        """
        segments = [unquote(part, errors="surrogateescape") for part in raw_path.decode("latin-1").split("/")]
        found: list[tuple[dict[str, T], dict[str, str]]] = []
        if (exact := self._exact.get("/".join(segments))) is not None and not any("/" in part for part in segments):
            found.append((exact, {}))
        for template in self._templates.values():
            parameters = template.match(segments)
            if parameters is not None:
                found.append((template.methods, parameters))
        allowed = frozenset(name for methods, _ in found for name in methods)
        for methods, parameters in found:
            if method in methods:
                return Match(methods[method], parameters, allowed)
        return Match(None, {}, allowed)


def _pattern(path: str) -> tuple[list[re.Pattern[str]], list[str]]:
    segments = []
    for part in path.split("/"):
        pieces = _PARAMETER.split(part)
        pattern = "".join("(.+)" if index % 2 else re.escape(piece) for index, piece in enumerate(pieces))
        segments.append(re.compile(pattern, re.DOTALL))
    return segments, _PARAMETER.findall(path)
