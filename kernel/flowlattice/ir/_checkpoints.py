"""Lowering of checkpoints: what waits, what the person sees of it, and whether that can be shown at all."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import UnionType
from uuid import UUID

from pydantic.fields import FieldInfo

from flowlattice.ir import model as ir
from flowlattice.ir._ports import PortTypes
from flowlattice.ir.failures import lowering
from flowlattice.ir.schemas import Schemas
from flowlattice.language.annotations import NO_TYPE, spelled, without_metadata
from flowlattice.language.bodies import body_digest
from flowlattice.language.checkpoints import Checkpoint
from flowlattice.language.handlers import Escalate
from flowlattice.language.reading import read
from flowlattice.language.sources import SourceFiles
from flowlattice.lattice import Determinism, Effects
from flowlattice.record import Record


@dataclass(frozen=True)
class CheckpointLowering:
    """Lowers the checkpoints of one flow; `ids` are the nodes' by the identity of their elements."""

    ids: Mapping[int, UUID]
    sources: SourceFiles
    schemas: Schemas
    ports: PortTypes

    def checkpoint(self, given: Checkpoint[object]) -> ir.Checkpoint:
        """One checkpoint."""
        with lowering(given.place):
            view = self._view(given.view)
            name = None if view is None else self.schemas.name(view)
            problem = self._problem(given, view, name)
            asked = given.on_timeout.to if isinstance(given.on_timeout, Escalate) else None
            return ir.Checkpoint.model_validate(
                {
                    "id": given.name,
                    "on": self.ids[id(given.origin)],
                    "case": given.case,
                    "view": None if problem else name,
                    "view_problem": problem,
                    "view_body": None if isinstance(given.view, type) else body_digest(self.sources, given.view),
                    "view_reasons": () if problem else tuple(self._reasons(given)),
                    "ttl_s": None if given.ttl is None else round(given.ttl.total_seconds()),
                    "on_timeout": given.on_timeout if asked is None else "escalate",
                    "escalate_to": asked,
                    "approvers": given.approvers,
                    "source": self.schemas.source(given.place),
                }
            )

    def _view(self, view: Callable[..., object]) -> type[Record] | None:
        """The record that a person sees; none if it is no record."""
        shown = view if isinstance(view, type) else without_metadata(self.ports.returned(view))
        return shown if isinstance(shown, type) and issubclass(shown, Record) else None

    def _problem(self, given: Checkpoint[object], view: type[Record] | None, name: str | None) -> str | None:
        """Why the view cannot be shown."""
        if view is None:
            return f"{getattr(given.view, '__name__', given.view)!s} gives no record"
        if name is None:
            return f"{view.__name__} cannot be written as JSON"
        if isinstance(given.view, type):
            return self._unfilled(without_metadata(self.ports.output(given.origin, given.case)), view)
        for cause in read(given.view, self.sources, place=given.place).causes:
            if cause.effects is not Effects.PURE:
                return f"{given.view.__name__} is not pure: {cause.because}"
        return None

    def _reasons(self, given: Checkpoint[object]) -> Iterator[ir.Reason]:
        """What makes a view differ from time to time, of a function that is pure."""
        if isinstance(given.view, type):
            return
        for cause in read(given.view, self.sources, place=given.place).causes:
            if cause.determinism is not Determinism.STRICT:
                level, source = cause.determinism.value, self.schemas.source(cause.place)
                yield ir.Reason.model_validate(
                    {"of": "determinism", "level": level, "because": cause.because, "source": source}
                )

    def _unfilled(self, waiting: object, view: type[Record]) -> str | None:
        """Why the fields of what waits do not fill a view by their names."""
        if waiting is NO_TYPE:
            return None
        if not (isinstance(waiting, type) and issubclass(waiting, Record)):
            return f"{spelled(waiting)} has no fields to fill {view.__name__} with; make the view with a function"
        for field, info in view.model_fields.items():
            offered = waiting.model_fields.get(field)
            if offered is None and info.is_required():
                return f"{waiting.__name__} has no field {field} to fill {view.__name__} with"
            if offered is not None and not _fits(offered, info):
                types = [f"{spelled(one.annotation)}" for one in (offered, info)]
                return f"field {field} is {types[0]} in {waiting.__name__} and {types[1]} in {view.__name__}"
        return None


def _fits(offered: FieldInfo, wanted: FieldInfo) -> bool:
    """Whether every value of one field is one of the other, as far as their types say it."""
    allowed = _members(wanted.annotation)
    return all(member in allowed for member in _members(offered.annotation))


def _members(annotation: object) -> list[object]:
    if typing.get_origin(annotation) in (typing.Union, UnionType):
        return list(typing.get_args(annotation))
    return [annotation]
