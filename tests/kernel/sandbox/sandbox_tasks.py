"""Trusted tasks that the sandbox tests run. The hostile code comes in the request, as a flow's source would."""

from flowlattice.sandbox import Emit, JsonValue


def execute(request: JsonValue, emit: Emit) -> JsonValue:
    """Run Python source with `arguments` and `emit` at hand; what it leaves in `out` is the answer."""
    assert isinstance(request, dict)
    namespace = {"arguments": request["arguments"], "emit": emit, "out": None}
    exec(str(request["source"]), namespace)
    return namespace["out"]  # type: ignore[return-value] # the sources of the tests leave JSON there


def greet(request: JsonValue, emit: Emit) -> JsonValue:
    emit({"greeting": request})
    return f"hello, {request}"
