"""Line ends of a person's files: a run works with plain newlines, and writes them back with the ends they had."""

from __future__ import annotations

import difflib
import re

_AFTER_LINE = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")


def with_line_ends_of(before: str, text: str) -> str:
    """A text with the line ends of the one whose place it takes; a line that is new ends as the first one did.

    Args:
        before: The text that is replaced, with its line ends as they are.
        text: The new text, with plain newlines.
    """
    if "\r" not in before:
        return text
    old, new = _AFTER_LINE.split(before), _AFTER_LINE.split(text)
    plain = [re.sub(r"\r\n?", "\n", line) for line in old]
    end = old[0][len(old[0].rstrip("\r\n")) :]
    lines: list[str] = []
    for tag, start, stop, first, last in difflib.SequenceMatcher(None, plain, new, autojunk=False).get_opcodes():
        lines += old[start:stop] if tag == "equal" else [line.replace("\n", end) for line in new[first:last]]
    return "".join(lines)
