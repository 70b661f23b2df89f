"""The estimators agree with brute force, and with textbook values."""

from itertools import combinations
from math import isclose, sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlattice_agents.evals.statistics import (
    clustered_error,
    mean,
    paired,
    pass_at_k,
    pass_hat_k,
    t_quantile,
    verdict,
)

SAMPLES = st.lists(st.booleans(), min_size=1, max_size=7)
CLUSTERS = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=2), st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=4), min_size=2
)


@given(SAMPLES, st.data())
def test_pass_at_k_and_pass_hat_k_are_the_mean_over_all_choices_of_k(samples, data):
    k = data.draw(st.integers(1, len(samples)))
    choices = list(combinations(samples, k))
    assert isclose(pass_at_k(len(samples), sum(samples), k), sum(map(any, choices)) / len(choices), abs_tol=1e-12)
    assert isclose(pass_hat_k(len(samples), sum(samples), k), sum(map(all, choices)) / len(choices), abs_tol=1e-12)


@pytest.mark.parametrize(("n", "passed", "k"), [(3, 1, 0), (3, 1, 4), (3, 4, 1), (3, -1, 1)])
def test_what_cannot_be_estimated_is_an_error(n, passed, k):
    with pytest.raises(ValueError, match="pass@k needs"):
        pass_at_k(n, passed, k)


@given(CLUSTERS)
def test_the_clustered_error_is_the_sum_over_all_pairs_within_clusters(clusters):
    values = [value for cluster in clusters.values() for value in cluster]
    centre, groups = sum(values) / len(values), len(clusters)
    pairs = sum((a - centre) * (b - centre) for cluster in clusters.values() for a in cluster for b in cluster)
    wanted = sqrt(max(0.0, pairs) * groups / (groups - 1)) / len(values)
    found = clustered_error(clusters)
    assert found is not None
    assert isclose(found, wanted, abs_tol=1e-9)
    assert isclose(mean(clusters), centre)


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=30))
def test_with_one_sample_a_brief_it_is_the_usual_standard_error(values):
    centre = sum(values) / len(values)
    usual = sqrt(sum((value - centre) ** 2 for value in values) / (len(values) - 1) / len(values))
    found = clustered_error({str(index): [value] for index, value in enumerate(values)})
    assert found is not None
    assert isclose(found, usual, abs_tol=1e-12)


@given(CLUSTERS, st.integers(2, 5))
def test_repeating_every_sample_makes_nothing_surer(clusters, times):
    before = clustered_error(clusters)
    after = clustered_error({name: [*values] * times for name, values in clusters.items()})
    assert before is not None
    assert after is not None
    assert isclose(before, after, abs_tol=1e-12)


def test_one_brief_alone_says_nothing_about_the_spread():
    assert clustered_error({"a": [0, 1, 1]}) is None
    assert mean({}) == 0
    alone = paired({"a": [1.0]}, {"a": [0.0]})
    assert (alone.low, alone.is_more, alone.is_drop) == (None, False, False)
    assert "too few" in verdict(alone, "six", "single")


@pytest.mark.parametrize(
    ("probability", "freedom", "wanted"),
    [(0.975, 1, 12.706), (0.975, 2, 4.303), (0.975, 3, 3.182), (0.95, 5, 2.015), (0.975, 30, 2.042)],
)
def test_quantiles_of_students_t_are_those_of_the_tables(probability, freedom, wanted):
    assert t_quantile(probability, freedom) == pytest.approx(wanted, abs=5e-4)


@given(CLUSTERS, CLUSTERS)
def test_a_paired_comparison_is_the_same_the_other_way_round(one, other):
    here, there = paired(one, other), paired(other, one)
    assert isclose(here.mean, -there.mean, abs_tol=1e-12)
    assert here.briefs == there.briefs == len(set(one) & set(other))
    assert here.is_more == there.is_more
    if here.low is not None:
        assert there.high is not None
        assert isclose(here.low, -there.high, abs_tol=1e-9)
        assert here.low <= here.mean


def test_pairing_finds_what_the_spread_between_briefs_hides():
    hard = {f"hard {n}": [0.0, 0.0, 0.0, 1.0] for n in range(10)}
    easy = {f"easy {n}": [1.0, 1.0, 1.0, 1.0] for n in range(10)}
    better = {**easy, **hard}
    worse = {
        **{name: [1.0, 1.0, 1.0, 0.0] for name in easy},
        **{name: [0.0] * 4 for name in list(hard)[:9]},
        "hard 9": [1.0] * 4,
    }
    found = paired(better, worse)
    assert found.is_more
    assert "more than noise" in verdict(found, "six", "single")
    assert paired(worse, better).is_drop


def test_a_difference_without_spread_is_judged_by_the_sign_test():
    def all_lost(count: int) -> bool:
        passed, failed = ({str(n): [value] for n in range(count)} for value in (1.0, 0.0))
        return paired(failed, passed).is_drop

    assert [all_lost(count) for count in (2, 4, 5, 9)] == [False, False, True, True]
    assert not paired({"a": [1.0], "b": [1.0]}, {"a": [1.0], "b": [1.0]}).is_drop


def test_noise_is_called_noise():
    one = {str(n): [float(n % 2), float(n % 3 == 0)] for n in range(12)}
    other = {str(n): [float(n % 2 == 0), float(n % 3 == 0)] for n in range(12)}
    found = paired(one, other)
    assert not found.is_more
    assert "no more than noise" in verdict(found, "six", "single") or found.mean == 0
