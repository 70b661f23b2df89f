"""Numbers against decimal arithmetic, the standard library and slow but obvious algorithms."""

import math
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlattice.operators import NoValueError, numbers

written = st.decimals(-10_000, 10_000, places=3)
amounts = st.decimals(0, 10_000, places=2)
positive = st.decimals(Decimal("0.01"), 1000, places=2)
wholes = st.integers(-10_000, 10_000)


def rounded(value: Decimal, places: int, rounding: str) -> float:
    return float(value.quantize(Decimal(1).scaleb(-places), rounding))


@given(written, st.integers(0, 4))
def test_rounding_is_that_of_the_written_number(value, places):
    number = float(value)
    assert numbers.round_half_up(number, places) == rounded(value, places, ROUND_HALF_UP)
    assert numbers.round_half_even(number, places) == rounded(value, places, ROUND_HALF_EVEN)
    assert numbers.round_up(number, places) == rounded(value, places, ROUND_CEILING)
    assert numbers.round_down(number, places) == rounded(value, places, ROUND_FLOOR)
    assert numbers.truncate_to(number, places) == rounded(value, places, ROUND_DOWN)


@given(written)
def test_whole_numbers_around_a_number(value):
    number = float(value)
    assert numbers.floor(number) == math.floor(value)
    assert numbers.ceil(number) == math.ceil(value)
    assert numbers.truncate(number) == int(value)
    assert numbers.round_to_integer(number) == int(value.to_integral_value(ROUND_HALF_UP))


@given(st.integers())
def test_whole_numbers_stay_as_they_are(value):
    assert numbers.floor(value) == numbers.ceil(value) == numbers.truncate(value) == value
    assert numbers.round_to_integer(value) == value


@given(written, written)
def test_products_of_two_written_numbers_round_as_on_paper(value, factor):
    product = float(value) * float(factor)
    assert numbers.ceil(product) == math.ceil(value * factor)
    assert numbers.floor(product) == math.floor(value * factor)


def test_representation_errors_do_not_decide():
    assert 390 * 1.1 > 429
    assert numbers.ceil(390 * 1.1) == 429
    assert numbers.round_half_up(1.005 * 100) == 101
    assert numbers.floor(0.29 * 100) == 29


@pytest.mark.parametrize("value", [1e11, 123_456_789_012.5, 2.0**60, 1e300, 5e-324])
def test_large_and_small_floats_keep_their_digits(value):
    assert numbers.floor(value) == math.floor(value)


def test_large_floats_round_to_decimals():
    assert numbers.round_half_up(123_456_789_012.345, 2) == 123_456_789_012.35


@given(amounts, st.decimals(-100, 100, places=1))
def test_percentages_are_those_of_decimal_arithmetic(value, percent):
    share = value * percent / 100
    assert numbers.percent_of(float(percent), float(value)) == float(share)
    assert numbers.add_percent(float(value), float(percent)) == float(value + share)
    assert numbers.subtract_percent(float(value), float(percent)) == float(value - share)


@given(amounts, st.integers(0, 100))
def test_a_percentage_added_can_be_taken_out_again(value, percent):
    gross = numbers.add_percent(float(value), percent)
    assert numbers.round_half_up(numbers.without_percent(gross, percent), 2) == float(value)


@given(amounts, positive)
def test_percentage_of_a_whole(part, whole):
    assert numbers.percentage(float(part), float(whole)) == pytest.approx(float(100 * part / whole), rel=1e-15)
    assert numbers.percent_change(float(whole), float(whole + part)) == pytest.approx(
        float(100 * part / whole), rel=1e-15
    )


@given(amounts, positive)
def test_started_and_full_units(value, size):
    assert numbers.started_units(float(value), float(size)) == math.ceil(Fraction(value) / Fraction(size))
    assert numbers.full_units(float(value), float(size)) == math.floor(Fraction(value) / Fraction(size))


@given(written, positive)
def test_multiples_are_the_nearest_below_and_above(value, step):
    below = numbers.round_down_to_multiple(float(value), float(step))
    above = numbers.round_up_to_multiple(float(value), float(step))
    assert below <= float(value) <= above
    assert numbers.round_to_multiple(float(value), float(step)) in (below, above)
    assert above == pytest.approx(below) or above - below == pytest.approx(float(step))


@given(amounts)
def test_cents_and_back(amount):
    assert numbers.from_cents(numbers.to_cents(float(amount))) == float(amount)


