"""DSSE v1 envelopes: a payload, its type, and signatures over both.

The form is that of https://github.com/secure-systems-lab/dsse (protocol.md and envelope.md). What is signed is PAE, the
pre-authentication encoding, so that a payload of one type can never pass for one of another.
"""

from __future__ import annotations

import base64
import binascii
import json

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flowlattice.errors import FlowlatticeError


class NotTrusted(FlowlatticeError):
    """An envelope that is damaged, or that no trusted key has signed; the text is one line that says which."""


class Signature(BaseModel):
    """One signature: whose it is, by fingerprint, and its base64."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    keyid: str
    sig: str


class Envelope(BaseModel):
    """A signed payload.

    Attributes:
        payload: What was signed, in base64.
        payload_type: The payload's media type.
        signatures: At least one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    payload: str
    payload_type: str = Field(alias="payloadType")
    signatures: tuple[Signature, ...] = Field(min_length=1)

    def to_json(self) -> bytes:
        """Its one form as bytes: sorted keys, no spaces."""
        return json.dumps(self.model_dump(mode="json", by_alias=True), sort_keys=True, separators=(",", ":")).encode()

    def content(self) -> bytes:
        """The payload, whoever signed it; of use to say more about what is not trusted.

        Raises:
            NotTrusted: It is not base64.
        """
        return decoded(self.payload)


def read_envelope(content: bytes) -> Envelope:
    """Read an envelope in its one form; another spelling of the same is refused, so that no byte can change unseen.

    Raises:
        NotTrusted: It is none, or in another form.
    """
    try:
        envelope = Envelope.model_validate_json(content)
    except ValidationError as error:
        raise NotTrusted("the signed statement is damaged: it is no DSSE envelope") from error
    if envelope.to_json() != content:
        raise NotTrusted("the signed statement is damaged: it is not written as it was signed")
    return envelope


def pae(payload_type: str, payload: bytes) -> bytes:
    """The bytes that are signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def decoded(text: str) -> bytes:
    """Standard base64 in its one form.

    Raises:
        NotTrusted: It is not.
    """
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotTrusted("the signed statement is damaged: a part of it is not base64") from error
    if base64.b64encode(content).decode() != text:
        raise NotTrusted("the signed statement is damaged: a part of it is not base64 as it was written")
    return content
