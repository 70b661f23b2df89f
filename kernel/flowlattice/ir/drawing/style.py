"""The style sheet of an SVG: light, and dark where the reader prefers it."""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.ir.drawing.labels import NAME, SMALL, TITLE
from flowlattice.ir.drawing.palette import DASHES, INK, TONES

_FONT = 'system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",Arial,sans-serif'


def style_sheet(key: str) -> str:
    """The rules of the drawing with that id; they touch nothing else in a page that it is put into."""
    dark = "".join(_scoped(key, *rule) for rule in _dark())
    return "".join(_scoped(key, *rule) for rule in _light()) + f"@media(prefers-color-scheme:dark){{{dark}}}"


_Rule = tuple[str, str]
"""Selectors, separated by commas, and declarations."""


def _light() -> Iterator[_Rule]:
    yield "text", f"font-family:{_FONT};fill:{INK}"
    yield ".title", f"font-size:{TITLE:g}px;font-weight:600"
    yield ".name", f"font-size:{NAME:g}px;font-weight:600"
    yield ".note,.kind,.case", f"font-size:{SMALL:g}px"
    yield ".note", "fill:#414a53"
    yield ".kind", "fill:#5c6670;font-style:italic"
    yield ".ground", "fill:#fff"
    yield ".box", "stroke-width:1.5"
    yield ".edge", "fill:none;stroke:#68727c;stroke-width:1.5"
    yield ".head", "fill:#68727c"
    yield ".compensate,.side", "stroke-dasharray:4 3"
    for effects, tone in TONES.items():
        yield f".{effects}", f"fill:{tone.fill};stroke:{tone.stroke}"
    for level, dash in DASHES.items():
        if dash is not None:
            yield f".{level}", f"stroke-dasharray:{dash}"


def _dark() -> Iterator[_Rule]:
    yield "text", "fill:#e8ebee"
    yield ".note,.kind", "fill:#b6bec6"
    yield ".ground", "fill:#12161a"
    yield ".edge", "stroke:#97a1ab"
    yield ".head", "fill:#97a1ab"
    for effects, tone in TONES.items():
        yield f".{effects}", f"fill:{tone.dark_fill};stroke:{tone.dark_stroke}"


def _scoped(key: str, selectors: str, declarations: str) -> str:
    return ",".join(f"#{key} {selector}" for selector in selectors.split(",")) + f"{{{declarations}}}"
