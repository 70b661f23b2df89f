"""What can be said of a text: how long it is, what it holds, and whether it has a property."""

from __future__ import annotations

import re

from flowlattice.operators.base import NoValueError, example, operator

_VOWELS = frozenset("aeiouAEIOU")
_MAX_DISTANCE = 1_000


@operator(
    "number of characters, number of letters and spaces, how many characters, character count, count of characters, "
    "text length, length of the text, how long it is, how long the text is, length",
    examples=(example("naïve 1", gives=7), example("", gives=0)),
)
def length(value: str) -> int:
    """The number of characters, spaces included."""
    return len(value)


@operator(
    "number of characters without spaces, characters without spaces, length without spaces, "
    "number of characters not counting spaces, not counting spaces",
    examples=(example("a b\tc", gives=3), example("", gives=0)),
)
def length_without_spaces(value: str) -> int:
    """The number of characters that are not whitespace."""
    return len("".join(value.split()))


@operator(
    "number of words, how many words, word count, count of words, count the words, counts words, words in it",
    examples=(example("  the quick\nfox ", gives=3), example("", gives=0)),
)
def word_count(value: str) -> int:
    """The number of words, which are what stands between whitespace."""
    return len(value.split())


@operator(
    "number of lines, how many lines, line count, count of lines, count the lines",
    examples=(example("a\n\nb\n", gives=3), example("", gives=0)),
)
def line_count(value: str) -> int:
    """The number of lines; a line end at the end begins no further line."""
    return len(value.splitlines())


@operator(
    "number of sentences, how many sentences, sentence count, count the sentences",
    examples=(example("Hi there. How are you?! Fine", gives=3), example("...", gives=0)),
)
def sentence_count(value: str) -> int:
    """The number of sentences: what runs of `.`, `!` and `?` followed by a space or the end part."""
    return sum(bool(re.search(r"\w", part)) for part in re.split(r"(?<![.!?])[.!?]++(?:\s+|$)", value))


@operator(
    "number of times it occurs, how often it occurs, how often it contains, how many times it contains, "
    "number of occurrences, occurrences of, how often, how many times, count of",
    examples=(example("banana", "an", gives=2), example("aaa", "aa", gives=1), example("abc", "", gives=0)),
)
def count_of(value: str, part: str) -> int:
    """How often the part stands in the text without overlapping."""
    return value.count(part) if part else 0


@operator(
    "number of vowels, how many vowels, vowel count, count the vowels, vowels in it",
    examples=(example("Education", gives=5), example("rhythm", gives=0)),
)
def vowel_count(value: str) -> int:
    """The number of letters a, e, i, o and u in either case."""
    return sum(c in _VOWELS for c in value)


@operator(
    "number of consonants, how many consonants, consonant count, count the consonants",
    examples=(example("Education!", gives=4), example("aei 1", gives=0)),
)
def consonant_count(value: str) -> int:
    """The number of letters a-z in either case that are not vowels."""
    return sum(c.isascii() and c.isalpha() and c not in _VOWELS for c in value)


@operator(
    "number of letters, how many letters, letter count, count the letters, count of letters",
    examples=(example("Zoë 12", gives=3), example("", gives=0)),
)
def letter_count(value: str) -> int:
    """The number of letters."""
    return sum(c.isalpha() for c in value)


@operator(
    "number of digits, how many digits, digit count, count the digits, count of digits",
    examples=(example("R2-D2", gives=2), example("", gives=0)),
)
def digit_count(value: str) -> int:
    """The number of decimal digits."""
    return sum(c.isdecimal() for c in value)


@operator(
    "number of capital letters, number of capitals, number of upper case letters, number of uppercase letters, "
    "how many capitals, how many capital letters",
    examples=(example("Hello World", gives=2), example("", gives=0)),
)
def uppercase_count(value: str) -> int:
    """The number of letters in upper case."""
    return sum(c.isupper() for c in value)


@operator(
    "number of lower case letters, number of lowercase letters, number of small letters, how many small letters",
    examples=(example("Hello World", gives=8), example("", gives=0)),
)
def lowercase_count(value: str) -> int:
    """The number of letters in lower case."""
    return sum(c.islower() for c in value)


@operator(
    "number of different characters, number of distinct characters, number of unique characters, "
    "how many different letters, how many different characters",
    examples=(example("banana", gives=3), example("", gives=0)),
)
def distinct_characters(value: str) -> int:
    """The number of different characters."""
    return len(set(value))


@operator(
    "starts with, begins with, starting with, beginning with, has the prefix",
    examples=(example("+49 30", "+", gives=True), example("Ab", "a", gives=False), example("", "", gives=True)),
)
def starts_with(value: str, prefix: str) -> bool:
    """Whether the text starts with another."""
    return value.startswith(prefix)


@operator(
    "ends with, ending with, ends in, has the suffix",
    examples=(example("a.pdf", ".pdf", gives=True), example("a.PDF", ".pdf", gives=False)),
)
def ends_with(value: str, suffix: str) -> bool:
    """Whether the text ends with another."""
    return value.endswith(suffix)


