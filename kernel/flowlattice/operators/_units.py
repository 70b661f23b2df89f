"""The units that `units.convert` knows, their names and their exact factors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Final

_ZERO: Final = Decimal(0)


@dataclass(frozen=True)
class Unit:
    """A unit: a value in it, less `zero`, times numerator / denominator, is so many of the quantity's base unit.

    Attributes:
        quantity: What it measures.
        numerator: The factor to the base unit, times the denominator.
        denominator: What makes the factor exact (a degree Fahrenheit is 5/9 of a kelvin).
        zero: What the unit shows where the base unit is at zero.
    """

    quantity: str
    numerator: Decimal
    denominator: Decimal = Decimal(1)
    zero: Decimal = _ZERO


# Per quantity: the factor to the base unit, and the names; exact ones first, then those in either case.
_FACTORS: Final[Mapping[str, Mapping[str, str]]] = {
    "length": {
        "0.001": "mm millimetre millimeter",
        "0.01": "cm centimetre centimeter",
        "0.1": "dm decimetre decimeter",
        "1": "m metre meter",
        "1000": "km kilometre kilometer",
        "0.0254": 'in inch inches "',
        "0.3048": "ft foot feet '",
        "0.9144": "yd yard",
        "1609.344": "mi mile",
        "1852": "nmi nautical-mile",
    },
    "area": {
        "0.0001": "cm2 cm² square-centimetre square-centimeter",
        "1": "m2 m² sqm square-metre square-meter",
        "10000": "ha hectare",
        "1000000": "km2 km² square-kilometre square-kilometer",
        "0.09290304": "sqft ft2 square-foot square-feet",
        "4046.8564224": "acre",
    },
    "mass": {
        "0.000001": "mg milligram milligramme",
        "0.001": "g gram gramme",
        "1": "kg kilo kilogram kilogramme",
        "1000": "t tonne metric-ton",
        "0.028349523125": "oz ounce",
        "0.45359237": "lb lbs pound",
        "6.35029318": "st stone",
    },
    "volume": {
        "0.001": "ml millilitre milliliter cm3 cm³",
        "0.01": "cl centilitre centiliter",
        "0.1": "dl decilitre deciliter",
        "1": "l litre liter",
        "1000": "m3 m³ cubic-metre cubic-meter",
        "0.0295735295625": "floz fluid-ounce",
        "0.2365882365": "cup",
        "0.473176473": "pt pint",
        "0.946352946": "qt quart",
        "3.785411784": "gal gallon us-gallon",
        "4.54609": "imperial-gallon",
        "0.01478676478125": "tbsp tablespoon",
        "0.00492892159375": "tsp teaspoon",
    },
    "time": {
        "0.001": "ms millisecond",
        "1": "s sec second",
        "60": "min minute",
        "3600": "h hr hour",
        "86400": "d day",
        "604800": "week wk",
    },
    "amount of data": {
        "0.125": "bit",
        "1": "B byte",
        "1000": "kB KB kilobyte",
        "1000000": "MB megabyte",
        "1000000000": "GB gigabyte",
        "1000000000000": "TB terabyte",
        "1024": "KiB kibibyte",
        "1048576": "MiB mebibyte",
        "1073741824": "GiB gibibyte",
        "1099511627776": "TiB tebibyte",
    },
}
_RATIOS: Final[Mapping[str, Unit]] = {
    "m/s mps metres-per-second meters-per-second": Unit("speed", Decimal(1)),
    "km/h kmh kph kilometres-per-hour kilometers-per-hour": Unit("speed", Decimal(1000), Decimal(3600)),
    "mph mi/h miles-per-hour": Unit("speed", Decimal("1609.344"), Decimal(3600)),
    "kn knot kt": Unit("speed", Decimal(1852), Decimal(3600)),
    "K k kelvin": Unit("temperature", Decimal(1)),
    "°C C celsius degree-celsius degrees-celsius centigrade": Unit("temperature", Decimal(1), zero=Decimal("-273.15")),
    "°F F fahrenheit degree-fahrenheit degrees-fahrenheit": Unit(
        "temperature", Decimal(5), Decimal(9), Decimal("-459.67")
    ),
}


def unit_named(name: str) -> Unit | None:
    """The unit of that symbol or English name, singular or plural, whatever its case; none that is not known."""
    plain = "-".join(name.split())
    units = _units()
    for candidate in (plain, plain.lower(), plain.lower().replace("_", "-")):
        for spelled in (candidate, candidate.removesuffix("s")):
            if spelled in units:
                return units[spelled]
    return None


@cache
def _units() -> Mapping[str, Unit]:
    named = {name: unit for names, unit in _RATIOS.items() for name in names.split()}
    for quantity, factors in _FACTORS.items():
        for factor, names in factors.items():
            named |= dict.fromkeys(names.split(), Unit(quantity, Decimal(factor)))
    return {name.lower(): unit for name, unit in named.items()} | named
