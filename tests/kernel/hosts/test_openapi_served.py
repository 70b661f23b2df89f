"""What is documented is what is served: generated requests that fit the document and that do not, against the host."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode

from flowlattice.bindings import LocalBindings
from flowlattice.hosts.programs import load_flow, runtime
from flowlattice.hosts.web import WebApp
from tests.support.docblocks import ROOT

EXAMPLES = 12
SERVED = ["examples/s01_echo", "examples/s02_site", "tests/support/served/order_form.py"]


@pytest.fixture(scope="module", params=SERVED, ids=["s01", "s02", "forms"])
def documented(request: pytest.FixtureRequest) -> Any:
    flow = runtime(load_flow(ROOT / request.param), LocalBindings(), profile="web")
    schema = schemathesis.openapi.from_asgi(f"/flows/{flow.plan.flow}/openapi.json", WebApp([flow]))
    schema.validate()
    return schema


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fits", "does not fit"])
def test_answers_are_those_that_the_document_promises(documented: Any, mode: GenerationMode) -> None:
    tested = [_conform(found.ok(), mode) for found in documented.get_all_operations()]
    assert any(tested), "there is no operation of which such requests can be made"


def _conform(operation: Any, mode: GenerationMode) -> int:
    """Send requests to an operation and check each answer; how many were sent."""
    sent = 0

    @seed(20)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def conforms(case: Any) -> None:
        nonlocal sent
        sent += 1
        case.body = _whole(case.body)
        case.validate_response(case.call())

    try:
        conforms()
    except Unsatisfiable:
        assert sent == 0  # a route without input has no request that does not fit
    return sent


def _whole(value: Any) -> Any:
    """Whole numbers written as such: JSON Schema takes 1.0 for one, and records do not."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case dict():
            return {name: _whole(part) for name, part in value.items()}
        case list():
            return [_whole(part) for part in value]
        case _:
            return value
