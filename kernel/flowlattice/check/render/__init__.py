"""How diagnostics are shown: text for people, JSON lines and SARIF 2.1.0 for tools."""

from flowlattice.check.render.sarif import render_sarif
from flowlattice.check.render.text import render_json, render_text, summary

__all__ = ["render_json", "render_sarif", "render_text", "summary"]
