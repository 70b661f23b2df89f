"""Finding the syntax tree of a function that was already loaded."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType

FunctionSyntax = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@dataclass
class SourceFiles:
    """Syntax trees of the files below a flow's folder, each parsed once."""

    folder: Path
    _trees: dict[str, ast.Module] = field(default_factory=dict)

    def owns(self, filename: str) -> bool:
        """Whether a file is part of the flow."""
        return Path(filename).is_relative_to(self.folder)

    def relative(self, filename: str) -> str:
        """A file's name as diagnostics show it."""
        path = Path(filename)
        return str(path.relative_to(self.folder)) if path.is_relative_to(self.folder) else path.name

    def tree(self, filename: str) -> ast.Module:
        """The syntax tree of one of the flow's files."""
        if filename not in self._trees:
            self._trees[filename] = ast.parse(Path(filename).read_text(encoding="utf-8"))
        return self._trees[filename]

    def function(self, function: Callable[..., object]) -> FunctionSyntax | None:
        """The syntax of a function of the flow; none for one that is defined elsewhere."""
        code = getattr(function, "__code__", None)
        if not isinstance(code, CodeType) or not self.owns(code.co_filename):
            return None
        for candidate in ast.walk(self.tree(code.co_filename)):
            if isinstance(candidate, FunctionSyntax) and _is_it(candidate, code):
                return candidate
        return None


def _is_it(candidate: FunctionSyntax, code: CodeType) -> bool:
    if isinstance(candidate, ast.Lambda):
        if code.co_name != "<lambda>" or candidate.lineno != code.co_firstlineno:
            return False
        body = (candidate.body.lineno, candidate.body.col_offset)
        return any((line, column) == body for line, _, column, _ in code.co_positions())
    first = min([candidate.lineno, *(decorator.lineno for decorator in candidate.decorator_list)])
    return candidate.name == code.co_name and first == code.co_firstlineno
