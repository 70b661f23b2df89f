"""What the tests do with a code block of the documentation, by its kind. A kind that is not here is an error.

| info string | what happens |
|---|---|
| `python` | is run in a process of its own; it fails with its own `assert`s |
| `python title="x.py"` | is written to that file; a flow goes through `flows check` |
| `python title="x.py" check="CODE"` | the same, and `flows check` must report CODE |
| `python excerpt="x.py"` | stands in that file of the checkout, line for line, one after the other |
| `console` | a transcript: its commands run in an empty folder, what they print is compared (see `transcripts`) |
| `console exit=N` | the same; the last command ends with N |
| `console checkout` | the same, in the checkout; `make` takes its set-up as done |
| `sh` | a script that must succeed; what it prints is not compared |
| `sh setup` | how to install; not run: every line is one of `_SETUP` and names a target or extra that exists |
| `yaml spec`, `yaml answers`, `yaml hosts` | is valid as a FlowSpec, as `--answers`, as `--allow-hosts` |
| `yaml rules` | is valid as policies, or as a profile or overlay of them |
| `json`, `jsonl`, `toml` | is well-formed |
| `mermaid`, `text` | pictures and plain text, which hold no commands |
| those of `COVERED` | run by the test that is named there, which must exist and read the page |

A block with a title is a file for the blocks after it on its page; every block finds all files that stand before it,
so each one runs alone. The environment is this one with a `$FLOWS_HOME` of its own.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import yaml

from flowlattice.policy import Policy
from flowlattice.policy.layers import Layer
from flowlattice_agents.spec import FlowSpec
from tests.support.markdown import Block
from tests.support.transcripts import run_transcript

ROOT = Path(__file__).parents[2]
TIMEOUT_S = 180


@dataclass(frozen=True)
class Workplace:
    """Where a block's files are, and the environment its processes get."""

    folder: Path
    env: dict[str, str]

    @classmethod
    def at(cls, folder: Path) -> Workplace:
        """A workplace with a home of its own, where the commands of this environment come first in PATH."""
        work = folder / "work"
        work.mkdir()
        env = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "FLOWS_", "MAKE"))}
        env |= {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}",
            "FLOWS_HOME": str(folder / "home"),
            "PYTHONUNBUFFERED": "1",
            "NO_COLOR": "1",
            "COLUMNS": "110",
        }
        return cls(work, env)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, stdout and stderr together."""
        return subprocess.run(
            command,
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )


def run_block(block: Block, earlier: list[Block], place: Workplace) -> None:
    """Do with a block what its kind says; `earlier` are the blocks before it on its page."""
    run = RUNNERS.get(block.kind)
    assert run is not None, f"unknown kind of block {block.kind!r}; known are: {', '.join(sorted(RUNNERS))}"
    for file in (*earlier, block):
        if file.title is not None:
            target = place.folder / file.title
            assert target.resolve().is_relative_to(place.folder.resolve()), f"{file.title} leaves the folder"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(file.text, encoding="utf-8")
    run(block, place)


def _python(block: Block, place: Workplace) -> None:
    if (quoted := block.attributes.get("excerpt")) is not None:
        assert block.text in (ROOT / quoted).read_text(encoding="utf-8"), f"{quoted} holds no such lines"
        return
    name = block.title or f"block_{block.line}.py"
    (place.folder / name).write_text(block.text, encoding="utf-8")
    if block.title is None or not re.search(r"^\w+ = Flow\(", block.text, re.MULTILINE):
        done = place.run(sys.executable, "-W", "error", name)
        assert done.returncode == 0, done.stdout
        return
    done = place.run("flows", "check", name)
    if code := block.attributes.get("check"):
        assert done.returncode == 1, done.stdout
        assert code in done.stdout, f"flows check does not report {code}:\n{done.stdout}"
    else:
        assert done.returncode == 0, done.stdout


def _console(block: Block, place: Workplace) -> None:
    status = int(block.attributes.get("exit", "0"))
    run_transcript(block.text, folder=place.folder, env=place.env, final_status=status)


def _console_checkout(block: Block, place: Workplace) -> None:
    script = Path(sys.executable).parent
    done = f"RUN_READY= DEV_READY= BIN={script} DEMO={place.folder / 'demo'}"
    status = int(block.attributes.get("exit", "0"))
    run_transcript(
        f"$ cd {ROOT} && export MAKEFLAGS='--no-print-directory -- {done}'\n{block.text}",
        folder=place.folder,
        env=place.env,
        final_status=status,
    )


def _sh(block: Block, place: Workplace) -> None:
    done = place.run("bash", "-euo", "pipefail", "-c", block.text)
    assert done.returncode == 0, done.stdout


_SETUP = (
    re.compile(r"git clone \S+( \S+)?"),
    re.compile(r"cd \S+"),
    re.compile(r"make (?P<target>[a-z-]+)"),
    re.compile(r"pip install (?P<quote>['\"]?)flowlattice(\[(?P<extra>[a-z-]+)\])?(?P=quote)"),
)


def _sh_setup(block: Block, place: Workplace) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for line in block.text.splitlines():
        command = line.split("#", 1)[0].strip()
        known = next((match for form in _SETUP if (match := form.fullmatch(command))), None)
        assert known is not None or not command, f"not a command for setting up: {line!r}"
        named = known.groupdict() if known else {}
        assert named.get("target") is None or named["target"] in targets, f"the Makefile has no target for {line!r}"
        assert named.get("extra") is None or named["extra"] in project["optional-dependencies"], f"no extra: {line!r}"


def _yaml_spec(block: Block, place: Workplace) -> None:
    FlowSpec.from_yaml(block.text)


def _yaml_answers(block: Block, place: Workplace) -> None:
    for answer in yaml.safe_load(block.text):
        assert set(answer) == {"ask", "say"}, f"an answer has `ask` and `say`: {answer}"
        re.compile(answer["ask"])


def _yaml_hosts(block: Block, place: Workplace) -> None:
    hosts = yaml.safe_load(block.text)
    assert isinstance(hosts, list), "hosts are a list"
    assert all(isinstance(host, str) for host in hosts), "every host is a name"


def _yaml_rules(block: Block, place: Workplace) -> None:
    found = yaml.safe_load(block.text)
    policies = found if isinstance(found, list) else []
    assert [Policy.model_validate(entry) for entry in policies] or Layer.model_validate(found)


def _json(block: Block, place: Workplace) -> None:
    json.loads(block.text)


def _jsonl(block: Block, place: Workplace) -> None:
    for line in block.text.splitlines():
        json.loads(line)


def _toml(block: Block, place: Workplace) -> None:
    tomllib.loads(block.text)


def _mermaid(block: Block, place: Workplace) -> None:
    assert re.match(r"(flowchart|graph|sequenceDiagram|stateDiagram-v2)\b", block.text), "not a Mermaid diagram"


def _text(block: Block, place: Workplace) -> None:
    assert not re.search(r"^\$ ", block.text, re.MULTILINE), "commands belong in a `console` block, where they are run"


# Kinds whose blocks another test runs: kind -> that test, relative to the repository.
COVERED: MappingProxyType[str, str] = MappingProxyType(
    {
        "brief": "tests/agents/models/offline/test_briefs_page.py",
        "python rule": "tests/kernel/check/test_reference.py",
    }
)


def _covered(block: Block, place: Workplace) -> None:
    test = ROOT / COVERED[block.kind]
    page = block.page.relative_to(ROOT).as_posix()
    assert test.is_file(), f"{test} is gone, and nothing runs the blocks of kind {block.kind}"
    assert page in test.read_text(encoding="utf-8"), f"{test} does not read {page}"


RUNNERS: MappingProxyType[str, Callable[[Block, Workplace], None]] = MappingProxyType(
    {
        "python": _python,
        "console": _console,
        "console checkout": _console_checkout,
        "sh": _sh,
        "sh setup": _sh_setup,
        "yaml spec": _yaml_spec,
        "yaml answers": _yaml_answers,
        "yaml hosts": _yaml_hosts,
        "yaml rules": _yaml_rules,
        "json": _json,
        "jsonl": _jsonl,
        "toml": _toml,
        "mermaid": _mermaid,
        "text": _text,
        **dict.fromkeys(COVERED, _covered),
    }
)
