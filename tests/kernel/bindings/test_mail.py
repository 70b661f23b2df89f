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
            with pytest.raises(NotSent, match="the message cannot be made"):
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


@running
@pytest.mark.parametrize(
    "part",
    [{"reply_to": ":;x@é.é"}, {"subject": "a\u2028b"}, {"text": "\ud800"}, {"to": "a@example.com, b@example.com"}],
)
async def test_what_cannot_be_a_message_was_certainly_not_sent(tmp_path, part):
    with server() as made:
        with pytest.raises(NotSent):
            await sender(tmp_path, made).send("x", {**MESSAGE, **part}, {})
        assert made.said == []


@running
@pytest.mark.parametrize("verb", ["EHLO", "MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("last_words", ["554 go away", ""])
async def test_a_server_that_hangs_up_before_the_last_line_has_not_taken_it(tmp_path, verb, last_words):
    with server() as made:
        made.last_words[verb] = last_words
        if verb == "EHLO":
            made.last_words["HELO"] = last_words
        with pytest.raises(NotSent):
            await sender(tmp_path, made).send("x", {**MESSAGE}, {})
        assert made.messages == []


@running
async def test_what_a_server_says_to_a_goodbye_changes_nothing(tmp_path):
    with server() as made:
        made.last_words["QUIT"] = "421 too busy"
        await sender(tmp_path, made).send("x", {**MESSAGE}, {})
        assert len(made.messages) == 1


@running
async def test_lines_that_begin_with_a_period_stay_what_they_are(tmp_path):
    with server() as made:
        await sender(tmp_path, made).send("x", {**MESSAGE, "text": ".\n..a\n"}, {})
    assert made.messages[0].endswith(b"\r\n..\r\n...a\r\n")
