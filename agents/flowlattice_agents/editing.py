"""What a change starts from: the person's flow file as it is, and the spec that it was built from, if there is one."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from flowlattice.budgets import Breach
from flowlattice.certify import Certificate
from flowlattice.errors import UsageError
from flowlattice.ir.digest import digest_of
from flowlattice_agents.errors import SpecError
from flowlattice_agents.naming import name_in
from flowlattice_agents.spec import Example, FlowSpec
from flowlattice_agents.workbench import CERTIFICATE_FILE, FLOW_FILE, SPEC_FILE


class EditBase(BaseModel):
    """The flow that is to be changed.

    Attributes:
        folder: Where it lies.
        source: The flow file's text.
        spec: The spec beside it; none if there is none, or it cannot be read.
        demanded: What it had to answer by a spec that was set aside, since a change of it does not fit the file.
        certificate: The certificate beside it, as text.
        breach: What its day's budget refused, if the change is to answer that.
    """

    model_config = ConfigDict(frozen=True)

    folder: Path
    source: str
    spec: FlowSpec | None = None
    demanded: tuple[Example, ...] = ()
    certificate: str | None = None
    breach: Breach | None = None


def edit_base(path: Path, *, in_place: bool) -> EditBase:
    """What is at a path: a flow file, or a folder that holds `flow.py`.

    Args:
        path: The path.
        in_place: Whether the changed flow is to take its place, and not to be written to another folder.

    Raises:
        UsageError: There is no flow file, or none whose place a run can take: it writes `flow.py`.
    """
    file = path / FLOW_FILE if path.is_dir() else path
    try:
        source = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: no flow file to edit; name one, or a folder that holds {FLOW_FILE}") from error
    folder = file.absolute().parent
    own = file.name == FLOW_FILE  # the files beside it are only its own where it is called so
    if in_place and not own:
        raise UsageError(
            f"{path}: a changed flow is written as {FLOW_FILE}, which would leave this file as it is; "
            f"--out FOLDER writes {FLOW_FILE} there; or rename it to {FLOW_FILE}"
        )
    return EditBase(
        folder=folder,
        source=source,
        spec=_spec(folder / SPEC_FILE) if own else None,
        certificate=_text(folder / CERTIFICATE_FILE) if own else None,
    )


def answering(base: EditBase, breach: Breach) -> EditBase:
    """The flow as what a breach report is to be answered in: its file is changed, whatever spec it came from.

    Raises:
        UsageError: The report is about another flow.
    """
    name = name_in(base.source)
    if name != breach.flow:
        raise UsageError(f"the breach report is about {breach.flow}, and {base.folder} holds {name or 'another flow'}")
    return without_spec(base).model_copy(update={"breach": breach})


def without_spec(base: EditBase) -> EditBase:
    """The flow with its spec set aside: the file alone is changed, and what it had to answer stays known."""
    return base.model_copy(update={"spec": None, "demanded": demanded_of(base)})


def demanded_of(base: EditBase) -> tuple[Example, ...]:
    """What the flow had to answer before it was changed."""
    return base.demanded if base.spec is None else base.spec.examples


def certificate_of(base: EditBase) -> Certificate | None:
    """The certificate beside a flow, if it is one of the flow as it is."""
    try:
        found = Certificate.model_validate_json(base.certificate or "")
    except ValidationError:
        return None
    return found if found.source_digest == digest_of({FLOW_FILE: base.source}) else None


def _spec(path: Path) -> FlowSpec | None:
    text = _text(path)
    try:
        return None if text is None else FlowSpec.from_yaml(text)
    except SpecError:
        return None


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
