"""Suites: briefs from a folder, a file, or a suite that is packaged, with every problem named."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import cast

from pydantic import JsonValue, ValidationError

from flowlattice.resources import data_folder
from flowlattice_agents.errors import SuiteError
from flowlattice_agents.evals.brief import Brief
from flowlattice_agents.yaml_text import MAX_BYTES, NotYaml, parse_yaml

ALL = "all"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]*")


@dataclass(frozen=True)
class Suite:
    """Briefs in order of their files; `others` are briefs that an edit may start from."""

    briefs: tuple[Brief, ...]
    others: tuple[Brief, ...] = ()

    def base_of(self, brief: Brief) -> Brief | None:
        """The brief whose flow this one changes, if it names one."""
        named = brief.edits_brief
        return None if named is None else next((b for b in (*self.briefs, *self.others) if b.id == named), None)

    def only(self, *, families: Iterable[str] = (), pattern: str = "") -> Suite:
        """The briefs of some families (all where none is named) whose id the pattern is found in."""
        wanted = set(families)
        kept = [b for b in self.briefs if re.search(pattern, b.id) and (not wanted or b.family in wanted)]
        rest = [b for b in self.briefs if b not in kept]
        return Suite(tuple(kept), (*rest, *self.others))


def load_suite(name: str) -> Suite:
    """The suite of a path, or of a packaged name such as `web`; `all` is every packaged suite.

    Raises:
        SuiteError: There is none, or something in it is wrong; with all problems.
    """
    packaged = data_folder("flowlattice_agents", "evals")
    path = Path(name)
    if not path.exists() and _NAME.fullmatch(name):
        path = packaged if name == ALL else packaged / name
        if not path.is_dir():
            known = ", ".join([ALL, *suite_names()])
            raise SuiteError([f"{name}: no such file, folder or packaged suite; the packaged ones are {known}"])
    briefs, problems = _read(_files(path))
    problems += [f"{path}: no brief (*.yaml) in it"] if not briefs and not problems else []
    problems += [f"{path}: {n} briefs are named {id_}" for id_, n in Counter(b.id for b in briefs).items() if n > 1]
    missing = {b.edits_brief for b in briefs if b.edits_brief is not None} - {b.id for b in briefs}
    others = [b for b in _read(_files(packaged))[0] if b.id in missing] if missing else []
    if path.is_file() and missing:
        others = [b for b in _read(_files(path.parent))[0] if b.id in missing] or others
    lost = missing - {b.id for b in others}
    problems += [f"{path}: {b.id}: edit: no brief is named {b.edits_brief}" for b in briefs if b.edits_brief in lost]
    if problems:
        raise SuiteError(problems)
    return Suite(tuple(briefs), tuple(others))


def suite_names() -> list[str]:
    """The names of the packaged suites."""
    folders = data_folder("flowlattice_agents", "evals").iterdir()
    return sorted(folder.name for folder in folders if folder.is_dir() and any(folder.glob("*.yaml")))


def _files(path: Path) -> list[Path]:
    return sorted(path.rglob("*.yaml")) if path.is_dir() else [path]


def _read(files: Sequence[Path]) -> tuple[list[Brief], list[str]]:
    briefs: list[Brief] = []
    problems: list[str] = []
    for file in files:
        try:
            with file.open("rb") as stream:
                content = parse_yaml(stream.read(MAX_BYTES).decode("utf-8"))
            briefs.append(Brief.model_validate(plain(content)))
        except OSError as error:
            problems.append(f"{file}: {error.strerror}")
        except (NotYaml, UnicodeDecodeError) as error:
            problems.append(f"{file}: {error}")
        except ValidationError as error:
            problems += [f"{file}: {_place(entry['loc'])}{entry['msg']}" for entry in error.errors()]
    return briefs, problems


def plain(value: object) -> JsonValue:
    """A value of YAML as JSON: dates become their text, as they do where answers are compared."""
    if isinstance(value, dict):
        return {str(key): plain(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    return str(value) if isinstance(value, date | bytes) else cast(JsonValue, value)


def _place(location: tuple[int | str, ...]) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return f"{text.lstrip('.')}: " if text else ""
