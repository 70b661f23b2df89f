"""`flows keys`: keys by name and fingerprint; the private half is never shown."""

from __future__ import annotations

import io
import json

import pytest

from flowlattice.cli import run


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("FLOWS_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def said(capsys, *arguments, code=0):
    assert run(["keys", *arguments]) == code
    caught = capsys.readouterr()
    return caught.out if code == 0 else caught.err


def test_a_key_is_made_handed_on_trusted_and_trusted_no_more(capsys, home, tmp_path, monkeypatch):
    made = json.loads(said(capsys, "generate", "release", "--json"))
    assert (made["name"], made["signs"], made["trusted"]) == ("release", True, True)
    pem = said(capsys, "export")
    assert pem.startswith("-----BEGIN PUBLIC KEY-----")
    assert json.loads(said(capsys, "export", made["fingerprint"], "--json"))["pem"] == pem

    monkeypatch.setenv("FLOWS_HOME", str(tmp_path / "theirs"))
    file = tmp_path / "partner.pem"
    file.write_text(pem)
    assert said(capsys, "trust", str(file)) == f"partner {made['fingerprint']} is trusted\n"
    assert said(capsys, "list") == f"partner  {made['fingerprint']}  trusted\n"
    assert said(capsys, "untrust", "partner") == f"partner {made['fingerprint']} is no longer trusted\n"
    assert said(capsys, "list", "--json") == "[]\n"


def test_a_key_from_text_and_from_stdin(capsys, tmp_path, monkeypatch):
    pem = said(capsys, "export")
    monkeypatch.setenv("FLOWS_HOME", str(tmp_path / "theirs"))
    given = json.loads(said(capsys, "trust", pem, "--json"))
    assert given["fingerprint"].removeprefix("sha256:").startswith(given["name"])
    monkeypatch.setattr("sys.stdin", io.StringIO(pem))
    assert said(capsys, "trust", "-", "--name", "partner").startswith("partner sha256:")


def test_a_home_s_own_key_signs_and_is_trusted_until_it_is_not(capsys):
    said(capsys, "generate")
    (listed,) = json.loads(said(capsys, "list", "--json"))
    assert (listed["name"], listed["signs"], listed["trusted"]) == ("default", True, True)
    said(capsys, "untrust", "default")
    assert said(capsys, "list") == f"default  {listed['fingerprint']}  signs\n"


def test_no_verb_shows_the_private_half(capsys, home):
    shown = said(capsys, "generate") + said(capsys, "list") + said(capsys, "export", "default")
    secret = (home / "keys" / "default.pem").read_text().splitlines()[1]
    assert secret not in shown
    wrong = said(capsys, "trust", str(home / "keys" / "default.pem"), code=2)
    assert "this is a private key; give the public one" in wrong
    assert secret not in wrong


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("trust", "nothing.pem"), "nothing.pem: no such file"),
        (("trust", "-----BEGIN PUBLIC KEY-----"), "not a public key in PEM"),
        (("untrust", "nobody"), "no key nobody is trusted"),
        (("export", "nobody"), "there is no key nobody"),
        (("generate", "a/b"), "names no key"),
    ],
)
def test_what_cannot_be_done_is_one_line(capsys, arguments, why):
    wrong = said(capsys, *arguments, code=2)
    assert why in wrong
    assert wrong.count("\n") == 1
