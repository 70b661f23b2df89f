"""Mail over a real connection: what arrives, what carries the key, what certainly never left."""

from __future__ import annotations

from email import message_from_bytes

import pytest

from flowlattice.bindings import EnvironmentBindings
from flowlattice.engine.backends import NotSent
from tests.support.flows import running
from tests.support.smtp import server

MESSAGE = {"to": "ines@example.com", "subject": "Größe", "text": "hello\n", "reply_to": "a@example.com"}


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
async def test_what_the_server_refuses_was_not_sent(tmp_path):
    with server() as made:
        with pytest.raises(NotSent, match=r"binding post: refused \(SMTPRecipientsRefused\)"):
            await sender(tmp_path, made).send("example.com", {**MESSAGE, "to": "nobody@example.com"}, {})
        assert made.messages == []
