"""From what is understood of a route to its spec: records, replies, cases, invalid replies."""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus

from pydantic import JsonValue

from flowlattice_agents.expressions import STRING
from flowlattice_agents.models.offline.claims import ClaimChecker
from flowlattice_agents.models.offline.complements import leave_nothing_open
from flowlattice_agents.models.offline.fields import is_concrete, json_of, record_name
from flowlattice_agents.models.offline.names import likely_type, word_lists
from flowlattice_agents.models.offline.questions import type_gap
from flowlattice_agents.models.offline.refusals import outside_call
from flowlattice_agents.models.offline.replies import merged_choice
from flowlattice_agents.models.offline.routes import Clause, Gap, Sample
from flowlattice_agents.models.offline.rules import normalised
from flowlattice_agents.models.offline.scope import Typed
from flowlattice_agents.models.offline.sources import key_text
from flowlattice_agents.models.offline.terms import Term, term
from flowlattice_agents.models.offline.understanding import Branch, Outcome
from flowlattice_agents.spec import (
    CaseSpec,
    RecordSpec,
    ReplySpec,
    RouteSpec,
)


@dataclass(frozen=True)
class Assembled:
    """A route's spec, the records it uses, and what must be asked."""

    route: RouteSpec | None
    records: tuple[RecordSpec, ...]
    samples: tuple[Sample, ...]
    gaps: tuple[Gap, ...]
    assumed: tuple[str, ...] = ()


