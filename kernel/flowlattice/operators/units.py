"""Units of measure. The factors are exact; a result is the float nearest to the exact one.

Sources: the yard is 0.9144 m and the pound 0.45359237 kg (International Yard and Pound, 1959); the US gallon is 231
cubic inches, the imperial gallon 4.54609 l (UK Weights and Measures Act 1985); the nautical mile is 1852 m; 0 degrees
Celsius are 273.15 K and 32 degrees Fahrenheit (BIPM, The International System of Units, 9th edition).
"""

from __future__ import annotations

from decimal import Decimal

from flowlattice.operators._decimal import decimal_of, float_of, narrow, wide
from flowlattice.operators._units import Unit, unit_named
from flowlattice.operators.base import NoValueError, example, operator


@operator(
    "converted from one unit to another, converted between units, unit conversion, converted to the unit, converted "
    "to, converted into, convert from, convert to, convert",
    examples=(
        example(10, "km", "miles", gives=6.2137119223733395),
        example(100, "Fahrenheit", "°C", gives=37.77777777777778),
        example(1.5, "h", "minutes", gives=90.0),
        example(2, "MB", "KiB", gives=1953.125),
    ),
)
def convert(value: float, from_unit: str, to_unit: str) -> float:
    """The same quantity in another unit of length, area, mass, volume, speed, time, data or temperature."""
    source, target = unit_named(from_unit), unit_named(to_unit)
    if source is None or target is None:
        raise NoValueError("this unit is not known")
    if source.quantity != target.quantity:
        raise NoValueError(f"a {source.quantity} is not a {target.quantity}")
    return float_of(_converted(decimal_of(value), source, target))


@operator(
    "is a known unit, known unit, is a unit",
    examples=(example("Kilometres", gives=True), example("parsecs", gives=False)),
)
def is_unit(name: str) -> bool:
    """Whether `convert` knows the unit."""
    return unit_named(name) is not None


@operator(
    "celsius to fahrenheit, c to f, from celsius to fahrenheit, degrees celsius in fahrenheit, in fahrenheit",
    examples=(example(100, gives=212.0), example(-40, gives=-40.0)),
)
def celsius_to_fahrenheit(value: float) -> float:
    """The temperature in degrees Fahrenheit of one in degrees Celsius."""
    return convert(value, "°C", "°F")


@operator(
    "fahrenheit to celsius, f to c, from fahrenheit to celsius, degrees fahrenheit in celsius, in celsius",
    examples=(example(212, gives=100.0), example(0, gives=-17.77777777777778)),
)
def fahrenheit_to_celsius(value: float) -> float:
    """The temperature in degrees Celsius of one in degrees Fahrenheit."""
    return convert(value, "°F", "°C")


@operator(
    "celsius to kelvin, from celsius to kelvin, c to k, in kelvin",
    examples=(example(0, gives=273.15), example(-273.15, gives=0.0)),
)
def celsius_to_kelvin(value: float) -> float:
    """The temperature in kelvins of one in degrees Celsius."""
    return convert(value, "°C", "K")


@operator(
    "kelvin to celsius, from kelvin to celsius, k to c",
    examples=(example(0, gives=-273.15), example(300, gives=26.85)),
)
def kelvin_to_celsius(value: float) -> float:
    """The temperature in degrees Celsius of one in kelvins."""
    return convert(value, "K", "°C")


@operator(
    "kilometres to miles, kilometers to miles, km to miles, from kilometres to miles, km to mi, in miles",
    examples=(example(10, gives=6.2137119223733395), example(0, gives=0.0)),
)
def kilometres_to_miles(value: float) -> float:
    """The length in miles of one in kilometres."""
    return convert(value, "km", "mi")


@operator(
    "miles to kilometres, miles to kilometers, miles to km, from miles to kilometres, mi to km, in kilometres, in "
    "kilometers",
    examples=(example(1, gives=1.609344), example(26.21875, gives=42.194988)),
)
def miles_to_kilometres(value: float) -> float:
    """The length in kilometres of one in miles."""
    return convert(value, "mi", "km")


@operator(
    "metres to feet, meters to feet, m to ft, from metres to feet, in feet",
    examples=(example(0.3048, gives=1.0), example(0, gives=0.0)),
)
def metres_to_feet(value: float) -> float:
    """The length in feet of one in metres."""
    return convert(value, "m", "ft")


@operator(
    "feet to metres, feet to meters, ft to m, from feet to metres, in metres, in meters",
    examples=(example(1, gives=0.3048), example(10, gives=3.048)),
)
def feet_to_metres(value: float) -> float:
    """The length in metres of one in feet."""
    return convert(value, "ft", "m")


@operator(
    "centimetres to inches, centimeters to inches, cm to inches, cm to in, in inches",
    examples=(example(2.54, gives=1.0), example(0, gives=0.0)),
)
def centimetres_to_inches(value: float) -> float:
    """The length in inches of one in centimetres."""
    return convert(value, "cm", "in")


@operator(
    "inches to centimetres, inches to centimeters, inches to cm, in to cm, in centimetres, in centimeters",
    examples=(example(1, gives=2.54), example(12, gives=30.48)),
)
def inches_to_centimetres(value: float) -> float:
    """The length in centimetres of one in inches."""
    return convert(value, "in", "cm")


@operator(
    "kilograms to pounds, kilogrammes to pounds, kilos to pounds, kg to lbs, kg to lb, kg to pounds, in pounds",
    examples=(example(0.45359237, gives=1.0), example(0, gives=0.0)),
)
def kilograms_to_pounds(value: float) -> float:
    """The mass in pounds of one in kilograms."""
    return convert(value, "kg", "lb")


@operator(
    "pounds to kilograms, pounds to kilogrammes, pounds to kilos, lbs to kg, lb to kg, pounds to kg, in kilograms, "
    "in kilos",
    examples=(example(1, gives=0.45359237), example(10, gives=4.5359237)),
)
def pounds_to_kilograms(value: float) -> float:
    """The mass in kilograms of one in pounds."""
    return convert(value, "lb", "kg")


@operator(
    "litres to gallons, liters to gallons, l to gal, in gallons",
    examples=(example(3.785411784, gives=1.0), example(0, gives=0.0)),
)
def litres_to_gallons(value: float) -> float:
    """The volume in US gallons of one in litres."""
    return convert(value, "l", "gal")


@operator(
    "gallons to litres, gallons to liters, gal to l, in litres, in liters",
    examples=(example(1, gives=3.785411784), example(0, gives=0.0)),
)
def gallons_to_litres(value: float) -> float:
    """The volume in litres of one in US gallons."""
    return convert(value, "gal", "l")


def _converted(value: Decimal, source: Unit, target: Unit) -> Decimal:
    exact = wide()
    base = exact.multiply(exact.subtract(value, source.zero), source.numerator)
    numerator = exact.multiply(base, target.denominator)
    denominator = exact.multiply(source.denominator, target.numerator)
    return exact.add(narrow().divide(numerator, denominator), target.zero)
