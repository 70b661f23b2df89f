"""Goldens: recorded examples of a flow, in `goldens.jsonl` beside it, that later versions are held against.

One JSON object a line: what a node made of an input, or what a route answered to a request. They are part of the
flow's sources, so that an approval covers them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from flowlattice.certify.model import Sample
from flowlattice.errors import UsageError
from flowlattice.files import replace_file
from flowlattice.language.artifacts import GOLDENS_FILE


class NodeGolden(BaseModel):
    """What a node made of an input, run alone: its output as JSON, the list of its items for a stream."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["node"] = "node"
    node: str
    input: JsonValue
    output: JsonValue


class RouteGolden(BaseModel):
    """What a route answered to a request; where answers do not repeat, only the status counts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["route"] = "route"
    sample: Sample


Golden = Annotated[NodeGolden | RouteGolden, Field(discriminator="kind")]

GOLDENS: TypeAdapter[list[NodeGolden | RouteGolden]] = TypeAdapter(list[Golden])
_GOLDEN: TypeAdapter[NodeGolden | RouteGolden] = TypeAdapter(Golden)


def read_goldens(folder: Path) -> tuple[Golden, ...]:
    """The goldens beside a flow; none where nothing was recorded.

    Raises:
        UsageError: A line is none.
    """
    file = folder / GOLDENS_FILE
    if not file.is_file():
        return ()
    found: list[Golden] = []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError as error:
        raise UsageError(f"{file}: not UTF-8; record it again with flows certify --record") from error
    for number, line in enumerate(lines, 1):
        try:
            found += [_GOLDEN.validate_json(line)] if line.strip() else []
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            why = f"{'.'.join(map(str, first['loc'])) or 'it'}: {first['msg']}"
            raise UsageError(f"{file}:{number}: no golden ({why}); flows certify --record writes the file") from error
    return tuple(found)


def write_goldens(folder: Path, goldens: Sequence[Golden]) -> Path:
    """Write the goldens of a flow, in one step; gives the file."""
    file = folder / GOLDENS_FILE
    replace_file(file, "".join(f"{golden.model_dump_json()}\n" for golden in goldens).encode(), mode=0o644)
    return file
