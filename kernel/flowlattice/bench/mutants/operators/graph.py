"""Mistakes of the graph: edges that are missing, turned, doubled, or lead elsewhere."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator

from flowlattice.bench.mutants.operators.base import operator
from flowlattice.bench.mutants.source import Module, Mutation, argument, expression, giving, without


@operator("CTRL112", "CTRL122", "DAG101", "DAG104", "DAG202", "DAG204")
def delete_edge(module: Module) -> Iterator[Mutation]:
    """An edge is left out."""
    for statement, call in module.statements("connect"):
        yield module.delete(statement, f"deletes {ast.unparse(call)}")


@operator("DAG207")
def double_edge(module: Module) -> Iterator[Mutation]:
    """An edge is there twice."""
    for statement, call in module.statements("connect"):
        yield module.after(statement, ast.unparse(call), f"doubles {ast.unparse(call)}")


@operator("DAG101", "DAG104", "DAG201", "DAG204", "LOAD003")
def reverse_edge(module: Module) -> Iterator[Mutation]:
    """An edge leads the other way."""
    for _, call in module.statements("connect"):
        yield module.change(call, _reversed, f"reverses {ast.unparse(call)}")


def _reversed(call: ast.Call) -> None:
    call.args[:2] = call.args[1::-1]


@operator("DAG104", "DAG201", "WIN001")
def redirect_edge(module: Module) -> Iterator[Mutation]:
    """An edge leads to where the next one leads."""
    edges = [call for _, call in module.statements("connect")]
    for call, later in itertools.pairwise(edges):
        if ast.unparse(call.args[1]) != ast.unparse(later.args[1]):
            target = later.args[1]
            yield module.put(call.args[1], ast.unparse(target), f"leads {ast.unparse(call)} to {ast.unparse(target)}")


@operator("DAG200", "DAG201")
def close_a_cycle(module: Module) -> Iterator[Mutation]:
    """What comes out of a node goes into it again."""
    for function in module.nodes:
        yield module.at_end(f"flow.connect({function.name}, {function.name})", f"connects {function.name} to itself")


@operator("DAG200", "DAG201")
def close_a_long_cycle(module: Module) -> Iterator[Mutation]:
    """The last node leads back to the first."""
    if len(module.nodes) > 1 and module.is_flow:
        first, last = module.nodes[0].name, module.nodes[-1].name
        yield module.at_end(f"flow.connect({last}, {first})", f"connects {last} to {first}")


@operator("CTRL111", "CTRL112")
def unknown_case(module: Module) -> Iterator[Mutation]:
    """An edge leaves a switch by a case that it does not have."""
    for call in module.calls("case"):
        if call.args:
            yield module.put(
                call.args[0], "'nowhere'", f"takes the case nowhere instead of {ast.unparse(call.args[0])}"
            )


@operator("CTRL111", "CTRL112")
def drop_case(module: Module) -> Iterator[Mutation]:
    """A switch is not told of its first case."""
    for call in module.calls("Switch"):
        cases = argument(call, "cases")
        if cases is not None:
            yield module.put(cases, f"[*{ast.unparse(cases)}][1:]", "forgets the first case of the switch")


@operator("CTRL122")
def swap_branches(module: Module) -> Iterator[Mutation]:
    """What holds and what does not go each other's way."""
    for part in ast.walk(module.tree):
        if isinstance(part, ast.Attribute) and part.attr in ("true", "false"):
            other = "false" if part.attr == "true" else "true"
            yield module.put(part, f"{ast.unparse(part.value)}.{other}", f"takes {other} instead of {part.attr}")


@operator("DAG205")
def repeat_a_name(module: Module) -> Iterator[Mutation]:
    """Two parts of the graph have one name."""
    named = [call for call in module.calls("trigger", "respond", "Switch", "If", "Merge") if argument(call, "name")]
    for call, other in itertools.pairwise(named):
        name = argument(other, "name")
        if name is not None:
            yield module.change(call, giving("name", ast.unparse(name)), f"calls two parts {ast.unparse(name)}")


