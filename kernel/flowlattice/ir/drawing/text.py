"""Texts of a picture: what may not stand in one, durations and numbers, how wide a text is, and where it breaks."""

from __future__ import annotations

import re
import unicodedata

from pydantic import JsonValue

# Names come from an untrusted file. Control characters break every format, surrogates and non-characters cannot be
# encoded in XML, and overrides of the writing direction make a text look like another one.
_UNFIT = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")

# A word and what may end a line after it.
_WORD = re.compile(r"[^\s_\-./,]*[\s_\-./,]*")

# Widths in em, those of DejaVu Sans rounded up: it is the widest of the fonts that are likely, so text fits in all.
_WIDTHS = (
    ("ijl.,:;'|!`", 0.34),
    (' ftrI()[]{}/\\-·"', 0.43),
    ("mwMW@%…→", 1.0),
    ("ABCDEFGHJKLNOPQRSTUVXYZ", 0.76),
)
_WIDTH_OF = {character: width for characters, width in _WIDTHS for character in characters}
_OTHER_WIDTH = 0.64
_ELLIPSIS = "…"
_LONGEST = 400
_DAY = 86_400_000  # ms


def clean(text: str) -> str:
    """A text on one line of bounded length, without characters that cannot be shown."""
    line = " ".join(_UNFIT.sub("\N{REPLACEMENT CHARACTER}", text).split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + _ELLIPSIS


def duration(milliseconds: float) -> str:
    """A duration in the largest unit that keeps it short: `250 ms`, `1.5 s`, `2 min`, `24 h`, `14 d`."""
    if milliseconds >= 2 * _DAY and milliseconds % _DAY == 0:
        return f"{number(milliseconds / _DAY)} d"
    for unit, size in (("h", 3_600_000), ("min", 60_000), ("s", 1_000)):
        if milliseconds >= size and (milliseconds * 10) % size == 0:
            return f"{number(milliseconds / size)} {unit}"
    return f"{number(milliseconds)} ms"


def size(count: int) -> str:
    """A number of bytes in the largest unit that keeps it whole: `64 MiB`, `100 B`."""
    for unit, step in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if count >= step and count % step == 0:
            return f"{count // step} {unit}"
    return f"{count} B"


def number(value: JsonValue) -> str:
    """A number as people write it: `1000`, `0.5`; `?` where there is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "?"
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def width(text: str, size: float) -> float:
    """About how wide a text is, in the unit of the font's size; rather more than less."""
    return sum(map(_em, text)) * size


def wrap(text: str, limit: float, size: float, lines: int) -> list[str]:
    """Break a text into lines no wider than `limit`; what does not fit into that many lines ends in an ellipsis."""
    broken = [""]
    for word in _WORD.findall(text):
        for piece in _pieces(word, limit, size):
            if broken[-1] and width((broken[-1] + piece).rstrip(), size) > limit:
                broken.append("")
            broken[-1] += piece
    kept = [line.strip() for line in broken[:lines]]
    if len(broken) > lines:
        kept[-1] = _shorten(kept[-1], limit, size)
    return kept


def _em(character: str) -> float:
    found = _WIDTH_OF.get(character)
    if found is not None:
        return found
    if _is_mark(character):
        return 0.0
    return 1.05 if unicodedata.east_asian_width(character) in "WF" else _OTHER_WIDTH


def _is_mark(character: str) -> bool:
    """Whether it is drawn onto the character before it, from which it must not be parted."""
    return unicodedata.category(character) in ("Mn", "Me", "Mc", "Cf")


def _pieces(word: str, limit: float, size: float) -> list[str]:
    """A word that fits is one piece, a longer one is cut where it has to be."""
    if width(word.rstrip(), size) <= limit:
        return [word] if word else []
    pieces = [""]
    for character in word:
        if pieces[-1] and not _is_mark(character) and width(pieces[-1] + character, size) > limit:
            pieces.append("")
        pieces[-1] += character
    return pieces


def _shorten(line: str, limit: float, size: float) -> str:
    while line and width(line + _ELLIPSIS, size) > limit:
        line = line[:-1]
    return line + _ELLIPSIS