class Assembler(ClaimChecker):
    """Assembles one route.

    Args:
        known: What is understood of it.
        parse: Reads texts of the brief by the grammar.
        words: The words of the brief, for hints.
        prefix: In front of the names of the route's records, where there are several routes.
    """

    def assemble(self) -> Assembled:
        """The spec of the route, or what is missing for it."""
        if self.route.method is None:
            method = "GET" if self.route.parameters or "?" in self.route.path else "POST"
            self.gaps.append(Gap("method", f"Which method does {self.route.path} have, GET or POST?", method))
        open_fields = [name for name, field in self.route.fields.items() if field.type is None]
        self.gaps += [type_gap(name, likely_type(name)) for name in open_fields]
        if open_fields:
            return Assembled(None, (), (), tuple(self.gaps))
        cases, default = self._cases()
        reply = default or self._main_reply()
        cases += self._switch()
        self.gaps += self.builder.gaps
        self._claims()
        self._unused()
        self._whole_clauses()
        self._constant_reply(reply, cases)
        if self.known.call is not None and not self.known.key:
            self.gaps += outside_call(f"POST to {self.known.call.url}")
        if self.gaps or reply is None or self.route.method is None:
            return Assembled(None, (), (), tuple(self.gaps or (Gap("reply", "What should the reply look like?"),)))
        record = self._record_name()
        self._drop_incidental(reply, cases)
        spec = RouteSpec(
            method=self.route.method,
            path=self.route.path,
            accepts=record if self.route.fields else None,
            deadline_ms=self.route.deadline_ms or 5000,
            invalid=tuple(self._invalid()),
            checks=tuple(self._checks()),
            calls=tuple(self._calls()),
            cases=tuple(cases),
            reply=reply,
        )
        records = tuple(self._records(record)) if self.route.fields else ()
        assumed = (text for one, text in self.builder.assumed.items() if one in (reply.body or ""))
        return Assembled(spec, records, tuple(self.route.samples), (), tuple(assumed))

    def _constant_reply(self, reply: ReplySpec | None, cases: Sequence[CaseSpec]) -> None:
        """Ask where a reply shows a value that nothing of the request has a part in."""
        if reply is None or reply.body is None or cases or self.known.call or not self.route.fields:
            return
        used = any(re.search(rf"(?<![\w'])({re.escape(name)})(?![\w'])", reply.body) for name in self.names.values())
        said = any(
            _ACKNOWLEDGED.search(c.text)
            or re.search(r"(?i)\b(always|every time|no matter|fixed|constant|never changes)\b", c.text)
            for c in self.route.clauses
        )
        constants = [key for key, value in _constants(reply.body) if not isinstance(value, str) or not used]
        template = _is_template(self.known.replies)
        if template:
            return
        telling = [key for key in constants if key not in word_lists().acknowledging]
        if telling and not said:
            text = f"Is `{telling[0]}` in the reply always the same, or how is it worked out from the request?"
            self.gaps.append(Gap(f"value_of_{telling[0]}", text))

    def _drop_incidental(self, reply: ReplySpec, cases: Sequence[CaseSpec]) -> None:
        """Fields that only an example shows and that nothing uses may be absent or anything."""
        texts = [reply.body or "", *(case.when + (case.reply.body or "") for case in cases)]
        for name in self.known.incidental & self.route.fields.keys():
            used = any(re.search(rf"(?<![\w.'])({re.escape(self.names[name])})(?![\w'])", text) for text in texts)
            if not used:
                del self.route.fields[name]

    def _record_name(self) -> str:
        last = [part for part in self.route.path.split("/") if part and "{" not in part]
        return f"{self.prefix}{record_name(re.sub(r'[^A-Za-z0-9]+', '_', last[-1])) if last else 'Home'}Request"

    # Replies

    def _main_reply(self) -> ReplySpec | None:
        outcomes = [outcome for outcome, _ in self.known.replies]
        status = next((outcome.status for outcome in outcomes if outcome.status is not None), 200)
        contents = [content for outcome in outcomes for content in outcome.contents]
        reply = self._reply(status, contents, examples=True)
        if reply is not None:
            for _, clause in self.known.replies:
                clause.became = clause.became or "the reply"
        return reply

    def _reply(self, status: int, contents: Sequence[Term], *, examples: bool) -> ReplySpec | None:
        kind = self.known.kind
        shapes = _fullest(_shapes(contents), contents)
        if any(content.head == "empty" for content in contents) or status == 204:
            return ReplySpec(status=status, kind="empty")
        if any(content == term("kind", "text") for content in contents):
            kind = "text"
        if any(content == term("kind", "html") for content in contents):
            kind = "html"
        if shapes:
            return self._json_reply(status, shapes, contents, examples=examples)
        pages = [content.terms[0].text for content in contents if content.head == "html_page"]
        if len(pages) == 1 and not shapes:
            return ReplySpec(status=status, kind="html", body=repr(_page(pages[0])))
        texts = [content.terms[0] for content in contents if content.head == "text"]
        if texts or kind == "text":
            return self._text_reply(status, texts, "html" if kind == "html" else "text", examples=examples)
        return None

    def _json_reply(
        self, status: int, shapes: Sequence[Term], contents: Sequence[Term], *, examples: bool
    ) -> ReplySpec | None:
        samples = [sample for sample in self.route.samples if sample.json_body is not None] if examples else []
        alternatives = any(content.head == "either" for content in contents)
        if (
            examples
            and not alternatives
            and is_concrete(shapes[0])
            and self._shown()
            and not any(s.inputs == self._shown() for s in samples)
        ):
            samples.insert(0, Sample(self._shown(), status, json_of(shapes[0])))
            self.route.samples.insert(0, samples[0])
        shape: Term | None = shapes[0]
        if alternatives:
            shape = merged_choice(shapes)
        elif len(shapes) > 1 and all(content.head == "fields" for content in contents if content.head != "empty"):
            shape = Term("obj", tuple(pair for one in shapes for pair in one.terms))
        elif len(set(shapes)) > 1 and not samples:
            self.gaps.append(Gap("reply", "The brief shows several replies: when is which one given?"))
            return None
        if shape is None or shape.head not in {"obj", "arr"}:
            return None
        self.builder.literal = not examples
        self.builder.begin()
        self.builder.single = sum(pair.head == "pair" for pair in shape.terms) == 1
        body = self.builder.object(shape, samples) if shape.head == "obj" else repr(json_of(shape))
        return ReplySpec(status=status, kind="json", body=body)

    def _shown(self) -> dict[str, JsonValue]:
        """The example values of the request, completed by what is said of single fields; none where one is lacking."""
        shown = dict(self.route.shown)
        for name, field in self.route.fields.items():
            if name not in shown and len(field.samples) == 1:
                shown[name] = field.samples[0]
        complete = all(name in shown or field.optional for name, field in self.route.fields.items())
        return shown if complete else {}

    def _text_reply(self, status: int, texts: Sequence[Term], kind: str, *, examples: bool) -> ReplySpec | None:
        samples = [sample for sample in self.route.samples if sample.text is not None] if examples else []
        constant = texts[0].text if texts and texts[0].head in {"str", "word"} else None
        if examples and constant is not None and self._shown() and not samples:
            samples = [Sample(self._shown(), status, None, constant)]
            self.route.samples.extend(samples)
        if texts and texts[0].head == "choice":
            body = self.builder.choice("", Term("choice", texts[0].args))
        elif texts and constant is None:
            readings = self.builder.lowering().values(texts[0])
            body = readings[0].text if readings else ""
            if not readings:
                self.builder.missing("", "")
        elif constant is not None and not samples:
            body = self.builder.constant("", texts[0])
        else:
            body = self._derived_text(samples)
        typed = self.builder.scope.typed(body or "None")
        if typed is not None and typed.type != STRING:
            body = f"numbers.to_text({body})" if self.builder.scope.typed(f"numbers.to_text({body})") else body
        return ReplySpec(status=status, kind="html" if kind == "html" else "text", body=body or "''")

    def _derived_text(self, samples: Sequence[Sample]) -> str:
        wanted = [replace(sample, json_body={"": sample.text}) for sample in samples if sample.text is not None]
        return self.builder.leaf("", term("hole"), wanted, ("",))

    # Branches

    def _cases(self) -> tuple[list[CaseSpec], ReplySpec | None]:
        cases: list[CaseSpec] = []
        default: ReplySpec | None = None
        ordered = sorted(self.known.branches, key=lambda branch: not (branch.outcome.status or 200) >= 400)
        for index, branch in enumerate(ordered):
            complement = self._complement(branch)
            if complement and (default is not None or not any(case.reply.status < 400 for case in cases)):
                self.gaps.append(Gap("clause", f'What is meant by "{branch.clause.text}"?'))
                continue
            if complement or branch.condition is None:
                default = self._branch_reply(branch)
                branch.clause.became = "the reply where nothing else holds"
                continue
            case = self._case(branch, index)
            if case is not None:
                cases.append(case)
        if default is None and not self.known.replies:
            default = self._last_of(cases, ordered)
        return cases, default

    def _last_of(self, cases: list[CaseSpec], branches: Sequence[Branch]) -> ReplySpec | None:
        """The last case as the reply where nothing else holds, where the cases leave nothing open."""
        plain = [case for case in cases if case.reply.status < 400]
        if len(cases) != len(branches) or not leave_nothing_open([case.when for case in plain], self.route):
            return None
        cases.remove(plain[-1])
        return plain[-1].reply

    def _switch(self) -> list[CaseSpec]:
        """A case for each example, where the brief wants to see a switch."""
        wanted, otherwise = self.known.material.switch_on, self.known.material.otherwise
        if wanted is None:
            return []
        name, clause = wanted
        cases: list[CaseSpec] = []
        for sample in self.route.samples if otherwise is not None and otherwise[0] == name else ():
            value, body = sample.inputs.get(name), sample.json_body
            if isinstance(value, str) and isinstance(body, dict) and otherwise is not None:
                shown = {
                    key: repr(part) if key in otherwise[1] else self.builder.found[key].text
                    for key, part in body.items()
                }
                display = "{" + ", ".join(f"{key!r}: {text}" for key, text in shown.items()) + "}"
                when = f"{self.builder.scope.paths[name]} == {value!r}"
                title = re.sub(r"\W+", "_", value).strip("_").lower()
                cases.append(CaseSpec(name=f"{name}_{title}", when=when, reply=ReplySpec(body=display)))
        if cases:
            clause.became = f"a switch on {name}"
        else:
            self.gaps.append(Gap("switch", f"Which values of {name} are there, and what is answered for each?"))
        return cases

    def _complement(self, branch: Branch) -> bool:
        """Whether a condition only says the opposite of the one before: "longer", "shorter"."""
        if branch.condition is None:
            return False
        numbers = [name for name, found in self.route.fields.items() if found.kind in {"integer", "number"}]
        return branch.condition.has("opposite") or (branch.condition.has("exceeds") and len(numbers) != _TWO)

    def _case(self, branch: Branch, index: int) -> CaseSpec | None:
        assert branch.condition is not None
        tests = self._tests(branch.condition)
        if len(tests) != 1:
            self.gaps.append(Gap("clause", f'What is meant by "{branch.clause.text}"?'))
            return None
        reply = self._branch_reply(branch)
        if reply is None:
            self.gaps.append(Gap("clause", f'What is answered here: "{branch.clause.text}"?'))
            return None
        if reply.status == HTTPStatus.UNPROCESSABLE_ENTITY and not branch.outcome.contents:
            reply = reply.model_copy(update={"body": repr({"error": f"{self._fields_in(tests[0].text)} not accepted"})})
        branch.clause.became = f"a case: `{tests[0].text}`"
        self.tests.append(tests[0].text)
        return CaseSpec(name=f"case_{index + 1}", when=tests[0].text, reply=reply)

    def _fields_in(self, test: str) -> str:
        """The fields that a condition is about, as they are sent."""
        used = [name for name, path in self.names.items() if re.search(rf"(?<![\w'.]){re.escape(path)}(?![\w'])", test)]
        return ", ".join(used or self.names)

    def _tests(self, condition: Term) -> list[Typed]:
        if condition.head != "unlisted":
            return self.builder.lowering().conditions(normalised(condition, loose="and"))
        keys = [key_text(key) for key, _, _ in self.known.material.table if key.head in {"str", "key_of"}]
        subjects = self.builder.table_subjects()
        if not keys or len(subjects) != 1:
            return []
        shown = list(self._shown().values())
        if len(shown) == 1 and isinstance(shown[0], str) and self.known.replies and shown[0] not in keys:
            keys.append(shown[0])
        typed = self.builder.scope.typed(f"{self.builder.table_key(subjects[0], keys)} not in {keys!r}")
        return [typed] if typed else []

    def _branch_reply(self, branch: Branch) -> ReplySpec | None:
        outcome = branch.outcome
        status = outcome.status or next((o.status for o, _ in self.known.replies if o.status), None) or 200
        if not outcome.contents and status >= 400:
            reason = repr(HTTPStatus(status).phrase.lower() if status in set(HTTPStatus) else "error")
            return ReplySpec(status=status, body=f"{{'error': {reason}}}")
        return self._reply(status, outcome.contents, examples=False)

    # Input


