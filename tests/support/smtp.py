"""A mail server on a free port that keeps what it is sent, as much of one as a message needs."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any


class Handler(socketserver.StreamRequestHandler):
    """As much of a mail server as a message needs."""

    server: Any

    def handle(self) -> None:
        self.say("220 here")
        while line := self.rfile.readline():
            command = line.decode().strip()
            self.server.said.append(command)
            verb = command.partition(" ")[0].upper()
            if verb in self.server.last_words:
                self.say(self.server.last_words[verb])
                return
            if command.upper().startswith(("EHLO", "HELO")):
                self.say("250-here\r\n250 AUTH PLAIN")
            elif command.upper() == "DATA":
                self.say("354 go on")
                self.server.messages.append(self.message())
                if self.server.answers.wait(20):
                    self.say("250 taken")
            elif command.upper().startswith("AUTH"):
                self.say("235 welcome")
            elif command.upper().startswith("RCPT TO:<NOBODY"):
                self.say("550 unknown")
            elif command.upper() == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 fine")

    def message(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        return b"".join(lines)

    def say(self, text: str) -> None:
        with suppress(OSError):  # whoever asked may be gone
            self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def server() -> Iterator[Any]:
    """The server.

    `messages` are what it was sent, `said` the commands; while `answers` is not set, it does not say that it has taken
    a message. By `last_words` it is told after which commands to hang up, and what to say before.
    """
    made: Any = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    made.said, made.messages, made.last_words, made.answers = [], [], {}, threading.Event()
    made.answers.set()
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        made.answers.set()
        made.shutdown()
        thread.join()
        made.server_close()
