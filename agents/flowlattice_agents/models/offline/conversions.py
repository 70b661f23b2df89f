"""What an example of numbers shows without words for it: a change of units, a price times a count, signs in a row.

Each is taken only where it gives every value that the examples show.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set

from pydantic import JsonValue

from flowlattice_agents.expressions import INTEGER, NUMBER, STRING
from flowlattice_agents.models.offline.evaluation import gives
from flowlattice_agents.models.offline.names import parts_of
from flowlattice_agents.models.offline.routes import Route, Sample
from flowlattice_agents.models.offline.scope import Scope, Typed

_LONG = 4
_TIMES = {2: frozenset(("twic", "doubl")), 3: frozenset(("thric", "tripl", "thr"))}
_SWAPPING = frozenset(("swap", "swapp", "exchang", "interchang"))
Wanted = Sequence[tuple[Sample, JsonValue]]
_SCALES: tuple[dict[str, int], ...] = (
    {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800},
    {"millimeter": 1, "centimeter": 10, "meter": 1000, "kilometer": 1_000_000},
    {"milligram": 1, "gram": 1000, "kilogram": 1_000_000},
    {"milliliter": 1, "liter": 1000},
    {"cent": 1, "euro": 100},
    {"cent": 1, "dollar": 100},
)
_SHORT = {
    "s": "second", "sec": "second", "min": "minute", "h": "hour", "mm": "millimeter", "cm": "centimeter",
    "m": "meter", "km": "kilometer", "mg": "milligram", "g": "gram", "kg": "kilogram", "ml": "milliliter",
    "l": "liter", "eur": "euro", "usd": "dollar",
}  # fmt: skip
_EACH = frozenset("price cost rate fee wage fare".split())
_COUNT = frozenset(
    "quantity qty count nights hours days seats tickets people guests copies units pieces months".split()
)
_SUMS = frozenset("total cost price sum amount due pay".split())


def shown_values(key: str, scope: Scope, route: Route, wanted: Wanted, words: Set[str]) -> list[Typed]:
    """The readings of a reply's field that its examples show."""
    texts = [*_candidates(key, scope, wanted, words), *(_swapped(key, scope) if words & _SWAPPING else ())]
    found = (typed for text in texts for typed in [scope.typed(text)] if typed)
    return [typed for typed in found if all(gives(typed.text, one.inputs, route, value) for one, value in wanted)][:1]


def _candidates(key: str, scope: Scope, wanted: Wanted, words: Set[str]) -> Iterator[str]:
    fields = {name: scope.paths[name] for name in scope.subjects if name in scope.paths}
    numbers = {name: path for name, path in fields.items() if scope.names.get(path) in (INTEGER, NUMBER)}
    yield from _units(key, numbers)
    yield from _products(key, numbers)
    if len(fields) == 1:
        yield from _rows(numbers, wanted)
        texts = [path for path in fields.values() if scope.names.get(path) == STRING]
        counts = [count for count, said in _TIMES.items() if words & said and _long(wanted)]
        yield from (f"text.repeat({path}, {count}, '')" for path in texts for count in counts)


def _swapped(key: str, scope: Scope) -> Iterator[str]:
    """The other of two fields, where the brief speaks of swapping."""
    names = [name for name in scope.subjects if name in scope.paths]
    if key in names and len(names) == 2:
        yield from (scope.paths[name] for name in names if name != key)


def _units(key: str, numbers: dict[str, str]) -> Iterator[str]:
    for name, path in numbers.items():
        for scale in _SCALES:
            one, other = _unit(name, scale), _unit(key, scale)
            if one and other and one != other and scale[one] > scale[other]:
                yield f"{path} * {scale[one] // scale[other]}"
            elif one and other and one != other:
                yield f"numbers.divide({path}, {scale[other] // scale[one]})"


def _unit(name: str, scale: dict[str, int]) -> str | None:
    last = parts_of(name)[-1].replace("metre", "meter").replace("litre", "liter")
    unit = _SHORT.get(last, last.removesuffix("s"))
    return unit if unit in scale else None


def _products(key: str, numbers: dict[str, str]) -> Iterator[str]:
    each = [path for name, path in numbers.items() if set(parts_of(name)) & _EACH]
    counts = [path for name, path in numbers.items() if set(parts_of(name)) & _COUNT]
    if len(each) == len(counts) == 1 and len(numbers) == 2 and set(parts_of(key)) & _SUMS:
        yield f"{each[0]} * {counts[0]}"
        yield f"numbers.round_half_up({each[0]} * {counts[0]}, 2)"


def _long(wanted: Wanted) -> bool:
    """Whether the texts that are shown are long enough to be no coincidence."""
    return all(isinstance(text, str) and len(text) >= _LONG for _, text in wanted)


def _rows(numbers: dict[str, str], wanted: Wanted) -> Iterator[str]:
    signs = {value for _, texts in wanted if isinstance(texts, str) for value in texts}
    if len(signs) == 1 and len(numbers) == 1 and all(isinstance(text, str) and len(text) > 1 for _, text in wanted):
        yield f"text.repeat({signs.pop()!r}, {next(iter(numbers.values()))}, '')"
