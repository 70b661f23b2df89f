"""How diagnostics are shown: text for people, JSON lines and SARIF 2.1.0 for tools; and the page of all rules."""

from flowlattice.check.render.reference import render_reference
from flowlattice.check.render.sarif import render_sarif
from flowlattice.check.render.text import render_json, render_text, summary

__all__ = ["render_json", "render_reference", "render_sarif", "render_text", "summary"]
