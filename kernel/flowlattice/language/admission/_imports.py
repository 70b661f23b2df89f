"""Rules for imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowlattice.language.admission import _modules
from flowlattice.language.admission._context import Context
from flowlattice.language.admission._definitions import identifier
from flowlattice.language.admission._meaning import shares
from flowlattice.language.admission._problem import Problem

_BY_NAME = "import what you use by name"


def import_(node: ast.Import, _: Context) -> Iterator[Problem]:
    """`import a.b as c`: modules that are allowed."""
    for alias in node.names:
        yield from identifier(alias, alias.asname)
        if not _modules.may_import(alias.name):
            yield Problem(alias, f"{alias.name} may not be imported", _modules.instead(alias.name))


def import_from(node: ast.ImportFrom, context: Context) -> Iterator[Problem]:
    """`from a import b`: public names of allowed modules, and files of the flow's own folder."""
    for alias in node.names:
        yield from identifier(alias, alias.asname)
        if alias.name == "*":
            yield Problem(alias, "an import of everything hides what is used", _BY_NAME)
        elif node.level:
            yield from _from_sibling(node, alias, context)
        else:
            yield from _from_library(node, alias)


def _from_library(node: ast.ImportFrom, alias: ast.alias) -> Iterator[Problem]:
    module = node.module or ""
    if not _modules.may_import(module):
        yield Problem(node, f"{module} may not be imported", _modules.instead(module))
    elif not _modules.allows(module, alias.name):
        advice = "use another of the module's public names"
        yield Problem(alias, f"{module}.{alias.name} may not be used in a flow", advice)


def _from_sibling(node: ast.ImportFrom, alias: ast.alias, context: Context) -> Iterator[Problem]:
    module = node.module or alias.name
    if node.level > 1 or "." in module:
        yield Problem(
            node, "this import leaves the flow's folder", "put the file beside the flow and import it as `.name`"
        )
    elif module not in context.siblings:
        yield Problem(
            node, f"there is no readable file {module}.py beside this one", "put it there, or drop the import"
        )
    elif node.module and not shares(context.siblings[module], alias.name):
        yield Problem(
            alias, f"{module}.py defines no {alias.name}", "import a module where it is used, not by way of a file"
        )
