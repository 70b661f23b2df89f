"""Signing: Ed25519 keys, which of them are trusted, and DSSE envelopes around what they signed.

    key = Keys(flows_home()).signing_key()
    envelope = key.sign(payload, payload_type)
    payload, signer = Keyring.of(flows_home()).opened(envelope, payload_type)

Trust is by key: a signature counts if its key is in the keyring, and nobody else is asked. What a payload says is
`attestation`'s and the registry's business.
"""

from flowlattice.signing.envelope import Envelope, NotTrusted, Signature, pae, read_envelope
from flowlattice.signing.keyring import DEFAULT, Keyring, Keys, read_key
from flowlattice.signing.keys import KeyText, PublicKey, SigningKey

__all__ = [
    "DEFAULT",
    "Envelope",
    "KeyText",
    "Keyring",
    "Keys",
    "NotTrusted",
    "PublicKey",
    "Signature",
    "SigningKey",
    "pae",
    "read_envelope",
    "read_key",
]
