"""Mistakes about what happens once: keys, stores of keys, delivery, retries, compensation."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from flowlattice.bench.mutants.operators.base import operator
from flowlattice.bench.mutants.source import (
    FunctionSyntax,
    Module,
    Mutation,
    argument,
    decorator,
    giving,
    options,
    without,
)


def _deciding(module: Module, name: str) -> Iterator[tuple[FunctionSyntax, ast.Call, ast.expr]]:
    """Nodes that are given an option, with their decorator and its value."""
    for function in module.nodes:
        value = argument(options(function), name)
        found = decorator(function)
        if value is not None and isinstance(found, ast.Call):
            yield function, found, value


@operator("DAG004")
def drop_key(module: Module) -> Iterator[Mutation]:
    """An effect has no key."""
    for function, call, _ in _deciding(module, "idempotency"):
        yield module.change(call, without("idempotency"), f"{function.name} has no key")


@operator()
def drop_key_field(module: Module) -> Iterator[Mutation]:
    """A key has one field less."""
    for call in module.calls("by"):
        if len(call.args) > 1:
            yield module.put(call.args[-1], "*()", f"keys by {ast.unparse(call.args[-1])} no more")


@operator()
def reorder_key_fields(module: Module) -> Iterator[Mutation]:
    """The fields of a key are in another order."""
    for call in module.calls("by"):
        if len(call.args) > 1:
            yield module.change(call, lambda one: one.args.reverse(), f"turns the fields of {ast.unparse(call)} round")


@operator("IDEM020", "CACHE002")
def empty_key(module: Module) -> Iterator[Mutation]:
    """A key has no fields."""
    for call in module.calls("by"):
        yield module.change(call, lambda one: one.args.clear(), f"empties {ast.unparse(call)}")


@operator("EXACT003")
def lower_dedupe_ttl(module: Module) -> Iterator[Mutation]:
    """A key is forgotten before the last delivery."""
    for call in module.calls("by"):
        if argument(call, "ttl") is not None:
            yield module.change(call, giving("ttl", "ms(1000)"), "forgets a key after a second", needs=("ms",))


@operator("CTRL101")
def no_dedupe_ttl_at_all(module: Module) -> Iterator[Mutation]:
    """A key is forgotten at once."""
    for call in module.calls("by"):
        if argument(call, "ttl") is not None:
            yield module.change(call, giving("ttl", "ms(0)"), "forgets a key at once", needs=("ms",))


@operator()
def drop_dedupe_ttl(module: Module) -> Iterator[Mutation]:
    """It is not said how long a key is remembered."""
    for call in module.calls("by"):
        if argument(call, "ttl") is not None:
            yield module.change(call, without("ttl"), "does not say how long a key is remembered")


@operator("EXACT001")
def drop_dedupe_store(module: Module) -> Iterator[Mutation]:
    """Nobody remembers the key of an effect."""
    for function in module.nodes:
        for number, parameter in enumerate(function.args.args):
            if parameter.annotation is not None and ast.unparse(parameter.annotation) == "DedupeStore":
                yield module.change(function, _without(number), f"{function.name} remembers no key")


def _without(number: int) -> Callable[[FunctionSyntax], None]:
    def edit(function: FunctionSyntax) -> None:
        del function.args.args[number]

    return edit


@operator()
def drop_honours_key(module: Module) -> Iterator[Mutation]:
    """Nothing is said of whether the receiver honours the key."""
    for function, call, _ in _deciding(module, "honours_key"):
        yield module.change(call, without("honours_key"), f"the receiver of {function.name} honours no key")


@operator("SECR201")
def drop_compensation(module: Module) -> Iterator[Mutation]:
    """What was done cannot be undone."""
    for function, call, _ in _deciding(module, "compensate"):
        yield module.change(call, without("compensate"), f"nothing undoes {function.name}")


@operator("LOAD003", "SAGA201")
def compensate_by_another(module: Module) -> Iterator[Mutation]:
    """An effect is undone by a node that takes something else."""
    for function, _call, value in _deciding(module, "compensate"):
        for other in module.nodes:
            if other.name not in (function.name, ast.unparse(value)):
                yield module.put(value, other.name, f"{other.name} undoes {function.name}")
        text = "@node\ndef undo_nothing(number: Limits) -> Limits:\n    return number\n\n\n"
        made = module.put(value, "undo_nothing", f"what undoes {function.name} takes something else")
        rows = made.text.split("\n")
        rows.insert(min(one.lineno for one in function.decorator_list) - 1, text)
        yield Mutation(file=made.file, text="\n".join(rows), line=made.line, what=made.what)


@operator("RETRY010", "RETRY011")
def another_retry_owner(module: Module) -> Iterator[Mutation]:
    """A node says that the other one retries it."""
    for function in module.nodes:
        asked = [ast.unparse(parameter.annotation or ast.Name("x")) for parameter in function.args.args[1:]]
        if any("Write" in note or "Publish" in note or note == "Mail" for note in asked):
            by_connector = any(note in ("DbWrite", "KvWrite", "QueuePublish") for note in asked)
            owner = "orchestrator" if by_connector else "connector"
            found = decorator(function)
            if isinstance(found, ast.Call):
                yield module.change(found, giving("retry_owner", repr(owner)), f"the {owner} retries {function.name}")


@operator("EXACT001", "EXACT005")
def demand_exactly_once(module: Module) -> Iterator[Mutation]:
    """An edge promises exactly-once."""
    for _, call in module.statements("connect"):
        if argument(call, "delivery") is None:
            what = f"promises exactly-once of {ast.unparse(call)}"
            yield module.change(call, giving("delivery", "'exactly_once'"), what)


@operator()
def weaken_delivery(module: Module) -> Iterator[Mutation]:
    """An edge promises less."""
    for _, call in module.statements("connect"):
        if argument(call, "delivery") is not None:
            yield module.change(call, giving("delivery", "'at_most_once'"), "delivers at most once")
            yield module.change(call, without("delivery"), "delivers at least once")


@operator()
def lose_the_order(module: Module) -> Iterator[Mutation]:
    """An edge does not keep its records in order."""
    for _, call in module.statements("connect"):
        yield module.change(call, giving("ordering", "'unordered'"), "keeps no order")


@operator("LOAD003")
def unknown_delivery(module: Module) -> Iterator[Mutation]:
    """An edge is delivered in a way that there is not."""
    for _, call in module.statements("connect")[:1]:
        yield module.change(call, giving("delivery", "'Exactly_Once'"), "delivers Exactly_Once")


@operator("IDEM020")
def widen_the_key_scope(module: Module) -> Iterator[Mutation]:
    """A key is unique among other things."""
    for _, _, value in _deciding(module, "idempotency"):
        if isinstance(value, ast.Call):
            yield module.change(value, giving("scope", "'partition'"), "is unique in a partition only")
