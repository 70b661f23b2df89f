"""Upper and lower case, and the spellings of names that programs use."""

from __future__ import annotations

import re
import unicodedata

from flowlattice.operators.base import example, operator


@operator(
    "in upper case, upper case, uppercase, upper-case, uppercased, in capitals, in capital letters, all caps, "
    "capital letters, shouted, shout",
    examples=(example("Room 1b", gives="ROOM 1B"), example("straße", gives="STRASSE"), example("", gives="")),
)
def upper(value: str) -> str:
    """The text in upper case."""
    return value.upper()


@operator(
    "in lower case, lower case, lowercase, lower-case, lowercased, in small letters, small letters, lowercase it, "
    "without capitals",
    examples=(example("Zoë B", gives="zoë b"), example("", gives="")),
)
def lower(value: str) -> str:
    """The text in lower case."""
    return value.lower()


@operator(
    "in title case, title case, titlecase, title-cased, every word with a capital and the rest small",
    examples=(example("the QUICK o'neil", gives="The Quick O'neil"), example("", gives="")),
)
def title(value: str) -> str:
    """The text with each word's first character in upper case and its others in lower case."""
    return re.sub(r"\S+", lambda word: word[0][0].title() + word[0][1:].lower(), value)


@operator(
    "every word capitalised, every word capitalized, each word capitalised, each word capitalized, "
    "first letter of each word in upper case, first letter of every word in upper case, capitalise each word, "
    "capitalize each word, capitalise every word, capitalize every word",
    examples=(example("the IBM  way", gives="The IBM  Way"), example("", gives="")),
)
def capitalise_words(value: str) -> str:
    """The text with each word's first character in upper case; the others stay."""
    return re.sub(r"\S+", lambda word: word[0][0].title() + word[0][1:], value)


@operator(
    "first letter in upper case, first letter capitalised, first letter capitalized, first letter uppercase, "
    "starting with a capital, with a capital first letter, capitalised, capitalized, capitalise, capitalize",
    examples=(example("ada Lovelace", gives="Ada Lovelace"), example("", gives="")),
)
def capitalise(value: str) -> str:
    """The text with its first character in upper case; the others stay."""
    return value[:1].title() + value[1:]


@operator(
    "in sentence case, sentence case, first letter in upper case and the rest in lower case, "
    "first letter upper case and the rest lower case",
    examples=(example("hELLO World", gives="Hello world"), example("", gives="")),
)
def sentence_case(value: str) -> str:
    """The text with its first character in upper case and all others in lower case."""
    return value[:1].title() + value[1:].lower()


@operator(
    "with upper and lower case swapped, upper and lower case swapped, case swapped, swap case, swapped case, "
    "swap the case, inverted case, toggle case",
    examples=(example("aBc 1", gives="AbC 1"), example("", gives="")),
)
def swap_case(value: str) -> str:
    """The text with lower case in upper case and the other way round."""
    return value.swapcase()


@operator(
    "in camel case, camel case, camelcase, camel-case",
    examples=(example("first name", gives="firstName"), example("HTTP-status_code", gives="httpStatusCode")),
)
def camel_case(value: str) -> str:
    """The words of the text run together, each but the first with a capital: `firstName`."""
    spelled = pascal_case(value)
    return spelled[:1].lower() + spelled[1:]


@operator(
    "in pascal case, pascal case, pascalcase, upper camel case",
    examples=(example("first name", gives="FirstName"), example("", gives="")),
)
def pascal_case(value: str) -> str:
    """The words of the text run together, each with a capital: `FirstName`."""
    return "".join(part[:1].title() + part[1:] for part in _name_parts(value))


@operator(
    "in snake case, snake case, snake_case, snakecase, words joined by underscores",
    examples=(example("First name", gives="first_name"), example("userID2", gives="user_id2")),
)
def snake_case(value: str) -> str:
    """The words of the text in lower case with an underscore between them: `first_name`."""
    return "_".join(_name_parts(value))


@operator(
    "in kebab case, kebab case, kebab-case, kebabcase, dash case, words joined by dashes",
    examples=(example("First name", gives="first-name"), example("userName", gives="user-name")),
)
def kebab_case(value: str) -> str:
    """The words of the text in lower case with a dash between them: `first-name`."""
    return "-".join(_name_parts(value))


@operator(
    "as a slug, url slug, slug, slugified, slugify, url-friendly, url friendly, web address friendly",
    examples=(example("  Crème brûlée, 2 ways! ", gives="creme-brulee-2-ways"), example("!?", gives="")),
)
def slug(value: str) -> str:
    """The text for a web address: lower-case letters a-z and digits, one dash between runs, accents dropped."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", value.lower()) if not unicodedata.combining(c))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


@operator(
    "initials, first letter of each word, first letters of the words, first letter of every word",
    examples=(example("ada king lovelace", gives="AKL"), example("  ", gives="")),
)
def initials(value: str) -> str:
    """The first character of each word in upper case, without anything between them."""
    return "".join(word[0].title() for word in value.split())


def _name_parts(value: str) -> list[str]:
    """The lower-case words of a name in any spelling: capitals, dashes, underscores and spaces part them."""
    parted = re.sub(r"(?<=[^\W_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", value)
    return [part.lower() for part in re.split(r"[\W_]+", parted) if part]