_ACKNOWLEDGED = re.compile(
    r"(?i)\b(everything|all)\b.{0,30}\b(fine|ok|okay|good|valid|right|well|in order|correct|there)\b"
)

_TWO = 2


def _is_template(replies: Sequence[tuple[Outcome, Clause]]) -> bool:
    """Whether the one reply shown writes formulas in place of values, so that its constants are meant as they are."""
    shapes = [content.terms[0] for outcome, _ in replies for content in outcome.contents if content.head == "json"]
    values = [pair.terms[0].head for shape in shapes for pair in shape.terms if pair.head == "pair" and pair.terms]
    return len(shapes) == 1 and "raw" in values and "hole" not in values


def _page(heading: str) -> str:
    """A page with a heading and nothing else."""
    title = html.escape(heading)
    head = f'<meta charset="utf-8"><title>{title}</title>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body><h1>{title}</h1></body></html>'


def _constants(body: str) -> list[tuple[str, object]]:
    """The members of an object that are constants."""
    tree = ast.parse(body, mode="eval").body
    if not isinstance(tree, ast.Dict):
        return []
    pairs = zip(tree.keys, tree.values, strict=True)
    return [(str(k.value), v.value) for k, v in pairs if isinstance(k, ast.Constant) and isinstance(v, ast.Constant)]


