"""Tokens of a brief, each with its place: words, numbers, quoted text, JSON-like objects, paths, symbols, bullets.

What a token means is the grammar's business. Lexing is one pass over a text of bounded length.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from flowlattice_agents.models.offline.objects import FAILURES_ALLOWED, match_object
from flowlattice_agents.models.offline.terms import Term, term

_PATTERNS = (
    ("BLANK", r"\n[ \t]*(?:\n[ \t]*)+"),
    ("NEWLINE", r"\n[ \t]*"),
    ("SPACE", r"[ \t\r\f\v\u00a0\u2009\u202f]+"),
    ("URL", r"https?://[^\s\"'`<>()]+"),
    ("STRING", r"\"[^\"\n]{0,400}\"|“[^“”\n]{0,400}”|„[^“”\n]{0,400}[“”]|«[^«»\n]{0,400}»"),
    ("QUOTED", r"(?<![\w'])'(?=[^'\s])[^'\n]{0,80}'(?!\w)|‘[^‘’\n]{1,80}’(?!\w)|(?<!\w)'(?:| |  )'(?!\w)"),
    ("CODE", r"`[^`\n]{1,400}`"),
    ("PATH", r"(?<![\w/.:})])/(?:[\w\-.~%{}<>:@+*/]*)(?:\?(?:[^\s,;\"'`()]|,(?=\S))*)?"),
    ("MAIL", r"(?<![\w.@])[\w.+-]+@[A-Za-z][\w-]*(?:\.[A-Za-z]\w*)+"),
    ("DATE", r"(?<![\w.])\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2})?Z?)?(?!\w)"),
    ("TIME", r"(?<![\w.:])\d{1,2}:\d{2}(?::\d{2})?(?![\w:])"),
    ("VERSION", r"(?<![\w.])\d+\.\d+\.\d+(?:\.\d+)*(?!\w)"),
    (
        "NUMBER",
        r"(?:(?<![\w)\]%.])[-−](?=\d))?(?:\d{1,3}(?:,\d{3})+(?![\d,])(?:\.\d+)?|\d+(?:\.\d+)?|(?<![\w.])\.\d+)",
    ),
    ("HYPHEN", r"(?<=[^\W\d_]{2})-(?=[^\W\d_])"),
    ("ABBREVIATION", r"(?i:e\.g\.|i\.e\.|etc\.|approx\.|resp\.|incl\.|excl\.|vs\.|max\.|min\.|no\.(?= ?\d))"),
    ("WORD", r"[^\W\d]\w*(?:['’]\w+)?"),
    ("SYMBOL", r"-{1,2}>|={1,2}>|~>|→|⇒|↦|⟶|\.\.\.|…|\.\.|==|!=|<>|<=|>=|≤|≥|≠|\*\*|&&|\|\||."),
)
_MASTER = re.compile("|".join(f"(?P<{name}>{pattern})" for name, pattern in _PATTERNS), re.DOTALL)
_BULLET = re.compile(r"(?:[-*•·–+]|\(?\d{1,2}[.)]|\(?[a-z]\))(?=[ \t])")
_SYMBOLS = {
    **dict.fromkeys(("->", "-->", "=>", "==>", "~>", "→", "⇒", "↦", "⟶"), "->"),
    **dict.fromkeys(("...", "…"), "..."),
    **dict.fromkeys(("—", "–", "‒"), "-"),
    "≤": "<=", "≥": ">=", "≠": "!=", "<>": "!=", "×": "*", "·": "*", "÷": "/", "−": "-", "**": "^",
}  # fmt: skip
_CONTRACTIONS = {
    "n't": ("not",), "'s": ("'s",), "'re": ("are",), "'ll": ("will",), "'ve": ("have",), "'d": ("would",),
    "'m": ("am",),
}  # fmt: skip
_IS_BEFORE_S = frozenset("it that what there here he she who where how let everything nothing which".split())
_WHOLE = {"can't": ("can", "not"), "cannot": ("can", "not"), "won't": ("will", "not"), "shan't": ("shall", "not")}
# Codes of countries that are words too: where other codes of two capitals stand in the text, they are codes.
_COUNTRIES = frozenset("IT AT BE IS IN NO ME US SO AS AM DO".split())
_NO_CODES = frozenset("OK ID OR IF TO AN BY MY UP WE HI AI UI IP PM TV PC".split())
_METHODS = frozenset(("GET", "POST", "PUT", "PATCH", "DELETE"))
_IDENTIFIER = re.compile(r"[A-Za-z_][\w\-.]*(?:\[\])?\Z")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the brief: `norm` is what literals of the grammar match, empty for what is quoted."""

    kind: str
    norm: str
    start: int
    end: int
    value: Term
    newline: bool = False

    @property
    def sentence_end(self) -> bool:
        """Whether the token ends a sentence, paragraph or bullet."""
        return self.kind in {"STOP", "BLANK", "BULLET"}


def lex(text: str, offset: int = 0) -> list[Token]:
    """The tokens of a text; `offset` is added to every place."""
    return _Lexer(text, offset).run()


