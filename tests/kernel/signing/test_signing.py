"""Keys in a home folder, which of them are trusted, and envelopes that no changed byte gets through."""

from __future__ import annotations

import base64

import pytest

from flowlattice.errors import UsageError
from flowlattice.signing import (
    Keyring,
    Keys,
    KeyText,
    NotTrusted,
    PublicKey,
    SigningKey,
    pae,
    read_envelope,
    read_key,
)

TYPE = "text/plain"
# RFC 8410 §10.3: the public half of the key in its examples.
RFC_8410 = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
"""
P_256 = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt
6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==
-----END PUBLIC KEY-----
"""


@pytest.fixture
def keys(tmp_path):
    return Keys(tmp_path)


def test_the_encoding_before_signing_is_that_of_the_dsse_protocol():
    assert pae("http://example.com/HelloWorld", b"hello world") == (
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )
    assert pae("é", "ü".encode()) == "DSSEv1 2 é 2 ü".encode()  # lengths are in bytes


def test_what_a_trusted_key_signed_is_opened(tmp_path, keys):
    envelope = keys.signing_key().sign(b"all is well", TYPE)
    payload, signer = Keyring.of(tmp_path).opened(read_envelope(envelope.to_json()), TYPE)
    assert (payload, signer.name) == (b"all is well", "default")
    assert envelope.signatures[0].keyid == signer.fingerprint


def test_signing_the_same_gives_the_same_bytes(keys):
    key = keys.generate()
    assert key.sign(b"x", TYPE).to_json() == key.sign(b"x", TYPE).to_json()


def test_no_changed_byte_of_an_envelope_gets_through(tmp_path, keys):
    content = keys.signing_key().sign(b"pay 7", TYPE).to_json()
    ring = Keyring.of(tmp_path)
    for place in range(len(content)):
        for changed in (content[place] ^ 1, 0x20):
            if changed != content[place]:
                with pytest.raises(NotTrusted):
                    ring.opened(read_envelope(content[:place] + bytes([changed]) + content[place + 1 :]), TYPE)
    for other in (content + b"\n", content[:-1], b"", b"[]", content.replace(b":", b": ", 1)):
        with pytest.raises(NotTrusted):
            read_envelope(other)


def test_the_type_is_signed_too(tmp_path, keys):
    envelope = keys.signing_key().sign(b"{}", TYPE)
    with pytest.raises(NotTrusted, match="not 'application/json'"):
        Keyring.of(tmp_path).opened(envelope, "application/json")
    forged = envelope.model_copy(update={"payload_type": "application/json"})
    with pytest.raises(NotTrusted, match="does not fit"):
        Keyring.of(tmp_path).opened(forged, "application/json")


def test_a_key_that_is_not_trusted_does_not_count(tmp_path, keys):
    envelope = SigningKey.generate("stranger").sign(b"x", TYPE)
    with pytest.raises(NotTrusted, match=r"sha256:[0-9a-f]{64}, which is not trusted here; flows keys trust"):
        Keyring.of(tmp_path).opened(envelope, TYPE)


def test_a_stranger_s_signature_beside_a_trusted_one_changes_nothing(tmp_path, keys):
    stranger = SigningKey.generate("stranger").sign(b"x", TYPE).signatures
    envelope = keys.signing_key().sign(b"x", TYPE)
    both = envelope.model_copy(update={"signatures": stranger + envelope.signatures})
    assert Keyring.of(tmp_path).opened(both, TYPE)[1].name == "default"
    claimed = envelope.model_copy(
        update={"signatures": (envelope.signatures[0].model_copy(update={"sig": stranger[0].sig}),)}
    )
    with pytest.raises(NotTrusted, match="the signature of the key default does not fit"):
        Keyring.of(tmp_path).opened(claimed, TYPE)


