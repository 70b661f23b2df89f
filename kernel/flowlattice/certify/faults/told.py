"""What the probe tells: claims of a process that ran the flow's code, so they are read as data, each by its form."""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

Name = Annotated[str, Field(pattern=r"^\w{1,100}$")]
T = TypeVar("T")


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Gap(_Told):
    """Why there is nothing to tell."""

    gap: str


class Found(_Told):
    """An input on which a node asks services, and answers on which it does well.

    Attributes:
        input: The input.
        status: The status of the answers.
        body: The body of an answer that nothing else is known of.
        bodies: The bodies of the answers, by the numbers of the requests.
    """

    input: JsonValue
    status: int
    body: str
    bodies: dict[int, str]


class Came(_Told):
    """What a node came to in a case.

    Attributes:
        came: Its result and what it put aside, as one text.
        aside: Whether it put something aside.
        type: The class of its failure; none where it did not fail.
        kind: The kind of its failure.
        goes: Which way the flow goes with its result.
        paused_s: Seconds that were waited for between its attempts, and not slept through.
    """

    came: str
    aside: bool
    type: Name | None
    kind: Name | None
    goes: JsonValue
    paused_s: float


SEARCHED: Final = TypeAdapter[dict[str, Found | Gap]](dict[str, Found | Gap])
CAME: Final = TypeAdapter[dict[str, list[Came] | Gap]](dict[str, list[Came] | Gap])


def read(told: JsonValue, form: TypeAdapter[dict[str, T]]) -> dict[str, T]:
    """What was told, by node; nothing where it has another form."""
    try:
        return form.validate_python(told)
    except ValidationError:
        return {}
