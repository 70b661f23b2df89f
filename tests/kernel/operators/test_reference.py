"""`docs/reference/operators.md` is the catalogue of operators: `pytest --update-golden` writes it anew."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from flowlattice.language.annotations import spelled
from flowlattice.operators import FAMILIES, Operator, catalogue
from tests.support.docblocks import ROOT

HEAD = """# Operators

Small, pure, strict functions that specs cite by name and flows call: `from flowlattice.operators import text`, then
`text.trim(req.name)`. An operator that has no value for what it is given, such as a division by zero, makes the input
invalid (422). The examples run in the tests.
"""


def test_the_page_of_operators(golden):
    golden(ROOT / "docs" / "reference" / "operators.md", "\n".join(_page()))


def _page() -> Iterator[str]:
    yield HEAD
    for family in FAMILIES:
        module = import_module(f"flowlattice.operators.{family}")
        about = (module.__doc__ or "").strip().partition("\n\n")[0].replace("\n", " ")
        yield f"## {family}\n\n{about}\n"
        yield "| operator | gives | example |"
        yield "|---|---|---|"
        yield from (_row(found) for found in catalogue().values() if found.family == family)
        yield ""


def _row(found: Operator) -> str:
    taken = ", ".join(f"{name}: {spelled(annotation)}" for name, annotation in found.parameters.items())
    shown = found.examples[0]
    call = f"{found.qualified_name}({', '.join(map(repr, shown.arguments))}) == {shown.gives!r}"
    cells = [_code(f"{found.name}({taken}) -> {spelled(found.returns)}"), found.meaning, _code(call)]
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    """As code in a table, in which a bar would end the cell."""
    mark = "``" if "`" in text else "`"
    return f"{mark}{text}{mark}".replace("|", r"\|")
