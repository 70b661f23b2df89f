"""Policies and decisions for people, as text, and for code scanning, as SARIF."""

from flowlattice.policy.render.sarif import render_sarif
from flowlattice.policy.render.text import policy_page, render_decision, waiver_line

__all__ = ["policy_page", "render_decision", "render_sarif", "waiver_line"]
