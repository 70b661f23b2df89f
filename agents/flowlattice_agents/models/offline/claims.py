"""Whether everything that a brief says of a reply is used, or else true of what is built."""

from __future__ import annotations

from dataclasses import replace

from pydantic import JsonValue

from flowlattice_agents.expressions import INTEGER, NUMBER, STRING
from flowlattice_agents.models.offline.evaluation import equivalent, gives, run, trials
from flowlattice_agents.models.offline.fields import is_concrete, json_of
from flowlattice_agents.models.offline.inputs import InputAssembler
from flowlattice_agents.models.offline.lowering import Lowering
from flowlattice_agents.models.offline.routes import Clause, Gap, Sample
from flowlattice_agents.models.offline.rules import normalised
from flowlattice_agents.models.offline.terms import Term, term
from flowlattice_agents.models.offline.worked import WorkedExample, example_inputs

_FOLDING = ("ignoring_case", "text.is_palindrome(", "text.lower(", "text.upper(", "text.is_anagram(")


class ClaimChecker(InputAssembler):
    """Checks a route's claims against its reply."""

    def _unused(self) -> None:
        material = self.known.material
        clauses = [clause for _, _, clause in material.defines] + [clause for _, clause in material.fills]
        clauses += [clause for _, _, clause in (*material.bands, *material.transforms, *material.replacements)]
        clauses += [clause for _, clause in material.conversions] + [clause for _, _, clause in material.surcharges]
        clauses += [clause for told in material.key_bands.values() for _, _, clause in told]
        folded = self.known.material.any_case
        self._compared_by(folded, ("text.lower(", "text.upper(", "ignoring_case("), "texts are compared in any case")
        spaced = self.known.material.any_space
        self._compared_by(spaced, ("text.without_spaces(",), "texts are compared without their spaces")
        clauses += [clause for clause in (folded, spaced, self.known.material.back_upper) if clause is not None]
        if not any(gap.slot.startswith("value_of_") for gap in self.gaps):
            clauses += [part for _, parts in self.known.parts for part in parts]
        for clause in clauses:
            if not clause.became and (clause.title or self._only_named(clause)):
                clause.became = "title"
            if not clause.became and not self._restates(clause):
                self.gaps.append(Gap("clause", f'What is meant by "{clause.text}"?'))
                clause.became = "asked"

    def _only_named(self, clause: Clause) -> bool:
        """Whether a clause only names what the steps told elsewhere do: "turns a title into a slug"."""
        steps = [known for _, _, known in self.known.material.transforms]
        return clause.meaning.head == "named_fill" and bool(steps) and all(known.became for known in steps)

    def _compared_by(self, clause: Clause | None, calls: tuple[str, ...], became: str) -> None:
        """Account for "ignore case" and its like where the expressions do so."""
        texts = (*self.tests, *(typed.text for typed in self.builder.found.values()))
        if clause is not None and not clause.became and any(call in text for call in calls for text in texts):
            clause.became = became

    def _whole_clauses(self) -> None:
        """A clause that says several things became all that its parts did."""
        for whole, parts in self.known.parts:
            whole.became = whole.became or "; ".join(dict.fromkeys(part.became for part in parts if part.became))

    def _claims(self) -> None:
        """What the brief says of results in special cases must be true of what is built."""
        for given, wanted, clause in self.known.claims:
            if self._is_true(given, wanted):
                clause.became = "true of what is built"
            else:
                self.gaps.append(Gap("clause", f'What is meant by "{clause.text}"?'))
        exact = self.known.exact_case
        if exact is not None:
            texts = (*self.tests, *(typed.text for typed in self.builder.found.values()))
            if any(folding in text for text in texts for folding in _FOLDING):
                self.gaps.append(Gap("clause", f'What is meant by "{exact.text}"?'))
            exact.became = "upper and lower case are different"
        list(self._left())
        for _, _, clause in self.known.material.left:
            if not clause.became:
                self.gaps.append(Gap("clause", f'What is meant by "{clause.text}"?'))
        for example in self.known.worked:
            self._worked(example)
        for call, clause in self.known.expected:
            fitting = bool(call) or all(typed.type == STRING for typed in self.builder.found.values())
            calls = call.split("|")
            built = [*(typed.text for typed in self.builder.found.values()), *self.tests]
            if fitting and any(one in text for one in calls for text in built):
                clause.became = f"what `{call}` does"
            else:
                self.gaps.append(Gap("clause", f'What is meant by "{clause.text}"?'))

    def _worked(self, example: WorkedExample) -> None:
        """An example that is told in words must give its number, in the one field of the reply that is a number."""
        numbers = [key for key, typed in self.builder.found.items() if typed.type in (INTEGER, NUMBER)]
        keys = [key for key in numbers if example.key in {"", key}]
        inputs = example_inputs(example, self.route)
        if len(keys) != 1 or inputs is None:
            self.gaps.append(Gap("clause", f'What is meant by "{example.clause.text}"?'))
        elif not gives(self.builder.found[keys[0]].text, inputs, self.route, example.wanted):
            self.gaps.append(
                Gap("example", f'"{example.clause.text}" is not what the words give for `{keys[0]}`: which is right?')
            )
        else:
            self.route.samples.append(Sample(inputs, None, {keys[0]: example.wanted}))
            example.clause.became = "an example that is tested"

    def _is_true(self, given: Term, wanted: Term) -> bool:
        if len(self.builder.found) != 1:
            return False
        result = next(iter(self.builder.found.values()))
        subjects = self.builder.lowering().subjects()
        condition = given if given.head in {"holds", "or", "and"} else term("holds", Term("list", (term("it"),)), given)
        if given.head in {"eq", "empty"} and len(subjects) != 1:
            return False
        asked = Lowering(replace(self.builder.scope, results=()))
        tests = asked.conditions(normalised(condition, loose="and"))
        about = Lowering(replace(self.builder.scope, subjects=(), results=(result,)))
        outcomes = about.conditions(term("holds", Term("list", (term("it"),)), wanted))
        if len(tests) != 1 or len(outcomes) != 1:
            return False
        cases = [
            inputs
            for inputs in (*trials(self.route), *self._special(given))
            if run(tests[0].text, inputs, self.route) == (True, True)
        ]
        return bool(cases) and all(run(outcomes[0].text, inputs, self.route) == (True, True) for inputs in cases)

    def _special(self, given: Term) -> list[dict[str, JsonValue]]:
        names = list(self.route.fields)
        if given.head == "eq" and len(names) == 1 and is_concrete(given.terms[0]):
            return [{names[0]: json_of(given.terms[0])}]
        return []

    def _restates(self, clause: Clause) -> bool:
        """Whether a clause says again what the reply already is."""
        for value, known in self.known.material.fills:
            if known is clause:
                readings = self.builder.lowering().values(value)
                found = self.builder.found.values()
                if any(equivalent(one.text, other.text, self.route) for one in readings for other in found):
                    clause.became = "says again what the reply is"
                    return True
        return False
