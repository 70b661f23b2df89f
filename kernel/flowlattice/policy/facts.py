"""What rules see of a flow: its IR as it is, and what would be tedious to say in CEL, worked out from it.

It works on plain data and takes what is not there for empty, so that a rule's test needs only the parts of an IR that
the rule reads. A rule that reads a member which is not there cannot be evaluated, which denies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import JsonValue

from flowlattice.ir.model import FlowIR
from flowlattice.ir.records import records_of
from flowlattice.policy._graph import Plain, Wiring, entries, identity_of, table
from flowlattice.policy.costs import run_costs, spend_of
from flowlattice.policy.model import LOCAL, Bound

DATA_CLASS: Final = "x-data-class"


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What a decision depends on besides the flow.

    Attributes:
        environment: The environment's name.
        bindings: What it binds, by name; empty for local doubles.
        allowed_hosts: The organisation's list; `*.example.com` allows all hosts below it.
    """

    environment: str = LOCAL
    bindings: Mapping[str, Bound] = field(default_factory=dict)
    allowed_hosts: Sequence[str] = ()


def facts_of(ir: Plain, circumstances: Circumstances) -> dict[str, object]:
    """The names that CEL sees; docs/policies.md says what each is.

    Args:
        ir: A flow's IR as JSON, or parts of one.
        circumstances: Where it is to run.
    """
    nodes = _nodes(ir)
    wanted = {str(reach["host"]) for node in nodes for reach in node["reaches"]}
    below = tuple(name[1:] for name in circumstances.allowed_hosts if name.startswith("*."))
    return {
        "ir": dict(ir),
        "nodes": nodes,
        "routes": _routes(ir, nodes),
        "records": [record.model_dump() for record in records_of(table(ir, "schemas"))],
        "credentials": list(_credentials(ir, nodes, circumstances.bindings)),
        "bindings": _bindings(nodes, circumstances.bindings),
        "environment": circumstances.environment,
        "allowed_hosts": [*circumstances.allowed_hosts, *sorted(host for host in wanted if host.endswith(below))],
    }


def _nodes(ir: Plain, prefix: str = "", entry: str | None = None, *, once: bool = False) -> list[dict[str, Any]]:
    """The nodes with what was worked out; in place of a subflow's node, those that it runs, as `subflow.node`."""
    wiring = Wiring(ir)
    reached = None if entry is None else {entry, *wiring.behind(entry)}
    found: list[dict[str, Any]] = []
    for node in entries(ir, "nodes"):
        if reached is not None and node.get("id") not in reached:
            continue
        inner, start = _inner(ir, node)
        if inner is not None:
            promised = once or identity_of(node) in wiring.promised_once
            found += _nodes(inner, f"{prefix}{node.get('name', '')}.", start, once=promised)
        else:
            found.append(_seen(ir, node, wiring, prefix, once=once))
    return found


def _inner(ir: Plain, node: Plain) -> tuple[Plain | None, str | None]:
    """The flow that a subflow's node stands for, and the id of its node where records enter."""
    use = table(node, "subflow")
    inner = table(table(ir, "subflows"), f"{use.get('flow')}@{use.get('version')}")
    start = next((e.get("entry") for e in entries(inner, "exports") if e.get("name") == use.get("export")), None)
    return (inner, str(start)) if use and start is not None else (None, None)


def _seen(ir: Plain, node: Plain, wiring: Wiring, prefix: str, *, once: bool) -> dict[str, Any]:
    schemas, uses = table(ir, "schemas"), entries(node, "capabilities")
    takes, gives = (_classes(schemas.get(str(node.get(side)))) for side in ("in_schema", "out_schema"))
    identity = identity_of(node)
    return {
        **node,
        "name": f"{prefix}{node.get('name', '')}",
        "in_classes": sorted(takes),
        "classes": sorted(takes | gives),
        "web_classes": [],
        "reaches": [_reach(host) for use in uses for host in _texts(use.get("egress"))],
        "usual_owners": sorted({str(use["retry_owner"]) for use in uses if use.get("retry_owner") is not None}),
        "retried_by": sorted(wiring.retried_by(node)),
        "once": once or identity in wiring.promised_once,
        "undoes": wiring.undone_by(identity),
        "later_effects": wiring.later_effects(identity),
        "spend": spend_of(ir, node),
    }


