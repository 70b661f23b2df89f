"""Inputs: values for one route, generated from its schema; the other probes are told them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from pydantic import JsonValue

from flowlattice.certify.inputs import prepare
from flowlattice.certify.parts import title
from flowlattice.certify.routes import generate, trigger_named
from flowlattice.ir.lower import lower
from flowlattice.language.loading import load
from flowlattice.sandbox import Emit

__all__ = ["prepare", "probe"]


def probe(request: JsonValue, _emit: Emit) -> JsonValue:
    """The inputs of the route that is asked for."""
    given = cast(Mapping[str, JsonValue], request)
    program = load(Path(str(given["path"])))
    node = next(node for node in lower(program).triggers() if title(node) == given["route"])
    return generate(trigger_named(program, node.name)).model_dump(mode="json")
