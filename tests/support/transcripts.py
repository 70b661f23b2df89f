"""Terminal transcripts: run their commands and compare what is printed with what the page shows.

A command stands after `$ `; a backslash at the end of a line continues it. The lines up to the next command are all
that it prints (stdout and stderr as on a terminal). In them `...` stands for anything: on a line of its own for any
number of lines, inside a line for any text. Measured times (with a decimal point: `0.31 s`, but not `250 ms`),
digests, ports of 127.0.0.1, dates and the folders of the test are compared as if equal.

All commands of one transcript run in one bash, so `cd`, `export` and `$?` carry on. A command that ends in ` &` is
waited for until it has printed a URL, and is stopped at the end.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

TIMEOUT_S = 180
_MARK = re.compile(r"\n@@ended (\d+)@@\n")
# `serving N`: wait until what was printed after the first N bytes holds a URL.
_PRELUDE = r"""
ended() { local status=$?; printf '\n@@ended %d@@\n' "$status"; return "$status"; }
serving() {
  local deadline=$((SECONDS + 60))
  until tail -c "+$1" "$TRANSCRIPT" | grep -q 'http://'; do
    (( SECONDS < deadline )) || return 1
    sleep 0.05
  done
}
"""
_VOLATILE = (
    (re.compile(r"\b\d+\.\d+( ?)(ns|µs|us|ms|s|min)\b"), r"<time>\1\2"),
    (re.compile(r"\b(?=[0-9a-f]*\d)[0-9a-f]{8,64}\b"), "<digest>"),
    (re.compile(r"\b(127\.0\.0\.1|localhost):\d+"), r"\1:<port>"),
    (re.compile(r"\b20\d\d-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?"), "<date>"),
)


@dataclass(frozen=True)
class Step:
    """A command and the lines that it is said to print."""

    command: str
    expected: tuple[str, ...]


def steps_of(text: str) -> list[Step]:
    """The commands of a transcript; text before the first one is an error."""
    steps: list[Step] = []
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith("$ "):
            command = line.removeprefix("$ ")
            while command.endswith("\\"):
                command += "\n" + next(lines).removeprefix("> ")
            steps.append(Step(command, ()))
        elif steps:
            steps[-1] = Step(steps[-1].command, (*steps[-1].expected, line))
        else:
            raise AssertionError(f"a transcript starts with a command after `$ `, not with {line!r}")
    return steps


def run_transcript(text: str, *, folder: Path, env: Mapping[str, str], final_status: int = 0) -> None:
    """Run a transcript in `folder` and compare.

    Args:
        text: The block.
        folder: The working folder of its commands.
        env: The whole environment of its commands.
        final_status: Exit code of the last command; all others must end with 0.
    """
    steps = steps_of(text)
    for step, (status, printed) in zip(steps, _run(steps, folder, env), strict=True):
        missing = first_missing(step.expected, printed, folder=folder, env=env)
        assert missing is None, f"`{step.command}`: the page shows {missing}; what is printed:\n{printed}"
        wanted = final_status if step is steps[-1] else 0
        assert status == wanted, f"`{step.command}` ended with {status}, not {wanted}:\n{printed}"


def first_missing(expected: tuple[str, ...], printed: str, *, folder: Path, env: Mapping[str, str]) -> str | None:
    """What the page shows and is not printed there, volatile parts and ellipses aside; none: they agree."""
    for place, name in ((env.get("FLOWS_HOME", ""), "~/.local/share/flowlattice"), (str(folder), ".")):
        printed = printed.replace(place, name) if place else printed
    text = _stable(printed.rstrip("\n")) + "\n" if printed.strip() else ""
    lines = "\n".join(expected).rstrip("\n").split("\n") if any(expected) else []
    pattern = "".join(map(_pattern_of, lines))
    if re.fullmatch(pattern, text):
        return None
    for count in range(1, len(lines) + 1):
        if not re.match("".join(map(_pattern_of, lines[:count])), text):
            return repr(lines[count - 1])
    return f"nothing after {lines[-1]!r}" if lines else "nothing"


def _pattern_of(line: str) -> str:
    if line.strip() in ("...", "…"):
        return r"(?:.*\n)*"
    return r".*".join(map(re.escape, re.split(r"\.\.\.|…", _stable(line)))) + r" *\n"


def _stable(text: str) -> str:
    lines = [line.rstrip() for line in text.split("\n")]
    text = "\n".join(lines)
    for volatile, name in _VOLATILE:
        text = volatile.sub(name, text)
    return text


def _run(steps: list[Step], folder: Path, env: Mapping[str, str]) -> list[tuple[int, str]]:
    transcript = folder / ".transcript"
    script = _PRELUDE + "".join(_script_of(step) for step in steps)
    with transcript.open("wb") as output:
        process = subprocess.Popen(
            ["bash", "-c", script],
            cwd=folder,
            env={**env, "TRANSCRIPT": str(transcript)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            process.wait(timeout=TIMEOUT_S)
        finally:
            _stop(process)
    parts = _MARK.split(transcript.read_text(encoding="utf-8"))
    assert len(parts) >= 2 * len(steps), f"not every command ended:\n{''.join(parts)}"
    return [(int(parts[2 * index + 1]), parts[2 * index]) for index in range(len(steps))]


def _script_of(step: Step) -> str:
    if step.command.rstrip().endswith("&"):
        return f'before=$(wc -c <"$TRANSCRIPT")\n{step.command}\nserving "$before"\nended\n'
    return f"{step.command}\nended\n"


def _stop(process: subprocess.Popen[bytes]) -> None:
    # The group outlives bash where a command was left in the background.
    try:
        os.killpg(process.pid, signal.SIGTERM)
    except ProcessLookupError:
        return
    process.wait(timeout=10)
