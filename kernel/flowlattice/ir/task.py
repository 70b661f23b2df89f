"""The task of the sandboxed process: load a flow file and give its IR, or what failed.

What is imported here is imported in that process, and in this one only for code that was approved.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import JsonValue

from flowlattice.ir import failures
from flowlattice.ir.lower import lower
from flowlattice.ir.numbers import portable
from flowlattice.language.loading import load
from flowlattice.sandbox import Emit


def load_and_lower(request: JsonValue, _emit: Emit) -> JsonValue:
    """Load the flow file that the request names and give `{"ir": ...}`, or `{"failure": ...}`, a diagnostic."""
    file = Path(str(request))
    try:
        return {"ir": portable(lower(load(file)).model_dump(mode="json", by_alias=True))}
    except (Exception, SystemExit) as error:  # noqa: BLE001 - untrusted code may raise anything; all of it is a diagnostic
        return {"failure": failures.failed(error, file).model_dump(mode="json")}
