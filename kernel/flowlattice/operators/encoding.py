"""Encodings and digests of text, which is read as UTF-8."""

from __future__ import annotations

import binascii
import hashlib
import re

from flowlattice.operators.base import NoValueError, example, operator

_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_MORSE_SIGNS = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.. "
    "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----. .-.-.- --..-- ..--.."
)
_MORSE = dict(zip("abcdefghijklmnopqrstuvwxyz0123456789.,?", _MORSE_SIGNS.split(), strict=True))


@operator(
    "base64-encoded, base64 encoded, encoded as base64, encoded in base64, base64 encoding, to base64, in base64, "
    "base64",
    examples=(example("Zoë?", gives="Wm/Dqz8="), example("", gives="")),
)
def to_base64(value: str) -> str:
    """The text in Base64 (RFC 4648, section 4)."""
    return binascii.b2a_base64(value.encode(), newline=False).decode("ascii")


@operator(
    "base64-decoded, base64 decoded, decoded from base64, base64 decoding, from base64",
    examples=(example("Wm/Dqz8=", gives="Zoë?"), example("", gives="")),
)
def from_base64(value: str) -> str:
    """The text that Base64 (RFC 4648, section 4) stands for; other text has none."""
    try:
        return binascii.a2b_base64(value.encode("ascii"), strict_mode=True).decode() if value else ""
    except ValueError:
        raise NoValueError("this is not text in Base64") from None


@operator(
    "url-encoded, url encoded, percent-encoded, percent encoded, escaped for a url, url encoding",
    examples=(example("a b&ë", gives="a%20b%26%C3%AB"), example("", gives="")),
)
def to_url(value: str) -> str:
    """The text with all but letters, digits, `-`, `.`, `_` and `~` percent-encoded (RFC 3986, section 2.1)."""
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in value.encode())


@operator(
    "url-decoded, url decoded, percent-decoded, percent decoded, url decoding",
    examples=(example("a%20b%26%C3%AB+", gives="a b&ë+"), example("", gives="")),
)
def from_url(value: str) -> str:
    """The text with its percent-encoded bytes decoded; a broken sequence has none."""
    if re.search(r"%(?![0-9A-Fa-f]{2})", value):
        raise NoValueError("this is not percent-encoded text")
    start, *parts = value.encode().split(b"%")
    try:
        return (start + b"".join(binascii.unhexlify(part[:2]) + part[2:] for part in parts)).decode()
    except UnicodeDecodeError:
        raise NoValueError("the decoded bytes are not UTF-8 text") from None


@operator(
    "bytes in hexadecimal, hex-encoded, hex encoded, hex encoding",
    examples=(example("Aë", gives="41c3ab"), example("", gives="")),
)
def to_hex(value: str) -> str:
    """The text's bytes in hexadecimal digits."""
    return value.encode().hex()


@operator(
    "hex-decoded, hex decoded, text of the hexadecimal bytes",
    examples=(example("41C3ab", gives="Aë"), example("", gives="")),
)
def from_hex(value: str) -> str:
    """The text whose bytes the hexadecimal digits are; other digits have none."""
    try:
        return binascii.unhexlify(value.encode("ascii")).decode()
    except ValueError:
        raise NoValueError("this is not text in hexadecimal") from None


@operator(
    "sha-256 hash, sha256 hash, sha-256 digest, sha256 digest, sha-256, sha256",
    examples=(
        example("", gives="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        example("abc", gives="ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ),
)
def sha256(value: str) -> str:
    """The SHA-256 digest of the text in hexadecimal; not a way to keep passwords."""
    return hashlib.sha256(value.encode()).hexdigest()


@operator(
    "md5 hash, md5 digest, md5 checksum, md5",
    examples=(
        example("", gives="d41d8cd98f00b204e9800998ecf8427e"),
        example("abc", gives="900150983cd24fb0d6963f7d28e17f72"),
    ),
)
def md5(value: str) -> str:
    """The MD5 digest of the text in hexadecimal; a checksum, no protection."""
    return hashlib.md5(value.encode(), usedforsecurity=False).hexdigest()


@operator(
    "crc32 checksum, crc-32 checksum, crc32, crc-32",
    examples=(example("abc", gives="352441c2"), example("", gives="00000000")),
)
def crc32(value: str) -> str:
    """The CRC-32 checksum of the text in eight hexadecimal digits."""
    return f"{binascii.crc32(value.encode()):08x}"


@operator(
    "number of bytes, how many bytes, size in bytes, length in bytes, byte count",
    examples=(example("Zoë", gives=4), example("", gives=0)),
)
def byte_count(value: str) -> int:
    """The number of bytes of the text."""
    return len(value.encode())


@operator(
    "in morse code, as morse code, to morse code, morse code, morse",
    examples=(example("SOS now", gives="... --- ... / -. --- .--"), example("", gives="")),
)
def to_morse(value: str) -> str:
    """The text in Morse code, a space between letters and ` / ` between words; what has no code is left out."""
    words = (" ".join(_MORSE[c] for c in word if c in _MORSE) for word in value.lower().split())
    return " / ".join(word for word in words if word)
