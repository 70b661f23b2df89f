"""The chat planner: a planning model that asks a chat model, checks what it says, and lets it correct itself.

`answers` is what is asked for, `asking` the loop, `vocabulary` and `account` go into and over the prompt, `specs` makes
a spec of an answer and says what is wrong with it, `planner` puts them together.
"""

from flowlattice_agents.models.chat.asking import Asker
from flowlattice_agents.models.chat.planner import ChatPlanner

__all__ = ["Asker", "ChatPlanner"]
