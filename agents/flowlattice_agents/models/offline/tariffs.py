"""Values by rules of business: units converted by formulas, prices by tier and started unit, surcharges on them."""

from __future__ import annotations

from collections.abc import Sequence

from flowlattice_agents.expressions import INTEGER, NUMBER, ListType, RecordType
from flowlattice_agents.models.offline.lowering import Lowering
from flowlattice_agents.models.offline.names import parts_of
from flowlattice_agents.models.offline.references import FACTORS
from flowlattice_agents.models.offline.scope import Typed
from flowlattice_agents.models.offline.sources import Readings, Sources, about_result
from flowlattice_agents.models.offline.spoken import matches_name, singular
from flowlattice_agents.models.offline.terms import Term, term
from flowlattice_agents.models.offline.unit_formulas import converted, units_of

_COUNTS = frozenset("qty quantity count pieces units".split())
_PRICES = frozenset({"price"})
_SPOKEN = {
    "kilogram": "kg", "gram": "g", "kilometre": "km", "metre": "m", "centimetre": "cm", "millimetre": "mm",
    "minute": "min", "hour": "h", "second": "s", "euro": "euro", "cent": "cents",
}  # fmt: skip


class Tariffs(Sources):
    """The readings of conversions and tariffs for a field of the reply."""

    def from_conversions(self, key: str) -> Readings:
        """The number of the request in another unit, by the formulas that the brief tells."""
        told = self.material.conversions
        numbers = self.numbers()
        if not told or len(numbers) != 1 or key in {name for pair in units_of(self.route.fields) for name in pair}:
            return []
        found: Readings = []
        for given, wanted in units_of(self.route.fields):
            names = self.scope.paths[given], self.scope.paths[wanted]
            units = [str(choice) for choice in self.route.fields[given].choices or ()]
            text = converted([one for one, _ in told], units, numbers[0].text, *names)
            found += [(typed, None) for typed in self.scope_typed(text or "")]
        for _, clause in told:
            self.note([typed for typed, _ in found], clause, f"how `{key}` is converted")
        return found

    def from_bands(self, key: str, choices: Sequence[Term] | None) -> Readings:
        """A value by range, with what is said to be added to it."""
        found = super().from_bands(key, choices)
        if choices is not None or key in self.material.key_bands:
            return found
        for condition, operation, clause in self.material.surcharges:
            found = [(typed, None) for base, _ in found for typed in self.surcharged(key, base, condition, operation)]
            for typed, _ in found:
                self.note([typed], clause, f"what is added to `{key}`")
        return found

    def from_key(self, key: str) -> Readings:
        """What a key says; a subtotal of lines that have a quantity and a price each is the usual one."""
        return self.subtotal(key) or super().from_key(key)

    def subtotal(self, key: str) -> Readings:
        """The sum of quantity times price, where the lines have just one of each."""
        if "subtotal" not in parts_of(key):
            return []
        found: Readings = []
        for typed in self.lowering().subjects():
            record = typed.type.item if isinstance(typed.type, ListType) else None
            parts = (
                [(one.name, set(parts_of(one.name))) for one in record.fields] if isinstance(record, RecordType) else []
            )
            counts = [name for name, words in parts if words & _COUNTS]
            prices = [name for name, words in parts if words & _PRICES]
            others = (
                [one for one in record.fields if one.type in (INTEGER, NUMBER)]
                if isinstance(record, RecordType)
                else []
            )
            if len(counts) == len(prices) == 1 and len(others) == len({*counts, *prices}):
                product = f"item.{counts[0]} * item.{prices[0]}"
                one = self.scope_typed(f"aggregation.total([{product} for item in {typed.text}])")
                found += [(total, None) for total in one]
                self.assumed |= {total.text: f"`{key}` is the sum of {counts[0]} times {prices[0]}." for total in one}
        return found

    def surcharged(self, key: str, base: Typed, condition: Term, operation: Term) -> list[Typed]:
        """A price with a surcharge where its condition holds."""
        if base.type not in (INTEGER, NUMBER):
            return []
        tests = self.lowering().conditions(condition)
        raised = Lowering(about_result(self.scope, base)).values(term("of", operation, term("result")))
        if len(tests) != 1 or len(raised) != 1:
            return []
        found = self.scope_typed(f"({raised[0].text}) if ({tests[0].text}) else ({base.text})")
        for typed in found:
            self.pending[typed.text] = list(self.pending.get(base.text, []))
        return found

    def band_value(self, value: Term, subject: Typed | None = None) -> str:
        """The expression of a tier's value: a base price and one for every started or full unit over a limit."""
        if value.head != "tier" or subject is None:
            return super().band_value(value, subject)
        base, rate, how, size, noun, over = value.terms
        factor = self.size_of(subject, noun)
        if factor is None:
            return "unknown_unit"
        step = f"{size.text} * {factor}" if size.text != "1" else factor
        count = f"numbers.{how.text}({subject.text} - {over.text}, {step})"
        return f"{base.text} + {rate.text} * {count}" if base.text != "0" else f"{rate.text} * {count}"

    def size_of(self, subject: Typed, noun: Term) -> str | None:
        """How many of the field's unit one of the spoken units has: 1000 for a kilogram in `weight_g`."""
        name = next((name for name, path in self.scope.paths.items() if path == subject.text), "")
        own, spoken = parts_of(name)[-1] if name else "", singular(noun.text)
        if matches_name(noun.text, name) or singular(own) == spoken:
            return "1"
        return FACTORS.get((own, _SPOKEN.get(spoken, spoken)))