@operator(
    "contains the text, contains the word, contains, is contained in, includes, has in it, occurs in",
    examples=(example("stressed", "tres", gives=True), example("abc", "B", gives=False), example("", "", gives=True)),
)
def contains(value: str, part: str) -> bool:
    """Whether the part stands anywhere in the text."""
    return part in value


@operator(
    "contains in either case, contains ignoring case, contains whatever the case, contains regardless of case",
    examples=(example("Hello", "ELL", gives=True), example("abc", "x", gives=False)),
)
def contains_ignoring_case(value: str, part: str) -> bool:
    """Whether the part stands anywhere in the text, whatever the case."""
    return part.casefold() in value.casefold()


@operator(
    "the same ignoring case, equal ignoring case, the same regardless of case, the same whatever the case, "
    "equal when case is ignored, case-insensitively equal",
    examples=(example("Straße", "STRASSE", gives=True), example("a", "b", gives=False)),
)
def equals_ignoring_case(value: str, other: str) -> bool:
    """Whether two texts are the same whatever their case."""
    return value.casefold() == other.casefold()


@operator(
    "empty or only spaces, empty or blank, nothing but spaces, only whitespace, blank, is empty after trimming",
    examples=(example(" \t", gives=True), example("", gives=True), example(" a", gives=False)),
)
def is_blank(value: str) -> bool:
    """Whether the text is empty or nothing but whitespace."""
    return not value.strip()


@operator(
    "palindrome ignoring case and spaces, palindrome ignoring spaces and case, palindrome ignoring case, "
    "palindrome ignoring punctuation, is a palindrome, palindrome",
    examples=(
        example("A man, a plan, a canal: Panama", gives=True),
        example("ab", gives=False),
        example("", gives=True),
    ),
)
def is_palindrome(value: str) -> bool:
    """Whether the letters and digits, whatever their case, read the same backwards."""
    kept = [c for c in value.casefold() if c.isalnum()]
    return kept == kept[::-1]


@operator(
    "reads the same backwards, reads the same forwards and backwards, the same when reversed, exact palindrome, "
    "palindrome",
    examples=(example("level", gives=True), example("Level", gives=False), example("", gives=True)),
)
def reads_same_backwards(value: str) -> bool:
    """Whether the text is exactly the same backwards, case and spaces included."""
    return value == value[::-1]


@operator(
    "anagrams of each other, is an anagram, are anagrams, anagram of, anagrams, same letters in another order",
    examples=(example("Dirty room", "dormitory", gives=True), example("aab", "abb", gives=False)),
)
def is_anagram(value: str, other: str) -> bool:
    """Whether two texts have the same letters and digits equally often, whatever case and order."""
    return _sorted_letters(value) == _sorted_letters(other)


@operator(
    "longest word, the longest word",
    examples=(example("the quick brown fox", gives="quick"), example("", gives="")),
)
def longest_word(value: str) -> str:
    """The longest word, the first of several; empty where there is none."""
    return max(value.split(), key=len, default="")


@operator(
    "shortest word, the shortest word",
    examples=(example("the quick ox", gives="ox"), example("", gives="")),
)
def shortest_word(value: str) -> str:
    """The shortest word, the first of several; empty where there is none."""
    return min(value.split(), key=len, default="")


@operator(
    "most common character, most common letter, most frequent character, most frequent letter, character that "
    "occurs most",
    examples=(example("banana", gives="a"), example("ab", gives="a")),
)
def most_common_character(value: str) -> str:
    """The character that occurs most often, the first of several; an empty text has none."""
    if not value:
        raise NoValueError("an empty text has no characters")
    tally = dict.fromkeys(value, 0)
    for found in value:
        tally[found] += 1
    return max(tally, key=tally.__getitem__)


@operator(
    "position of the first, where it first occurs, index of, position of",
    examples=(example("banana", "na", gives=2), example("abc", "x", gives=None)),
)
def position_of(value: str, part: str) -> int | None:
    """The position of the first occurrence of the part, from 0; null where there is none."""
    found = value.find(part)
    return None if found < 0 else found


@operator(
    "edit distance, levenshtein distance, levenshtein, number of edits",
    examples=(example("kitten", "sitting", gives=3), example("", "ab", gives=2)),
)
def edit_distance(value: str, other: str) -> int:
    """The smallest number of inserted, deleted or replaced characters between two texts (Levenshtein)."""
    if max(len(value), len(other)) > _MAX_DISTANCE:
        raise NoValueError(f"texts longer than {_MAX_DISTANCE} characters are not compared")
    row = list(range(len(other) + 1))
    for i, one in enumerate(value, 1):
        above, row[0] = row[0], i
        for j, two in enumerate(other, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (one != two))
    return row[-1]


def _sorted_letters(value: str) -> list[str]:
    return sorted(c for c in value.casefold() if c.isalnum())
