"""The chart: all readings of a sentence's tokens by the grammar, the cheapest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flowlattice_agents.models.offline.grammar import Action, Element, Grammar, Literal, Part, Recogniser, Rule
from flowlattice_agents.models.offline.lexer import Token
from flowlattice_agents.models.offline.terms import Term

_SKIPPED = 3
_MOST_PER_PLACE = 40


Result = tuple[int, Term, int]


_Partial = tuple[int, tuple[tuple[str, Term], ...], int]


class Chart:
    """All readings of a sentence's tokens, each place and name worked out once.

    Args:
        grammar: The rules.
        tokens: The sentence.
        builtins: Recognisers of names that are not rules (`NUM`, `field`).
        fillers: Words that may stand anywhere and mean nothing ("please").
        soft: Words that may be passed over inside a phrase where no rule takes them, at a cost ("simply").
    """

    def __init__(
        self,
        grammar: Grammar,
        tokens: Sequence[Token],
        builtins: Mapping[str, Recogniser],
        fillers: frozenset[str],
        soft: frozenset[str] = frozenset(),
    ) -> None:
        self._grammar, self._tokens, self._builtins, self._fillers = grammar, tokens, builtins, fillers
        self._soft = soft
        self._memo: dict[tuple[str, int], list[Result]] = {}
        self._classes: dict[int, frozenset[str]] = {}
        self._soft_at: dict[int, bool] = {}
        self._norms = (*(token.norm for token in tokens), None)

    def parse(self, name: str, position: int) -> list[Result]:
        """The readings of `name` from a place on: end, term, cost; the cheapest first for each end."""
        position = self.skip(position)
        key = (name, position)
        known = self._memo.get(key)
        if known is None:
            self._memo[key] = []
            known = self._memo[key] = self._readings(name, position)
            if name not in self._builtins and self.may_skip(position):
                known = self._memo[key] = _merged(known, self.parse(name, position + 1))
        return known

    def may_skip(self, position: int) -> bool:
        """Whether a word says nothing inside a phrase, and is not the name of a field here."""
        known = self._soft_at.get(position)
        if known is None:
            known = self._soft_at[position] = self._is_soft(position)
        return known

    def _is_soft(self, position: int) -> bool:
        if position >= len(self._tokens) or self._tokens[position].norm not in self._soft:
            return False
        token = self._tokens[position]
        field = self._builtins.get("field")
        return token.kind == "WORD" and not (field is not None and field(self._tokens, position))

    def skip(self, position: int) -> int:
        """The next place that is not a filler."""
        while position < len(self._tokens) and self._tokens[position].norm in self._fillers:
            position += 1
        return position

    def _readings(self, name: str, position: int) -> list[Result]:
        if position >= len(self._tokens):
            return []
        if (builtin := self._builtins.get(name)) is not None:
            return [(end, value, 0) for end, value in builtin(self._tokens, position)]
        classes = self._classes_at(position)
        if not classes & self._grammar.firsts.get(name, frozenset()):
            return []
        best: dict[tuple[int, Term], int] = {}
        rules = self._grammar.rules.get(name, ())
        for rule, start in zip(rules, self._grammar.starts.get(name, ()), strict=True):
            if classes & start:
                for end, bound, cost in self._sequence(rule.elements, 0, (position, (), rule.cost)):
                    _keep(best, end, _build(rule, bound), cost)
        growing = self._grammar.growing.get(name, ())
        frontier = sorted(best.items(), key=_order) if growing else []
        while frontier and len(best) < _MOST_PER_PLACE:
            found: dict[tuple[int, Term], int] = {}
            for (end, left), cost in frontier:
                for rule in growing:
                    first = rule.elements[0]
                    label = first.label if isinstance(first, Part) else None
                    bound = ((label, left),) if label else ()
                    for stop, names, total in self._sequence(rule.elements, 1, (end, bound, cost + rule.cost)):
                        _keep(found, stop, _build(rule, names), total)
            frontier = [(key, cost) for key, cost in sorted(found.items(), key=_order) if best.get(key, 9**9) > cost]
            best.update(frontier)
        ranked = sorted(best.items(), key=_order)
        return [(end, value, cost) for (end, value), cost in ranked[:_MOST_PER_PLACE]]

    def _classes_at(self, position: int) -> frozenset[str]:
        """What stands at a place: its word, and the recognisers that accept it."""
        known = self._classes.get(position)
        if known is None:
            fitting = {"@" + name for name in self._builtins if self.parse(name, position)}
            known = self._classes[position] = frozenset(fitting | {self._tokens[position].norm})
        return known

    def _sequence(self, elements: Sequence[Element], index: int, partial: _Partial) -> Iterator[_Partial]:
        if index == len(elements):
            yield partial
            return
        position, bound, cost = partial
        element = elements[index]
        if isinstance(element, Literal):
            position = self.skip(position)
            if position < len(self._tokens) and self._tokens[position].norm in element.words:
                yield from self._sequence(elements, index + 1, (position + 1, bound, cost))
            elif index and self.may_skip(position):
                yield from self._sequence(elements, index, (position + 1, bound, cost + _SKIPPED))
        elif isinstance(element, Part):
            for end, value, more in self.parse(element.name, position):
                kept = (*bound, (element.label, value)) if element.label else bound
                yield from self._sequence(elements, index + 1, (end, kept, cost + more))
        else:
            following = self._norms[min(self.skip(position), len(self._tokens))]
            for option in element.options:
                # Most options are words: those that do not stand here need no walk of their own.
                if option and isinstance(option[0], Literal) and following not in option[0].words:
                    continue
                for inner in self._sequence(option, 0, partial):
                    yield from self._sequence(elements, index + 1, inner)


def _keep(best: dict[tuple[int, Term], int], end: int, value: Term, cost: int) -> None:
    key = (end, value)
    if cost < best.get(key, 9**9):
        best[key] = cost


def _order(item: tuple[tuple[int, Term], int]) -> tuple[int, int, str]:
    (end, value), cost = item
    return cost, -end, str(value)


def _build(rule: Rule, bound: tuple[tuple[str, Term], ...]) -> Term:
    names = dict(bound)
    if isinstance(rule.action, Action):
        return _apply(rule.action, names)
    if isinstance(rule.action, str):
        return names[rule.action]
    return names["x"] if "x" in names else Term(rule.name)


def _apply(action: Action, names: Mapping[str, Term]) -> Term:
    args: list[Term | str] = []
    for argument in action.args:
        if isinstance(argument, Action):
            args.append(_apply(argument, names))
        elif isinstance(argument, str):
            args.append(argument)
        elif argument[0] in names:
            value = names[argument[0]]
            args.extend(value.args if argument[1] else (value,))
    return Term(action.head, tuple(args))


def _merged(first: list[Result], later: list[Result]) -> list[Result]:
    """The readings from a place, and those that pass over its word at a cost."""
    if not later:
        return first
    best = {(end, value): cost for end, value, cost in first}
    for end, value, cost in later:
        _keep(best, end, value, cost + _SKIPPED)
    return [(end, value, cost) for (end, value), cost in sorted(best.items(), key=_order)[:_MOST_PER_PLACE]]
