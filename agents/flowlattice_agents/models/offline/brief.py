"""A brief as a whole: its clauses, its routes, and what holds for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from flowlattice_agents.models.offline.chart import Chart
from flowlattice_agents.models.offline.context import is_context, is_leading, is_title_word, title_length
from flowlattice_agents.models.offline.fields import number_of
from flowlattice_agents.models.offline.grammar import load_grammar
from flowlattice_agents.models.offline.lexer import Token, lex
from flowlattice_agents.models.offline.names import Names, evident_names, word_lists
from flowlattice_agents.models.offline.recognisers import recognisers
from flowlattice_agents.models.offline.routes import (
    METHODS,
    Clause,
    Gap,
    Method,
    Route,
    known_route,
    milliseconds,
    split_path,
    with_parameters,
)
from flowlattice_agents.models.offline.sentences import Reading, read_sentence, sentences
from flowlattice_agents.models.offline.synonyms import rewritten
from flowlattice_agents.models.offline.synthesis import stems
from flowlattice_agents.models.offline.terms import Term, term

_GLOBAL = frozenset({"limit", "burst", "slo"})
_LONGEST_HEADING = 6
_MOST_LEADING = 2
_TELLING = frozenset({"fill", "do", "courtesy", "route"})


@dataclass
class Promises:
    """Caps and promises for the whole flow."""

    qps: float | None = None
    burst: int | None = None
    slos: list[tuple[float, float, float | None]] = field(default_factory=list)


def count_sentences(text: str) -> int:
    """How many sentences, entries and bullets a text has."""
    return len(sentences(lex(text)))


class Brief:
    """A brief with everything in it that the grammar recognises."""

    def __init__(self, text: str) -> None:
        self.text = text
        plain = lex(text)
        self._evident = frozenset(evident_names(plain))
        self.tokens = _with_path_parameters(rewritten(plain, self._evident), text)
        self._grammar = load_grammar()
        self._sentences = sentences(self.tokens)
        self._known: dict[tuple[int, int, frozenset[str]], Reading] = {}
        self.names = self._find_names()
        routed = (index for index, one in enumerate(self._sentences) if any(token.kind == "PATH" for token in one))
        self._first_route = next(routed, len(self._sentences))
        self.clauses: list[Clause] = []
        self.leftovers: list[str] = []
        self._read()
        self.words = stems([word.lower() for word in re.findall(r"[A-Za-z]{2,}", text)])
        self._parsed: dict[tuple[str, str], list[Term]] = {}

    def _find_names(self) -> Names:
        names = dict.fromkeys((*evident_names(self.tokens), *self._evident))
        for index, sentence in enumerate(self._sentences):
            told = sentence if index else sentence[title_length(sentence) :]
            names.update(dict.fromkeys(_declared(self._reading(told, Names(names)))))
        return Names(names)

    def _reading(self, sentence: Sequence[Token], names: Names) -> Reading:
        """The first reading of a sentence with these names, worked out once."""
        if not sentence:
            return Reading((), (), 0)
        key = (sentence[0].start, sentence[-1].end, frozenset(names.names))
        if key not in self._known:
            self._known[key] = read_sentence(sentence, self._grammar, names)[0]
        return self._known[key]

    def _read(self) -> None:
        for index, sentence in enumerate(self._sentences):
            sentence = self._without_title(sentence) if index == 0 else sentence  # noqa: PLW2901
            reading = self._reading(sentence, self.names)
            leading = index < min(self._first_route, _MOST_LEADING) and is_leading(sentence, self.names)
            if reading.leftovers and (leading or is_context(sentence, self.names)):
                self._note(sentence, index, "context")
                continue
            for statement in reading.statements:
                self.clauses.append(
                    Clause(self._slice(sentence, statement.start, statement.end), statement.meaning, index)
                )
                self._check_ending(sentence[statement.end - 1], statement.meaning)
            if reading.leftovers:
                self.leftovers.append(self._question(sentence, reading))

    def _check_ending(self, last: Token, meaning: Term) -> None:
        """Ask where a text without quotes ends in a mark that may belong to it."""
        mark = self.text[last.end : last.end + 1]
        texts = [part.terms[0].text for part in meaning.walk() if part.head == "text" and part.terms]
        if mark in {"!", "?"} and last.kind == "WORD" and any(text.endswith(last.value.text) for text in texts):
            self.leftovers.append(
                f'Does the mark belong to the text in "{last.value.text}{mark}"? Please put it in quotes.'
            )

    def _question(self, sentence: Sequence[Token], reading: Reading) -> str:
        """The question about what is not understood in a sentence, with the whole of it."""
        whole = self._slice(sentence, 0, len(sentence))
        parts = [self._slice(sentence, start, end) for start, end in reading.leftovers]
        quoted = " and ".join(f'"{part}"' for part in parts[:3])
        return f'What is meant by {quoted} here: "{whole}"?' if parts != [whole] else f'What is meant by "{whole}"?'

    def _note(self, tokens: Sequence[Token], index: int, became: str) -> None:
        """Account for tokens from which nothing is built."""
        self.clauses.append(Clause(self._slice(tokens, 0, len(tokens)), term("courtesy"), index, became))

    def _without_title(self, sentence: list[Token]) -> list[Token]:
        """The first sentence without the title that it begins with, unless the title itself is understood."""
        length = title_length(sentence)
        if not length:
            return self._without_heading(sentence)
        reading = self._reading(sentence[:length], self.names)
        if (
            reading.statements
            and not reading.leftovers
            and all(part.meaning.head in _TELLING for part in reading.statements)
        ):
            for part in reading.statements:
                text = self._slice(sentence, part.start, part.end)
                self.clauses.append(
                    Clause(text, part.meaning, 0, "courtesy" if part.meaning.head == "courtesy" else "", title=True)
                )
        else:
            self._note(sentence[:length], 0, "title")
        return sentence[length:]

    def _without_heading(self, sentence: list[Token]) -> list[Token]:
        """The first sentence without a heading of a few words that runs into it: "Airport lookup at GET ..."."""
        if not self._reading(sentence, self.names).leftovers:
            return sentence
        for end in range(1, min(_LONGEST_HEADING, len(sentence) - 1) + 1):
            if not is_title_word(sentence[end - 1]):
                break
            reading = self._reading(sentence[end:], self.names)
            if (
                reading.statements
                and not reading.leftovers
                and reading.statements[0].meaning.head not in {"do", "fill"}
            ):
                self._note(sentence[:end], 0, "title")
                return sentence[end:]
        return sentence

    def _slice(self, sentence: Sequence[Token], start: int, end: int) -> str:
        return re.sub(r"\s+", " ", self.text[sentence[start].start : sentence[end - 1].end]).strip()

    def parse(self, name: str, text: str) -> list[Term]:
        """The readings of a whole text as what the grammar calls `name`, the cheapest first."""
        key = (name, text)
        if key not in self._parsed:
            tokens = [token for token in rewritten(lex(text), self._evident) if token.kind not in {"BLANK", "BULLET"}]
            chart = Chart(self._grammar, tokens, recognisers(self.names), word_lists().fillers, word_lists().soft)
            results = chart.parse(name, 0) if tokens else []
            whole = [(cost, value) for end, value, cost in results if chart.skip(end) == len(tokens)]
            least = min((cost for cost, _ in whole), default=0)
            self._parsed[key] = [value for cost, value in whole if cost == least]
        return self._parsed[key]

    def routes(self) -> list[Route]:
        """The routes, each with the clauses that speak of it; clauses before the first speak of all."""
        routes: list[Route] = []
        shared: list[Clause] = []
        current: Route | None = None
        for clause in self.clauses:
            mention = _mention(clause.meaning, routes)
            if mention is not None:
                current = _mentioned(routes, mention)
            for part in clause.meaning.walk():
                if part.head == "method_of" and current is not None and current.method is None:
                    current.method = METHODS[part.terms[0].text]
            if clause.meaning.head in _GLOBAL | {"deadline"}:
                continue
            (current.clauses if current else shared).append(clause)
        for route in routes:
            route.clauses[:0] = shared
            route.alone = len(routes) == 1
        return routes

    def pathless(self) -> Route:
        """The only route of a brief that names no path, to find out what else is open."""
        methods = {token.value.text for token in self.tokens if token.kind == "METHOD"}
        method = METHODS[next(iter(methods))] if len(methods) == 1 else "POST"
        kept = [clause for clause in self.clauses if clause.meaning.head not in _GLOBAL | {"deadline"}]
        return Route("/", method, clauses=kept)

    def promises(self, routes: Sequence[Route]) -> tuple[Promises, list[Gap]]:
        """Limits, bursts, latency and deadlines; a contradiction is asked about."""
        found = Promises()
        gaps: list[Gap] = []
        rates: set[float] = set()
        bursts: set[int] = set()
        deadlines: set[int] = set()
        for clause in self.clauses:
            for part in clause.meaning.walk():
                if part.head == "limit":
                    rates.add(_per_second(part.terms[0]))
                elif part.head == "burst":
                    bursts.add(int(float(part.terms[0].text)))
                elif part.head == "deadline":
                    deadlines.add(milliseconds(part.terms[0]))
                elif part.head == "slo":
                    found.slos.append(_slo(part))
            if clause.meaning.head in _GLOBAL | {"deadline"}:
                clause.became = clause.meaning.head.replace("limit", "rate limit").replace("slo", "latency promise")
        for what, values in (("rate limits", rates), ("bursts", bursts), ("deadlines", deadlines)):
            if len(values) > 1:
                listed = " and ".join(f"{value:g}" for value in sorted(values))
                gaps.append(
                    Gap("contradiction", f"The brief states two different {what} ({listed}): which one is right?")
                )
        found.qps = min(rates, default=None)
        found.burst = min(bursts, default=None)
        for route in routes:
            route.deadline_ms = min(deadlines, default=None)
        return found, gaps


def _with_path_parameters(tokens: list[Token], text: str) -> list[Token]:
    """The tokens with paths such as `/factorial/5` as templates, where no template is given and 5 is an example."""
    if any(token.kind == "PATH" and "{" in token.value.text for token in tokens):
        return tokens
    found: list[Token] = []
    for index, token in enumerate(tokens):
        last = token.value.text.partition("?")[0].rpartition("/")[2] if token.kind == "PATH" else ""
        name = _parameter_name(last, tokens[index:], text) if last else None
        path = with_parameters(token.value.text, {last: name}) if name else ""
        found.append(replace(token, value=term("path", path)) if path else token)
    return found


def _parameter_name(value: str, following: Sequence[Token], text: str) -> str | None:
    """What an example value in a path is called: as in the reply, or as the brief describes it."""
    if not re.fullmatch(r"-?\d+(?:\.\d+)?", value):
        listed = re.search(
            rf"\b{re.escape(value)}\b (?:is |= ?|-> ?)?[A-Z][a-z]+\b.*\bany\s+other\s+(\w+)", text, re.DOTALL
        )
        return listed[1].lower() if listed else None
    for token in following:
        for pair in token.value.walk() if token.kind == "JSON" else ():
            if pair.head == "pair" and pair.terms and pair.terms[0] == term("num", value):
                return pair.text
    described = re.search(
        r"\b([A-Za-z]\w*) (?:is|are|comes? in|must be|has to be|being|has to)\b[^.;]{0,25}\b(?:number|integer|int)",
        text,
    )
    return described[1].lower() if described else None


def _declared(reading: Reading) -> Iterator[str]:
    for statement in reading.statements:
        for part in statement.meaning.walk():
            if part.head in {"decl", "key", "ref_of", "define_constant", "define_value"} and part.terms:
                yield part.terms[0].text


def _mention(meaning: Term, routes: Sequence[Route]) -> Term | None:
    """The route that a clause names; an example names one only where it is not known otherwise."""
    for part in meaning.walk():
        if part.head == "route":
            return part
        path = part.get("path")
        if (
            part.head == "example_path"
            and path is not None
            and known_route(routes, None, split_path(path.text)[0]) is None
        ):
            return part
    return None


def _mentioned(routes: list[Route], mention: Term) -> Route:
    method_term = mention.get("method")
    path_term = mention.get("path")
    method: Method | None = METHODS.get(method_term.text) if method_term else None
    path, _ = split_path(path_term.text if path_term else "/")
    known = known_route(routes, method, path)
    if known is None:
        known = Route(path)
        routes.append(known)
    known.method = known.method or method
    return known


def _per_second(rate: Term) -> float:
    amount = float(number_of(rate.terms[0].text))
    return amount if rate.head == "qps" else amount / 60


def _slo(part: Term) -> tuple[float, float, float | None]:
    rate = next((inner for inner in part.terms if inner.head in {"qps", "qpm"}), None)
    return float(part.terms[0].text), float(milliseconds(part.terms[1])), _per_second(rate) if rate else None
