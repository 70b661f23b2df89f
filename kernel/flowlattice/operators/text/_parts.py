"""Parts of a text: characters, words, lines, and what stands before or after a separator."""

from __future__ import annotations

from flowlattice.operators.base import NoValueError, example, operator


@operator(
    "character at the position, character at position, character at index, character at",
    examples=(example("abc", 0, gives="a"), example("abc", -1, gives="c")),
)
def character(value: str, position: int) -> str:
    """The character at a position, from 0; negative positions count from the end."""
    if -len(value) <= position < len(value):
        return value[position]
    raise NoValueError("the text has no character at this position")


@operator(
    "nth character, n-th character, nth letter, n-th letter",
    examples=(example("abc", 1, gives="a"), example("zoë", 3, gives="ë")),
)
def nth_character(value: str, number: int) -> str:
    """The character of that number, from 1."""
    if 1 <= number <= len(value):
        return value[number - 1]
    raise NoValueError("the text has no character of this number")


@operator(
    "list of characters, list of letters, its characters, single characters, individual characters, one by one letters",
    examples=(example("ab c", gives=["a", "b", " ", "c"]), example("", gives=[])),
)
def characters(value: str) -> list[str]:
    """The characters in order."""
    return list(value)


@operator(
    "list of words, the words, its words, split into words, single words, words",
    examples=(example("  the quick\nfox ", gives=["the", "quick", "fox"]), example("", gives=[])),
)
def words(value: str) -> list[str]:
    """The words in order, which are what stands between whitespace."""
    return value.split()


@operator(
    "list of lines, the lines, its lines, split into lines, line by line",
    examples=(example("a\nb\r\n", gives=["a", "b"]), example("", gives=[])),
)
def lines(value: str) -> list[str]:
    """The lines in order, without their ends."""
    return value.splitlines()


@operator(
    "split at each, split at every, split at, split by, split on, split into parts, separated into, cut at every, "
    "comma-separated parts",
    examples=(
        example("a, b,", ",", gives=["a", " b", ""]),
        example("", ",", gives=[]),
        example("ab", "", gives=["a", "b"]),
    ),
)
def split(value: str, separator: str) -> list[str]:
    """The parts between the separators; none of an empty text, the characters for an empty separator."""
    if not separator:
        return list(value)
    return value.split(separator) if value else []


@operator(
    "first characters, first letters, first few characters, characters at the start, leading characters",
    examples=(example("abcdef", 3, gives="abc"), example("ab", 3, gives="ab"), example("ab", -1, gives="")),
)
def first_characters(value: str, count: int) -> str:
    """So many characters from the start; all of a shorter text."""
    return value[: max(0, count)]


@operator(
    "last characters, last letters, last digits, characters at the end, trailing characters",
    examples=(example("abcdef", 2, gives="ef"), example("ab", 3, gives="ab"), example("ab", 0, gives="")),
)
def last_characters(value: str, count: int) -> str:
    """So many characters from the end; all of a shorter text."""
    return value[max(0, len(value) - max(0, count)) :]


@operator(
    "without the first characters, without the first character, without the first letter, "
    "first character removed, first characters removed, first letter removed",
    examples=(example("abc", gives="bc"), example("abc", 2, gives="c"), example("", gives="")),
)
def without_first(value: str, count: int = 1) -> str:
    """The text without so many characters at its start."""
    return value[max(0, count) :]


@operator(
    "without the last characters, without the last character, without the last letter, "
    "last character removed, last characters removed, last letter removed",
    examples=(example("abc", gives="ab"), example("abc", 4, gives=""), example("", gives="")),
)
def without_last(value: str, count: int = 1) -> str:
    """The text without so many characters at its end."""
    return value[: max(0, len(value) - max(0, count))]


@operator(
    "cut off after, cut to at most, cut to, shortened to, shortened, truncated to, truncated, truncate, clipped, "
    "limited to so many characters, abbreviated to",
    examples=(
        example("Hello world", 5, gives="Hello"),
        example("Hello world", 8, "...", gives="Hello..."),
        example("Hello", 5, "...", gives="Hello"),
    ),
)
def truncate(value: str, limit: int, ellipsis: str = "") -> str:
    """The text cut to at most so many characters; one that is cut ends with the ellipsis, which counts."""
    if len(value) <= limit:
        return value
    return (value[: max(0, limit - len(ellipsis))] + ellipsis)[: max(0, limit)]


@operator(
    "first words, only the first words, cut after so many words, limited to so many words",
    examples=(
        example("a b  c d", 2, gives="a b"),
        example("a b c", 2, "...", gives="a b..."),
        example("a", 2, "...", gives="a"),
    ),
)
def truncate_words(value: str, count: int, ellipsis: str = "") -> str:
    """So many words from the start, one space between them; the ellipsis follows where words are left out."""
    found = value.split()
    kept = " ".join(found[: max(0, count)])
    return kept + ellipsis if len(found) > max(0, count) else kept


