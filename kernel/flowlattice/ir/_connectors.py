"""Lowering of what a flow takes from files beside it that it does not run as its own: connectors and plugins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

from flowlattice.errors import UsageError
from flowlattice.ir import model as ir
from flowlattice.ir.digest import connector_digest, file_digest
from flowlattice.ir.failures import lowering
from flowlattice.ir.pins import Pin, read_pins
from flowlattice.ir.schemas import Schemas
from flowlattice.language.artifacts import own_file
from flowlattice.language.connectors import Connector
from flowlattice.language.loading import Program
from flowlattice.language.nodes import Node
from flowlattice.language.ports import Element


class ConnectorLowering:
    """The connectors of one flow, those whose nodes it uses."""

    def __init__(self, program: Program, schemas: Schemas, elements: Iterable[Element]) -> None:
        self._folder = program.file.parent
        self._itself = program.flow.place
        self._schemas = schemas
        self._of: dict[int, Connector] = {
            id(node.function): connector for connector in program.connectors for node in connector.nodes
        }
        found = (self.of(element) for element in elements)
        self.used = list({id(one): one for one in found if one is not None}.values())

    def of(self, element: Element) -> Connector | None:
        """The connector that an element is from."""
        return self._of.get(id(element.function)) if isinstance(element, Node) else None

    def uses(self) -> Iterator[ir.ConnectorUse]:
        """Each with what is pinned of it and what is there."""
        for connector in self.used:
            with lowering(connector.place):
                pin, found = self._pins.get(connector.name), connector_digest(Path(connector.place.file))
                pinned = None if pin is None else pin.digest
                yield ir.ConnectorUse(
                    name=connector.name,
                    version=connector.version,
                    digest=found if connector.place is self._itself else pinned,  # by itself it is what it is
                    found=found,
                    egress={binding: tuple(hosts) for binding, hosts in connector.egress.items()},
                    scopes={name: tuple(scopes) for name, scopes in connector.scopes.items()},
                    source=self._schemas.source(connector.place),
                )

    def grants(self) -> Iterator[ir.EgressGrant]:
        """The hosts that a flow lets bindings reach by using connectors."""
        for connector in self.used:
            with lowering(connector.place):
                for binding, hosts in connector.egress.items():
                    source = self._schemas.source(connector.place)
                    yield ir.EgressGrant(binding=binding, hosts=tuple(hosts), source=source)

    def fixtures(self) -> Iterator[str]:
        """What the connectors are tested against, as artifacts.

        Raises:
            NotLowerable: There is no such file.
        """
        for connector in self.used:
            with lowering(connector.place):
                yield from (self._artifact(str(name)) for name in connector.fixtures)

    def plugins(self, node: ir.Node) -> Iterator[str]:
        """The files that a node has run for it, as artifacts.

        Raises:
            UsageError: There is no such file.
        """
        for use in node.capabilities if node.kind == "plugin" else ():
            if use.name == "plugin.python" and "file" in use.facts:
                yield self._artifact(str(use.facts["file"]))

    def _artifact(self, name: str) -> str:
        file = own_file(self._folder, name)
        if file is None:
            raise UsageError(f"there is no file {name} in the flow's folder")
        return f"{name}@{file_digest(file.read_bytes())}"

    @cached_property
    def _pins(self) -> Mapping[str, Pin]:
        return read_pins(self._folder)