def _routes(ir: Plain, nodes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The triggers with what is behind them; a node behind one of HTTP learns of the data of that route."""
    wiring, costs, capped = Wiring(ir), run_costs(ir), _capped(ir)
    found = []
    for start in (node for node in entries(ir, "nodes") if node.get("kind") == "trigger"):
        identity = identity_of(start)
        names = {identity, *wiring.behind(identity)}
        own = {str(node.get("name")) for node in entries(ir, "nodes") if identity_of(node) in names}
        behind = [node for node in nodes if node["name"] in own or str(node["name"]).partition(".")[0] in own]
        classes = sorted({name for node in behind for name in node["classes"]})
        for node in behind if table(start, "trigger").get("kind") == "http" else ():
            node["web_classes"] = sorted({*node["web_classes"], *classes})
        found.append(
            {
                "name": start.get("name", ""),
                "title": _title(start),
                "trigger": start.get("trigger"),
                "rate_limited": identity in capped,
                "classes": classes,
                "nodes": [node["name"] for node in behind],
                "worst": costs[identity].as_fact(),
            }
        )
    return found


def _capped(ir: Plain) -> set[str]:
    """The ids of the nodes that a rate limit governs."""
    limits = (surface for surface in entries(ir, "surfaces") if surface.get("kind") == "rate_limit")
    return {target for limit in limits for target in _texts(limit.get("targets"))}


def _title(start: Plain) -> str:
    trigger = table(start, "trigger")
    http = [str(trigger[part]) for part in ("method", "path") if trigger.get(part) is not None]
    return " ".join(http) if len(http) > 1 else str(start.get("name", ""))


def _credentials(
    ir: Plain, nodes: Sequence[dict[str, Any]], bindings: Mapping[str, Bound]
) -> Iterator[dict[str, object]]:
    """What each credential is granted and bound to, and what the nodes say they need of it."""
    for given in entries(ir, "credentials"):
        name = str(given.get("name", ""))
        asked = [
            _texts(use.get("scopes"))
            for node in nodes
            for use in entries(node, "capabilities")
            if use.get("name") == "creds" and use.get("binding") == name
        ]
        bound = bindings.get(name)
        yield {
            "name": name,
            "granted": _texts(given.get("scopes")),
            "needed": sorted({scope for scopes in asked for scope in scopes}),
            "stated": all(asked),
            "bound": None if bound is None or bound.scopes is None else list(bound.scopes),
        }


def _bindings(nodes: Sequence[dict[str, Any]], bindings: Mapping[str, Bound]) -> list[dict[str, object]]:
    """What the environment binds, each with the nodes that ask for it: those alone that one asks for."""
    asked: dict[str, list[str]] = {}
    for node in nodes:
        uses = [str(use.get("binding")) for use in entries(node, "capabilities")]
        for name in [*uses, *([str(node["name"])] if node.get("kind") == "trigger" else [])]:
            asked.setdefault(name, []).append(str(node["name"]))
    found = ((name, bound) for name, bound in bindings.items() if name in asked)
    return [{**bound.model_dump(mode="json"), "name": name, "asked_by": asked[name]} for name, bound in found]


def _reach(host: str) -> dict[str, object]:
    """A host and the names that allow it: its own, without its port, and `*.` before each domain that it is below."""
    bare = host.lower().rpartition(":")[0] or host.lower()
    labels = bare.split(".")
    above = [f"*.{'.'.join(labels[at:])}" for at in range(1, len(labels))]
    return {"host": host, "names": [*dict.fromkeys([host, host.lower(), bare]), *above]}


def data_classes(ir: FlowIR, name: str | None) -> set[str]:
    """The data classes of the fields of one of a flow's schemas, by its name."""
    return _classes(ir.schemas.get(name or ""))


def _classes(schema: JsonValue) -> set[str]:
    """The data classes of all fields in a schema, those of records in it too."""
    if isinstance(schema, list):
        return {found for part in schema for found in _classes(part)}
    if not isinstance(schema, dict):
        return set()
    own = schema.get(DATA_CLASS)
    inner = {found for name, part in schema.items() if name != DATA_CLASS for found in _classes(part)}
    return inner | ({own} if isinstance(own, str) else set())


def _texts(value: JsonValue) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
