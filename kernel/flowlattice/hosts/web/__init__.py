"""The web host: flows as one ASGI application. What HTTP says is decided here, what a flow says in the engine."""

from flowlattice.hosts.web.app import WebApp
from flowlattice.hosts.web.routing import RouteConflict

__all__ = ["RouteConflict", "WebApp"]