class _Lexer:
    def __init__(self, text: str, offset: int) -> None:
        self.text, self.offset = text, offset
        self.tokens: list[Token] = []
        self.failures = 0
        self.has_codes = any(code not in _COUNTRIES | _NO_CODES for code in re.findall(r"\b[A-Z]{2}\b", text))
        self.newline = True

    def run(self) -> list[Token]:
        position = 0
        while position < len(self.text):
            position = self.step(position)
        return self.tokens

    def step(self, position: int) -> int:
        if self.newline and (bullet := _BULLET.match(self.text, position)) and self.entry_expected(bullet[0]):
            self.add("BULLET", "", position, bullet.end(), term("bullet"))
            return bullet.end()
        if self.text[position] in "{[" and self.failures < FAILURES_ALLOWED:
            found = match_object(self.text, position, self.offset)
            if found is not None:
                self.add("JSON", "", position, found[0], found[1])
                return found[0]
            self.failures += self.text[position] == "{"
        match = _MASTER.match(self.text, position)
        assert match is not None  # the last alternative matches any character
        return self.take(match.lastgroup or "SYMBOL", match.group(), position)

    def take(self, kind: str, text: str, start: int) -> int:
        end = start + len(text)
        if kind == "HYPHEN":
            return end
        if kind in {"SPACE", "NEWLINE", "BLANK"}:
            if kind == "BLANK":
                self.add("BLANK", "", start, end, term("blank"))
            self.newline = self.newline or kind != "SPACE"
            return end
        if kind in {"PATH", "URL"}:
            text = text.rstrip(".,;:!?" if kind == "URL" or len(text) > 1 else "")
            end = start + len(text)
            if kind == "PATH" and text in {"/", ""} and not self.path_expected(end):
                kind, text, end = "SYMBOL", "/", start + 1
        {"STRING": self.string, "QUOTED": self.string, "CODE": self.code, "WORD": self.word, "SYMBOL": self.symbol}.get(
            kind, self.plain
        )(kind, text, start, end)
        return end

    def entry_expected(self, bullet: str) -> bool:
        """Whether a number at the start of a line counts entries, and is not the rest of a sentence."""
        if not bullet[:1].isdigit() or not self.tokens:
            return True
        return self.tokens[-1].sentence_end or self.tokens[-1].norm in {":", ";"}

    def path_expected(self, end: int) -> bool:
        before = self.tokens[-1] if self.tokens else None
        return before is not None and (before.kind == "METHOD" or before.norm in {"to", "at", "path", "on", "route"})

    def add(self, kind: str, norm: str, start: int, end: int, value: Term) -> None:
        place = self.offset + start, self.offset + end
        self.tokens.append(Token(kind, norm, *place, value, self.newline))
        self.newline = False

    def plain(self, kind: str, text: str, start: int, end: int) -> None:
        if kind == "NUMBER":
            number = re.sub(r"[,\s]", "", text.replace("−", "-"))
            self.add("NUM", "", start, end, term("num", number))
        elif kind == "ABBREVIATION":
            self.add("WORD", text.lower().replace(".", ""), start, end, term("word", text))
        elif kind == "MAIL":
            self.add("STR", "", start, end, term("str", text))
        elif kind == "PATH":
            self.add("PATH", "", start, end, term("path", re.sub(r"<(\w+)>|:(\w+)", r"{\1\2}", text)))
        else:
            self.add(kind, "", start, end, term(kind.lower(), text))

    def string(self, _kind: str, text: str, start: int, end: int) -> None:
        self.add("STR", "", start, end, term("str", text[1:-1]))

    def code(self, _kind: str, text: str, start: int, end: int) -> None:
        inner = text[1:-1]
        if _IDENTIFIER.match(inner):
            self.add("NAME", "", start, end, term("name", inner))
            return
        nested = lex(inner, self.offset + start + 1)
        self.tokens.extend(nested)
        self.newline = False

    def word(self, _kind: str, text: str, start: int, end: int) -> None:
        if text in _METHODS:
            self.add("METHOD", text.lower(), start, end, term("method", text))
            return
        parts = _expand(text.replace("’", "'"))
        for index, part in enumerate(parts):
            surface = text if len(parts) == 1 else part
            norm = part if text in _COUNTRIES and self.has_codes else part.lower()
            self.add("WORD", norm, start, end, term("word", surface))
            if index == 0:
                self.newline = False

    def symbol(self, _kind: str, text: str, start: int, end: int) -> None:
        following = self.text[end : end + 1]
        if text in ".!?" and (not following or following.isspace() or following in "\"')”`*"):
            self.add("STOP", text, start, end, term("stop", text))
            return
        self.add("SYM", _SYMBOLS.get(text, text), start, end, term("sym", text))


def _expand(word: str) -> tuple[str, ...]:
    lowered = word.lower()
    if lowered in _WHOLE:
        return _WHOLE[lowered]
    if lowered.endswith("n't"):
        return (word[:-3], "not")
    head, quote, tail = word.partition("'")
    if not quote:
        return (word,)
    if tail.lower() == "s" and head.lower() in _IS_BEFORE_S:
        return (head, "us" if head.lower() == "let" else "is")
    return (head, *_CONTRACTIONS.get("'" + tail.lower(), ("'" + tail.lower(),)))
