"""Texts made from others: joined, replaced, reordered, and with some characters left out."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from flowlattice.operators.base import NoValueError, example, operator

_VOWELS = "aeiouAEIOU"
_MAX_LENGTH = 1_000_000


@operator(
    "joined with, joined by, joined into one text, joined together, joined, join, separated by, concatenated, glued "
    "together, put together, comma-separated, with commas in between",
    examples=(example(["a", "b"], ", ", gives="a, b"), example([], ", ", gives=""), example(["a", "b"], gives="ab")),
)
def join(values: Sequence[str], separator: str = "") -> str:
    """The texts in a row with the separator between them."""
    return separator.join(values)


@operator(
    "joined with commas and and, as an english list, with and before the last, as a sentence, enumerated",
    examples=(
        example(["a", "b", "c"], gives="a, b and c"),
        example(["a"], gives="a"),
        example(["a", "b"], "or", gives="a or b"),
    ),
)
def join_with_and(values: Sequence[str], word: str = "and") -> str:
    """The texts with commas between them and a word before the last: `a, b and c`."""
    if len(values) < 2:
        return "".join(values)
    return f"{', '.join(values[:-1])} {word} {values[-1]}"


@operator(
    "reversed, backwards, back to front, turned around, turns a text around, in reverse, in reverse order, reverse, "
    "mirrored, spelled backwards",
    examples=(example("No, 42!", gives="!24 ,oN"), example("", gives="")),
)
def reverse(value: str) -> str:
    """The text with its characters in reverse order."""
    return value[::-1]


@operator(
    "words in reverse order, with the words reversed, word order reversed, reverse the order of the words, "
    "words backwards, reversed word order",
    examples=(example("the  quick fox", gives="fox quick the"), example("", gives="")),
)
def reverse_words(value: str) -> str:
    """The words in reverse order with one space between them."""
    return " ".join(reversed(value.split()))


@operator(
    "with every occurrence replaced, every occurrence replaced by, all occurrences replaced, replaced by, replaced "
    "with, replace every, replace all, replace, substituted, swapped for, turned into",
    examples=(example("a-b-c", "-", "+", gives="a+b+c"), example("abc", "", "x", gives="abc")),
)
def replace(value: str, old: str, new: str) -> str:
    """The text with every `old` in it replaced by `new`."""
    if not old:
        return value
    if len(value) + value.count(old) * (len(new) - len(old)) > _MAX_LENGTH:
        raise NoValueError(f"the text would be longer than {_MAX_LENGTH} characters")
    return value.replace(old, new)


@operator(
    "first occurrence replaced, replace the first, only the first replaced",
    examples=(example("a-b-c", "-", "+", gives="a+b-c"), example("abc", "x", "y", gives="abc")),
)
def replace_first(value: str, old: str, new: str) -> str:
    """The text with the first `old` in it replaced by `new`."""
    return value.replace(old, new, 1) if old else value


@operator(
    "with every one removed, removed from it, taken out, left out, removed, remove, without the, without any, "
    "stripped of, deleted",
    examples=(example("4111-1111", "-", gives="41111111"), example("abc", "", gives="abc")),
)
def remove(value: str, unwanted: str) -> str:
    """The text without any occurrence of another."""
    return value.replace(unwanted, "") if unwanted else value


@operator(
    "without the prefix, prefix removed, without the leading, stripped of the leading",
    examples=(example("INV-7", "INV-", gives="7"), example("7", "INV-", gives="7")),
)
def strip_prefix(value: str, prefix: str) -> str:
    """The text without the prefix if it starts with it."""
    return value.removeprefix(prefix)


@operator(
    "without the suffix, suffix removed, without the trailing, without the ending",
    examples=(example("7 kg", " kg", gives="7"), example("7", " kg", gives="7")),
)
def strip_suffix(value: str, suffix: str) -> str:
    """The text without the suffix if it ends with it."""
    return value.removesuffix(suffix)


@operator(
    "with the prefix added if missing, prefixed unless it has it, in front unless it is there",
    examples=(example("ada", "@", gives="@ada"), example("@ada", "@", gives="@ada")),
)
def ensure_prefix(value: str, prefix: str) -> str:
    """The text with the prefix in front, once."""
    return value if value.startswith(prefix) else prefix + value


@operator(
    "with the suffix added if missing, ending with exactly one, at the end unless it is there",
    examples=(example("Hi", "!", gives="Hi!"), example("Hi!", "!", gives="Hi!")),
)
def ensure_suffix(value: str, suffix: str) -> str:
    """The text with the suffix at its end, once."""
    return value if value.endswith(suffix) else value + suffix


@operator(
    "without vowels, vowels removed, with the vowels removed, with the vowels taken out, disemvowelled, remove the "
    "vowels",
    examples=(example("Education", gives="dctn"), example("", gives="")),
)
def without_vowels(value: str) -> str:
    """The text without the letters a, e, i, o and u in either case."""
    return "".join(c for c in value if c not in _VOWELS)


@operator(
    "without digits, digits removed, without numbers in it, with the digits taken out, remove the digits",
    examples=(example("R2-D2", gives="R-D"), example("42", gives="")),
)
def without_digits(value: str) -> str:
    """The text without any decimal digit."""
    return "".join(c for c in value if not c.isdecimal())


@operator(
    "without punctuation, punctuation removed, without punctuation marks, with the punctuation taken out",
    examples=(example("Hi, Zoë! (2€)", gives="Hi Zoë 2€"), example("...", gives="")),
)
def without_punctuation(value: str) -> str:
    """The text without punctuation; symbols such as € stay."""
    return "".join(c for c in value if not unicodedata.category(c).startswith("P"))


@operator(
    "without accents, accents removed, accents dropped, without diacritics, in plain letters, unaccented",
    examples=(example("Zoë Ångström", gives="Zoe Angstrom"), example("", gives="")),
)
def without_accents(value: str) -> str:
    """The text with accented letters turned into plain ones; letters of their own, such as ø, stay."""
    apart = unicodedata.normalize("NFD", value)
    return unicodedata.normalize("NFC", "".join(c for c in apart if not unicodedata.combining(c)))


@operator(
    "caesar cipher, caesar-shifted, caesar shift, shifted by, letters shifted by, each letter moved by, shift cipher",
    examples=(example("xyz, Abc!", 3, gives="abc, Def!"), example("b", -1, gives="a"), example("é", 1, gives="é")),
)
def shift_letters(value: str, by: int) -> str:
    """The text with each letter a-z moved on in the alphabet, around its end; other characters stay."""
    return "".join(_shifted(c, by) for c in value)


@operator("rot13, rot-13, rot 13", examples=(example("Hello", gives="Uryyb"), example("", gives="")))
def rot13(value: str) -> str:
    """The text with each letter a-z moved by thirteen; twice gives the text back."""
    return shift_letters(value, 13)


@operator(
    "letters in alphabetical order, characters in alphabetical order, letters sorted, characters sorted, sorted "
    "letters, with its letters sorted",
    examples=(example("hello", gives="ehllo"), example("bA", gives="Ab")),
)
def sort_letters(value: str) -> str:
    """The characters in the order of their code points, so capitals come first."""
    return "".join(sorted(value))


@operator(
    "words in alphabetical order, words sorted, sorted words, with its words sorted",
    examples=(example("pear Apple fig", gives="Apple fig pear"), example("", gives="")),
)
def sort_words(value: str) -> str:
    """The words in alphabetical order whatever their case, one space between them."""
    return " ".join(sorted(value.split(), key=lambda word: (word.casefold(), word)))


@operator(
    "every character only once, without repeated characters, without repeated letters, repeated letters removed, "
    "duplicate characters removed, unique characters, distinct letters",
    examples=(example("banana", gives="ban"), example("", gives="")),
)
def unique_characters(value: str) -> str:
    """The text with each character only where it stands first."""
    return "".join(dict.fromkeys(value))


@operator(
    "escaped for html, html-escaped, html escaped, safe for html",
    examples=(
        example("<b>\"A\" & 'B'</b>", gives="&lt;b&gt;&quot;A&quot; &amp; &#x27;B&#x27;&lt;/b&gt;"),
        example("a", gives="a"),
    ),
)
def escape_html(value: str) -> str:
    """The text as it is shown in HTML: &, <, > and both quotes become character references."""
    plain = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.replace('"', "&quot;").replace("'", "&#x27;")


@operator(
    "as the text true or false, true or false as text",
    examples=(example(True, gives="true"), example(False, gives="false")),
)
def from_boolean(value: bool) -> str:
    """The text `true` or `false`."""
    return "true" if value else "false"


def _shifted(character: str, by: int) -> str:
    for first in "aA":
        offset = ord(character) - ord(first)
        if 0 <= offset < 26:
            return chr(ord(first) + (offset + by) % 26)
    return character
