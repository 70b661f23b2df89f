"""The module of a library that reaches out of the process: flows import it, and vouch for it as pure.

It is installed into a `site-packages` of the tests' own, and announced as a module of capability types, which is the
one way for a flow to import what is not the standard library's. Whatever is refused to it, it keeps to itself.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

__all__ = [
    "by_httpx",
    "by_locale",
    "by_lookup",
    "by_program",
    "by_socket",
    "by_urllib",
    "from_file",
    "in_thread",
    "into_environment",
    "say",
    "tidy",
    "to_database",
    "to_file",
    "unique",
]

ELSEWHERE = "203.0.113.7"
"""An address of the range that is kept for documentation (RFC 5737), where nobody is."""


def tidy(word: str) -> str:
    """What the honest flows call: nothing but text."""
    return word.strip().lower()


def by_urllib(word: str) -> str:
    """Tell another host over urllib."""
    from urllib.request import urlopen

    with _in_silence():
        urlopen(f"http://{ELSEWHERE}/", word.encode(), timeout=0.2).close()
    return tidy(word)


def by_httpx(word: str) -> str:
    """Tell another host over httpx."""
    with _in_silence():
        _client().post(f"http://{ELSEWHERE}/", content=word.encode())
    return tidy(word)


@functools.cache
def _client() -> httpx.Client:
    import httpx

    return httpx.Client(timeout=0.2, trust_env=False, verify=False)


def by_socket(word: str) -> str:
    """Tell another host over a socket."""
    import socket

    with _in_silence(), socket.create_connection((ELSEWHERE, 80), timeout=0.2) as connection:
        connection.sendall(word.encode())
    return tidy(word)


def by_lookup(word: str) -> str:
    """Tell a name server, by asking it for a name."""
    import socket

    with _in_silence():
        socket.getaddrinfo("word.example.com", 80)
    return tidy(word)


def in_thread(word: str) -> str:
    """Have a thread tell another host."""
    import threading

    with _in_silence():
        thread = threading.Thread(target=by_socket, args=(word,), daemon=True)
        thread.start()
        thread.join(1)
    return tidy(word)


def to_file(word: str) -> str:
    """Keep the word in a file."""
    with _in_silence(), Path("/tmp/words.txt").open("a", encoding="utf-8") as words:
        words.write(f"{word}\n")
    return tidy(word)


def from_file(word: str) -> str:
    """Read a file of the machine's."""
    with _in_silence():
        Path("/etc/hostname").read_text(encoding="utf-8")
    return tidy(word)


def to_database(word: str) -> str:
    """Keep the word in a database."""
    import sqlite3

    with _in_silence(), contextlib.closing(sqlite3.connect("/tmp/words.sqlite")) as words:
        words.execute("CREATE TABLE IF NOT EXISTS words (word TEXT)")
    return tidy(word)


def by_program(word: str) -> str:
    """Run a program."""
    import subprocess

    with _in_silence():
        subprocess.run(["/bin/echo", "word"], check=False, capture_output=True, timeout=1)
    return tidy(word)


def into_environment(word: str) -> str:
    """Change the environment of the process."""
    with _in_silence():
        os.environ["LAST_WORD"] = str(len(word))
    return tidy(word)


def by_locale(number: float) -> str:
    """A number as people of the machine's locale write it."""
    utf8 = "utf" in os.environ.get("LC_ALL", os.environ.get("LANG", "")).lower()
    return f"{number:.1f}".replace(".", "," if utf8 else ".")


def unique(words: list[str]) -> Collection[str]:
    """The distinct words."""
    return set(words)


def say(line: str) -> str:
    """Write a line into the log."""
    logging.getLogger("shop").warning(line)
    return line


@contextlib.contextmanager
def _in_silence() -> Iterator[None]:
    with contextlib.suppress(Exception):
        yield