@operator(
    "part before the first, what stands before, what comes before, everything before, part before, text before, "
    "before the",
    examples=(example("a=b=c", "=", gives="a"), example("abc", "=", gives="abc")),
)
def before(value: str, separator: str) -> str:
    """What stands before the first separator; the whole text where there is none."""
    return value.partition(separator)[0] if separator else value


@operator(
    "part after the first, what stands after, what comes after, everything after, part after, text after, after the",
    examples=(example("a=b=c", "=", gives="b=c"), example("abc", "=", gives="")),
)
def after(value: str, separator: str) -> str:
    """What stands after the first separator; empty where there is none."""
    return value.partition(separator)[2] if separator else ""


@operator(
    "part before the last, everything before the last, what stands before the last, without the file extension, "
    "file name without extension, without extension",
    examples=(example("a.tar.gz", ".", gives="a.tar"), example("abc", ".", gives="abc")),
)
def before_last(value: str, separator: str) -> str:
    """What stands before the last separator; the whole text where there is none."""
    return value.rpartition(separator)[0] if separator and separator in value else value


@operator(
    "part after the last, everything after the last, what stands after the last, file extension, last part after, "
    "extension",
    examples=(example("a.tar.gz", ".", gives="gz"), example("abc", ".", gives="")),
)
def after_last(value: str, separator: str) -> str:
    """What stands after the last separator; empty where there is none."""
    return value.rpartition(separator)[2] if separator and separator in value else ""


@operator(
    "what stands between, part between, text between, everything between, inside the brackets, in between",
    examples=(example("a [b] c", "[", "]", gives="b"), example("abc", "[", "]", gives="")),
)
def between(value: str, start: str, end: str) -> str:
    """What stands between the first `start` and the next `end`; empty where they are not both there."""
    _, found, rest = value.partition(start) if start else ("", "yes", value)
    inner, closed, _ = rest.partition(end) if end else (rest, "yes", "")
    return inner if found and closed else ""


@operator(
    "first word, the first word",
    examples=(example("  Ada Lovelace", gives="Ada"), example(" ", gives="")),
)
def first_word(value: str) -> str:
    """The first word; empty where there is none."""
    return "".join(value.split()[:1])


@operator(
    "last word, the last word, surname",
    examples=(example("Ada Lovelace ", gives="Lovelace"), example("", gives="")),
)
def last_word(value: str) -> str:
    """The last word; empty where there is none."""
    return "".join(value.split()[-1:])


@operator(
    "digits only, only the digits, only digits, just the digits, the digits in it, the digits of, its digits, "
    "everything but digits removed, non-digits removed, without anything but digits",
    examples=(example("+49 (30) 901-820", gives="4930901820"), example("none", gives="")),
)
def digits_only(value: str) -> str:
    """The digits 0-9 of the text and nothing else."""
    return "".join(c for c in value if c in "0123456789")


@operator(
    "letters only, only the letters, only letters, just the letters, everything but letters removed, non-letters "
    "removed",
    examples=(example("R2-D2 Zoë!", gives="RDZoë"), example("42", gives="")),
)
def letters_only(value: str) -> str:
    """The letters of the text and nothing else."""
    return "".join(c for c in value if c.isalpha())


@operator(
    "letters and digits only, only letters and digits, only the letters and digits, alphanumeric characters only, "
    "only alphanumeric characters, without special characters, special characters removed",
    examples=(example("a-1 b_2!", gives="a1b2"), example("--", gives="")),
)
def letters_and_digits_only(value: str) -> str:
    """The letters and decimal digits of the text and nothing else."""
    return "".join(c for c in value if c.isalpha() or c.isdecimal())


@operator(
    "email domain, domain of the email, domain of the address, domain part, what comes after the @, domain",
    examples=(example("Ada@Example.com", gives="Example.com"), example("ada", gives="")),
)
def email_domain(value: str) -> str:
    """What stands after the last @; empty where there is none."""
    return after_last(value, "@")


@operator(
    "email user, user part, local part, user name of the email, mailbox name, what comes before the @",
    examples=(example("ada@example.com", gives="ada"), example("ada", gives="ada")),
)
def email_user(value: str) -> str:
    """What stands before the last @; the whole text where there is none."""
    return before_last(value, "@")


@operator(
    "in groups of, in blocks of, grouped in, grouped by, a space after every",
    examples=(
        example("DE891234", 4, gives="DE89 1234"),
        example("12345", 2, "-", gives="12-34-5"),
        example("", 4, gives=""),
    ),
)
def grouped(value: str, size: int, separator: str = " ") -> str:
    """The text with the separator after every so many characters, not at its end."""
    if size < 1:
        raise NoValueError("the size of a group must be at least 1")
    return separator.join(value[start : start + size] for start in range(0, len(value), size))
