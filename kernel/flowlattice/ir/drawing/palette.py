"""Colours of effects and dashes of determinism, shared by all formats. Text says the same: nothing is colour alone."""

from __future__ import annotations

from dataclasses import dataclass

from flowlattice.ir.model import DeterminismName, EffectsName


@dataclass(frozen=True)
class Tone:
    """A box's colours on a light and on a dark ground."""

    fill: str
    stroke: str
    dark_fill: str
    dark_stroke: str


TONES: dict[EffectsName, Tone] = {
    "pure": Tone("#f1f6f2", "#5b7a63", "#1d2a22", "#86ac91"),
    "read_only": Tone("#e6f0fb", "#2f6db3", "#14263b", "#6ea8e8"),
    "effectful": Tone("#fdecd9", "#b8560f", "#3a2511", "#f0a35e"),
}
DASHES: dict[DeterminismName, str | None] = {
    "strict": None,
    "stable": "12 3",
    "best_effort": "6 4",
    "nondeterministic": "2 3",
}
INK = "#1a1f24"
"""Text on a light box."""
