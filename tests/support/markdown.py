"""Fenced code blocks of Markdown pages: where they are and what their info string says.

The info string is the block's kind (one or two words, such as `python` or `yaml spec`), then attributes such as
`title="flow.py"`. What is done with a kind is decided in `docblocks`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^ {0,3}(?P<fence>`{3,}|~{3,})\s*(?P<info>.*?)\s*$")
_ATTRIBUTE = re.compile(r'(\w+)=(?:"([^"]*)"|(\S+))')


@dataclass(frozen=True, kw_only=True)
class Block:
    """One fenced block; `line` is that of its opening fence, counted from 1."""

    page: Path
    line: int
    kind: str
    attributes: dict[str, str]
    text: str

    @property
    def title(self) -> str | None:
        """The file that the block is, if it is one."""
        return self.attributes.get("title")


def blocks_of(page: Path) -> Iterator[Block]:
    """All blocks of a page, in order; a fence that is never closed is an error."""
    lines = iter(enumerate(page.read_text(encoding="utf-8").splitlines(), start=1))
    for line, text in lines:
        if (opening := _FENCE.match(text)) is None:
            continue
        body = []
        for _, inner in lines:
            if (fence := _FENCE.match(inner)) and not fence["info"] and fence["fence"].startswith(opening["fence"]):
                break
            body.append(inner)
        else:
            raise ValueError(f"{page}:{line}: this code block is never closed")
        attributes = {name: quoted or bare for name, quoted, bare in _ATTRIBUTE.findall(opening["info"])}
        kind = " ".join(_ATTRIBUTE.sub("", opening["info"]).split())
        yield Block(page=page, line=line, kind=kind, attributes=attributes, text="\n".join(body) + "\n")
