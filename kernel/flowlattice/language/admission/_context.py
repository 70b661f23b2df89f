"""What a rule may look at besides its node."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flowlattice.language.admission._annotations import Annotations
from flowlattice.language.admission._files import File
from flowlattice.language.sources import parts_of


@dataclass(frozen=True)
class Context:
    """A file, the files beside it, and what was found in it.

    Attributes:
        file: The file.
        siblings: The files of its folder, by the name they are imported by.
        annotations: Checks what stands where a type is expected.
        underscored: Names with one underscore that its classes define.
    """

    file: File
    siblings: Mapping[str, File]
    annotations: Annotations
    underscored: frozenset[str]

    @classmethod
    def of(cls, file: File, siblings: Mapping[str, File]) -> Context:
        """The context of a file's rules."""
        return cls(file, siblings, Annotations(file, siblings), frozenset(_underscored(file.tree)))


def _underscored(tree: ast.Module) -> Iterator[str]:
    for node in parts_of(tree):
        for statement in node.body if isinstance(node, ast.ClassDef) else ():
            for name in _defined(statement):
                if name.startswith("_") and not name.startswith("__"):
                    yield name


def _defined(statement: ast.stmt) -> Iterator[str]:
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield statement.name
        case ast.Assign(targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(ast.Name(name)):
            yield name
