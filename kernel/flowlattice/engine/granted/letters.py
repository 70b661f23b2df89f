"""What can be a mail: one address each way and a subject of one line.

Found before the effect begins, and by its own reading of addresses: the standard library's parser raises whatever it
likes at what clients type, and takes a list of addresses for one.
"""

from __future__ import annotations

import re
from typing import Final

from flowlattice.language.invalid import require_all

_LONGEST_ADDRESS: Final = 254  # RFC 5321, 4.5.3.1.3 without the angle brackets
_LONGEST_SUBJECT: Final = 900  # a line of a message has at most 998 bytes
_ATOM: Final = r"[^\s\x00-\x20\x7f-\x9f\ud800-\udfff()<>\[\]:;@\\,.\"]+"
_DOTTED: Final = rf"{_ATOM}(?:\.{_ATOM})*"
_ADDRESS: Final = re.compile(rf"{_DOTTED}@{_DOTTED}")
_ENDS_A_LINE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def letter(*, to: str, subject: str, text: str, reply_to: str | None) -> dict[str, str | None]:
    """What is to be sent; in a subject a space stands for what would end its line.

    Raises:
        InvalidInput: An address is not one address, the subject is too long, or something is no Unicode.
    """
    require_all(
        {
            "to": _of_address(to),
            "reply_to": None if reply_to is None else _of_address(reply_to),
            "subject": _of_text(subject) if len(subject) <= _LONGEST_SUBJECT else "is too long",
            "text": _of_text(text),
        }
    )
    return {"to": to, "subject": _ENDS_A_LINE.sub(" ", subject), "text": text, "reply_to": reply_to}


def _of_address(address: str) -> str | None:
    fits = len(address) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(address) is not None
    return None if fits else "must be one e-mail address"


def _of_text(text: str) -> str | None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return "must be valid Unicode"
    return None
