"""The chat planner: a planning model that asks a chat model, checks what it says, and lets it correct itself.

`answers` is what is asked for, `asking` the loop, `vocabulary`, `marks` and `account` go into and over the prompt,
`completion` makes a spec of an answer, `planner` puts them together.
"""

from flowlattice_agents.models.chat.asking import Asker
from flowlattice_agents.models.chat.planner import ChatPlanner

__all__ = ["Asker", "ChatPlanner"]
