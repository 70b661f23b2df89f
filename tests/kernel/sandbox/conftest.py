"""A sandbox to attack: `attack(source, ...)` runs source in it, `outcome` says how that went."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypedDict, Unpack

import pytest

from flowlattice.sandbox import JsonValue, Limits, Opening, Sandbox, SandboxResult

Attack = Callable[..., SandboxResult]
TASKS = "tests.kernel.sandbox.sandbox_tasks"


class Options(TypedDict, total=False):
    """What `Sandbox.run` may be told besides the request."""

    read: Sequence[Path]
    write: Sequence[Path]
    limits: Limits | None
    on_event: Callable[[JsonValue], None] | None
    should_stop: Callable[[], bool] | None
    door: Opening | None


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(f"{TASKS}:execute", f"{TASKS}:greet") as started:
        yield started


@pytest.fixture(scope="session")
def attack(sandbox: Sandbox) -> Attack:
    def run(source: str, *arguments: JsonValue, **options: Unpack[Options]) -> SandboxResult:
        request: JsonValue = {"source": source, "arguments": [*arguments]}
        return sandbox.run(f"{TASKS}:execute", request, **options)

    return run
