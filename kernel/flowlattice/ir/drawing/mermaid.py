"""A picture as a Mermaid flowchart."""

from __future__ import annotations

from collections.abc import Iterator

from flowlattice.ir.drawing.palette import DASHES, INK, TONES
from flowlattice.ir.drawing.picture import Arrow, Box, picture
from flowlattice.ir.model import FlowIR, NodeKind

_SHAPES: dict[NodeKind, tuple[str, str]] = {
    "trigger": ("([", "])"),
    "node": ("[", "]"),
    "respond": ("([", "])"),
    "switch": ("{{", "}}"),
    "if": ("{", "}"),
    "merge": ("((", "))"),
    "join": ("[/", "\\]"),
    "zip": ("[/", "\\]"),
    "foreach": ("[[", "]]"),
    "distinct": ("[/", "/]"),
    "window": ("[/", "/]"),
    "aggregate": ("[(", ")]"),
    "subflow": ("[[", "]]"),
    "plugin": (">", "]"),
}

# Mermaid knows entities as `#name;` and `#code;`. What is escaped would end the text, start a tag, an entity, a
# Markdown text or a directive (`%%{`).
_ENTITIES = str.maketrans(
    {'"': "#quot;", "#": "#35;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;", "%": "#37;", "\\": "#92;"}
)


def mermaid(ir: FlowIR) -> str:
    """The flow as the text of a Mermaid flowchart."""
    shown = picture(ir)
    lines = [
        "flowchart LR",
        f"  accTitle: {_escape(shown.title)}",
        f"  accDescr: {_escape('. '.join(filter(None, (shown.summary, *shown.notes))))}",
        *(f"  {_box(box)}" for box in shown.boxes),
        *(f"  {_arrow(arrow)}" for arrow in shown.arrows),
        *(f"  {line}" for line in _classes(shown.boxes)),
    ]
    return "\n".join(lines) + "\n"


def _box(box: Box) -> str:
    opening, closing = _SHAPES[box.kind]
    text = "<br/>".join(_escape(line) for line in (box.name, *box.notes))
    return f'{box.key}{opening}"{text}"{closing}'


def _arrow(arrow: Arrow) -> str:
    line = "-->" if arrow.kind == "flow" else "-.->"
    label = f'|"{_escape(arrow.label)}"|' if arrow.label else ""
    return f"{arrow.source} {line}{label} {arrow.target}"


def _classes(boxes: tuple[Box, ...]) -> Iterator[str]:
    used: dict[str, list[Box]] = {}
    for box in boxes:
        used.setdefault(f"{box.effects}_{box.determinism}", []).append(box)
    for name, members in sorted(used.items()):
        tone, dashes = TONES[members[0].effects], DASHES[members[0].determinism]
        dashed = f",stroke-dasharray:{dashes}" if dashes else ""
        yield f"classDef {name} fill:{tone.fill},stroke:{tone.stroke},color:{INK}{dashed}"
        yield f"class {','.join(box.key for box in members)} {name}"


def _escape(text: str) -> str:
    return text.translate(_ENTITIES)
