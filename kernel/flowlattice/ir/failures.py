"""What stops a flow from becoming IR, as diagnostics with file, line and cause; never a traceback.

LOAD001 it cannot be read or parsed, LOAD002 it may not be loaded, LOAD003 building its graph failed, LOAD004 the
sandboxed process gave no answer. What each means to a person is written in `check.rules`.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from flowlattice.diagnostics import Diagnostic
from flowlattice.errors import FlowlatticeError, UsageError
from flowlattice.language.ports import Place
from flowlattice.language.sources import SourceFiles

if TYPE_CHECKING:
    from flowlattice.language.admission import Refusal

_LONGEST = 400


class NotLowerable(FlowlatticeError):
    """Part of a graph was given a value that cannot be lowered; `place` is where it was written."""

    def __init__(self, place: Place, cause: Exception) -> None:
        self.place = place
        self.cause = cause
        super().__init__(described(cause))


@contextmanager
def lowering(place: Place) -> Iterator[None]:
    """Say where a value was given that cannot be lowered; a type checker rejects it, but it is not run first.

    Raises:
        NotLowerable: One was.
    """
    try:
        yield
    except (TypeError, AttributeError, ValueError, ArithmeticError, UsageError) as error:
        raise NotLowerable(place, error) from error


def unreadable(error: Exception, file: str) -> Diagnostic:
    """LOAD001 of what reading or parsing a file raised."""
    if isinstance(error, SyntaxError):
        line, column = error.lineno or 1, error.offset or 1
        end_line, end = error.end_lineno or 0, error.end_offset or 0
        has_end = (end_line, end) > (line, column) and end > 0
        return Diagnostic(
            code="LOAD001",
            message=f"{file} is not Python: {one_line(error.msg or 'it cannot be parsed')}",
            file=file,
            line=max(line, 1),
            column=max(column, 1),
            end_line=end_line if has_end else None,
            end_column=end if has_end else None,
        )
    if isinstance(error, RecursionError | MemoryError):
        return Diagnostic(code="LOAD001", message=f"{file} is nested too deeply to be parsed", file=file, line=1)
    if isinstance(error, UnicodeDecodeError):
        return Diagnostic(code="LOAD001", message=f"{file} is not text: {one_line(error.reason)}", file=file, line=1)
    if isinstance(error, OSError):
        cause = error.strerror or str(error)
        return Diagnostic(code="LOAD001", message=f"{file} cannot be read: {cause}", file=file, line=1)
    return Diagnostic(code="LOAD001", message=f"{file} cannot be parsed: {one_line(str(error))}", file=file, line=1)


def refused(refusal: Refusal) -> Diagnostic:
    """LOAD002 of what admission says."""
    return Diagnostic(
        code="LOAD002",
        message=one_line(refusal.message),
        file=refusal.file,
        line=refusal.line,
        column=refusal.column,
        end_line=refusal.end_line,
        end_column=refusal.end_column,
        help=None if refusal.help is None else one_line(refusal.help),
    )


def failed(error: BaseException, file: Path) -> Diagnostic:
    """LOAD003 of what loading or lowering a flow raised, at the line of the flow's own files that raised it.

    The notes of an exception (`add_note`) are what helps.
    """
    folder = file.parent
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).is_relative_to(folder):
        return unreadable(error, Path(error.filename).relative_to(folder).as_posix())
    if isinstance(error, NotLowerable):
        place, message = SourceFiles(folder).in_characters(error.place), str(error)
    else:
        place, message = next(_frames(error, folder), Place(str(file), 1)), described(error)
    cause = error.cause if isinstance(error, NotLowerable) else error
    notes = "; ".join(note for note in getattr(cause, "__notes__", ()) if isinstance(note, str))
    inside = Path(place.file).is_relative_to(folder)
    return Diagnostic(
        code="LOAD003",
        message=f"building the graph failed: {message}",
        file=Path(place.file).relative_to(folder).as_posix() if inside else file.name,
        line=place.line if inside else 1,
        column=place.column if inside else 1,
        end_line=place.end_line if inside else None,
        end_column=place.end_column if inside else None,
        help=one_line(notes) or None,
    )


def uncovered(artifact: str, file: str) -> Diagnostic:
    """LOAD002: a file belongs to the flow, and an approval of what is written would not cover it."""
    return Diagnostic(
        code="LOAD002",
        message=one_line(f"{artifact} belongs to the flow, and no file of the flow names it"),
        file=file,
        line=1,
        help='write its path as a text where it is used: sandboxed("plugins/clean.py"), fixtures=["fixtures/ok.json"]',
    )


def no_answer(message: str, file: str) -> Diagnostic:
    """LOAD004: the sandboxed process ended without an answer, or with one that is none."""
    return Diagnostic(code="LOAD004", message=one_line(message), file=file, line=1)


def described(error: BaseException) -> str:
    """An exception in one line; the kernel's own say all in their text."""
    if isinstance(error, ValidationError):
        return one_line("; ".join(_reasons(error)))
    text = one_line(str(error))
    if isinstance(error, FlowlatticeError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _reasons(error: ValidationError) -> Iterator[str]:
    """What is wrong with each field, without the links and the values that pydantic adds."""
    for detail in error.errors(include_url=False, include_input=False, include_context=False):
        where = ".".join(str(part) for part in detail["loc"] if isinstance(part, str))
        reason = detail["msg"][:1].lower() + detail["msg"][1:]
        yield f"{where}: {reason}" if where else reason


def one_line(text: str) -> str:
    """A text in one printable line of bounded length."""
    line = " ".join(text[: 4 * _LONGEST].split())
    line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _frames(error: BaseException, folder: Path) -> Iterator[Place]:
    """The places in the folder's files that were being run, the innermost first."""
    frames = [*traceback.walk_tb(error.__traceback__)]
    for frame, line in reversed(frames):
        code = frame.f_code
        if not Path(code.co_filename).is_relative_to(folder):
            continue
        yield Place(code.co_filename, line)
