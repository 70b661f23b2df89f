"""The texts of an SVG as lines with a size: what is written in boxes, on edges, above the drawing and below it."""

from __future__ import annotations

from dataclasses import dataclass

from flowlattice.ir.drawing.geometry import Size
from flowlattice.ir.drawing.palette import DASHES, TONES
from flowlattice.ir.drawing.picture import Box, Picture
from flowlattice.ir.drawing.shapes import POINT
from flowlattice.ir.drawing.text import width, wrap

TITLE, NAME, SMALL = 17.0, 14.0, 12.0
"""Font sizes in pixels."""

SAMPLE = 26.0
"""How wide a sample in the legend is."""

_LEADING = 1.4  # a line's height in font sizes
_BOLD = 1.08  # bold text is that much wider
_PADDING = 14.0
_BOX_WIDTH = 240.0  # where lines break
_EDGE_WIDTH = 220.0
_CAPTION_WIDTH = 720.0
_NARROWEST = 96.0
_MOST_LINES = 3


@dataclass(frozen=True)
class Text:
    """One line. `style` is its class in the style sheet."""

    text: str
    style: str
    size: float

    @property
    def width(self) -> float:
        """About how wide it is; rather more than less."""
        return width(self.text, self.size) * (_BOLD if self.style in ("name", "title") else 1.0)

    @property
    def height(self) -> float:
        """The line's height."""
        return self.size * _LEADING


@dataclass(frozen=True)
class Entry:
    """A line of the legend: the classes of its sample, and what they mean."""

    classes: str
    text: str

    @property
    def width(self) -> float:
        """Of the sample, the text and the space behind."""
        return SAMPLE + 8 + width(self.text, SMALL) + 20


def written(box: Box) -> list[Text]:
    """What is written in a box. A kind that neither the name nor the plainest shape says is named."""
    lines = _broken(box.name, "name", NAME, _BOX_WIDTH)
    if box.kind != "node" and not box.name.startswith(box.kind):
        lines.insert(0, Text(box.kind, "kind", SMALL))
    return lines + [line for note in box.notes for line in _broken(note, "note", SMALL, _BOX_WIDTH)]


def box_size(box: Box, lines: list[Text]) -> Size:
    """How large a box is with its text."""
    wide = max(line.width for line in lines) + 2 * _PADDING + (2 * POINT if box.kind == "if" else 0.0)
    high = sum(line.height for line in lines) + 2 * _PADDING
    return Size(max(wide, _NARROWEST), high)


def edge_label(label: str) -> str:
    """What is written on an edge: as much of its label as there is room for."""
    return wrap(label, _EDGE_WIDTH, SMALL, 1)[0]


def caption(shown: Picture) -> list[Text]:
    """What stands above the drawing."""
    texts = ((shown.title, "title", TITLE), (shown.summary, "note", SMALL), (" · ".join(shown.notes), "note", SMALL))
    return [line for text, style, size in texts if text for line in _broken(text, style, size, _CAPTION_WIDTH)]


def legend(shown: Picture) -> list[Entry]:
    """What colours and dashes mean, as far as they differ in the drawing."""
    effects = [name for name in TONES if any(box.effects == name for box in shown.boxes)]
    levels = [name for name in DASHES if any(box.determinism == name for box in shown.boxes)]
    found = [Entry(name, name.replace("_", " ")) for name in effects] if len(effects) > 1 else []
    return found + ([Entry(f"edge {name}", name.replace("_", " ")) for name in levels] if len(levels) > 1 else [])


def _broken(text: str, style: str, size: float, limit: float) -> list[Text]:
    lines = wrap(text, limit / (_BOLD if style in ("name", "title") else 1.0), size, _MOST_LINES)
    return [Text(line, style, size) for line in lines]
