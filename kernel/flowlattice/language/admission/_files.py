"""The files of a flow as text and syntax, and what they define for each other."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from tokenize import detect_encoding

from flowlattice.language.admission._refusal import Refusal
from flowlattice.language.admission._scopes import BoundTooOften, Scopes
from flowlattice.language.sources import lines_of

LARGEST_BYTES = 512 * 1024


@dataclass(frozen=True, kw_only=True)
class File:
    """One file that could be parsed."""

    name: str
    lines: list[str]
    tree: ast.Module
    scopes: Scopes

    @property
    def stem(self) -> str:
        """How its siblings import it: `records` for `records.py`."""
        return self.name.removesuffix(".py")


def read(name: str, content: str | bytes) -> File | Refusal:
    """Parse a file, or say why that cannot be done."""
    data = content.encode("utf-8", errors="surrogatepass") if isinstance(content, str) else content
    problem = _unreadable(data)
    if problem is not None:
        return refused(name, *problem)
    text = data.decode("utf-8-sig")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes are for the linter
            tree = ast.parse(text, name)
        return File(name=name, lines=lines_of(text), tree=tree, scopes=Scopes(tree))
    except SyntaxError as error:
        line, column = max(error.lineno or 1, 1), max(error.offset or 1, 1)
        return Refusal(file=name, message=f"not Python: {error.msg}", line=line, column=column)
    except (RecursionError, MemoryError):
        return refused(name, "nested too deeply to be read", "split the expression into several assignments")
    except BoundTooOften as error:
        return refused(name, f"{error} is bound too often to be followed", "use a list, or several names")


def refusal(file: File, node: ast.AST, message: str, advice: str | None) -> Refusal:
    """A refusal of a node."""

    def column(line: int | None, byte: int | None) -> int | None:
        if line is None or byte is None or line > len(file.lines):
            return None
        return len(file.lines[line - 1].encode()[:byte].decode(errors="ignore")) + 1

    line, end = getattr(node, "lineno", 1), getattr(node, "end_lineno", None)
    return Refusal(
        file=file.name,
        message=message,
        help=advice,
        line=line,
        column=column(line, getattr(node, "col_offset", 0)) or 1,
        end_line=end,
        end_column=column(end, getattr(node, "end_col_offset", None)),
    )


def imported_names(file: File) -> Iterator[str]:
    """The names of the files beside it that a file imports."""
    for node in ast.walk(file.tree):
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            yield from (f"{name}.py" for name in ([node.module] if node.module else [a.name for a in node.names]))


def _unreadable(data: bytes) -> tuple[str, str] | None:
    if len(data) > LARGEST_BYTES:
        return (
            f"{len(data):,} bytes long, more than the {LARGEST_BYTES:,} allowed",
            "move tables into files of their own",
        )
    if b"\0" in data:
        return "holds a null character", "save it as plain text"
    try:
        data.decode("utf-8")
        encoding, _ = detect_encoding(BytesIO(data).readline)
    except (UnicodeDecodeError, SyntaxError):
        encoding = "another encoding"
    if encoding not in ("utf-8", "utf-8-sig"):
        # Whoever reads the declaration would run other text than what was read here.
        return f"not UTF-8 ({encoding})", "save it as UTF-8 and drop the coding declaration"
    return None


def refused(name: str, message: str, advice: str | None) -> Refusal:
    """A refusal of a whole file."""
    return Refusal(file=name, message=message, help=advice, line=1, column=1)
