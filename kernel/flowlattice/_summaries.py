"""The line that a verb has in `flows --help`, read from its source without importing anything."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path


def summary_of(module: str, attribute: str = "command") -> str:
    """The first line of a verb's documentation; empty if it has none.

    Args:
        module: The module that the verb is in.
        attribute: What the verb is called there. `command` stands for its whole module; another name for a function
            with a docstring of its own, since a module may hold several verbs.
    """
    source = _source(module)
    if source is None:
        return ""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    functions = (part for part in tree.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef))
    own = next((ast.get_docstring(function) for function in functions if function.name == attribute), None)
    text = own if own is not None and attribute != "command" else ast.get_docstring(tree)
    return (text or "").partition("\n")[0].rstrip(".")


def _source(module: str) -> Path | None:
    # Only the top package is looked up by the import system: looking up `a.b` would import `a`.
    top, *rest = module.split(".")
    spec = importlib.util.find_spec(top)
    if spec is None:
        return None
    if not rest:
        return Path(spec.origin) if spec.origin else None
    for folder in spec.submodule_search_locations or ():
        base = Path(folder).joinpath(*rest)
        for candidate in (base.with_suffix(".py"), base / "__init__.py"):
            if candidate.is_file():
                return candidate
    return None
