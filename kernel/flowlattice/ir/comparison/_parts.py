"""What a flow consists of besides its graph: variables, credentials, exports, connectors, flows within it, files."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pydantic import JsonValue

from flowlattice.ir.comparison._change import Change, Weight, moved, paired
from flowlattice.ir.comparison._weigh import Said, came_and_went, fields_moved, granted, riskier
from flowlattice.ir.model import Export, FlowIR

Compare = Callable[[FlowIR, FlowIR], tuple[Change, ...]]

_VARIABLE = {
    "record": Said("the record of the variable {}"),
    "json_schema": Said("the type of the variable {}", riskier),
    "value": Said("the variable {}", riskier),
    "problem": Said("what is wrong with the variable {}", lambda _was, now: "riskier" if now else "safer"),
}
_CREDENTIAL = {
    "provider": Said("who issues the credential {}", riskier),
    "scopes": Said("the scopes that the credential {} is granted", granted),
}
_EXPORT = {
    "exit_case": Said("the branch that {} ends with", riskier),
    "in_schema": Said("what {} takes", riskier),
    "out_schema": Said("what {} gives", riskier),
    "effects": Said("the effects of {}", riskier),
    "determinism": Said("the determinism of {}", riskier),
}
_CONNECTOR = {
    "version": Said("the version of the connector {}", riskier),
    "digest": Said("the digest that is pinned of the connector {}", riskier),
    "found": Said("the digest that was found of the connector {}", riskier),
}


def parts(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    """Parts that are new, gone, or not as they were."""
    variables = [{one.name: one for one in ir.variables} for ir in (before, after)]
    for name in {**variables[0], **variables[1]}:
        was, now = variables[0].get(name), variables[1].get(name)
        yield from came_and_went("variable", name, f"the variable {name}", was, now, "neutral", "neutral")
        if was is not None and now is not None:
            yield from fields_moved("variable", name, was, now, _VARIABLE)
    credentials = [{one.name: one for one in ir.credentials} for ir in (before, after)]
    for name in {**credentials[0], **credentials[1]}:
        had, has = credentials[0].get(name), credentials[1].get(name)
        yield from came_and_went("credential", name, f"the credential {name}", had, has, "safer", "riskier")
        if had is not None and has is not None:
            yield from fields_moved("credential", name, had, has, _CREDENTIAL)
    yield from _exports(before, after)
    yield from _connectors(before, after)
    yield from _files(before, after)
    lost = [
        sorted(f"{one.control} from {one.source_name} to {one.target_name}" for one in ir.misplaced)
        for ir in (before, after)
    ]
    if lost[0] != lost[1]:
        weight: Weight = "riskier" if len(lost[1]) > len(lost[0]) else "safer"
        yield moved("wiring", after.name, "controls of edges that are not there", [*lost[0]], [*lost[1]], weight)


def _exports(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    old, new = ({export.name: export for export in ir.exports} for ir in (before, after))
    for name in {**old, **new}:
        yield from came_and_went("subflow", name, f"the export {name}", old.get(name), new.get(name), new="neutral")
    for name, was, now in paired(old, new):
        for what in ("entry", "exit"):
            one, other = _end(before, was, what), _end(after, now, what)
            if one != other:
                yield moved("subflow", name, f"the {what} of {name}", one, other, "riskier")
        yield from fields_moved("subflow", name, was, now, _EXPORT)


def _end(ir: FlowIR, export: Export, what: str) -> str:
    node = export.entry if what == "entry" else export.exit
    return next((one.name for one in ir.nodes if one.id == node), str(node))


def _connectors(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    old, new = ({one.name: one for one in ir.connectors} for ir in (before, after))
    for name in {**old, **new}:
        yield from came_and_went(
            "connector", name, f"the connector {name}", old.get(name), new.get(name), "safer", "riskier"
        )
    for name, was, now in paired(old, new):
        yield from fields_moved("connector", name, was, now, _CONNECTOR)
        for what, one, other in (("hosts", was.egress, now.egress), ("scopes", was.scopes, now.scopes)):
            had, has = _listed(one), _listed(other)
            if had != has:
                yield moved("connector", name, f"the {what} of the connector {name}", had, has, granted(had, has))


def _listed(granted_: dict[str, tuple[str, ...]]) -> list[JsonValue]:
    return [f"{name} {one}".strip() for name, entries in sorted(granted_.items()) for one in entries or ("",)]


def _files(before: FlowIR, after: FlowIR) -> Iterator[Change]:
    old, new = (dict(one.partition("@")[::2] for one in ir.artifacts) for ir in (before, after))
    for name in {**old, **new}:
        yield from came_and_went("flow", name, f"the file {name}", old.get(name), new.get(name), "neutral", "riskier")
    for name, was, now in paired(old, new):
        if was != now:
            yield moved("flow", name, f"the content of the file {name}", was, now, "riskier")
    if before.artifacts != after.artifacts and old == new:
        yield moved("flow", after.name, "the flow's files", [*before.artifacts], [*after.artifacts])


def inner(before: FlowIR, after: FlowIR, compare: Compare) -> Iterator[Change]:
    """What changes in flows that stand in this one as nodes; another version is the same flow."""
    old, new = ({name.partition("@")[0]: flow for name, flow in ir.subflows.items()} for ir in (before, after))
    for name in {**old, **new}:
        yield from came_and_went(
            "subflow", name, f"the flow {name}", old.get(name), new.get(name), "neutral", "riskier"
        )
    for name, was, now in paired(old, new):
        for change in compare(was, now):
            yield change.model_copy(update={"subject": f"{name}.{change.subject}", "text": f"in {name}: {change.text}"})
