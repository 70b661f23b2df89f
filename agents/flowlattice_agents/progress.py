"""What the agents say while they work: events, kept in the run store and shown as they happen."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pydantic import JsonValue

from flowlattice_agents.store import RunStore

Kind = Literal["started", "note", "finished", "stopped", "step"]


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something an agent says.

    Attributes:
        agent: Which one.
        kind: It starts a step, remarks something, finishes it well, or is stopped; `step` only keeps how long one took.
        text: A sentence for people; may have several lines.
        data: The same for machines.
    """

    agent: str
    kind: Kind
    text: str
    data: JsonValue = None


@dataclass(frozen=True)
class Progress:
    """Where events go: into the run store, and to whoever watches."""

    store: RunStore
    watch: Callable[[Event], None]

    def say(self, agent: str, kind: Kind, text: str, data: JsonValue = None) -> None:
        """Keep and show an event."""
        event = Event(agent=agent, kind=kind, text=text, data=data)
        self.store.append_event({"at": round(time.time(), 3), "agent": agent, "kind": kind, "text": text, "data": data})
        self.watch(event)
