"""Idempotency keys: canonical CBOR of what identifies an effect, hashed with BLAKE3-256.

Equal inputs give equal bytes on every machine and in every release; changing that would repeat effects. The encoding
is RFC 8949 §4.2.1 (core deterministic encoding): shortest integers and floats, definite lengths, map keys in bytewise
order of their encodings. Text is NFC-normalised first, so the two spellings of `é` are one key.

What may be encoded is JSON plus bytes: None, bool, int in -2^64 … 2^64-1, finite float, str, bytes, list, tuple (a
list, as JSON has it) and dict with text keys. `1`, `1.0` and `True` are three different values, and so are `0.0` and
`-0.0`. NaN and the infinities are not JSON and are refused, as is everything else. Which fields to use is the
language's business, and keeping keys is the dedupe store's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias
from unicodedata import normalize

import cbor2
from blake3 import blake3

from flowlattice.errors import FlowlatticeError

MAX_DEPTH = 128
"""How many lists and maps may be nested; also what ends a list that contains itself."""

_SMALLEST, _LARGEST = -(2**64), 2**64 - 1

_Plain: TypeAlias = "bool | int | float | str | bytes | list[_Plain] | dict[str, _Plain] | None"


class KeyFieldError(FlowlatticeError):
    """A value that cannot be part of an idempotency key.

    Attributes:
        path: Where it stands in what was given, such as `fields.items[2].price`.
        problem: What is wrong with it and what to do instead.
    """

    def __init__(self, path: str, problem: str) -> None:
        self.path = path
        self.problem = problem
        super().__init__(f"{path} cannot be part of an idempotency key: {problem}")


def idempotency_key(flow: str, node: str, partition: str, fields: Mapping[str, object]) -> bytes:
    """The key of one effect: the 32 bytes of BLAKE3 over the canonical CBOR of the four parts.

    Args:
        flow: The flow's name.
        node: The node's name.
        partition: The partition the record belongs to; the empty text where there is none.
        fields: The identifying fields by name.

    Raises:
        KeyFieldError: A part is not text, or a field's value cannot be encoded (see the module's docstring).
    """
    identity: dict[str, _Plain] = {
        "f": _text(flow, "flow"),
        "n": _text(node, "node"),
        "p": _text(partition, "partition"),
        "x": _plain_map(fields, "fields", 0),
    }
    return blake3(_encode(identity)).digest()


def canonical(value: object) -> bytes:
    """The canonical CBOR of one value.

    Raises:
        KeyFieldError: The value, or something in it, cannot be encoded (see the module's docstring).
    """
    return _encode(_plain(value, "value", 0))


def _encode(plain: _Plain) -> bytes:
    # Canonical mode orders keys by length first; for text keys that is the bytewise order of their encodings.
    return cbor2.dumps(plain, canonical=True)


def _plain(value: object, path: str, depth: int) -> _Plain:
    """The value in exact built-in types, normalised; subclasses such as StrEnum count as what they hold."""
    match value:
        case None | bool():
            return value
        case str():
            return _text(value, path)
        case int():
            return _integer(value, path)
        case float():
            return _number(value, path)
        case bytes():
            return bytes(value)
        case list() | tuple():
            _check_depth(depth, path)
            return [_plain(item, f"{path}[{index}]", depth + 1) for index, item in enumerate(value)]
        case dict():
            return _plain_map(value, path, depth)
        case _:
            raise KeyFieldError(path, f"{type(value).__name__} is neither JSON nor bytes; use its text or a number")


def _plain_map(value: Mapping[str, object], path: str, depth: int) -> dict[str, _Plain]:
    if not isinstance(value, Mapping):
        raise KeyFieldError(path, f"a mapping of names to values is needed, not {type(value).__name__}")
    _check_depth(depth, path)
    plain: dict[str, _Plain] = {}
    for key, item in value.items():
        name = _text(key, f"{path} key {key!r}")
        if name in plain:
            raise KeyFieldError(path, f"two keys are {name!r} after NFC normalisation; rename one")
        plain[name] = _plain(item, f"{path}.{name}", depth + 1)
    return plain


def _text(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise KeyFieldError(path, f"text is needed, not {type(value).__name__}")
    text = normalize("NFC", str.__str__(value))
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        raise KeyFieldError(
            path, "the text holds a lone surrogate, which is not Unicode text; decode it properly first"
        )
    return text


def _integer(value: int, path: str) -> int:
    if not _SMALLEST <= value <= _LARGEST:
        raise KeyFieldError(path, "the integer is beyond -2^64 … 2^64-1; use its decimal text")
    return int(value)


def _number(value: float, path: str) -> float:
    if not math.isfinite(value):
        raise KeyFieldError(path, f"{value} is not a JSON number; use None or leave the field out")
    return float(value)


def _check_depth(depth: int, path: str) -> None:
    if depth >= MAX_DEPTH:
        raise KeyFieldError(
            f"{path[:80]}…", f"it is nested more than {MAX_DEPTH} deep; use fewer levels or a digest of it"
        )
