"""What a chat model is asked to answer: one model for each task, and the JSON Schema that an endpoint may enforce.

The schemas fix the envelope. A spec inside is any object here: its own reader says what is wrong with it, with paths,
which a model corrects better than an endpoint's refusal, and the prompt stays short.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, JsonValue, TypeAdapter

from flowlattice_agents.chat.base import AnswerSchema
from flowlattice_agents.edits import Edit
from flowlattice_agents.models.base import Block, Question
from flowlattice_agents.spec import Assumption, Example
from flowlattice_agents.visible import has_invisible

T = TypeVar("T")


def _listed(value: object) -> object:
    return [] if value is None else value


class AnswerModel(BaseModel):
    """Base of all answers: what is not asked for is passed over, what is missing is an error."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def _shown(text: str) -> str:
    if has_invisible(text):
        raise ValueError("holds control characters or marks that reorder text; leave them out")
    return text


Shown = Annotated[str, AfterValidator(_shown)]
"""Text that people read."""


class ClauseAnswer(AnswerModel):
    """A piece of the brief, word for word, and what became of it."""

    clause: Shown
    became: Shown


class AssumptionAnswer(AnswerModel):
    """A fact that was chosen."""

    slot: Shown
    text: Shown


class QuestionAnswer(AnswerModel):
    """A fact that must be asked."""

    slot: Shown
    text: Shown
    assumption: Shown | None = None


class BlockAnswer(AnswerModel):
    """An unsafe wish."""

    code: Literal["DAG004", "EGRESS101", "BUD101"]
    reason: Shown
    alternative: Shown


class EditAnswer(AnswerModel):
    """Replace what is found exactly once; `file` where there could be more than one."""

    search: str
    replace: str
    file: str = ""


class RequestAnswer(AnswerModel):
    """A request of an example."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    json_body: JsonValue = None
    form: dict[str, str] | None = None


class ExampleAnswer(AnswerModel):
    """A request with the answer that follows from the brief; `why` is how it was worked out."""

    why: str = ""
    request: RequestAnswer
    status: int | None = None
    json_body: JsonValue = None
    text: str | None = None


class WithdrawnAnswer(AnswerModel):
    """An expectation that was wrong."""

    number: int
    reason: Shown


L = TypeVar("L")
Listed = Annotated[tuple[L, ...], BeforeValidator(_listed)]
"""A list; null and absent are empty."""


class DraftAnswer(AnswerModel):
    """What `pm-draft` asks for."""

    reasons: str
    account: Listed[ClauseAnswer] = ()
    outcome: Literal["spec", "ask", "refuse", "block"]
    spec: dict[str, JsonValue] | None = None
    assumptions: Listed[AssumptionAnswer] = ()
    questions: Listed[QuestionAnswer] = ()
    refusal: Shown | None = None
    block: BlockAnswer | None = None


class FlowAnswer(AnswerModel):
    """What `single-agent` asks for."""

    reasons: str
    outcome: Literal["flow", "ask", "refuse", "block"]
    flow: str | None = None
    examples: Listed[ExampleAnswer] = ()
    assumptions: Listed[AssumptionAnswer] = ()
    questions: Listed[QuestionAnswer] = ()
    refusal: Shown | None = None
    block: BlockAnswer | None = None


class ChangeAnswer(AnswerModel):
    """What `pm-change` asks for."""

    reasons: str
    account: Listed[ClauseAnswer] = ()
    outcome: Literal["edit", "ask", "refuse", "block"]
    edits: Listed[EditAnswer] = ()
    assumptions: Listed[AssumptionAnswer] = ()
    questions: Listed[QuestionAnswer] = ()
    refusal: Shown | None = None
    block: BlockAnswer | None = None


class ExpectAnswer(AnswerModel):
    """What `test-expect` asks for."""

    examples: Listed[ExampleAnswer] = ()


class SettleAnswer(AnswerModel):
    """What `pm-settle` asks for."""

    reasons: str
    edits: Listed[EditAnswer] = ()
    withdrawn: Listed[WithdrawnAnswer] = ()
    questions: Listed[QuestionAnswer] = ()


class RepairAnswer(AnswerModel):
    """What `builder-repair` asks for."""

    reasons: str
    edits: Listed[EditAnswer] = ()
    give_up: Shown | None = None


def schema_of(answer: type[AnswerModel], name: str) -> AnswerSchema:
    """The JSON Schema of an answer, without what only people read."""
    return AnswerSchema(name=name, schema=_bare(TypeAdapter(answer).json_schema()))


def questions_of(given: tuple[QuestionAnswer, ...]) -> tuple[Question, ...]:
    """Questions as the PM asks them."""
    return tuple(Question(slot=one.slot, text=one.text, assumption=one.assumption) for one in given)


def assumptions_of(given: tuple[AssumptionAnswer, ...]) -> tuple[Assumption, ...]:
    """Assumptions as the PM states them."""
    return tuple(Assumption(slot=one.slot, text=one.text) for one in given)


def block_of(given: BlockAnswer | None) -> Block | None:
    """A block, if there is one."""
    return None if given is None else Block(code=given.code, reason=given.reason, alternative=given.alternative)


def edits_of(given: tuple[EditAnswer, ...], file: str) -> tuple[Edit, ...]:
    """Edits; one that names no file is of `file`."""
    return tuple(Edit(file=one.file or file, search=one.search, replace=one.replace) for one in given)


def example_of(given: ExampleAnswer) -> Example:
    """An example of a spec.

    Raises:
        ValidationError: It does not hold together.
    """
    return Example.model_validate(given.model_dump(exclude={"why"}))


def _bare(schema: JsonValue) -> dict[str, JsonValue]:
    cleaned = _without_notes(schema)
    assert isinstance(cleaned, dict)
    return cleaned


def _without_notes(schema: JsonValue) -> JsonValue:
    if isinstance(schema, dict):
        return {
            key: {name: _without_notes(part) for name, part in value.items()}
            if key in ("properties", "$defs") and isinstance(value, dict)
            else _without_notes(value)
            for key, value in schema.items()
            if key not in ("title", "description", "default")
        }
    return [_without_notes(part) for part in schema] if isinstance(schema, list) else schema