def _shapes(contents: Sequence[Term]) -> list[Term]:
    found: list[Term] = []
    for content in contents:
        if content.head == "json":
            found.append(content.terms[0])
        elif content.head == "fields":
            found.append(_shape_of_fields(content.terms[0]))
        elif content.head in {"either", "out"}:
            found.extend(_shapes(content.terms))
    return found


def _fullest(shapes: list[Term], contents: Sequence[Term]) -> list[Term]:
    """The shapes of a reply without a list of its fields, where an object shows all of them."""
    listed = [_shape_of_fields(content.terms[0]) for content in contents if content.head == "fields"]
    shown = [shape for shape in shapes if shape not in listed and shape.head == "obj"]
    keys = {pair.text for shape in shown for pair in shape.terms}
    plain = all(pair.terms and pair.terms[0] == term("hole") for shape in listed for pair in shape.terms)
    covered = all(pair.text in keys for shape in listed for pair in shape.terms)
    return _without_illustrations(shown if shown and listed and plain and covered else shapes)


def _without_illustrations(shapes: list[Term]) -> list[Term]:
    """The shapes without the examples of one that says in words what its members are."""
    worded = [shape for shape in shapes if shape.head == "obj" and not is_concrete(shape)]
    keys = [tuple(pair.text for pair in shape.terms) for shape in worded]
    return [
        shape
        for shape in shapes
        if shape in worded or shape.head != "obj" or tuple(pair.text for pair in shape.terms) not in keys
    ]


def _shape_of_fields(fields: Term) -> Term:
    pairs = []
    for key in fields.terms:
        value = key.terms[1] if len(key.terms) > 1 else term("hole")
        shown = _shape_of_fields(value.terms[0]) if value.head == "object_of" else value
        pairs.append(term("pair", key.terms[0].text, shown))
    return Term("obj", tuple(pairs))
