"""Whole numbers: divisors, primes, digits and sequences."""

from __future__ import annotations

import math

from flowlattice.operators._decimal import checked
from flowlattice.operators.base import NoValueError, example, operator

_MAX_FACTORED = 10**12
_MAX_FACTORIAL = 1_000
_MAX_COUNTED = 100_000
_WITNESSES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37)
_DECIDED_BELOW = 3_317_044_064_679_887_385_961_981


@operator("is even, even", examples=(example(4, gives=True), example(-3, gives=False), example(0, gives=True)))
def is_even(value: int) -> bool:
    """Whether the whole number is even."""
    return value % 2 == 0


@operator("is odd, odd", examples=(example(-3, gives=True), example(0, gives=False)))
def is_odd(value: int) -> bool:
    """Whether the whole number is odd."""
    return value % 2 == 1


@operator(
    "is divisible by, divisible by, is a multiple of, multiple of, divides evenly, without remainder",
    examples=(example(12, 4, gives=True), example(-7, 2, gives=False), example(5, 0, gives=False)),
)
def is_divisible_by(value: int, divisor: int) -> bool:
    """Whether the division leaves no remainder; by 0 only 0 is divisible."""
    return value % divisor == 0 if divisor else value == 0


@operator(
    "is a prime number, is a prime, is prime, prime number, prime",
    examples=(example(97, gives=True), example(1, gives=False), example(-7, gives=False), example(561, gives=False)),
)
def is_prime(value: int) -> bool:
    """Whether the whole number is a prime; numbers of 25 digits and more have no answer.

    Miller-Rabin with the first 12 primes, which decides below 3.3 * 10**24 (Sorenson and Webster, 2015).
    """
    if value >= _DECIDED_BELOW:
        raise NoValueError("the number is too large to tell whether it is a prime")
    if value < 2 or any(value % prime == 0 for prime in _WITNESSES):
        return value in _WITNESSES
    odd, twos = value - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    return all(_passes(value, witness, odd, twos) for witness in _WITNESSES)


@operator(
    "greatest common divisor, highest common factor, largest common divisor, gcd",
    examples=(example(12, 18, gives=6), example(-4, 6, gives=2), example(0, 0, gives=0)),
)
def greatest_common_divisor(one: int, other: int) -> int:
    """The largest whole number that divides both; 0 for two zeros."""
    return math.gcd(one, other)


@operator(
    "least common multiple, lowest common multiple, smallest common multiple, lcm",
    examples=(example(4, 6, gives=12), example(0, 5, gives=0)),
)
def least_common_multiple(one: int, other: int) -> int:
    """The smallest positive whole number that both divide; 0 where one of them is 0."""
    return checked(math.lcm(one, other))


@operator("factorial of, factorial", examples=(example(5, gives=120), example(0, gives=1)))
def factorial(value: int) -> int:
    """The product of the whole numbers from 1 to the number, which is 0 to 1000."""
    if not 0 <= value <= _MAX_FACTORIAL:
        raise NoValueError(f"the factorial is given for 0 to {_MAX_FACTORIAL}")
    return math.factorial(value)


@operator(
    "nth fibonacci number, n-th fibonacci number, fibonacci number, fibonacci",
    examples=(example(10, gives=55), example(0, gives=0), example(1, gives=1)),
)
def fibonacci(position: int) -> int:
    """The Fibonacci number at a position of 0, 1, 1, 2, 3, 5 ..., from 0 to 10000."""
    if not 0 <= position <= 10_000:
        raise NoValueError("the position must be 0 to 10000")
    one, other = 0, 1
    for _ in range(position):
        one, other = other, one + other
    return one


@operator(
    "fibonacci sequence, fibonacci numbers, first fibonacci numbers",
    examples=(example(6, gives=[0, 1, 1, 2, 3, 5]), example(0, gives=[])),
)
def fibonacci_sequence(count: int) -> list[int]:
    """The first so many Fibonacci numbers, from 0; at most 1000."""
    if not 0 <= count <= 1_000:
        raise NoValueError("the number of items must be 0 to 1000")
    found = [0, 1]
    while len(found) < count:
        found.append(found[-1] + found[-2])
    return found[:count]


@operator(
    "sum of its digits, sum of the digits, digit sum, cross sum, digits added up",
    examples=(example(1234, gives=10), example(-19, gives=10), example(0, gives=0)),
)
def digit_sum(value: int) -> int:
    """The sum of the decimal digits."""
    return sum(map(int, str(abs(checked(value)))))


@operator(
    "number of digits of the number, how many digits it has, digits of the number counted",
    examples=(example(1234, gives=4), example(-5, gives=1), example(0, gives=1)),
)
def digit_count(value: int) -> int:
    """The number of decimal digits, without the sign."""
    return len(str(abs(checked(value))))