@operator("DAG205")
def name_a_trigger_like_a_node(module: Module) -> Iterator[Mutation]:
    """A trigger has the name of a node."""
    for call in module.calls("trigger")[:1]:
        if module.nodes:
            name = module.nodes[0].name
            yield module.change(call, giving("name", repr(name)), f"calls the trigger {name}")


@operator()
def rename_a_part(module: Module) -> Iterator[Mutation]:
    """A trigger, a reply or a combinator has another name."""
    for call in module.calls("trigger", "respond", "Switch", "If", "ForEach", "Merge", "hitl"):
        if module.is_flow and argument(call, "name") is not None:
            yield module.change(call, giving("name", "'renamed'"), "gives a part another name")


@operator("DAG103")
def repeat_a_route(module: Module) -> Iterator[Mutation]:
    """A route is there twice."""
    for statement, call in module.statements("trigger"):
        if call.args and ast.unparse(call.args[0]).startswith("http."):
            again = ast.unparse(giving_name(call, "again"))
            text = f"again = {again}\nflow.connect(again, flow.respond(name='again_respond'))"
            yield module.after(statement, text, f"listens twice to {ast.unparse(call.args[0])}")


def giving_name(call: ast.Call, name: str) -> ast.Call:
    """The call with another name for the part it makes."""
    copy = expression(ast.unparse(call))
    if isinstance(copy, ast.Call):
        giving("name", repr(name))(copy)
        return copy
    return call


@operator("DAG101")
def loose_trigger(module: Module) -> Iterator[Mutation]:
    """A trigger leads nowhere."""
    for _, call in module.statements("trigger")[:1]:
        yield module.at_end(f"loose = {ast.unparse(giving_name(call, 'loose'))}", "adds a trigger that leads nowhere")


@operator("CTRL901", "DAG102")
def change_profile(module: Module) -> Iterator[Mutation]:
    """The flow is meant for another host."""
    for call in module.calls("Flow"):
        now = argument(call, "profile")
        for name in ("WEB", "QUEUE", "WASM", "TEMPORAL"):
            if now is not None and ast.unparse(now) != f"Profile.{name}":
                yield module.change(call, giving("profile", f"Profile.{name}"), f"is meant for {name.lower()}")


@operator()
def change_version(module: Module) -> Iterator[Mutation]:
    """The flow has another version."""
    for call in module.calls("Flow"):
        yield module.change(call, giving("version", "'9.9.9'"), "is version 9.9.9")


@operator("DAG102", "DAG204")
def change_respond_mode(module: Module) -> Iterator[Mutation]:
    """A route answers at another time."""
    for call in module.calls("get", "post", "put"):
        mode = argument(call, "respond")
        if isinstance(mode, ast.Constant) and ast.unparse(call.func).startswith("http."):
            other = "immediate" if mode.value != "immediate" else "explicit"
            yield module.change(call, giving("respond", repr(other)), f"answers {other}")


@operator()
def change_reply(module: Module) -> Iterator[Mutation]:
    """A reply has another status."""
    for call in module.calls("respond"):
        yield module.change(call, giving("status", "418"), "answers 418")


@operator()
def change_reply_body(module: Module) -> Iterator[Mutation]:
    """A reply is encoded in another way."""
    for call in module.calls("respond"):
        changed = "empty" if ast.unparse(argument(call, "body") or expression("'json'")) != "'empty'" else "json"
        yield module.change(call, giving("body", repr(changed)), f"encodes a reply as {changed}")


@operator("DAG201")
def stop_streaming(module: Module) -> Iterator[Mutation]:
    """A reply that streams does not."""
    for call in module.calls("respond"):
        if argument(call, "stream") is not None:
            yield module.change(call, without("stream"), "does not stream any more")


@operator("LOAD002")
def undefined_name(module: Module) -> Iterator[Mutation]:
    """A name is used that nobody defined."""
    for _, call in module.statements("connect")[:2]:
        yield module.put(call.args[0], "nobody", "connects what is not there")


@operator("LOAD001")
def break_syntax(module: Module) -> Iterator[Mutation]:
    """The file is no Python any more."""
    for _, call in module.statements("connect")[:1]:
        yield module.put(call, "flow.connect(", "is cut off")
