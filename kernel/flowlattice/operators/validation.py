"""Validation: whether a text has a form. Each takes the text as it is: trim it first where spaces may surround it."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from flowlattice.operators.base import NoValueError, example, operator

_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})+"
_URL = r"https?://[^\s/?#@:]+(?::[0-9]{1,5})?(?:[/?#]\S*)?"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"


@operator(
    "is a valid email address, valid email address, is an email address, looks like an email address, is a valid "
    "email, valid email, looks like an email, email address is valid, email is valid",
    examples=(
        example("ada@example.com", gives=True),
        example("a@b@example.com", gives=False),
        example("ada@localhost", gives=False),
        example("", gives=False),
    ),
)
def is_email_like(value: str) -> bool:
    """Whether the text looks like an email address: one @, something before it, a domain with a dot, no spaces."""
    user, _, domain = value.partition("@")
    return bool(re.fullmatch(r"[^\s@]+", user) and re.fullmatch(r"[^\s@.]+(?:\.[^\s@.]+)+", domain))


@operator(
    "exactly one @ and at least one character on each side, exactly one @ with something on each side, one @ with "
    "something before and after it, has exactly one @, with exactly one @",
    examples=(
        example("a@b", gives=True),
        example("a@b@c", gives=False),
        example("@b", gives=False),
        example("", gives=False),
    ),
)
def has_one_at(value: str) -> bool:
    """Whether the text has exactly one @ and at least one character on each side of it."""
    user, at, domain = value.partition("@")
    return bool(user and at and domain) and "@" not in domain


@operator(
    "is a valid web address, is a valid url, valid url, is a url, looks like a url, looks like a web address, valid "
    "web address, is a link",
    examples=(
        example("https://example.com/a?b", gives=True),
        example("example.com", gives=False),
        example("http://", gives=False),
    ),
)
def is_url_like(value: str) -> bool:
    """Whether the text looks like an http or https address, with a host and without spaces."""
    return re.fullmatch(_URL, value, re.IGNORECASE) is not None


@operator(
    "is a valid domain name, valid domain name, is a domain name, is a valid domain, looks like a domain",
    examples=(example("example.co.uk", gives=True), example("-a.com", gives=False), example("localhost", gives=False)),
)
def is_domain_like(value: str) -> bool:
    """Whether the text has the form of a domain name of at least two labels (RFC 1035, section 2.3.1)."""
    return re.fullmatch(_DOMAIN, value) is not None


@operator(
    "is a valid ipv4 address, is a valid ip address, is an ip address, valid ip address, valid ipv4 address, ipv4 "
    "address",
    examples=(example("192.168.0.1", gives=True), example("256.1.1.1", gives=False), example("1.2.3", gives=False)),
)
def is_ipv4(value: str) -> bool:
    """Whether the text is an IPv4 address of four numbers from 0 to 255 without leading zeros."""
    return re.fullmatch(rf"{_OCTET}(?:\.{_OCTET}){{3}}", value) is not None


@operator(
    "is a valid uuid, is a uuid, valid uuid, uuid",
    examples=(example("6ba7b810-9dad-11d1-80b4-00c04fd430c8", gives=True), example("6ba7b810", gives=False)),
)
def is_uuid(value: str) -> bool:
    """Whether the text has the form of a UUID (RFC 9562, section 4)."""
    return re.fullmatch(_UUID, value) is not None


@operator(
    "is a valid hex colour, is a valid hex color, hex colour, hex color, colour code, color code, css colour",
    examples=(example("#1aF", gives=True), example("#12345", gives=False), example("fff", gives=False)),
)
def is_hex_colour(value: str) -> bool:
    """Whether the text is a colour such as `#fff` or `#a1b2c3`."""
    return re.fullmatch(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})", value) is not None


@operator(
    "is the text of a whole number, is a whole number as text, consists of a whole number, is an integer as text, "
    "text is a whole number",
    examples=(
        example("-42", gives=True),
        example("4.0", gives=False),
        example("", gives=False),
        example("٣", gives=False),
    ),
)
def is_integer_text(value: str) -> bool:
    """Whether the text is a whole number in the digits 0-9, with or without a sign."""
    return re.fullmatch(r"[+-]?[0-9]+", value) is not None


@operator(
    "is the text of a number, is a number as text, is numeric, looks like a number, text is a number, numeric",
    examples=(
        example("-4.5", gives=True),
        example(".5", gives=False),
        example("1e5", gives=False),
        example("", gives=False),
    ),
)
def is_number_text(value: str) -> bool:
    """Whether the text is a number in the digits 0-9, with or without a sign and decimals after a point."""
    return re.fullmatch(r"[+-]?[0-9]+(?:\.[0-9]+)?", value) is not None


@operator(
    "consists only of digits, consists of digits only, is digits only, only contains digits, contains only digits, "
    "is all digits, nothing but digits, must be digits",
    examples=(example("007", gives=True), example("7a", gives=False), example("", gives=False)),
)
def is_digits(value: str) -> bool:
    """Whether the text is one or more of the digits 0-9 and nothing else."""
    return re.fullmatch(r"[0-9]+", value) is not None


@operator(
    "consists only of letters, consists of letters only, only contains letters, contains only letters, is all letters, "
    "nothing but letters, must be letters",
    examples=(example("Zoë", gives=True), example("Ada L", gives=False), example("", gives=False)),
)
def is_letters(value: str) -> bool:
    """Whether the text is one or more letters and nothing else."""
    return value.isalpha()


@operator(
    "consists only of letters and digits, only contains letters and digits, contains only letters and digits, is "
    "alphanumeric, nothing but letters and digits, alphanumeric",
    examples=(example("R2D2", gives=True), example("R2-D2", gives=False), example("", gives=False)),
)
def is_letters_and_digits(value: str) -> bool:
    """Whether the text is one or more letters and decimal digits and nothing else."""
    return bool(value) and all(c.isalpha() or c.isdecimal() for c in value)


@operator(
    "is all upper case, is in upper case, is written in capitals, all letters are capitals, capitals only, only "
    "capitals",
    examples=(example("PL 7", gives=True), example("Pl", gives=False), example("7", gives=False)),
)
def is_upper(value: str) -> bool:
    """Whether the text has letters and all of them are in upper case."""
    return value.isupper()


@operator(
    "is all lower case, is in lower case, is written in small letters, all letters are small, only small letters",
    examples=(example("pl 7", gives=True), example("Pl", gives=False), example("7", gives=False)),
)
def is_lower(value: str) -> bool:
    """Whether the text has letters and all of them are in lower case."""
    return value.islower()


@operator(
    "is plain ascii, only ascii characters, is ascii",
    examples=(example("abc!", gives=True), example("é", gives=False), example("", gives=True)),
)
def is_ascii(value: str) -> bool:
    """Whether all characters of the text are ASCII."""
    return value.isascii()


@operator(
    "contains a digit, has a digit, at least one digit, contains at least one digit, has at least one digit, "
    "contains a number, has a number in it",
    examples=(example("abc1", gives=True), example("abc", gives=False)),
)
def has_digit(value: str) -> bool:
    """Whether the text has a decimal digit."""
    return any(c.isdecimal() for c in value)


@operator(
    "contains a letter, has a letter, at least one letter, contains at least one letter, has at least one letter",
    examples=(example("123a", gives=True), example("123", gives=False)),
)
def has_letter(value: str) -> bool:
    """Whether the text has a letter."""
    return any(c.isalpha() for c in value)


@operator(
    "contains an upper case letter, contains a capital letter, has a capital letter, has an upper case letter, "
    "at least one capital letter, at least one upper case letter, at least one uppercase letter, at least one capital, "
    "has a capital",
    examples=(example("aB", gives=True), example("ab", gives=False)),
)
def has_upper(value: str) -> bool:
    """Whether the text has a letter in upper case."""
    return any(c.isupper() for c in value)


@operator(
    "contains a lower case letter, contains a small letter, has a lower case letter, has a small letter, "
    "at least one lower case letter, at least one lowercase letter, at least one small letter",
    examples=(example("aB", gives=True), example("AB", gives=False)),
)
def has_lower(value: str) -> bool:
    """Whether the text has a letter in lower case."""
    return any(c.islower() for c in value)


@operator(
    "contains a special character, has a special character, at least one special character, contains a symbol, at "
    "least one symbol, has a symbol, at least one punctuation mark",
    examples=(example("a!", gives=True), example("a 1", gives=False)),
)
def has_symbol(value: str) -> bool:
    """Whether the text has a character that is neither a letter nor a digit nor whitespace."""
    return any(not (c.isalnum() or c.isspace()) for c in value)


@operator(
    "contains a space, contains spaces, has spaces in it, contains whitespace, has whitespace, has a space",
    examples=(example("a b", gives=True), example("ab", gives=False)),
)
def has_whitespace(value: str) -> bool:
    """Whether the text has whitespace."""
    return any(c.isspace() for c in value)


@operator(
    "is a slug, is a valid slug, only small letters digits and dashes",
    examples=(example("my-page-2", gives=True), example("My page", gives=False), example("-a", gives=False)),
)
def is_slug(value: str) -> bool:
    """Whether the text is lower-case letters a-z and digits in groups with one dash between them."""
    return re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", value) is not None


@operator(
    "is a valid phone number, looks like a phone number, valid phone number, is a phone number",
    examples=(example("+49 (30) 901-820", gives=True), example("12", gives=False), example("call me", gives=False)),
)
def is_phone_like(value: str) -> bool:
    """Whether the text is 5 to 15 digits with spaces, dashes, dots, slashes or brackets between, perhaps after a +."""
    return re.fullmatch(r"\+?[0-9 ()./-]+", value) is not None and 5 <= sum(c.isdecimal() for c in value) <= 15


@operator(
    "matches the pattern, matches the regular expression, matches the regex, fits the pattern, has the form, of the "
    "form, has the format, in the format",
    examples=(
        example("AB-12", "[A-Z]{2}-[0-9]+", gives=True),
        example("AB-12x", "[A-Z]{2}-[0-9]+", gives=False),
        example("", "", gives=True),
    ),
)
def matches(value: str, pattern: str) -> bool:
    """Whether the whole text fits a regular expression (RE2 syntax, so the time it takes is bounded)."""
    return _matcher(pattern)(value)


@lru_cache(maxsize=64)
def _matcher(pattern: str) -> Callable[[str], bool]:
    # Imported here: where there is no pydantic (WebAssembly), the other operators of the family still work.
    from pydantic_core import SchemaError, SchemaValidator, core_schema

    try:
        validator = SchemaValidator(core_schema.str_schema(pattern=rf"\A(?:{pattern})\z"))
    except SchemaError:
        raise NoValueError("the pattern is not a regular expression") from None
    return validator.isinstance_python