def test_trusting_and_trusting_no_more(tmp_path, keys):
    theirs = SigningKey.generate("theirs")
    envelope = theirs.sign(b"x", TYPE)
    assert keys.trust("partner", theirs.public.pem).fingerprint == theirs.public.fingerprint
    keys.trust("partner", theirs.public.pem)  # again
    keys.trust("same", theirs.public.pem)
    assert Keyring.of(tmp_path).opened(envelope, TYPE)[0] == b"x"
    assert {key.name for key in keys.untrust("partner")} == {"partner", "same"}
    with pytest.raises(NotTrusted):
        Keyring.of(tmp_path).opened(envelope, TYPE)
    with pytest.raises(UsageError, match="no key partner is trusted"):
        keys.untrust("partner")


def test_a_key_of_one_s_own_that_is_not_trusted_is_not_trusted_again_by_signing(tmp_path, keys):
    keys.untrust(keys.generate().public.fingerprint)
    envelope = keys.signing_key().sign(b"x", TYPE)
    with pytest.raises(NotTrusted):
        Keyring.of(tmp_path).opened(envelope, TYPE)


def test_private_keys_are_their_owner_s_alone_and_are_not_shown(tmp_path, keys):
    key = keys.generate("release")
    file = tmp_path / "keys" / "release.pem"
    assert file.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o077 == 0
    secret = file.read_text().splitlines()[1]
    assert secret not in repr(key)
    assert secret not in keys.public("release").pem
    file.chmod(0o644)
    with pytest.raises(UsageError, match="others can read this private key; chmod 600"):
        keys.signing_key("release")


def test_which_key_signs(keys):
    assert keys.signing_key().public.name == "default"
    keys.generate("release")
    assert keys.signing_key().public.name == "default"
    assert keys.signing_key("release").public.name == "release"
    with pytest.raises(UsageError, match="no private key other"):
        keys.signing_key("other")


def test_the_only_key_signs_and_of_several_one_has_to_be_named(keys):
    keys.generate("one")
    assert keys.signing_key().public.name == "one"
    keys.generate("two")
    with pytest.raises(UsageError, match="one, two; say which with --key"):
        keys.signing_key()


def test_a_name_stands_for_one_key(keys):
    keys.generate("release")
    with pytest.raises(UsageError, match="trusted as release"):
        keys.generate("release")
    with pytest.raises(UsageError, match="trusted as release"):
        keys.trust("release", RFC_8410)
    with pytest.raises(UsageError, match="names no key"):
        keys.generate("../release")


def test_a_key_by_name_or_fingerprint(keys):
    key = keys.trust("partner", RFC_8410)
    assert keys.public("partner") == keys.public(key.fingerprint) == key
    assert [one.name for one in keys.trusted()] == ["partner"]
    assert keys.public().name == "default"  # made, for there was none that signs
    with pytest.raises(UsageError, match="no key nobody"):
        keys.public("nobody")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not a public key in PEM"),
        (RFC_8410.replace("MCow", "MCoX"), "not a public key in PEM"),
        (P_256, "not an Ed25519 key"),
        (SigningKey.generate("x").pem().decode(), "this is a private key"),
    ],
)
def test_what_is_no_public_key_is_said(text, why):
    with pytest.raises(KeyText, match=why):
        PublicKey.of("given", text)


def test_what_is_no_private_key_is_said(keys, tmp_path):
    keys.generate("release")
    file = tmp_path / "keys" / "release.pem"
    for content in ("", RFC_8410):
        file.write_text(content)
        with pytest.raises(KeyText, match="release: not a private key in PEM"):
            keys.signing_key("release")


def test_a_key_from_a_file_or_from_its_text(tmp_path):
    file = tmp_path / "partner.pem"
    file.write_text(RFC_8410)
    assert read_key(str(file)) == ("partner", RFC_8410.encode())
    assert read_key(RFC_8410)[0] == PublicKey.of("x", RFC_8410).fingerprint[7:19]
    with pytest.raises(KeyText, match="no such file"):
        read_key(str(tmp_path / "nothing"))


def test_base64_has_one_form(tmp_path, keys):
    envelope = keys.signing_key().sign(b"x", TYPE)  # "eA==": "eB==" decodes to the same byte
    other = envelope.model_copy(update={"payload": "eB=="})
    assert base64.b64decode(other.payload) == b"x"
    with pytest.raises(NotTrusted, match="base64 as it was written"):
        Keyring.of(tmp_path).opened(other, TYPE)
