"""A node reaches a host that it may not reach.

Everything is closed unless it is declared: a capability that reaches hosts gets those that `flow.egress` names for its
binding, and a flow may only name hosts that its organisation allows (`--allow-hosts`, policies). A node that asks for
such a capability without declared hosts can reach nothing; where the binding in an environment lists hosts of its own
(`egress` in `bindings.toml`), the flow may declare no others; a URL in its body to another host would be refused at run
time; a host is a name such as `api.example.com`, without scheme or path, and no wildcard.

## Bad

```python
from flowlattice import Flow, HttpRead, Record, http, node

class Req(Record, data="public"):
    city: str

@node
async def weather(req: Req, meteo: HttpRead) -> Req:
    answer = await meteo.get("https://api.meteo.example/now", params={"city": req.city})
    return Req(city=answer.text)

flow = Flow("weather", version="1.0.0")
hook = flow.trigger(http.get("/weather", accepts=Req))
flow.connect(hook, weather)
flow.connect(weather, flow.respond())
flow.egress("meteo", "api.weather.example")
```

## Good

```python
from flowlattice import Flow, HttpRead, Record, http, node

class Req(Record, data="public"):
    city: str

@node
async def weather(req: Req, meteo: HttpRead) -> Req:
    answer = await meteo.get("https://api.meteo.example/now", params={"city": req.city})
    return Req(city=answer.text)

flow = Flow("weather", version="1.0.0")
hook = flow.trigger(http.get("/weather", accepts=Req))
flow.connect(hook, weather)
flow.connect(weather, flow.respond())
flow.egress("meteo", "api.meteo.example")
```

## Fix

Safe, where the spec states the hosts of the binding, and the body names no other one. Else unsafe: the host of the URL
in the body is declared. Which hosts a flow may reach is a decision.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from flowlattice.capabilities import registry
from flowlattice.check.context import CheckContext
from flowlattice.check.facts import stated
from flowlattice.check.finding import finding, listed, offer
from flowlattice.diagnostics import Diagnostic, Fix, Severity
from flowlattice.ir.model import EgressGrant, FlowIR

if TYPE_CHECKING:
    import libcst as cst

    from flowlattice.check.rewrite import Rewrite

CODE = "EGRESS101"
SEVERITY: Severity = "error"

_HOST: Final = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*(:[0-9]{1,5})?", re.I
)


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find hosts that are not declared, not allowed, or no hosts."""
    for grant in flow.egress:
        for host in grant.hosts:
            yield from _granted(host, grant, context)
    for node in flow.nodes:
        uses = [use for use in node.capabilities if _is_networked(use.name)]
        urls = {url.host: url for url in node.urls}
        for use in uses:
            if not use.egress:
                source = next((p.source for p in node.parameters if p.name == use.binding), node.source)
                message = f"{node.name} asks for {use.binding} ({use.name}), which may reach no host"
                text = f'declare its hosts: flow.egress("{use.binding}", "api.example.com")'
                fix = _offered(use.binding, list(urls), context) if len(uses) == 1 else None
                yield finding(CODE, message, source, node=node.name, help=text, fix=fix)
        declared = {_name(host) for use in uses for host in use.egress}
        for url in urls.values() if declared else ():
            if url.host not in declared:
                message = f"{node.name} names {url.host}, which is not among its hosts ({listed(sorted(declared))})"
                text = f'declare it if it is meant: flow.egress("{uses[0].binding}", "{url.host}")'
                fix = _offered(uses[0].binding, [url.host], context) if len(uses) == 1 else None
                yield finding(CODE, message, url.source, node=node.name, help=text, fix=fix)


def _offered(binding: str, named: list[str], context: CheckContext) -> Fix | None:
    """The fix that declares hosts: safe if the spec states all that the body names."""
    known = context.facts.hosts.get(binding, ())
    if known and set(named) <= set(map(_name, known)):
        return stated(f"let {binding} reach {', '.join(known)}")
    return offer("unsafe", f"let {binding} reach {', '.join(named)}") if named else None


def _granted(host: str, grant: EgressGrant, context: CheckContext) -> Iterator[Diagnostic]:
    if not _HOST.fullmatch(host):
        message = f"{host[:80]!r} is no host"
        yield finding(
            CODE, message, grant.source, help="write a name alone, api.example.com: no scheme, path or wildcard"
        )
        return
    if context.allowed_hosts is not None and not _is_allowed(_name(host), context.allowed_hosts):
        message = f"{grant.binding} may not reach {host}: it is not among the allowed hosts"
        yield finding(CODE, message, grant.source, help="have it allowed by policy, or with --allow-hosts FILE")
    environment = context.environment
    bound = None if environment is None else environment.hosts.get(grant.binding)
    if environment is not None and bound is not None and host.lower() not in bound:
        where = f"[{environment.name}.{grant.binding}]"
        message = f"{grant.binding} may not reach {host} in {environment.name}: its binding lists {listed([*bound])}"
        yield finding(CODE, message, grant.source, help=f"add it to egress of {where} in bindings.toml if it is meant")


def _is_networked(name: str) -> bool:
    declared = registry.named(name)
    return declared is not None and declared.networked


def _is_allowed(host: str, allowed: frozenset[str]) -> bool:
    names = {_name(entry) for entry in allowed}
    return host in names or any(name.startswith("*.") and host.endswith(name[1:]) for name in names)


def _name(host: str) -> str:
    """A host without its port, in lower case."""
    return host.lower().rpartition(":")[0] or host.lower()


def fix(found: Diagnostic, flow: FlowIR, module: cst.Module, context: CheckContext) -> Rewrite | None:
    """Declare the hosts that the spec states, or those of the URLs in the body."""
    from flowlattice.check import codemods

    node = next((node for node in flow.nodes if node.name == found.node), None)
    use = None if node is None else next((use for use in node.capabilities if _is_networked(use.name)), None)
    if node is None or use is None or found.fix is None:
        return None
    named = dict.fromkeys(url.host for url in node.urls if _HOST.fullmatch(url.host))
    known = context.facts.hosts.get(use.binding, ()) if found.fix.applicability == "safe" else ()
    hosts = [host for host in known or named if _name(host) not in map(_name, use.egress)]
    return codemods.declare_egress(module, use.binding, hosts)
