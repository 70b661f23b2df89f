"""A sandbox to attack: `attack(source, ...)` runs source in it, `outcome` says how that went."""

from collections.abc import Callable, Iterator

import pytest

from flowlattice.sandbox import JsonValue, Sandbox, SandboxResult

Attack = Callable[..., SandboxResult]
TASKS = "tests.kernel.sandbox.sandbox_tasks"


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(f"{TASKS}:execute", f"{TASKS}:greet") as started:
        yield started


@pytest.fixture(scope="session")
def attack(sandbox: Sandbox) -> Attack:
    def run(source: str, *arguments: JsonValue, **options: object) -> SandboxResult:
        request: JsonValue = {"source": source, "arguments": [*arguments]}
        return sandbox.run(f"{TASKS}:execute", request, **options)

    return run
