"""Routes of a flow file: a trigger, the nodes behind it, and the connections between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flowlattice_agents import expressions
from flowlattice_agents.rendering.bodies import REQUEST, Body, always, worked_out
from flowlattice_agents.rendering.records import Records
from flowlattice_agents.rendering.text import Names, call, class_name, double_quoted, identifier, literal
from flowlattice_agents.spec import CallSpec, CaseSpec, InvalidReplySpec, ReplySpec, RouteSpec

_DAY_S = 86_400


@dataclass
class Routes:
    """Renders routes; `functions` are the module's nodes, `wiring` the statements that connect them."""

    records: Records
    names: Names
    functions: list[str] = field(default_factory=list)
    wiring: list[str] = field(default_factory=list)

    def render(self, route: RouteSpec) -> None:
        """One route with all that belongs to it."""
        slug = identifier(route.path.replace("{", "").replace("}", "")) if route.path.strip("/") else "index"
        trigger = self.names.take(f"{route.method.lower()}_{slug}")
        self.wiring.append(self._trigger(route, trigger))
        source = trigger
        if route.checks and (route.cases or route.calls):
            source = self._validate(route, slug, source)
        for outside in route.calls:
            source = self._call(route, outside, source)
        if route.cases:
            self._switch(route, slug, source)
        else:
            self._reply(route, slug, source, None, checked=bool(route.calls))

    # The trigger.

    def _trigger(self, route: RouteSpec, name: str) -> str:
        arguments = [literal(route.path)]
        if route.accepts:
            arguments.append(f"accepts={route.accepts}")
        if route.body == "form":
            arguments.append('body="form"')
        arguments.append(f"deadline={self._duration(route.deadline_ms)}")
        if route.invalid:
            arguments.append(f"invalid=[{', '.join(self._invalid(route, reply) for reply in route.invalid)}]")
        inner = call(f"http.{route.method.lower()}", arguments)
        if len(inner) + len(name) <= 80 and "\n" not in inner:
            return f'{name} = flow.trigger({inner}, name="{name}")'
        lines = "".join(f"        {argument},\n" for argument in arguments)
        return f'{name} = flow.trigger(\n    http.{route.method.lower()}(\n{lines}    ),\n    name="{name}",\n)'

    def _duration(self, milliseconds: int) -> str:
        unit, value = ("seconds", milliseconds // 1000) if milliseconds % 1000 == 0 else ("ms", milliseconds)
        self.records.imports.flowlattice.add(unit)
        return f"{unit}({value})"

    def _invalid(self, route: RouteSpec, reply: InvalidReplySpec) -> str:
        accepted = self.records.spec.record(route.accepts)
        arguments = [str(reply.status)]
        if reply.body is not None:
            arguments.append(literal(reply.body))
        if reply.text is not None:
            arguments.append(f"text={literal(reply.text)}")
        if reply.fields:
            parts = [accepted.field(name) if accepted else None for name in reply.fields]
            wires = [part.wire_name if part else name for part, name in zip(parts, reply.fields, strict=True)]
            arguments.append(f"fields={literal(wires)}")
        if reply.problem:
            arguments.append(f"problem={literal(reply.problem)}")
        return f"http.invalid({', '.join(arguments)})"

    # Nodes.

    def _accepts(self, route: RouteSpec) -> str:
        if route.accepts is None:
            self.records.imports.flowlattice.add("Empty")
        return route.accepts or "Empty"

    def _function(self, name: str, parameter: str, returns: str, summary: str, lines: list[str]) -> None:
        self.records.imports.flowlattice.add("node")
        body = "\n".join(lines)
        parameter_name = REQUEST if REQUEST in body else f"_{REQUEST}"
        doc = summary.replace("\\", "\\\\").replace('"""', "'''")
        self.functions.append(
            f'@node\ndef {name}({parameter_name}: {parameter}) -> {returns}:\n    """{doc}"""\n{body}'
        )

    def _validate(self, route: RouteSpec, slug: str, source: str) -> str:
        name = self.names.take(f"check_{slug}")
        body = Body(route, self.records)
        needed = [check.require for check in route.checks]
        body.compute(expressions.needed_steps(route.steps, needed), route.checks)
        body.lines.append(f"    return {REQUEST}")
        accepts = self._accepts(route)
        self._function(name, accepts, accepts, f"Refuse invalid requests to {route.path}.", body.lines)
        self._connect(source, name)
        return name

    def _reply(self, route: RouteSpec, slug: str, source: str, case: CaseSpec | None, *, checked: bool) -> None:
        reply = case.reply if case else route.reply
        wanted = f"{slug}_{identifier(case.name)}" if case else slug
        if reply.kind == "empty" and not worked_out(reply) and (checked or not route.checks):
            self._connect(source, self._respond(reply))
            return
        name = self.names.take(wanted, f"answer_{wanted}")
        body = Body(route, self.records)
        steps = (*route.steps, *case.steps) if case else route.steps
        hint = f"{class_name(wanted)}Out"
        if checked or case:
            body.compute_for(steps, [reply.body or "None", *reply.headers.values()])
        else:
            body.compute(steps, route.checks)
        if reply.kind == "empty" and not worked_out(reply):
            body.lines.append(f"    return {REQUEST}")
            returns = self._accepts(route)
        else:
            returns = body.returns(reply, hint)
        summary = f"Answer {route.method} {route.path}" + (f": {case.name}." if case else ".")
        self._function(name, self._accepts(route), returns, summary, body.lines)
        self._connect(source, name)
        self._connect(name, self._respond(reply))

    def _switch(self, route: RouteSpec, slug: str, source: str) -> None:
        choose = self.names.take(f"choose_{slug}")
        switch = self.names.take(f"{slug}_case")
        body = Body(route, self.records)
        body.compute_for(route.steps, [case.when for case in route.cases])
        for case in route.cases:
            body.lines.append(f"    if {body.expression(case.when)}:")
            body.lines.append(f"        return {literal(case.name)}")
        body.lines.append('    return "default"')
        self.records.imports.flowlattice.add("Switch")
        doc = f"Which case a {route.method} {route.path} is."
        lines = "\n".join(body.lines)
        parameter = f"{REQUEST if REQUEST + '.' in lines else '_' + REQUEST}: {self._accepts(route)}"
        self.functions.append(f'def {choose}({parameter}) -> str:\n    """{doc}"""\n{lines}')
        cases = literal([case.name for case in route.cases])
        self.wiring.append(f'{switch} = Switch({choose}, cases={cases}, name="{switch}")')
        self._connect(source, switch)
        for case in route.cases:
            self._reply(route, slug, f"{switch}.case({literal(case.name)})", case, checked=True)
        otherwise = CaseSpec(name="otherwise", when="True", reply=route.reply)
        self._reply(route, slug, f"{switch}.default", otherwise, checked=True)

    def _call(self, route: RouteSpec, outside: CallSpec, source: str) -> str:
        name = self.names.take(identifier(outside.name), f"call_{identifier(outside.name)}")
        body = Body(route, self.records)
        body.compute_for(route.steps, [outside.body or "None"])
        arguments = [literal(outside.url), *([f"json={self._payload(body, outside)}"] if outside.body else [])]
        send = f"{outside.binding}.{outside.method.lower()}"
        body.lines.append(call(send, arguments, indent=4, before="answer = await "))
        host = urlsplit(outside.url).hostname or ""
        body.lines.append("    answer.raise_for_status()")
        body.lines.append(f"    return {REQUEST}")
        self.records.imports.flowlattice |= {"HttpWrite", "node"}
        accepts = self._accepts(route)
        parameters = [f"{REQUEST}: {accepts}", f"{outside.binding}: HttpWrite"]
        decorator = "@node"
        if outside.key:
            self.records.imports.flowlattice |= {"DedupeStore", "by", "seconds"}
            parameters.append("seen: DedupeStore")
            keys = ", ".join(map(literal, outside.key))
            decorator = f"@node(idempotency=by({keys}, ttl=seconds({outside.ttl_s or _DAY_S})))"
        head = call(f"async def {name}", parameters)
        doc = f"{outside.method} to {host}, once per key."
        self.functions.append(f'{decorator}\n{head} -> {accepts}:\n    """{doc}"""\n' + "\n".join(body.lines))
        self.wiring.append(f"flow.egress({literal(outside.binding)}, {literal(host)})")
        if outside.when is not None:
            return self._only_if(route, outside.when, name, source)
        self._connect(source, name)
        return name

    def _only_if(self, route: RouteSpec, when: str, name: str, source: str) -> str:
        """A node that only some requests come by; all go on behind it."""
        asks, gate, after = (
            self.names.take(f"needs_{name}"),
            self.names.take(f"{name}_if"),
            self.names.take(f"{name}_done"),
        )
        body = Body(route, self.records)
        body.compute_for(route.steps, [when])
        body.lines.append(f"    return {body.expression(when)}")
        lines = "\n".join(body.lines)
        parameter = f"{REQUEST if REQUEST + '.' in lines else '_' + REQUEST}: {self._accepts(route)}"
        self.functions.append(f'def {asks}({parameter}) -> bool:\n    """Whether {name} is due."""\n{lines}')
        self.records.imports.flowlattice |= {"If", "Merge"}
        self.wiring.append(f'{gate} = If({asks}, name="{gate}")')
        self.wiring.append(f'{after} = Merge[{self._accepts(route)}](name="{after}")')
        self._connect(source, gate)
        self._connect(f"{gate}.true", name)
        self._connect(name, after)
        self._connect(f"{gate}.false", after)
        return after

    def _payload(self, body: Body, outside: CallSpec) -> str:
        """The JSON that is sent: a plain dict, by wire names, since no schema of ours governs it."""
        source, families = expressions.render(outside.body or "None", body.types, body.rename)
        self.records.imports.operators |= families
        return double_quoted(source)

    # Wiring.

    def _respond(self, reply: ReplySpec) -> str:
        arguments = [] if reply.status == 200 else [f"status={reply.status}"]
        if reply.kind != "json":
            arguments.append(f"body={literal(reply.kind)}")
        if constant := always(reply):
            arguments.append(f"headers={literal(constant)}")
        return f"flow.respond({', '.join(arguments)})"

    def _connect(self, source: str, target: str) -> None:
        self.wiring.append(call("flow.connect", [source, target]))
