"""A picture as Graphviz DOT."""

from __future__ import annotations

from flowlattice.ir.drawing.palette import TONES
from flowlattice.ir.drawing.picture import Arrow, Box, Picture, picture
from flowlattice.ir.model import DeterminismName, FlowIR, NodeKind

_SHAPES: dict[NodeKind, str] = {
    "trigger": "oval",
    "node": "box",
    "respond": "oval",
    "switch": "hexagon",
    "if": "diamond",
    "merge": "circle",
    "join": "trapezium",
    "zip": "trapezium",
    "foreach": "box3d",
    "distinct": "invtrapezium",
    "window": "note",
    "aggregate": "cylinder",
    "subflow": "component",
    "plugin": "tab",
}
_LINES: dict[DeterminismName, str] = {
    "strict": "filled",
    "stable": "filled",
    "best_effort": "filled,dashed",
    "nondeterministic": "filled,dotted",
}


def dot(ir: FlowIR) -> str:
    """The flow as a directed graph in DOT."""
    shown = picture(ir)
    lines = [
        f"digraph {_quote(shown.title)} {{",
        f'  graph [rankdir=LR, label={_label(*_caption(shown))}, labelloc=t, fontname="sans-serif"];',
        '  node [fontname="sans-serif", fontcolor="#1a1a1a"];',
        '  edge [fontname="sans-serif", color="#555555"];',
        *(f"  {_box(box)};" for box in shown.boxes),
        *(f"  {_arrow(arrow)};" for arrow in shown.arrows),
        "}",
    ]
    return "\n".join(lines) + "\n"


def _caption(shown: Picture) -> tuple[str, ...]:
    return tuple(filter(None, (shown.title, shown.summary, " · ".join(shown.notes))))


def _box(box: Box) -> str:
    attributes = {
        "label": _label(box.name, *box.notes),
        "shape": _SHAPES[box.kind],
        "class": _quote(f"{box.kind} {box.effects} {box.determinism}"),
        "style": _quote(_LINES[box.determinism]),
        "fillcolor": _quote(TONES[box.effects].fill),
        "color": _quote(TONES[box.effects].stroke),
    }
    return f"{box.key} [{', '.join(f'{name}={value}' for name, value in attributes.items())}]"


def _arrow(arrow: Arrow) -> str:
    attributes = {"label": _label(arrow.label)} if arrow.label else {}
    attributes |= {} if arrow.kind == "flow" else {"style": "dashed"}
    written = f" [{', '.join(f'{name}={value}' for name, value in attributes.items())}]" if attributes else ""
    return f"{arrow.source} -> {arrow.target}{written}"


def _label(*lines: str) -> str:
    text = "\\n".join(_escape(line) for line in lines)
    return f'"{text}"'


def _quote(text: str) -> str:
    return f'"{_escape(text)}"'


def _escape(text: str) -> str:
    # `&` starts an entity in a label; a backslash starts an escape (`\N` is the node's name).
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
