"""The contact form of the site over real sockets and a real mail server: one mail, whatever happens."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from urllib.parse import urlencode

import pytest

from flowlattice.cli import run
from flowlattice.errors import EngineUnavailable
from flowlattice.hosts.process import ServedFlow
from flowlattice.keys import idempotency_key
from tests.support.site import site
from tests.support.smtp import server
from tests.support.waiting import eventually

ADA = {"name": "Ada", "email": "ada@example.com", "message": "What does <b>exactly once</b> cost?"}
BOB = {"name": "Bob", "email": "bob@example.com", "message": "Hello?"}
URLENCODED = "application/x-www-form-urlencoded"


def send(served: ServedFlow, form: dict[str, str], *, kind: str = URLENCODED) -> tuple[int, str]:
    if kind == URLENCODED:
        return served.request("POST", "/contact", body=urlencode(form), content_type=kind)
    parts = "".join(
        f'--limit\r\ncontent-disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in form.items()
    )
    return served.request(
        "POST", "/contact", body=f"{parts}--limit--\r\n", content_type="multipart/form-data; boundary=limit"
    )


def test_one_mail_for_the_same_form_however_often_it_is_sent(tmp_path):
    with server() as mail:
        folder = site(tmp_path, mail)
        with ServedFlow(folder, "--env", "production", "--workers", "2") as served, ThreadPoolExecutor(8) as pool:
            mail.answers.clear()  # the first is still under way when the others come
            sent = [pool.submit(send, served, ADA) for _ in range(8)]
            eventually(lambda: len(mail.messages) == 1, "no mail was sent")
            mail.answers.set()
            answers = [one.result() for one in sent]
            answers.append(send(served, dict(reversed(ADA.items())), kind="multipart/form-data"))
            other = send(served, {**ADA, "name": "Zoe\u0308"})
            assert send(served, {**ADA, "name": "Zo\u00eb", "newsletter": "no"}) == other
        with ServedFlow(folder, "--env", "production") as served:
            answers.append(send(served, ADA))
        assert {status for status, _ in [*answers, other]} == {200}
        assert len({page for _, page in answers}) == 1
        assert "Thank you, Ada." in answers[0][1]
        first, second = (message_from_bytes(message) for message in mail.messages)
    assert (first["Reply-To"], first["Subject"]) == ("ada@example.com", "Message from Ada")
    key = idempotency_key("site", "handle_contact", "", dict(ADA)).hex()
    assert first["Message-ID"] == f"<{key}@example.com>"
    assert second["Reply-To"] == "ada@example.com"


def test_a_crash_while_sending_leaves_the_key_in_doubt_until_somebody_decides(tmp_path, capsys):
    with server() as mail:
        folder = site(tmp_path, mail)
        where = [str(folder), "--env", "production"]

        def effects(*arguments: str) -> tuple[int, str]:
            code = run(["effects", *arguments, *where])
            said = capsys.readouterr()
            return code, said.out + said.err

        with ServedFlow(folder, "--env", "production") as served:
            mail.answers.clear()
            clients = [threading.Thread(target=_lost, args=(served, form)) for form in (ADA, BOB)]
            for client in clients:
                client.start()
            eventually(lambda: len(mail.messages) == 2, "the mails were not sent")
            _, under_way = effects("list")
            assert under_way.count("reserved") == 2
            served.kill()
            for client in clients:
                client.join()
        mail.answers.set()
        with ServedFlow(folder, "--env", "production") as served:
            for form in (ADA, BOB):
                status, body = send(served, form)
                assert (status, json.loads(body)["error"]) == (409, "in_doubt")
            assert send(served, {**BOB, "message": "Something else"})[0] == 200
            code, listed = effects("list", "--in-doubt", "--json")
            doubtful = json.loads(listed)
            assert code == 0
            assert [(one["flow"], one["node"], one["state"]) for one in doubtful] == [
                ("site", "handle_contact", "in_doubt")
            ] * 2
            keys = {name: _key(form) for name, form in (("ada", ADA), ("bob", BOB))}
            assert {one["key"] for one in doubtful} == set(keys.values())
            assert len(mail.messages) == 3, "nothing was repeated"

            code, said = effects("decide", keys["ada"][:12], "happened")
            assert (code, said) == (0, f"{keys['ada'][:16]} of site handle_contact: happened; it is not repeated\n")
            assert effects("decide", keys["bob"], "not-happened")[0] == 0
            status, body = send(served, ADA)
            assert (status, json.loads(body)["error"]) == (409, "already_happened")
            assert send(served, BOB)[0] == 200
            assert len(mail.messages) == 4
            assert effects("list", "--in-doubt") == (0, "no effect is in doubt\n")
            code, said = effects("decide", keys["bob"], "happened")
            assert code == 2
            assert "there is nothing to decide, its effect happened" in said


def _key(form: dict[str, str]) -> str:
    return idempotency_key("site", "handle_contact", "", dict(form)).hex()


def _lost(served: ServedFlow, form: dict[str, str]) -> None:
    with pytest.raises(EngineUnavailable):
        send(served, form)
