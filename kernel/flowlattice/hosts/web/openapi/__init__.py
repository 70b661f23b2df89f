"""What a flow's routes take and answer, as OpenAPI 3.1 and as a page for people. All of it is read from plan and IR."""

from flowlattice.hosts.web.openapi.document import document
from flowlattice.hosts.web.openapi.pages import DocPages

__all__ = ["DocPages", "document"]
