"""HTML that cannot be injected into: text is escaped wherever it stands, only elements made here are not."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias

from flowlattice_agents.visible import visible


class Html(str):
    """Markup that was made by `tag`."""

    __slots__ = ()


Content: TypeAlias = "Html | str | Iterable[Html | str] | None"

_VOID = ("meta", "input", "br")


def tag(name: str, /, *content: Content, **attributes: str | bool | None) -> Html:
    """An element.

    Args:
        name: Its name.
        content: Text (escaped), elements, or several of them.
        attributes: By name; `class_` is `class` and `data_x` is `data-x`; None and False leave one out.
    """
    given = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(visible(str(value)))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    inner = "".join(_text(part) for part in content)
    return Html(f"<{name}{given}>" if name in _VOID else f"<{name}{given}>{inner}</{name}>")


def raw(text: str) -> Html:
    """Text that is markup, style or script already: only what this package ships."""
    return Html(text)


def _text(content: Content) -> str:
    if content is None:
        return ""
    if isinstance(content, Html):
        return str.__str__(content)
    if isinstance(content, str):
        return escape(visible(content))
    return "".join(_text(part) for part in content)
