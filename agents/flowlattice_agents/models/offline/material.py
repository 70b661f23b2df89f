"""What a brief offers for the reply of a route, each piece with the clause that says it."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import JsonValue

from flowlattice_agents.models.offline.routes import Clause
from flowlattice_agents.models.offline.terms import Term
from flowlattice_agents.models.offline.unit_formulas import Conversion


@dataclass
class Material:
    """What the brief offers for the reply of a route, with the clause that says it."""

    defines: list[tuple[str, Term, Clause]] = field(default_factory=list)
    fills: list[tuple[Term, Clause]] = field(default_factory=list)
    bands: list[tuple[Term, Term, Clause]] = field(default_factory=list)
    transforms: list[tuple[Term, Term | None, Clause]] = field(default_factory=list)
    replacements: list[tuple[str, Term | None, Clause]] = field(default_factory=list)
    table: list[tuple[Term, Term, Clause]] = field(default_factory=list)
    when_missing: dict[str, tuple[str, Term, Clause]] = field(default_factory=dict)
    band_subject: Term | None = None
    rounded: dict[str, tuple[Term, Clause]] = field(default_factory=dict)
    rates: list[tuple[str, str, Term, Clause]] = field(default_factory=list)
    conversions: list[tuple[Conversion, Clause]] = field(default_factory=list)
    key_bands: dict[str, list[tuple[Term, Term, Clause]]] = field(default_factory=dict)
    surcharges: list[tuple[Term, Term, Clause]] = field(default_factory=list)
    prepared: dict[str, Term] = field(default_factory=dict)
    left: list[tuple[str, Term, Clause]] = field(default_factory=list)
    otherwise: tuple[str, dict[str, JsonValue], Clause] | None = None
    switch_on: tuple[str, Clause] | None = None
    listed: bool = False
    any_case: Clause | None = None
    any_space: Clause | None = None
    back_upper: Clause | None = None
