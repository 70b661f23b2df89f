"""Functions that a spec brings along: what their bodies may be, and how they stand in a flow file.

A body is the statements of a pure function. What it does is judged by the kernel, as of any helper function; here only
its form is looked at. What does not live here: how expressions call functions (`expressions`).
"""

from __future__ import annotations

import ast
import textwrap

MAX_BODY = 20_000
_REFUSED: dict[type[ast.AST], str] = {
    ast.Import: "an import",
    ast.ImportFrom: "an import",
    ast.Global: "global",
    ast.Nonlocal: "nonlocal",
    ast.Await: "await",
    ast.AsyncFor: "async",
    ast.AsyncWith: "async",
    ast.AsyncFunctionDef: "async",
    ast.Yield: "yield",
    ast.YieldFrom: "yield",
    ast.ClassDef: "a class",
}


def body_tree(name: str, body: str) -> ast.FunctionDef:
    """The syntax of a body, inside of a function without parameters.

    Raises:
        ValueError: It is no body of a function; the text names the line, counted from the body's first.
    """
    try:
        tree = ast.parse(f"def {name}():\n{indented(body)}")
    except SyntaxError as error:
        line = max((error.lineno or 2) - 1, 1)
        raise ValueError(f"function {name}, line {line}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError):
        raise ValueError(f"function {name}: the body is not Python") from None
    function = tree.body[0]
    if len(tree.body) > 1 or not isinstance(function, ast.FunctionDef):
        raise ValueError(f"function {name}: the body is not the body of one function")
    for part in ast.walk(function):
        _check(name, part)
    if not any(isinstance(part, ast.Return) and part.value is not None for part in ast.walk(function)):
        raise ValueError(f"function {name} returns nothing")
    return function


def indented(body: str) -> str:
    """A body as it stands below the head of its function."""
    return textwrap.indent(textwrap.dedent(body.replace("\t", "    ")).strip("\n"), "    ")


def names_read(name: str, body: str) -> set[str]:
    """The names that a body reads."""
    return {part.id for part in ast.walk(body_tree(name, body)) if isinstance(part, ast.Name)}


def _check(name: str, part: ast.AST) -> None:
    refused = _REFUSED.get(type(part))
    line = getattr(part, "lineno", 2) - 1
    if refused is not None:
        raise ValueError(f"function {name}, line {line}: {refused} is not part of a pure function")
    if isinstance(part, ast.Constant | ast.JoinedStr) and getattr(part, "end_lineno", None) != part.lineno:
        raise ValueError(f"function {name}, line {line}: a text over several lines; write its line breaks as \\n")
