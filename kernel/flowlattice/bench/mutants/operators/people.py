"""Mistakes about people, secrets, hosts and models: who decides, who may reach what, what may be spent."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from flowlattice.bench.mutants.operators.base import operator
from flowlattice.bench.mutants.source import Module, Mutation, argument, giving, without


def _all(module: Module, name: str, call_name: str, *values: str, needs: tuple[str, ...] = ()) -> Iterator[Mutation]:
    for call in module.calls(call_name):
        if argument(call, name) is not None:
            for value in values:
                yield module.change(call, giving(name, value), f"gives {name} the value {value}", needs=needs)


@operator("LOAD002")
def drop_checkpoint(module: Module) -> Iterator[Mutation]:
    """Nobody is asked."""
    for statement, call in module.statements("hitl"):
        yield module.delete(statement, f"deletes {ast.unparse(call)[:40]}")


@operator("HITL101")
def wait_for_ever(module: Module) -> Iterator[Mutation]:
    """A checkpoint does not say how long it waits, or what happens then."""
    for call in module.calls("hitl"):
        yield module.change(call, without("ttl"), "waits for ever")
        yield module.change(call, without("on_timeout"), "does not say what happens after the wait")


@operator("CTRL101")
def wait_no_time(module: Module) -> Iterator[Mutation]:
    """A checkpoint waits for no time."""
    yield from _all(module, "ttl", "hitl", "ms(0)", "-ms(1)", needs=("ms",))


@operator()
def wait_longer(module: Module) -> Iterator[Mutation]:
    """A checkpoint waits longer."""
    yield from _all(module, "ttl", "hitl", "days(365)", needs=("days",))


@operator()
def ask_others(module: Module) -> Iterator[Mutation]:
    """Others decide, or it is not said who."""
    yield from _all(module, "approvers", "hitl", "'interns'")
    for call in module.calls("hitl"):
        yield module.change(call, without("approvers"), "does not say who decides")


@operator()
def time_out_otherwise(module: Module) -> Iterator[Mutation]:
    """Something else happens when nobody decides."""
    for call in module.calls("hitl"):
        value = argument(call, "on_timeout")
        if value is not None:
            other = "Escalate(to='somebody')" if isinstance(value, ast.Constant) else "'reject'"
            yield module.change(call, giving("on_timeout", other), f"does {other} in the end", needs=("Escalate",))


@operator("DAG300")
def ask_at_a_trigger(module: Module) -> Iterator[Mutation]:
    """What a trigger gives waits for a person."""
    triggers = [s for s, _ in module.statements("trigger") if isinstance(s, ast.Assign)]
    for call in module.calls("hitl"):
        yield module.change(call, giving("on", ast.unparse(triggers[0].targets[0])), "asks at a trigger")


@operator("DAG301")
def show_what_is_not_there(module: Module) -> Iterator[Mutation]:
    """A view has a field that the record does not have."""
    for call in module.calls("hitl"):
        view = argument(call, "view")
        if view is not None:
            text = f"class Card({ast.unparse(view)}, data='internal'):\n    nowhere: int\n\n\n"
            made = module.change(call, giving("view", "Card"), "shows a field that is not there")
            yield Mutation(
                file=made.file, text=made.text.replace("\nflow = Flow(", f"\n{text}flow = Flow(", 1), line=made.line,
                what=made.what,
            )  # fmt: skip


@operator("DAG203")
def drop_credential(module: Module) -> Iterator[Mutation]:
    """A node asks for a credential that the flow does not name."""
    for statement, call in module.statements("creds"):
        yield module.delete(statement, f"deletes {ast.unparse(call)[:40]}")


@operator("DAG330")
def drop_provider(module: Module) -> Iterator[Mutation]:
    """It is not said who issues a credential."""
    for call in module.calls("creds"):
        yield module.change(call, without("provider"), "does not say who issues a credential")


@operator("DAG331")
def narrow_scopes(module: Module) -> Iterator[Mutation]:
    """A credential is not granted what a node needs."""
    for call in module.calls("creds"):
        yield module.change(call, giving("scopes", "('nothing:read',)"), "grants another scope")
    for call in module.calls("scopes"):
        yield module.put(call.args[0], "'everything:write'", "needs a scope that is not granted")


@operator("SECR201")
def widen_scopes(module: Module) -> Iterator[Mutation]:
    """A credential is granted more than anybody needs."""
    for call in module.calls("creds"):
        scopes = argument(call, "scopes")
        if scopes is not None:
            value = f"(*{ast.unparse(scopes)}, 'everything:write')"
            yield module.change(call, giving("scopes", value), "grants a scope that nobody needs")


@operator("EGRESS101")
def drop_egress(module: Module) -> Iterator[Mutation]:
    """A binding may reach nothing."""
    for statement, call in module.statements("egress"):
        yield module.delete(statement, f"deletes {ast.unparse(call)}")


@operator("EGRESS101")
def change_host(module: Module) -> Iterator[Mutation]:
    """A body reaches another host than it may."""
    for part in ast.walk(module.tree):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.startswith("https://"):
            host = part.value.split("/")[2]
            yield module.put(
                part, repr(part.value.replace(host, "evil.example.net")), f"reaches another host than {host}"
            )


@operator("EGRESS101")
def change_egress(module: Module) -> Iterator[Mutation]:
    """A binding may reach another host than its node does."""
    for call in module.calls("egress"):
        yield module.put(call.args[1], "'evil.example.net'", "may reach another host")


@operator()
def widen_egress(module: Module) -> Iterator[Mutation]:
    """A binding may reach one host more."""
    for call in module.calls("egress"):
        text = f"{ast.unparse(call)[:-1]}, 'evil.example.net')"
        yield module.put(call, text, "may reach one host more")


@operator("DAG203")
def write_a_secret(module: Module) -> Iterator[Mutation]:
    """A body has a credential in an address."""
    for part in ast.walk(module.tree):
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and part.value.startswith("https://"):
            changed = part.value.replace("https://", "https://user:secret@")
            yield module.put(part, repr(changed), "has a credential in an address")


@operator("DAG202")
def drop_variables(module: Module) -> Iterator[Mutation]:
    """The flow gives its variables no values."""
    for statement, call in module.statements("vars"):
        yield module.delete(statement, f"deletes {ast.unparse(call)}")


@operator("DAG341")
def mistype_a_variable(module: Module) -> Iterator[Mutation]:
    """A variable gets a value of another type."""
    for call in module.calls("Limits"):
        yield module.put(call, "Limits(approval_cents='a lot')", "gives a variable a text")


@operator()
def set_a_variable(module: Module) -> Iterator[Mutation]:
    """A variable has another value."""
    for call in module.calls("Limits"):
        yield module.put(call, "Limits(approval_cents=1)", "gives a variable another value")


@operator()
def drop_residency(module: Module) -> Iterator[Mutation]:
    """It is not said where data may be."""
    for statement, call in module.statements("residency"):
        yield module.delete(statement, f"deletes {ast.unparse(call)}")


@operator()
def move_data(module: Module) -> Iterator[Mutation]:
    """Data may be elsewhere."""
    for call in module.calls("residency"):
        yield module.put(call.args[0], "'mars'", "may keep data on Mars")


@operator()
def unpin_a_model(module: Module) -> Iterator[Mutation]:
    """A model may be another one tomorrow."""
    for call in module.calls("model"):
        yield module.change(call, without("seed"), "asks a model without a seed")
        yield module.put(call.args[0], "'gpt-4o-mini'", "asks a model without a date")


@operator()
def ask_another_model(module: Module) -> Iterator[Mutation]:
    """Another model is asked."""
    for call in module.calls("model"):
        yield module.put(call.args[0], "'gpt-5-2025-08-07'", "asks another model")
        yield module.change(call, giving("seed", "7"), "asks with another seed")


@operator("BUD101")
def drop_budget(module: Module) -> Iterator[Mutation]:
    """A model may cost anything."""
    for call in module.calls("per"):
        yield module.put(call, "per()", "sets no ceiling")
    for function in module.nodes:
        for parameter in function.args.args:
            annotation = parameter.annotation
            if isinstance(annotation, ast.Subscript) and "TokenBudget" in ast.unparse(annotation):
                yield module.put(annotation, "TokenBudget", f"{function.name} has a budget without ceilings")


@operator("BUD102")
def ask_for_too_much(module: Module) -> Iterator[Mutation]:
    """One call may take more than its ceiling."""
    for call in module.calls("model"):
        if argument(call, "max_tokens") is not None:
            yield module.change(call, giving("max_tokens", "1000000"), "takes more tokens than its ceiling")
    for call in module.calls("per"):
        yield module.change(call, giving("day", "usd('0.000001')"), "spends more a day in one call", needs=("usd",))


@operator("BUD102", "LOAD003")
def no_budget_at_all(module: Module) -> Iterator[Mutation]:
    """A ceiling is zero or negative."""
    for call in module.calls("tokens"):
        yield module.put(call.args[0], "0", "may take no tokens")
    for call in module.calls("usd"):
        yield module.put(call.args[0], "'-5'", "may spend less than nothing")


@operator()
def raise_budget(module: Module) -> Iterator[Mutation]:
    """A model may cost more."""
    for call in module.calls("usd"):
        yield module.put(call.args[0], "'5000'", "may spend more")


@operator()
def hide_prices(module: Module) -> Iterator[Mutation]:
    """It is not said what a model costs."""
    for call in module.calls("model"):
        yield module.change(call, without("usd_per_million"), "does not say what a model costs")


@operator("CACHE002", "DAG004")
def free_a_plugin(module: Module) -> Iterator[Mutation]:
    """A plugin may do more."""
    for call in module.calls("sandboxed"):
        yield module.change(call, giving("network", "'allow'"), "lets a plugin reach the network")
        yield module.change(call, without("deterministic"), "vouches for a plugin no more")
        yield module.change(call, giving("memory", "10**12"), "lets a plugin hold a terabyte")


@operator("LOAD003")
def lose_a_plugin(module: Module) -> Iterator[Mutation]:
    """A plugin's file is not there."""
    for call in module.calls("sandboxed"):
        yield module.put(call.args[0], "'plugins/nowhere.py'", "calls a file that is not there")
