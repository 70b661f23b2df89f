"""Mail over a real connection: what arrives, what carries the key, what certainly never left."""

from __future__ import annotations

from email import message_from_bytes

import pytest

from flowlattice.bindings import EnvironmentBindings
from flowlattice.engine.backends import NotSent
from tests.support.flows import running, web
from tests.support.smtp import server

MESSAGE = {"to": "ines@example.com", "subject": "Größe", "text": "hello\n", "reply_to": "a@example.com"}


def bound(folder, port, more=""):
    text = f'[t.post]\nbackend = "smtp"\nhost = "127.0.0.1"\nport = {port}\nsender = "shop@example.org"\ntls = "none"\n'
    return EnvironmentBindings(text + more, "t", folder)


def sender(folder, made, more=""):
    return bound(folder, made.server_address[1], more).sender("post", "mail.send")


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
    with pytest.raises(NotSent, match=r"binding post: .*: no connection \(ConnectionRefusedError\)"):
        await sender(tmp_path, made).send("example.com", {**MESSAGE}, {})


@running
@pytest.mark.parametrize(
    ("verb", "last_words", "kind"),
    [
        ("MAIL", "451 later", "transient"),
        ("RCPT", "450 later", "transient"),
        ("DATA", "554 never", "permanent"),
        ("MAIL", "", "transient"),
        ("AUTH", "535 who are you", "auth"),
    ],
)
async def test_what_the_server_says_decides_whether_it_may_go_well_later(tmp_path, monkeypatch, verb, last_words, kind):
    monkeypatch.setenv("POST_PASSWORD", "pw")
    with server() as made:
        made.last_words[verb] = last_words
        more = 'username = "shop"\npassword = "$POST_PASSWORD"\n' if verb == "AUTH" else ""
        with pytest.raises(NotSent, match=r"^binding post: 127\.0\.0\.1: (refused|no login) \(\w+\)$") as caught:
            await sender(tmp_path, made, more).send("x", {**MESSAGE}, {})
    assert caught.value.kind == kind


MAILS = """
from flowlattice import Mail

class In(Record, data="public"):
    to: str = "ines@example.com"

@node(idempotency=by("to"))
async def tell(req: In, post: Mail) -> In:
    await post.send(to=req.to, subject="Hello", text="hello")
    return req

flow = Flow("mails", version="1.0.0")
hook = flow.trigger(http.post("/mails", accepts=In))
flow.connect(hook, tell)
flow.connect(tell, flow.respond())
"""


@running
async def test_what_was_not_sent_may_be_asked_for_again_and_the_log_says_which_server_failed(tmp_path, caplog):
    with server() as made:
        gone = made.server_address[1]
        made.last_words["RCPT"] = "550 never"
        refused = bound(tmp_path, gone)
        async with web(tmp_path / "refused", MAILS, bindings=refused) as client:
            for_good = await client("POST", "/mails", json={})
    async with web(tmp_path / "gone", MAILS, bindings=bound(tmp_path, gone)) as client:
        for_now = await client("POST", "/mails", json={})
    assert (for_good.status, for_now.status) == (500, 503)
    said = [(record.__dict__["kind"], record.__dict__["said"]) for record in caplog.records]
    assert said == [
        ("permanent", "binding post: 127.0.0.1: refused (SMTPRecipientsRefused)"),
        ("transient", "binding post: 127.0.0.1: no connection (ConnectionRefusedError)"),
    ]


@running
async def test_what_the_server_refuses_was_not_sent(tmp_path):
    with server() as made:
        with pytest.raises(NotSent, match=r"binding post: .*: refused \(SMTPRecipientsRefused\)"):
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
