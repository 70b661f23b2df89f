"""Python text: names that are free, literals, calls that wrap, quotes as people write them."""

from __future__ import annotations

import builtins
import io
import json
import keyword
import re
import tokenize
from collections.abc import Sequence

WIDTH = 110


def identifier(text: str) -> str:
    """A lower-case Python identifier made from any text; empty text gives `flow`."""
    name = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "flow"
    return name if name[0].isalpha() else f"n_{name}"


def class_name(text: str) -> str:
    """A class name made from any text."""
    return "".join(part[:1].upper() + part[1:] for part in re.findall(r"[A-Za-z0-9]+", text)) or "Value"


class Names:
    """The module-level names of a flow file; each is handed out once."""

    def __init__(self, reserved: Sequence[str] = ()) -> None:
        self._taken = {*reserved, *keyword.kwlist, *dir(builtins)}

    def take(self, wanted: str, *others: str) -> str:
        """The first of the wished names that is free, else the first one with a number."""
        for name in (wanted, *others):
            if name not in self._taken:
                self._taken.add(name)
                return name
        number = 2
        while f"{wanted}_{number}" in self._taken:
            number += 1
        return self.take(f"{wanted}_{number}")


def literal(value: object) -> str:
    """A Python literal with double quotes."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False) if _plain(value) else double_quoted(repr(value))
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {literal(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(map(literal, value)) + ("," if len(value) == 1 else "") + ")"
    return repr(value)


def call(function: str, arguments: Sequence[str], *, indent: int = 0, before: str = "") -> str:
    """A call on one line, or with one argument a line where it is too long.

    Args:
        function: What is called.
        arguments: Source of each argument, with its keyword.
        indent: Columns the statement is indented by.
        before: What stands before the call on its first line (`return `).
    """
    line = f"{before}{function}({', '.join(arguments)})"
    if indent + len(line) <= WIDTH or not arguments:
        return " " * indent + line
    pad = " " * (indent + 4)
    inner = "".join(f"{pad}{argument},\n" for argument in arguments)
    return f"{' ' * indent}{before}{function}(\n{inner}{' ' * indent})"


def statement(target: str, value: str, *, indent: int = 4) -> str:
    """`target value` on one line, or the value in parentheses on a line of its own."""
    line = f"{' ' * indent}{target}{value}"
    if len(line) <= WIDTH or "\n" in value:
        return line
    return f"{' ' * indent}{target}(\n{' ' * (indent + 4)}{value}\n{' ' * indent})"


def double_quoted(source: str) -> str:
    """The same expression with double quotes wherever that needs no escape."""
    lines = source.splitlines(keepends=True)
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, IndentationError):
        return source
    for token in reversed(tokens):
        if token.type != tokenize.STRING or token.start[0] != token.end[0]:
            continue
        match = re.fullmatch(r"([rbfRBF]*)'([^'\"]*)'", token.string)
        if match:
            line = lines[token.start[0] - 1]
            replaced = f'{match[1]}"{match[2]}"'
            lines[token.start[0] - 1] = line[: token.start[1]] + replaced + line[token.end[1] :]
    return "".join(lines)


def _plain(text: str) -> bool:
    """Whether JSON's escapes of a text are Python's too."""
    return all(char.isprintable() or char in "\n\t\r" for char in text)
