"""Colours of effects, shared by all formats. Text says the same: nothing is said by colour alone."""

from __future__ import annotations

from flowlattice.ir.model import EffectsName

FILLS: dict[EffectsName, str] = {"pure": "#eef3ee", "read_only": "#e3eefb", "effectful": "#fdebd7"}
STROKES: dict[EffectsName, str] = {"pure": "#5b7a63", "read_only": "#2f6db3", "effectful": "#b8560f"}
