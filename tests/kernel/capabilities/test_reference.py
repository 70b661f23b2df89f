"""`docs/reference/capabilities.md` is what the capability types state: `pytest --update-golden` writes it anew."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from types import FunctionType

import flowlattice
from flowlattice import capabilities
from flowlattice.capabilities import CapabilityType
from flowlattice.capabilities.registry import own_types
from tests.support.docblocks import ROOT

HEAD = """# Capabilities

What a node may ask for in its signature. Effects and determinism are what asking makes of a node. *Retries* says who
repeats a call that failed unless the node says otherwise. *Same key twice* says whether a sink honours an idempotency
key by contract, so that repeating a call changes nothing. *Backends* are the kinds that `bindings.toml` can
[bind](../bindings.md) it to; what has none is the host's own. Other distributions [add
types](../bindings.md#types-of-other-distributions).
"""


def test_the_page_of_capabilities(golden):
    golden(ROOT / "docs" / "reference" / "capabilities.md", "\n".join(_page()))


def test_every_type_can_be_imported_by_flows():
    assert {name for name in own_types() if not hasattr(flowlattice, name)} == set()


def _page() -> Iterator[str]:
    yield HEAD
    yield "| type | name | effects | determinism | retries | same key twice | backends |"
    yield "|---|---|---|---|---|---|---|"
    types = own_types()
    for name, declared in types.items():
        yield _row(name, declared)
    for name, declared in types.items():
        yield from _section(name, declared)


def _row(name: str, declared: CapabilityType) -> str:
    same = {None: "", True: "once", False: "twice"}[declared.idempotent_sink]
    determinism = f"{declared.determinism}{' or better' if declared.refined is not None else ''}"
    cells = [
        f"[{name}](#{name.lower()})",
        f"`{declared.name}`",
        str(declared.effects),
        determinism,
        declared.retry_owner or "",
        same,
        ", ".join(declared.backends),
    ]
    return f"| {' | '.join(cells)} |"


def _section(name: str, declared: CapabilityType) -> Iterator[str]:
    protocol = getattr(capabilities, name)
    yield f"\n## {name}\n\n`{declared.name}`. {inspect.getdoc(protocol)}\n"
    if declared.refined is not None:
        yield f"{inspect.getdoc(declared.refined)}\n"
    for detail in declared.details:
        for function in _makers(detail):
            yield f"- in `Annotated`: `{function.__name__}{_signature(function)}`. {_first_line(function)}"
    for member, value in _members(protocol):
        signature = "" if isinstance(value, property) else _signature(value)
        yield f"- `{member}{signature}`: {_first_line(value)}"


def _makers(detail: type) -> Iterator[FunctionType]:
    """The functions that make a detail: those of its module that return it."""
    for name, value in vars(sys.modules[detail.__module__]).items():
        if inspect.isfunction(value) and value.__annotations__.get("return") == detail.__name__ and name[0] != "_":
            yield value


def _members(protocol: type) -> Iterator[tuple[str, object]]:
    for base in reversed(protocol.__mro__):
        if base.__module__.startswith("flowlattice."):
            for name, value in vars(base).items():
                if not name.startswith("_") and (inspect.isfunction(value) or isinstance(value, property)):
                    yield name, value


def _signature(function) -> str:
    """A signature with its annotations as they are written."""
    found = inspect.signature(function)
    parts, keyword_only = [], False
    for parameter in found.parameters.values():
        if parameter.name == "self":
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not keyword_only:
            parts.append("*")
            keyword_only = True
        star = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
        default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
        parts.append(f"{star}{parameter.name}: {parameter.annotation}{default}")
    return f"({', '.join(parts)}) -> {found.return_annotation}"


def _first_line(value: object) -> str:
    return (inspect.getdoc(value) or "").partition("\n\n")[0].replace("\n", " ")