@given(st.integers(), st.integers())
def test_division_is_that_of_python(value, divisor):
    for operation, expected in ((numbers.floor_divide, int.__floordiv__), (numbers.modulo, int.__mod__)):
        if divisor:
            assert operation(value, divisor) == expected(value, divisor)
        else:
            with pytest.raises(NoValueError, match="division by zero"):
                operation(value, divisor)


@pytest.mark.parametrize("operation", [numbers.divide, numbers.percentage, numbers.percent_change])
def test_nothing_is_divided_by_zero(operation):
    with pytest.raises(NoValueError, match="zero"):
        operation(*((0, 1) if operation is numbers.percent_change else (1, 0)))


def test_powers_are_bounded():
    assert numbers.power(10, 1000) == 10**1000
    for arguments in ((10, -1), (2, 1001), (10**100, 1000), (1e200, 2)):
        with pytest.raises(NoValueError):
            numbers.power(*arguments)


@given(st.integers(-200, 20_000))
def test_primes_divisors_and_factors_agree(value):
    by_trial = value > 1 and all(value % n for n in range(2, math.isqrt(value) + 1))
    assert numbers.is_prime(value) == by_trial
    if value > 0:
        assert math.prod(numbers.prime_factors(value)) == value
        assert all(map(numbers.is_prime, numbers.prime_factors(value)))
        assert numbers.divisors(value) == [n for n in range(1, value + 1) if value % n == 0]


@pytest.mark.parametrize("value", [2**31 - 1, 2**61 - 1, 67_280_421_310_721])
def test_large_primes(value):
    assert numbers.is_prime(value)
    assert not numbers.is_prime(value * 3)


@pytest.mark.parametrize("carmichael", [561, 1105, 1729, 41041, 825_265, 321_197_185, 3_215_031_751])
def test_pseudoprimes_are_not_primes(carmichael):
    assert not numbers.is_prime(carmichael)


@given(wholes, wholes)
def test_common_divisor_and_multiple(one, other):
    divisor, multiple = numbers.greatest_common_divisor(one, other), numbers.least_common_multiple(one, other)
    assert divisor * multiple == abs(one * other)


@given(st.integers(1, 3999))
def test_roman_numerals_and_back(value):
    assert numbers.from_roman(numbers.roman(value)) == value


@pytest.mark.parametrize("text", ["", "IIII", "VX", "IC", "MMMM", "A", "IM", "iix"])
def test_other_text_is_no_roman_numeral(text):
    with pytest.raises(NoValueError):
        numbers.from_roman(text)


@given(st.integers(), st.integers(2, 36))
def test_bases_and_back(value, base):
    assert numbers.from_base(numbers.to_base(value, base), base) == value
    assert int(numbers.to_base(value, base), base) == value


@pytest.mark.parametrize("text", ["", "-", "2", "1_0", " 1", "0b1", "+1"])
def test_other_text_is_no_binary_number(text):
    with pytest.raises(NoValueError):
        numbers.from_base(text, 2)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_text_of_a_number_reads_back(value):
    assert float(numbers.to_text(value)) == value
    assert "e" not in numbers.to_text(value)


@given(st.integers(-(10**14), 10**14))
def test_thousands_are_separated_as_python_does(value):
    assert numbers.with_separators(value) == f"{value:,}"


@given(written, st.integers(0, 4))
def test_fixed_decimals(value, places):
    text = numbers.fixed(float(value), places)
    assert len(text.partition(".")[2]) == places
    assert float(text) == rounded(value, places, ROUND_HALF_UP)
    assert not (text.startswith("-") and float(text) == 0)


def test_numbers_in_words():
    assert numbers.in_words(1_000_019) == "one million nineteen"
    assert numbers.in_words(999_999_999_999_999).startswith("nine hundred ninety-nine trillion nine hundred")
    assert len({numbers.in_words(value) for value in range(2000)}) == 2000


@pytest.mark.parametrize("text", ["", "1.5", "1_0", "٣", "one", "1 2", "--1"])
def test_other_text_is_no_whole_number(text):
    with pytest.raises(NoValueError):
        numbers.parse_integer(text)


@pytest.mark.parametrize("text", ["", "nan", "inf", "1,5", "1_0", "1e999", "٣.٥"])
def test_other_text_is_no_number(text):
    with pytest.raises(NoValueError):
        numbers.parse_number(text)


@given(wholes, wholes, st.integers(1, 50))
def test_counting_goes_from_start_to_end(start, end, step):
    counted = numbers.counting(start, end, step)
    assert counted[0] == start
    assert all(min(start, end) <= value <= max(start, end) for value in counted)
    assert all(abs(b - a) == step for a, b in pairwise(counted))
    assert abs(end - counted[-1]) < step
