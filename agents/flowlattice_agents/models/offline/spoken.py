"""Units and things as they are spoken of: in the singular or plural, short or in full."""

from __future__ import annotations


def matches_name(spoken: str, name: str) -> bool:
    """Whether a word means a name, apart from singular and plural."""
    return singular(spoken) == singular(name)


def singular(word: str) -> str:
    """A unit or thing in the singular: `inches` and `in` are inch."""
    plain = word.lower()
    plain = plain[:-2] if plain.endswith(("ches", "shes", "xes")) else plain.rstrip("s")
    plain = f"{plain[:-2]}f" if plain.endswith("ve") else plain
    plain = plain.replace("meter", "metre").replace("liter", "litre")
    return _UNITS.get(plain, plain)


_UNITS = {
    "cm": "centimetre", "mm": "millimetre", "m": "metre", "km": "kilometre", "in": "inch", "ft": "foot", "feet": "foot",
    "g": "gram", "kg": "kilogram", "kilo": "kilogram", "lb": "pound", "oz": "ounce", "l": "litre", "ml": "millilitre",
    "gal": "gallon", "mi": "mile", "min": "minute", "h": "hour", "hr": "hour", "sec": "second", "eur": "euro",
    "usd": "dollar", "yd": "yard",
}  # fmt: skip
