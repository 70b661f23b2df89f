"""The source texts of a loaded flow: syntax trees, the syntax of a function or a class, lines and columns."""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Callable, MutableMapping, MutableSequence, MutableSet, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from tokenize import detect_encoding
from types import CodeType, ModuleType
from typing import Final

from flowlattice.errors import UsageError
from flowlattice.language._bindings import Bindings
from flowlattice.language._initial import initial_statements
from flowlattice.language._mutations import changed_names
from flowlattice.language._names import FunctionSyntax, Names, arguments_of, names_of, parts_of
from flowlattice.language.annotations import hints
from flowlattice.language.ports import CallPlace, Place

__all__ = [
    "FLOW_FILE",
    "FunctionSyntax",
    "SourceFiles",
    "arguments_of",
    "decoded",
    "flow_file",
    "lines_of",
    "parsed",
    "parts_of",
]

FLOW_FILE: Final = "flow.py"

_Block = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
_Position = tuple[int | None, int | None, int | None, int | None]

_NEWLINE: Final = re.compile(r"\r\n|\r|\n")
_DEFINED: Final = re.compile(r"\b(?:def|class)\s+(\w+)")
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_MUTABLE: Final = (MutableMapping, MutableSequence, MutableSet)
_COMPILED: Final = frozenset({".so", ".pyd"})
_OURS: Final = Path(__file__).resolve().parents[1]


def flow_file(path: Path) -> Path:
    """The file that a path means: itself, or `flow.py` in a folder.

    Raises:
        UsageError: There is no such file.
    """
    file = path / FLOW_FILE if path.is_dir() else path
    if not file.is_file():
        raise UsageError(f"{path}: no flow there; name a Python file, or a folder that holds {FLOW_FILE}")
    return file.resolve()


def decoded(data: bytes) -> str:
    """The text of a Python file, its line ends as they are.

    Raises:
        SyntaxError: The encoding that the file declares does not exist.
        UnicodeDecodeError: The bytes are not text in that encoding.
    """
    encoding, _ = detect_encoding(BytesIO(data).readline)
    return data.decode(encoding)


