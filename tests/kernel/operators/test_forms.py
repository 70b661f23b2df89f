"""Validation, check digits, masking, encodings and units."""

import base64
import binascii
import uuid
from urllib.parse import quote, unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowlattice.operators import NoValueError, checksums, encoding, masking, units, validation

texts = st.text(max_size=30)
digits = st.text("0123456789", min_size=1, max_size=20)
UNITS = {
    "length": ["mm", "cm", "m", "km", "in", "ft", "yd", "mi", "nautical miles"],
    "mass": ["mg", "g", "kg", "t", "oz", "lb", "st"],
    "temperature": ["°C", "°F", "K"],
    "speed": ["m/s", "km/h", "mph", "knots"],
    "volume": ["ml", "l", "gal", "imperial gallons", "cup", "pint"],
    "data": ["bit", "B", "kB", "MB", "KiB", "GiB"],
}


@given(digits)
def test_luhn_digits_make_valid_numbers(number):
    digit = checksums.luhn_digit(number)
    assert checksums.luhn_valid(f"{number}{digit}")
    assert not checksums.luhn_valid(f"{number}{(digit + 1) % 10}")


@pytest.mark.parametrize(
    "iban",
    [
        "GB82 WEST 1234 5698 7654 32",
        "FR14 2004 1010 0505 0001 3M02 606",
        "NO93 8601 1117 947",
        "gb82west12345698765432",
    ],
)
def test_ibans_and_a_wrong_digit(iban):
    assert checksums.iban_valid(iban)
    assert not checksums.iban_valid(iban.replace("1", "7", 1))


@pytest.mark.parametrize("isbn", ["0-19-852663-6", "978-3-16-148410-0", "979-10-90636-07-1", "0-9752298-0-X"])
def test_isbns_and_a_wrong_digit(isbn):
    assert checksums.isbn_valid(isbn)
    assert not checksums.isbn_valid(isbn.replace("9", "8", 1))


@pytest.mark.parametrize("email", ["a@b.c", "first.last+tag@sub.example.co.uk", "zoë@exämple.org"])
def test_what_looks_like_an_email_address(email):
    assert validation.is_email_like(email)
    assert validation.has_one_at(email)


@pytest.mark.parametrize("text", ["", "a", "a@", "@b.c", "a@b", "a@b..c", "a@.b", "a b@c.d", "a@b@c.d", "a@b.c\n"])
def test_what_does_not_look_like_an_email_address(text):
    assert not validation.is_email_like(text)


@given(st.uuids())
def test_uuids(value):
    assert validation.is_uuid(str(value))
    assert not validation.is_uuid(value.hex)
    assert validation.is_uuid(str(uuid.UUID(int=0)))


@given(texts)
def test_properties_of_characters(text):
    assert validation.is_digits(text) <= validation.is_integer_text(text) <= validation.is_number_text(text)
    assert validation.is_letters(text) <= validation.is_letters_and_digits(text)
    assert not (validation.is_upper(text) and validation.has_lower(text))


def test_patterns_fit_the_whole_text_in_bounded_time():
    assert validation.matches("abc", "a|abc")
    assert not validation.matches("abc\n", "abc")
    assert not validation.matches("xabc", "abc")
    assert not validation.matches("a" * 5000 + "b", "(a+)+")
    for pattern in ("(", "(?=a)", r"(a)\1"):
        with pytest.raises(NoValueError, match="regular expression"):
            validation.matches("a", pattern)


@given(texts, st.integers(0, 10))
def test_masked_texts_keep_their_length_and_show_no_more(text, keep):
    for mask in (masking.mask_all_but_last, masking.mask_all_but_first):
        masked = mask(text, keep, "•")
        assert len(masked) == len(text)
        assert sum(one != "•" for one in masked) <= keep
    assert len(masking.mask_middle(text, keep, keep, "•")) == len(text)
    assert masking.mask_all(text, "•") == "•" * len(text)


@given(st.text("ab1 -", max_size=20), st.integers(0, 5))
def test_only_the_last_digits_stay(text, keep):
    masked = masking.mask_digits_but_last(text, keep, "#")
    assert len(masked) == len(text)
    assert [c for c in masked if c.isdigit()] == [c for c in text if c.isdigit()][-keep or len(text) :]


def test_marks_are_taken_literally():
    assert masking.mask_digits_but_last("1", 0, r"\1") == r"\1"
    assert masking.redact_emails("a@b.c", r"\1") == r"\1"
    assert masking.redact_words("a.b axb", ["a.b"]) == "*** axb"


def test_masking_long_texts_takes_linear_time():
    assert masking.redact_emails("a" * 200_000) == "a" * 200_000


@given(texts)
def test_encodings_are_those_of_the_standard_library_and_go_back(text):
    assert encoding.to_base64(text) == base64.b64encode(text.encode()).decode()
    assert encoding.from_base64(encoding.to_base64(text)) == text
    assert encoding.to_url(text) == quote(text, safe="")
    assert encoding.from_url(encoding.to_url(text)) == text == unquote(encoding.to_url(text))
    assert encoding.from_hex(encoding.to_hex(text)) == text
    assert int(encoding.crc32(text), 16) == binascii.crc32(text.encode())


@pytest.mark.parametrize(
    ("decode", "text"),
    [
        (encoding.from_base64, "YQ"),
        (encoding.from_base64, "é"),
        (encoding.from_base64, "/w=="),
        (encoding.from_url, "%"),
        (encoding.from_url, "%zz"),
        (encoding.from_url, "%FF"),
        (encoding.from_hex, "abc"),
        (encoding.from_hex, "ff"),
    ],
)
def test_what_is_not_encoded_has_no_value(decode, text):
    with pytest.raises(NoValueError):
        decode(text)


@given(st.sampled_from(sorted(UNITS)), st.data(), st.floats(-1e6, 1e6))
def test_conversions_go_back(quantity, data, value):
    one, other = data.draw(st.sampled_from(UNITS[quantity])), data.draw(st.sampled_from(UNITS[quantity]))
    there = units.convert(value, one, other)
    assert units.convert(there, other, one) == pytest.approx(value, rel=1e-12, abs=1e-9)
    assert units.convert(value, one, one) == pytest.approx(value, rel=1e-14)


@pytest.mark.parametrize(("from_unit", "to_unit"), [("km", "kg"), ("parsec", "m"), ("", "m")])
def test_units_that_do_not_fit(from_unit, to_unit):
    with pytest.raises(NoValueError):
        units.convert(1, from_unit, to_unit)


@pytest.mark.parametrize(
    "name", ["KM", "Kilometres", "kilometer", "square metres", "miles per hour", "degrees Celsius", "lbs", "Feet"]
)
def test_units_are_known_by_many_names(name):
    assert units.is_unit(name)
