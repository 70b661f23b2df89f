"""Mail over a real connection: what arrives, what carries the key, what certainly never left."""

from __future__ import annotations

import socketserver
import threading
from contextlib import contextmanager
from email import message_from_bytes
from typing import Any

import pytest

from flowlattice.bindings import EnvironmentBindings
from flowlattice.engine.backends import NotSent
from tests.support.flows import running

MESSAGE = {"to": "ines@example.com", "subject": "Größe", "text": "hello\n", "reply_to": "a@example.com"}


class Handler(socketserver.StreamRequestHandler):
    """As much of a mail server as a message needs."""

    server: Any

    def handle(self) -> None:
        self.say("220 here")
        while line := self.rfile.readline():
            command = line.decode().strip()
            self.server.said.append(command)
            if command.upper().startswith(("EHLO", "HELO")):
                self.say("250-here\r\n250 AUTH PLAIN")
            elif command.upper() == "DATA":
                self.say("354 go on")
                self.server.messages.append(self.message())
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
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def server():
    made: Any = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    made.said, made.messages = [], []
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        made.shutdown()
        thread.join()
        made.server_close()


def sender(folder, made, more=""):
    port = made.server_address[1]
    text = f'[t.post]\nbackend = "smtp"\nhost = "127.0.0.1"\nport = {port}\nsender = "shop@example.org"\ntls = "none"\n'
    return EnvironmentBindings(text + more, "t", folder).sender("post", "mail.send")


@running
async def test_a_message_arrives_and_carries_its_key(tmp_path):
    with server() as made:
        await sender(tmp_path, made).send("example.com", {**MESSAGE}, {"idempotency_key": "ab12"})
        await sender(tmp_path, made).send("example.com", {**MESSAGE, "reply_to": None}, {})
    first, second = map(message_from_bytes, made.messages)
    assert (first["From"], first["To"], first["Reply-To"]) == ("shop@example.org", "ines@example.com", "a@example.com")
    assert first["Message-ID"] == "<ab12@example.org>"
    assert first["Subject"] == "=?utf-8?q?Gr=C3=B6=C3=9Fe?="
    assert first.get_payload() == "hello\r\n"
    assert second["Message-ID"].endswith("@example.org>")
    assert second["Reply-To"] is None


@running
async def test_who_connects_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("POST_PASSWORD", "pw")
    with server() as made:
        more = 'username = "shop"\npassword = "$POST_PASSWORD"\n'
        await sender(tmp_path, made, more).send("example.com", {**MESSAGE}, {})
    assert any(command.startswith("AUTH PLAIN") for command in made.said)


@running
async def test_what_cannot_be_a_header_is_refused_before_anything_is_sent(tmp_path):
    with server() as made:
        for part in ("to", "subject", "reply_to"):
            with pytest.raises(ValueError, match=r"linefeed|newline"):
                await sender(tmp_path, made).send("x", {**MESSAGE, part: "a@b.c\nBcc: d@e.f"}, {})
        assert made.messages == []


@running
async def test_without_a_connection_nothing_was_sent(tmp_path):
    with server() as made:
        pass
    with pytest.raises(NotSent, match=r"binding post: no connection \(ConnectionRefusedError\)"):
        await sender(tmp_path, made).send("example.com", {**MESSAGE}, {})


@running
async def test_an_address_that_is_refused_is_an_error(tmp_path):
    with server() as made:
        with pytest.raises(Exception, match="unknown"):
            await sender(tmp_path, made).send("example.com", {**MESSAGE, "to": "nobody@example.com"}, {})
        assert made.messages == []
