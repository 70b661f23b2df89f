"""Rendering: a FlowSpec becomes the text of a flow file, deterministically. The same spec gives the same bytes."""

from flowlattice_agents.rendering.flow_file import render_flow

__all__ = ["render_flow"]
