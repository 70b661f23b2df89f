"""The cases: each a lying flow and its honest twin, written once with what the lie replaces.

A file of `cases/` is a list of cases:

    - name: hidden_clock            # names the folder, the flow and the route
      fails: replay                 # the check that has to fail, and the only one
      why: what the lie is, in a sentence
      node: stamp                   # the node that the one route leads to; left out where `flow` connects its own
      flow: |                       # the honest flow without imports
        ...
      lie: {honest text: lying text}   # each replaces a text that stands exactly once
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import yaml

HERE = Path(__file__).parent

_IMPORTS = """
import asyncio
import functools
import hashlib
import json
import re
import secrets
import time
import unicodedata
import uuid
import zlib
from collections import ChainMap
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, NamedTuple

from flowlattice import (
    AiRead, Cache, CallFailed, Clock, Connector, Context, Creds, DbWrite, DeadLetter, DedupeStore, Determinism,
    Exponential, Flow, HttpRead, HttpWrite, KvRead, KvWrite, Mail, Map, Profile, Record, Retry, TokenBudget, by, days,
    field, http, model, ms, node, per, require, scopes, seconds, tokens, usd,
)
"""

_ROUTE = """
flow = Flow("{name}", version="1.0.0", profile=Profile.{profile})
hook = flow.trigger(http.post("/{name}", accepts=In, deadline=seconds(5)))
flow.connect(hook, {node})
flow.connect({node}, flow.respond())
"""
_LIMIT = "flow.rate_limit(qps=50, burst=5)\n"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A lie and its honest twin.

    Attributes:
        name: Its name.
        fails: The check that the lie fails, or the code of the diagnostic that refuses it.
        why: What the lie is.
        honest: The honest flow.
        lying: The lying flow.
        beside: Further files of both, by name; what the lie replaces is replaced in them too.
        options: What certifying them is given, by name.
    """

    name: str
    fails: str
    why: str
    honest: str
    lying: str
    beside: tuple[dict[str, str], dict[str, str]]
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, entry: dict[str, Any]) -> Self:
        """A case as its file states it."""
        source = _source(entry)
        files: dict[str, str] = {"flow.py": source, **entry.get("beside", {})}
        lying = dict(files)
        for honest_text, lying_text in entry["lie"].items():
            found = [name for name, text in lying.items() if text.count(honest_text) == 1]
            assert len(found) == 1, f"{entry['name']}: {honest_text!r} stands not once"
            lying[found[0]] = lying[found[0]].replace(honest_text, lying_text)
        return cls(
            name=entry["name"],
            fails=entry["fails"],
            why=entry["why"],
            honest=files.pop("flow.py"),
            lying=lying.pop("flow.py"),
            beside=(files, lying),
            options=entry.get("options", {}),
        )

    @property
    def is_refused(self) -> bool:
        """Whether the checker refuses the lie, so that it never comes to a certification."""
        return self.fails.isupper()

    def write(self, folder: Path, *, lie: bool) -> Path:
        """Write one of the two flows into a folder; the path of the flow file."""
        folder.mkdir(parents=True)
        for name, text in self.beside[lie].items():
            (folder / name).write_text(text, encoding="utf-8")
        file = folder / "flow.py"
        file.write_text(self.lying if lie else self.honest, encoding="utf-8")
        return file


def all_cases() -> list[Case]:
    """All cases, in the order of their files."""
    return [Case.of(entry) for entry in _entries()]


def _entries() -> Iterator[dict[str, Any]]:
    for file in sorted((HERE / "cases").glob("*.yaml")):
        yield from yaml.safe_load(file.read_text(encoding="utf-8"))


def _source(entry: dict[str, Any]) -> str:
    text = f'"""{entry["why"]}"""\n{_IMPORTS}{entry.get("imports", "")}\n\n{entry["flow"]}'
    if "node" in entry:
        names = {"name": entry["name"], "node": entry["node"], "profile": entry.get("profile", "WEB")}
        text += _ROUTE.format(**names) + ("" if entry.get("profile") == "DEV" else _LIMIT)
    return text + entry.get("governed", "")
