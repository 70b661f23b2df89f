"""`docs/reference/flow-ir.md` is what the models of the IR say: `pytest --update-golden` writes it anew."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from flowlattice.ir import model as ir
from flowlattice.language.annotations import spelled
from tests.support.docblocks import ROOT

HEAD = """# Flow IR

What `flows ir PATH` prints, and what checks, plans, comparisons and pictures read: frozen models with a JSON round
trip. `flows ir --schema` prints their JSON Schema ([flow-ir.schema.json](flow-ir.schema.json)). Fields are added and
never renamed; one without a default is always there.
"""


def test_the_page_of_the_ir(golden):
    golden(ROOT / "docs" / "reference" / "flow-ir.md", "\n".join(_page()))


def _page() -> Iterator[str]:
    yield HEAD
    about = inspect.cleandoc(ir.__doc__ or "").partition("\n\n")[2]
    yield f"{about}\n"
    models = [value for value in vars(ir).values() if isinstance(value, type) and issubclass(value, ir.IRModel)]
    first: list[type[ir.IRModel]] = [ir.FlowIR, ir.Node, ir.Edge, ir.Surface]
    for model in [*first, *(model for model in models if model not in {*first, ir.IRModel})]:
        yield from _section(model)


def _section(model: type[BaseModel]) -> Iterator[str]:
    yield f"## {model.__name__}\n\n{_words(inspect.getdoc(model) or '')}\n"
    yield "| field | type | by default |"
    yield "|---|---|---|"
    for name, info in model.model_fields.items():
        yield f"| `{info.alias or name}` | {_code(spelled(info.annotation))} | {_default(info)} |"
    yield ""


def _words(text: str) -> str:
    """A docstring as Markdown: the attributes, which Google style indents, become a list."""
    head, _, attributes = text.partition("Attributes:\n")
    lines = re.sub(r"\n {8,}", " ", attributes)
    listed = "\n".join(re.sub(r"^ *(\w+): ", r"* `\1`: ", line) for line in lines.splitlines())
    return f"{head.strip()}\n\n{listed}".strip()


def _default(info: FieldInfo) -> str:
    if info.default_factory is not None:
        return "`{}`"
    return "" if info.default is PydanticUndefined else _code(repr(info.default))


def _code(text: str) -> str:
    """As code in a table, in which a bar would end the cell."""
    return f"`{text}`".replace("|", r"\|")
