"""Ed25519 keys: the two halves, their PEM forms and their fingerprints; where they are kept is the keyring's."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from hashlib import sha256

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from flowlattice.errors import UsageError
from flowlattice.signing.envelope import Envelope, Signature, pae


class KeyText(UsageError):
    """A text that is no Ed25519 key in PEM."""


@dataclass(frozen=True)
class PublicKey:
    """The half by which signatures are checked.

    Attributes:
        name: What it is called here; others may call it otherwise.
        pem: SubjectPublicKeyInfo in PEM.
        fingerprint: `sha256:` and the hexadecimal SHA-256 of the SubjectPublicKeyInfo in DER; also its key id.
    """

    name: str
    pem: str
    fingerprint: str
    _key: Ed25519PublicKey = field(repr=False, compare=False)

    @classmethod
    def of(cls, name: str, text: str | bytes) -> PublicKey:
        """Read a public key.

        Raises:
            KeyText: It is none, or a private one.
        """
        content = text.encode() if isinstance(text, str) else text
        if b"PRIVATE KEY" in content:
            raise KeyText(f"{name}: this is a private key; give the public one (flows keys export prints it)")
        try:
            key = load_pem_public_key(content)
        except (ValueError, UnsupportedAlgorithm) as error:
            raise KeyText(f"{name}: not a public key in PEM; flows keys export prints one") from error
        if not isinstance(key, Ed25519PublicKey):
            raise KeyText(f"{name}: not an Ed25519 key; flows keys generate makes one")
        return cls.made_of(name, key)

    @classmethod
    def made_of(cls, name: str, key: Ed25519PublicKey) -> PublicKey:
        """The public key that a loaded one is."""
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return cls(name, pem, f"sha256:{sha256(der).hexdigest()}", key)

    def verifies(self, signature: bytes, message: bytes) -> bool:
        """Whether a message was signed by the other half."""
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class SigningKey:
    """The half that signs; it is never shown."""

    public: PublicKey
    _key: Ed25519PrivateKey = field(repr=False, compare=False)

    @classmethod
    def generate(cls, name: str) -> SigningKey:
        """A new key."""
        return cls._from(name, Ed25519PrivateKey.generate())

    @classmethod
    def of(cls, name: str, pem: bytes) -> SigningKey:
        """Read a private key as `pem` writes it.

        Raises:
            KeyText: It is none.
        """
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise KeyText(f"{name}: not a private key in PEM; restore it, or flows keys generate another") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise KeyText(f"{name}: not an Ed25519 key; flows keys generate makes one")
        return cls._from(name, key)

    @classmethod
    def _from(cls, name: str, key: Ed25519PrivateKey) -> SigningKey:
        return cls(PublicKey.made_of(name, key.public_key()), key)

    def pem(self) -> bytes:
        """The private key as it is kept: PKCS #8 in PEM, not encrypted; its file's mode protects it."""
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, payload: bytes, payload_type: str) -> Envelope:
        """An envelope around a payload, with this key's signature."""
        signature = self._key.sign(pae(payload_type, payload))
        return Envelope(
            payload=base64.b64encode(payload).decode(),
            payload_type=payload_type,
            signatures=(Signature(keyid=self.public.fingerprint, sig=base64.b64encode(signature).decode()),),
        )
