"""Regular expressions of specs, matched as flows match them: by an engine whose time is linear in the text."""

from __future__ import annotations

from functools import lru_cache
from typing import Annotated

from pydantic import StringConstraints, TypeAdapter, ValidationError
from pydantic_core import SchemaError

from flowlattice_agents.errors import SpecError


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern is found in a text.

    Raises:
        SpecError: It is no regular expression.
    """
    try:
        _compiled(pattern).validate_python(text)
    except ValidationError:
        return False
    return True


def pattern_problem(pattern: str) -> str | None:
    """Why a text is no regular expression here; None if it is one."""
    try:
        _compiled(pattern)
    except SpecError as error:
        return str(error)
    return None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> TypeAdapter[str]:
    try:
        return TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)])
    except SchemaError as error:
        reason = next((line.strip() for line in reversed(str(error).splitlines()) if "error:" in line), "")
        told = reason.partition("error:")[2].strip() or "it cannot be read"
        raise SpecError([f"the pattern `{pattern[:80]}` is no regular expression here: {told}"]) from error
