"""`Vars`: values that nodes read, that the flow sets and an environment may set anew.

class Limits(Vars):
    approval_cents: int = 500_000

def is_large(invoice: Invoice, limits: Limits) -> bool: ...

flow.vars(Limits(approval_cents=750_000))
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import PrivateAttr, ValidationError

from flowlattice.language.ports import Place
from flowlattice.record import Record


class Vars(Record, data="internal"):
    """Base of a flow's variables. A value that does not fit is kept, with what is wrong, for the checker to report."""

    _problems: dict[str, str] = PrivateAttr(default_factory=dict)

    if not TYPE_CHECKING:  # a type checker makes each class's own signature

        def __init__(self, **given: object) -> None:
            try:
                super().__init__(**given)
            except ValidationError as error:
                kept = type(self).model_construct(**given)
                for slot in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__"):
                    object.__setattr__(self, slot, getattr(kept, slot))
                self._problems.update(_reasons(error))


@dataclass(frozen=True, kw_only=True)
class Variables:
    """Values that the flow gives to its variables."""

    values: Vars
    place: Place


def problems(values: Vars) -> Mapping[str, str]:
    """What is wrong with values, by the names of the variables."""
    again = type(values)(**values.__dict__)  # defaults are validated here, and only here
    return {**values._problems, **again._problems}  # noqa: SLF001 - its own module


def _reasons(error: ValidationError) -> dict[str, str]:
    details = error.errors(include_url=False, include_input=False)
    return {str(detail["loc"][0]): str(detail["msg"]) for detail in details if detail["loc"]}