@operator(
    "with its digits reversed, digits reversed, digits in reverse order, reversed number",
    examples=(example(1230, gives=321), example(-45, gives=-54)),
)
def reverse_digits(value: int) -> int:
    """The number with its decimal digits in reverse order and the same sign."""
    reversed_ = int(str(abs(checked(value)))[::-1])
    return -reversed_ if value < 0 else reversed_


@operator(
    "all divisors of, list of divisors, its divisors, divisors of, all factors of, divisors",
    examples=(example(12, gives=[1, 2, 3, 4, 6, 12]), example(-7, gives=[1, 7])),
)
def divisors(value: int) -> list[int]:
    """The positive whole numbers that divide the number, ascending; for 1 to a million millions either sign."""
    found = [1]
    previous, multiples = 0, [1]
    for prime in prime_factors(abs(value)):
        multiples = [prime * n for n in (multiples if prime == previous else found)]
        found = found + multiples
        previous = prime
    return sorted(found)


@operator(
    "prime factors of, prime factorisation, prime factorization, its prime factors, prime factors, split into primes",
    examples=(example(60, gives=[2, 2, 3, 5]), example(1, gives=[]), example(97, gives=[97])),
)
def prime_factors(value: int) -> list[int]:
    """The primes whose product is the number, ascending; for 1 to a million millions."""
    if not 1 <= value <= _MAX_FACTORED:
        raise NoValueError(f"numbers from 1 to {_MAX_FACTORED} are factored")
    found: list[int] = []
    candidate = 2
    while candidate * candidate <= value:
        while value % candidate == 0:
            found.append(candidate)
            value //= candidate
        candidate += 1 if candidate == 2 else 2
    return [*found, value] if value > 1 else found


@operator(
    "is a perfect square, perfect square, is a square number, square number",
    examples=(example(49, gives=True), example(50, gives=False), example(-4, gives=False)),
)
def is_perfect_square(value: int) -> bool:
    """Whether the number is the square of a whole number."""
    return value >= 0 and math.isqrt(checked(value)) ** 2 == value


@operator(
    "is a power of two, power of two, is a power of 2",
    examples=(example(64, gives=True), example(0, gives=False), example(1, gives=True)),
)
def is_power_of_two(value: int) -> bool:
    """Whether the number is 1, 2, 4, 8 and so on."""
    return value > 0 and value & (value - 1) == 0


@operator(
    "is a perfect number, perfect number",
    examples=(example(28, gives=True), example(27, gives=False), example(1, gives=False)),
)
def is_perfect_number(value: int) -> bool:
    """Whether the number is the sum of its divisors below it; for numbers up to a million millions."""
    return value > 1 and sum(divisors(value)) == 2 * value


@operator(
    "is an armstrong number, armstrong number, narcissistic number",
    examples=(example(153, gives=True), example(154, gives=False), example(-1, gives=False)),
)
def is_armstrong(value: int) -> bool:
    """Whether the number is the sum of its digits, each to the power of how many there are."""
    digits = str(checked(value))
    return 0 <= value < 10**60 and sum(int(digit) ** len(digits) for digit in digits) == value


@operator(
    "sum of the numbers from 1 to, sum of all whole numbers up to, sum of the first numbers, triangular number, "
    "gauss sum",
    examples=(example(100, gives=5050), example(0, gives=0), example(-3, gives=0)),
)
def sum_to(value: int) -> int:
    """The sum of the whole numbers from 1 to the number; 0 for less than 1."""
    return value * (value + 1) // 2 if value > 0 else 0


@operator(
    "whole numbers from, all whole numbers from, list of numbers from, numbers from, counting from, count up from, "
    "count down from, counted from",
    examples=(example(1, 4, gives=[1, 2, 3, 4]), example(3, 1, gives=[3, 2, 1]), example(0, 10, 5, gives=[0, 5, 10])),
)
def counting(start: int, end: int, step: int = 1) -> list[int]:
    """The whole numbers from the start to the end, both included, up or down by the step; at most 100000."""
    if step < 1:
        raise NoValueError("the step must be at least 1")
    if abs(end - start) // step >= _MAX_COUNTED:
        raise NoValueError(f"at most {_MAX_COUNTED} numbers are counted")
    return list(range(start, end + 1, step) if start <= end else range(start, end - 1, -step))


def _passes(value: int, witness: int, odd: int, twos: int) -> bool:
    power = pow(witness, odd, value)
    if power in (1, value - 1):
        return True
    for _ in range(twos - 1):
        power = power * power % value
        if power == value - 1:
            return True
    return False
