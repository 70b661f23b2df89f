"""Masking: texts of which others may see only a part. None of these says how to get the rest back."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flowlattice.operators.base import example, operator

_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]+(?:\.[\w-]+)+")


@operator(
    "every character but the last replaced by a star, every digit but the last replaced by a star, all but the last "
    "masked, all but the last replaced by stars, only the last visible, masked except the last, all but the last "
    "hidden, masked, mask",
    examples=(
        example("4111111111111234", 4, gives="************1234"),
        example("123", 4, gives="123"),
        example("secret", 0, "#", gives="######"),
    ),
)
def mask_all_but_last(value: str, keep: int, mark: str = "*") -> str:
    """The text with a mark for each character but so many at its end; a text as short as that stays."""
    hidden = max(0, len(value) - max(0, keep))
    return mark * hidden + value[hidden:]


@operator(
    "all but the first masked, all but the first replaced by stars, every character but the first replaced by a star, "
    "only the first visible, masked except the first, all but the first hidden",
    examples=(example("Ada", 1, gives="A**"), example("A", 2, gives="A"), example("", 1, gives="")),
)
def mask_all_but_first(value: str, keep: int, mark: str = "*") -> str:
    """The text with a mark for each character but so many at its start; a text as short as that stays."""
    shown = max(0, keep)
    return value[:shown] + mark * max(0, len(value) - shown)


@operator(
    "the middle masked, masked in the middle, middle replaced by stars, only the ends visible, only the first and "
    "last visible",
    examples=(
        example("DE89370400440532", 4, 2, gives="DE89**********32"),
        example("abc", 2, 2, gives="***"),
        example("", 1, 1, gives=""),
    ),
)
def mask_middle(value: str, first: int, last: int, mark: str = "*") -> str:
    """The text with a mark for each character between so many at its start and its end; a short one is all marks."""
    shown, end = max(0, first), len(value) - max(0, last)
    if shown >= end:
        return mark * len(value)
    return value[:shown] + mark * (end - shown) + value[end:]


@operator(
    "completely masked, fully masked, every character replaced by a star, every character masked, all characters "
    "masked, all characters hidden, replaced by stars",
    examples=(example("secret", gives="******"), example("", gives="")),
)
def mask_all(value: str, mark: str = "*") -> str:
    """A mark for each character of the text."""
    return mark * len(value)


@operator(
    "digits masked except the last, all digits but the last masked, every digit but the last masked, digits hidden "
    "but the last",
    examples=(example("+49 30 901820", 3, gives="+** ** ***820"), example("none", 2, gives="none")),
)
def mask_digits_but_last(value: str, keep: int, mark: str = "*") -> str:
    """The text with a mark for each digit but the last so many; everything else stays."""
    hidden = sum(c.isdecimal() for c in value) - max(0, keep)
    return re.sub(r"\d", lambda _: mark, value, count=hidden) if hidden > 0 else value


@operator(
    "digits masked, all digits masked, digits replaced by stars, digits replaced, every digit replaced, digits "
    "redacted, numbers blacked out",
    examples=(example("Room 101", gives="Room ***"), example("a1", "#", gives="a#")),
)
def redact_digits(value: str, mark: str = "*") -> str:
    """The text with a mark for each digit."""
    return "".join(mark if c.isdecimal() else c for c in value)


@operator(
    "email masked, masked email, masked email address, first character then three stars then the @ and the domain, "
    "first character of the email and stars, email with only its first character visible",
    examples=(
        example("jane.doe@example.com", gives="j***@example.com"),
        example("@example.com", gives="***@example.com"),
        example("jane", gives="***"),
    ),
)
def mask_email(value: str, mark: str = "***") -> str:
    """The address's first character, a mark, and the @ with the domain; only the mark for a text without an @."""
    user, at, domain = value.rpartition("@")
    return user[:1] + mark + at + domain if at else mark


@operator(
    "email addresses in the text masked, email addresses redacted, email addresses blacked out, email addresses "
    "removed from the text",
    examples=(example("Write to a.b@c.org now", gives="Write to *** now"), example("no @", gives="no @")),
)
def redact_emails(value: str, mark: str = "***") -> str:
    """The text with a mark for each email address in it."""
    return _EMAIL.sub(lambda _: mark, value)


@operator(
    "bad words replaced by stars, these words replaced by stars, words censored, censored, blacked out words, words "
    "redacted",
    examples=(
        example("Darn it, DARN!", ["darn"], gives="**** it, ****!"),
        example("scunthorpe", ["thor"], gives="scunthorpe"),
        example("a", [], gives="a"),
    ),
)
def redact_words(value: str, words: Sequence[str], mark: str = "*") -> str:
    """The text with a mark for each character of these words, whole words in either case."""
    wanted = sorted((re.escape(word) for word in words if word), key=len, reverse=True)
    if not wanted:
        return value
    found = re.compile(rf"(?<!\w)(?:{'|'.join(wanted)})(?!\w)", re.IGNORECASE)
    return found.sub(lambda word: mark * len(word[0]), value)


@operator(
    "first name and initial of the last name, first name and last initial, last name shortened to its initial, "
    "surname as an initial",
    examples=(example("Ada King Lovelace", gives="Ada L."), example("Ada", gives="Ada"), example(" ", gives="")),
)
def shorten_name(value: str) -> str:
    """The first name and the initial of the last: `Ada L.`."""
    names = value.split()
    return f"{names[0]} {names[-1][0]}." if len(names) > 1 else "".join(names)
