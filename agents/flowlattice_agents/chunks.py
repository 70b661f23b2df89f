"""Smaller calls of a language model: which number of a flow file sizes them, and what it is to be after a breach.

The number is a literal: of a module's constant that says so by its name (`CHUNK_CHARS = 8_000`), of the longest text
that a record allows (`field(max_length=6_000)`), or of the model's answer (`model(..., max_tokens=400)`). What the flow
may spend is never changed: that is a person's to decide. The text around the number stays as it is.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, TypeGuard

from flowlattice.budgets import Breach
from flowlattice.language.sources import parsed

_LEAST: Final = Fraction(1, 8)
_MOST: Final = Fraction(3, 4)
"""A proposal cuts at least a quarter, so that it can be seen in the next day, and leaves at least an eighth."""

_CHUNKS: Final = re.compile(r"CHUNK|PIECE|SLICE|EXCERPT|PROMPT|CHARS|WORDS")
_SMALLEST: Final = 16


def _is_size(value: ast.expr | None) -> TypeGuard[ast.Constant]:
    return isinstance(value, ast.Constant) and type(value.value) is int


class NothingToCut(Exception):
    """Why no smaller call can be proposed, and what can be done instead."""


@dataclass(frozen=True)
class Proposal:
    """A file with a smaller number.

    Attributes:
        source: The file's text after it.
        text: What is proposed and why, in a sentence.
    """

    source: str
    text: str


@dataclass(frozen=True)
class _Number:
    what: str
    literal: ast.Constant

    @property
    def value(self) -> int:
        value = self.literal.value
        assert isinstance(value, int)
        return value


def smaller(source: str, breach: Breach) -> Proposal:
    """The file with calls so much smaller that those which were made and refused would have fit in the day.

    Raises:
        NothingToCut: The node is not there, or no number sizes its calls.
    """
    try:
        tree = parsed(source.encode(), "flow.py")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise NothingToCut("the flow file cannot be parsed; flows check says where") from None
    node = _node(tree, breach.node)
    answer, prompt = _answer(node), _prompt(tree)
    share = _share(breach)
    asked = breach.asked.tokens or 0
    whole = Fraction(asked) * share
    # The larger part of a call is the one to cut; what the other leaves is what it may have.
    if prompt is not None and (answer is None or asked - answer.value >= answer.value):
        rest = asked - (answer.value if answer else 0)
        cut, part = prompt, (whole - (asked - rest)) / rest if rest > 0 else share
    elif answer is not None:
        cut, part = answer, (whole - (asked - answer.value)) / answer.value
    else:
        raise NothingToCut(
            f"nothing in the file bounds what {breach.node} asks; bound the text with field(max_length=...) or the "
            "answer with model(..., max_tokens=...)"
        )
    smaller_ = _rounded(cut.value * min(max(part, _LEAST), _MOST))
    if smaller_ >= cut.value:
        raise NothingToCut(f"{cut.what} is {cut.value} already; only a higher ceiling helps, which is yours to decide")
    text = (
        f"the budget of {breach.node} was used up on {breach.day} after {breach.calls} calls, and {breach.refused} "
        f"were refused: {cut.what} goes from {_written(cut.value)} to {_written(smaller_)}"
    )
    return Proposal(_replaced(source, cut.literal, _written(smaller_)), text)


def _share(breach: Breach) -> Fraction:
    """How large a call may be, of what it was, for as many as were wanted to fit in the day."""
    wanted = breach.calls + breach.refused
    pairs = ((breach.ceiling.micro_usd, breach.asked.micro_usd), (breach.ceiling.tokens, breach.asked.tokens))
    return min((Fraction(most, wanted * asked) for most, asked in pairs if most is not None and asked), default=_MOST)


def _node(tree: ast.Module, name: str) -> ast.FunctionDef | ast.AsyncFunctionDef:
    for part in tree.body:
        if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef) and part.name == name:
            return part
    raise NothingToCut(f"the flow file defines no node {name}; edit the file that does")


def _answer(node: ast.FunctionDef | ast.AsyncFunctionDef) -> _Number | None:
    """The most tokens of the model's answer."""
    for part in ast.walk(node.args):
        if isinstance(part, ast.Call) and _called(part) == "model":
            for literal in _keyword(part, "max_tokens"):
                return _Number(f"the longest answer of {node.name} (max_tokens)", literal)
    return None


def _prompt(tree: ast.Module) -> _Number | None:
    """What bounds the text that goes into a prompt: a constant named so, else the longest text of a record."""
    constants = [
        _Number(target.id, part.value)
        for part in tree.body
        for target in _targets(part)
        if isinstance(part, ast.Assign | ast.AnnAssign) and _is_size(part.value) and _CHUNKS.search(target.id)
    ]
    fields = [
        _Number(f"the longest {part.target.id} of {record.name} (max_length)", literal)
        for record in tree.body
        if isinstance(record, ast.ClassDef)
        for part in record.body
        if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
        for call in ast.walk(part.annotation)
        if isinstance(call, ast.Call) and _called(call) == "field"
        for literal in _keyword(call, "max_length")
    ]
    return max(constants or fields, key=lambda number: number.value, default=None)


def _targets(part: ast.stmt) -> Iterator[ast.Name]:
    targets = part.targets if isinstance(part, ast.Assign) else [part.target] if isinstance(part, ast.AnnAssign) else []
    yield from (target for target in targets if isinstance(target, ast.Name))


def _keyword(call: ast.Call, name: str) -> Iterator[ast.Constant]:
    for keyword in call.keywords:
        if keyword.arg == name and _is_size(keyword.value):
            yield keyword.value


def _called(call: ast.Call) -> str:
    function = call.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _rounded(value: Fraction) -> int:
    """Two digits of it, rounded down, and no less than makes sense."""
    whole = max(int(value), _SMALLEST)
    unit = int("1".ljust(len(str(whole)) - 1, "0"))
    return whole // unit * unit


def _written(value: int) -> str:
    return f"{value:_}"


def _replaced(source: str, literal: ast.Constant, text: str) -> str:
    """The source with one literal replaced; columns are counted in bytes."""
    lines = source.splitlines(keepends=True)
    line = lines[literal.lineno - 1].encode()
    lines[literal.lineno - 1] = (line[: literal.col_offset] + text.encode() + line[literal.end_col_offset :]).decode()
    return "".join(lines)
