"""The lattices: total orders with the weaker promise as join."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlattice import Determinism, Effects

LEVELS = {
    Effects: ["pure", "read_only", "effectful"],
    Determinism: ["strict", "stable", "best_effort", "nondeterministic"],
}
LATTICES = st.sampled_from(list(LEVELS))


@st.composite
def triples(draw):
    level = st.sampled_from(list(draw(LATTICES)))
    return draw(level), draw(level), draw(level)


@pytest.mark.parametrize("lattice", LEVELS)
def test_levels_are_ordered_from_the_strongest_promise(lattice):
    assert [str(level) for level in sorted(lattice)] == LEVELS[lattice]
    assert [lattice(name) for name in LEVELS[lattice]] == list(lattice)


@given(triples())
def test_join_is_that_of_a_lattice(levels):
    a, b, c = levels
    assert a.join(a) == a
    assert a.join(b) == b.join(a)
    assert a.join(b.join(c)) == a.join(b).join(c)
    assert (a <= b) == (a.join(b) == b)


@given(triples())
def test_the_join_of_many_is_the_weakest(levels):
    lattice: type[Effects] | type[Determinism] = type(levels[0])
    assert lattice.join_all(levels) == max(levels) == levels[0].join(levels[1]).join(levels[2])
    assert lattice.join_all([]) in (Effects.PURE, Determinism.STRICT)


def test_levels_of_two_lattices_cannot_be_compared():
    one, other = [next(iter(lattice)) for lattice in LEVELS]
    assert one != other
    with pytest.raises(TypeError):
        _ = one < other