def parsed(data: bytes, filename: str) -> ast.Module:
    """The syntax tree of a Python file, without the warnings that running it gives.

    Raises:
        SyntaxError: It is no Python.
        ValueError: It holds a null byte, or bytes that are no text.
        RecursionError: It is nested too deeply; so is MemoryError.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(data, filename)


def lines_of(text: str) -> list[str]:
    """Lines as Python counts them: ended by LF, CR LF or CR, and by nothing else."""
    return _NEWLINE.split(text)


@dataclass
class _File:
    """One parsed file, its functions found by their name and first line."""

    tree: ast.Module
    lines: list[str]
    functions: dict[tuple[str, int], list[FunctionSyntax]]
    classes: dict[str, ast.ClassDef]

    @classmethod
    def read(cls, filename: str) -> _File:
        data = Path(filename).read_bytes()
        tree = parsed(data, filename)
        functions: dict[tuple[str, int], list[FunctionSyntax]] = {}
        classes: dict[str, ast.ClassDef] = {}
        for part in parts_of(tree):
            if isinstance(part, _FUNCTIONS):
                functions.setdefault(_key(part), []).append(part)
            elif isinstance(part, ast.ClassDef):
                classes[part.name] = part
        return cls(tree, lines_of(decoded(data)), functions, classes)


@dataclass
class SourceFiles:
    """The files below a flow's folder, each read once. Libraries that happen to lie there are not the flow's.

    Attributes:
        folder: The folder.
        unstable: Which functions of the flow draw randomness or ask a clock, as far as that was found out.
        spelled: Definitions as their digests take them in, with the names and attributes that they read.
    """

    folder: Path
    _files: dict[str, _File] = field(default_factory=dict)
    _owned: dict[str, bool] = field(default_factory=dict)
    unstable: dict[object, bool] = field(default_factory=dict)
    spelled: dict[ast.AST, tuple[bytes, tuple[tuple[str, tuple[str, ...]], ...]]] = field(default_factory=dict)
    _names: dict[FunctionSyntax, Names] = field(default_factory=dict)
    _bindings: dict[FunctionSyntax, Bindings] = field(default_factory=dict)
    _hints: dict[Callable[..., object], dict[str, object]] = field(default_factory=dict)
    _members: dict[str, frozenset[str]] = field(default_factory=dict)
    _modules: dict[str, tuple[ModuleType, ...]] = field(default_factory=dict)
    _classes: dict[str, tuple[type, ...]] = field(default_factory=dict)
    _changed: dict[str, frozenset[int]] = field(default_factory=dict)
    _changed_names: dict[str, frozenset[str]] = field(default_factory=dict)
    _parts: dict[ast.AST, list[ast.AST]] = field(default_factory=dict)
    _relative: dict[str, str] = field(default_factory=dict)
    _initial: dict[_Block, dict[str, list[ast.stmt]]] = field(default_factory=dict)
    _positions: dict[int, tuple[CodeType, list[_Position]]] = field(default_factory=dict)

    def owns(self, filename: str) -> bool:
        """Whether a file is part of the flow."""
        if filename not in self._owned:
            self._owned[filename] = self._is_below(filename)
        return self._owned[filename]

    def _is_below(self, filename: str) -> bool:
        path = Path(filename)
        if not path.is_relative_to(self.folder) or path.is_relative_to(_OURS) or path.suffix in _COMPILED:
            return False
        return "site-packages" not in path.relative_to(self.folder).parts

    def relative(self, filename: str) -> str:
        """A file's name as diagnostics show it."""
        if filename not in self._relative:
            path = Path(filename)
            is_below = path.is_relative_to(self.folder)
            self._relative[filename] = path.relative_to(self.folder).as_posix() if is_below else path.name
        return self._relative[filename]

    def function(self, function: Callable[..., object]) -> FunctionSyntax | None:
        """The syntax of a function of the flow; none for one that is defined elsewhere."""
        code = getattr(function, "__code__", None)
        if not isinstance(code, CodeType) or not self.owns(code.co_filename):
            return None
        candidates = self._file(code.co_filename).functions.get((code.co_name, code.co_firstlineno), [])
        if len(candidates) == 1:
            return candidates[0]
        return next((candidate for candidate in candidates if _starts_there(candidate, code)), None)

    def class_(self, kind: type) -> tuple[str, ast.ClassDef] | None:
        """The file and the syntax of a class of the flow; none for one that is defined elsewhere."""
        filename = getattr(sys.modules.get(kind.__module__), "__file__", None) or ""
        if not self.owns(filename):
            return None
        found = self._file(filename).classes.get(kind.__name__)
        return None if found is None else (filename, found)

    def changed_names(self, filename: str) -> frozenset[str]:
        """The global names of one of the flow's files that stand for objects that its functions change."""
        if filename not in self._changed_names:
            functions = [each for group in self._file(filename).functions.values() for each in group]
            self._changed_names[filename] = changed_names(self.tree(filename), map(self.parts, functions))
        return self._changed_names[filename]

    def parts(self, syntax: ast.AST) -> Sequence[ast.AST]:
        """A piece of syntax and all that is in it, from the outside in."""
        if syntax not in self._parts:
            self._parts[syntax] = parts_of(syntax)
        return self._parts[syntax]

    def tree(self, filename: str) -> ast.Module:
        """The syntax of one of the flow's files."""
        return self._file(filename).tree

    def initial(self, block: _Block) -> dict[str, list[ast.stmt]]:
        """The statements that make the values of a file's, a class's or a function's names, constants left out."""
        if block not in self._initial:
            self._initial[block] = initial_statements(block.body)
        return self._initial[block]

    def around(self, filename: str, syntax: FunctionSyntax) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
        """The functions around another one, the innermost first."""
        functions = [each for group in self._file(filename).functions.values() for each in group]
        outer = [
            each
            for each in functions
            if not isinstance(each, ast.Lambda) and each is not syntax and any(p is syntax for p in self.parts(each))
        ]
        return sorted(outer, key=lambda each: -each.lineno)

    def names(self, syntax: FunctionSyntax) -> Names:
        """The names of a function."""
        if syntax not in self._names:
            self._names[syntax] = names_of(syntax)
        return self._names[syntax]

    def bindings(self, syntax: FunctionSyntax) -> Bindings:
        """What a function binds its names to."""
        if syntax not in self._bindings:
            self._bindings[syntax] = Bindings(self.parts(syntax))
        return self._bindings[syntax]

    def hints(self, function: Callable[..., object]) -> dict[str, object]:
        """The annotations of a function that can be evaluated."""
        if function not in self._hints:
            self._hints[function] = hints(function)
        return self._hints[function]

    def members(self, package: str) -> frozenset[str]:
        """The names of all that the classes of a flow's files define."""
        if package not in self._members:
            self._members[package] = frozenset(name for kind in self.classes(package) for name in vars(kind))
        return self._members[package]

    def modules(self, package: str) -> tuple[ModuleType, ...]:
        """The loaded modules of a flow, of which a name in its package is known."""
        top = package.partition(".")[0]
        if top not in self._modules:
            found = [module for name, module in sys.modules.items() if name.startswith(f"{top}.")]
            self._modules[top] = tuple(m for m in found if self.owns(getattr(m, "__file__", None) or ""))
        return self._modules[top]

    def classes(self, package: str) -> tuple[type, ...]:
        """The classes that a flow's files define."""
        if package not in self._classes:
            values = [value for module in self.modules(package) for value in vars(module).values()]
            kinds = [value for value in values if isinstance(value, type) and self.class_(value) is not None]
            self._classes[package] = tuple(dict.fromkeys(kinds))
        return self._classes[package]

    def changed_objects(self, package: str) -> frozenset[int]:
        """The identities of a flow's tables and lists that its functions change, by whatever name."""
        if package not in self._changed:
            self._changed[package] = frozenset(
                id(vars(module)[name])
                for module in self.modules(package)
                for name in self.changed_names(module.__file__ or "")
                if isinstance(vars(module).get(name), _MUTABLE)
            )
        return self._changed[package]

    def place(self, filename: str, part: ast.AST) -> Place:
        """Where a piece of syntax is written."""
        line = getattr(part, "lineno", 1)
        end_line, end = getattr(part, "end_lineno", None), getattr(part, "end_col_offset", None)
        return Place(
            file=filename,
            line=line,
            column=getattr(part, "col_offset", 0) + 1,
            end_line=end_line,
            end_column=None if end is None else end + 1,
        )

    def name_place(self, filename: str, part: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> Place:
        """Where the name of a function or a class is written in its definition."""
        line = self._line(filename, part.lineno)
        found = next((each for each in _DEFINED.finditer(line) if each[1] == part.name), None)
        if found is None:
            return self.place(filename, part)
        start = len(line[: found.start(1)].encode())
        end = start + len(part.name.encode())
        return Place(file=filename, line=part.lineno, column=start + 1, end_line=part.lineno, end_column=end + 1)

    def in_characters(self, place: Place) -> Place:
        """The same place with columns, in characters; the compiler counts bytes of UTF-8."""
        if isinstance(place, CallPlace):
            place = self._with_columns(place)
        if not self.owns(place.file):
            return place
        end_line = place.end_line or place.line
        return Place(
            file=place.file,
            line=place.line,
            column=self._characters(place.file, place.line, place.column),
            end_line=place.end_line,
            end_column=None if place.end_column is None else self._characters(place.file, end_line, place.end_column),
        )

    def _with_columns(self, place: CallPlace) -> Place:
        known = self._positions.get(id(place.code))
        if known is None:  # the code is kept, so that its id stays its own; hashing it would take as long as reading it
            known = self._positions[id(place.code)] = (place.code, list(place.code.co_positions()))
        line, end_line, column, end = known[1][place.instruction]
        return Place(
            file=place.file,
            line=line or place.line,
            column=(column or 0) + 1,
            end_line=end_line,
            end_column=None if end is None else end + 1,
        )

    def _characters(self, filename: str, line: int, column: int) -> int:
        return len(self._line(filename, line).encode()[: column - 1].decode(errors="ignore")) + 1

    def _line(self, filename: str, line: int) -> str:
        lines = self._file(filename).lines
        return lines[line - 1] if 0 < line <= len(lines) else ""

    def _file(self, filename: str) -> _File:
        if filename not in self._files:
            self._files[filename] = _File.read(filename)
        return self._files[filename]


def _key(syntax: FunctionSyntax) -> tuple[str, int]:
    if isinstance(syntax, ast.Lambda):
        return ("<lambda>", syntax.lineno)
    return (syntax.name, min([syntax.lineno, *(decorator.lineno for decorator in syntax.decorator_list)]))


def _starts_there(candidate: FunctionSyntax, code: CodeType) -> bool:
    """Whether the code is that of the candidate; several lambdas may share a line."""
    body = candidate.body if isinstance(candidate, ast.Lambda) else candidate.body[0]
    start = (body.lineno, body.col_offset)
    return any((line, column) == start for line, _, column, _ in code.co_positions())
