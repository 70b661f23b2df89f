"""JSON-like objects as people write them in a brief, read into terms with the place of what is left to understand.

`{"v": string}`, `{v}`, `{"sku", "on_hand"}`, `{"sum": a + b}`, `{"ids": [1, 2, ...]}` and strict JSON alike:
obj(pair(key, value)...), arr(value..., more?), str, num, true, false, null, hole (`...`) and raw(text, place).
"""

from __future__ import annotations

import json
import re

from flowlattice_agents.models.offline.terms import Term, term

FAILURES_ALLOWED = 20
_LONGEST = 3000
_DEEPEST = 12
_CLOSING = {"{": "}", "[": "]"}
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?\Z")
_KEY = re.compile(
    r"""\s*(?:"((?:[^"\\\n]|\\.)*)"|“([^”\n]*)”|'([^'\n]*)'|`([^`\n]*)`|([A-Za-z_][\w\-]*))\s*(\?)?\s*(:(?!:)|=(?![=>]))?"""
)
_STRING = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|“([^”]*)”)\s*\Z""", re.DOTALL)
_ELLIPSIS = re.compile(r"\s*(?:\.\.\.|…|\.\.)\s*\Z")
_CONSTANTS = {"true": term("true"), "false": term("false"), "null": term("null")}


def match_object(text: str, start: int, offset: int = 0) -> tuple[int, Term] | None:
    """The object or list that starts at a bracket: its end and its term, or none where it is something else."""
    end = _closing(text, start)
    if end is None or (text[start] == "[" and not _looks_like_list(text[start + 1 : end - 1])):
        return None
    value = _value(text, start, end, offset, 0)
    return None if value is None or value.head == "raw" else (end, value)


def _looks_like_list(inside: str) -> bool:
    return re.match(r"\s*(?:[\"“{\[\d]|-\d|\.\.\.|…|true\b|false\b|null\b|\Z)", inside) is not None


def _closing(text: str, start: int) -> int | None:
    stack: list[str] = []
    position, limit = start, min(len(text), start + _LONGEST)
    while position < limit:
        character = text[position]
        if character == '"':
            position = _skip_string(text, position, limit)
            continue
        if character in _CLOSING:
            stack.append(_CLOSING[character])
            if len(stack) > _DEEPEST:
                return None
        elif character in "}]":
            if stack.pop() != character:
                return None
            if not stack:
                return position + 1
        position += 1
    return None


def _skip_string(text: str, start: int, limit: int) -> int:
    position = start + 1
    while position < limit:
        if text[position] == "\\":
            position += 1
        elif text[position] == '"':
            return position + 1
        position += 1
    return limit


def _value(text: str, start: int, end: int, offset: int, depth: int) -> Term | None:
    inside = text[start:end]
    stripped = inside.strip()
    if not stripped or _ELLIPSIS.match(inside):
        return term("hole")
    if stripped[0] == "<" and stripped[-1] == ">" and len(stripped) > 2:
        return term("raw", stripped[1:-1].strip(), str(offset + start + inside.index("<") + 1))
    if stripped in _CONSTANTS:
        return _CONSTANTS[stripped]
    if _NUMBER.match(stripped):
        return term("num", stripped)
    if string := _STRING.match(inside):
        return _string(string)
    first = start + len(inside) - len(inside.lstrip())
    if text[first] in _CLOSING and _closing(text, first) == start + len(inside.rstrip()):
        last = start + len(inside.rstrip())
        structure = (_object if text[first] == "{" else _array)(text, first + 1, last - 1, offset, depth + 1)
        if structure is not None:
            return structure
    return term("raw", stripped, str(offset + first))


def _string(match: re.Match[str]) -> Term:
    if match[1] is None:
        value = match[2]
    else:
        try:
            value = json.loads(f'"{match[1]}"', strict=False)
        except ValueError:
            value = match[1]
    return term("hole", "text") if value.strip() in {"...", "…", ".."} else term("str", value)


def _pieces(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The places between top-level commas."""
    pieces, depth, piece, position = [], 0, start, start
    while position < end:
        character = text[position]
        if character == '"':
            position = _skip_string(text, position, end)
            continue
        if character in "{[(":
            depth += 1
        elif character in "}])":
            depth -= 1
        elif character == "," and depth <= 0:
            pieces.append((piece, position))
            piece = position + 1
        position += 1
    pieces.append((piece, end))
    return pieces


def _object(text: str, start: int, end: int, offset: int, depth: int) -> Term | None:
    members: list[tuple[str, bool, int, int]] = []
    open_ended = quoted = False
    for piece in _pieces(text, start, end):
        inside = text[piece[0] : piece[1]]
        if not inside.strip():
            continue
        if _ELLIPSIS.match(inside):
            open_ended = True
            continue
        key = _KEY.match(inside)
        bare = key is not None and key[5] is not None and not key[7]
        if key is None or (bare and quoted) or not (key[7] or not inside[key.end() :].strip()):
            if not members or members[-1][2] < 0:
                return None
            members[-1] = (*members[-1][:3], piece[1])  # a comma inside the value before it
            continue
        name = next(group for group in key.groups()[:5] if group is not None)
        quoted = quoted or key[5] is None
        members.append((name, bool(key[6]), piece[0] + key.end() if key[7] else -1, piece[1]))
    return _pairs(text, members, open_ended, offset, depth)


def _pairs(
    text: str, members: list[tuple[str, bool, int, int]], open_ended: bool, offset: int, depth: int
) -> Term | None:
    pairs = []
    for name, optional, start, end in members:
        value = term("hole") if start < 0 else _value(text, start, end, offset, depth)
        if value is None:
            return None
        pairs.append(term("pair", name, value, "optional") if optional else term("pair", name, value))
    if open_ended:
        pairs.append(term("more"))
    return Term("obj", tuple(pairs))


def _array(text: str, start: int, end: int, offset: int, depth: int) -> Term | None:
    items = []
    for piece in _pieces(text, start, end):
        inside = text[piece[0] : piece[1]]
        if not inside.strip():
            continue
        value = term("more") if _ELLIPSIS.match(inside) else _value(text, *piece, offset, depth)
        if value is None:
            return None
        items.append(value)
    return Term("arr", tuple(items))
