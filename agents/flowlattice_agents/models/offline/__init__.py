"""The offline planner: understands briefs by a grammar that is data, without key or network.

`lexer` and `objects` read the text, `grammar` and `sentences` find what it says, `intake`, `rules` and `replies` what
that means for a route, `lowering` writes expressions over the operators, `assemble` and `model` the spec.
"""

from flowlattice_agents.models.offline.model import OfflineModel

__all__ = ["OfflineModel"]
