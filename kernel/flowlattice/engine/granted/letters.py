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
_UNPRINTED: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def check_letter(*, to: str, subject: str, text: str, reply_to: str | None) -> None:
    """Refuse what cannot be made into a message.

    Raises:
        InvalidInput: An address is not one address, the subject is not one line, or the text is no Unicode.
    """
    require_all(
        {
            "to": _of_address(to),
            "reply_to": None if reply_to is None else _of_address(reply_to),
            "subject": _of_subject(subject),
            "text": None if _is_unicode(text) else "must be valid Unicode",
        }
    )


def _of_address(address: str) -> str | None:
    fits = len(address) <= _LONGEST_ADDRESS and _ADDRESS.fullmatch(address) is not None
    return None if fits else "must be one e-mail address"


def _of_subject(subject: str) -> str | None:
    if len(subject) > _LONGEST_SUBJECT:
        return f"must be a line of at most {_LONGEST_SUBJECT} characters"
    return "must be one line" if _UNPRINTED.search(subject) else None


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
