"""Mistakes of types: ports that do not fit, fields that are not there, data that nobody classed."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from flowlattice.bench.mutants.operators.base import operator
from flowlattice.bench.mutants.source import (
    FunctionSyntax,
    Module,
    Mutation,
    argument,
    giving,
    without,
)


@operator("DAG201", "DAG202", "DAG301", "IDEM025", "SAGA201")
def swap_input_type(module: Module) -> Iterator[Mutation]:
    """A node takes a record that is not what comes."""
    for function in module.ports:
        taken = _taken(function)
        other = _other(module, taken)
        if taken is not None and other:
            yield module.put(taken, other, f"{function.name} takes {other}")


@operator("DAG001", "DAG201", "DAG301", "SAGA201")
def swap_output_type(module: Module) -> Iterator[Mutation]:
    """A node says that it gives another record."""
    for function in module.nodes:
        other = _other(module, function.returns)
        if function.returns is not None and other:
            yield module.put(function.returns, other, f"{function.name} gives {other}")


def _taken(function: FunctionSyntax) -> ast.expr | None:
    return function.args.args[0].annotation if function.args.args else None


def _other(module: Module, annotation: ast.expr | None) -> str:
    """Another record than the one of an annotation, as the file knows them."""
    if annotation is None:
        return ""
    known = [ast.unparse(taken) for function in module.functions if (taken := _taken(function)) is not None]
    return next((name for name in [*known, "int"] if name != ast.unparse(annotation)), "")


@operator("DAG001")
def drop_input_type(module: Module) -> Iterator[Mutation]:
    """A node does not say what it takes."""
    for function in module.ports:
        if _taken(function) is not None:
            first = function.args.args[0]
            yield module.put(first, first.arg, f"{function.name} does not say what it takes")


@operator("CTRL112", "DAG001")
def drop_output_type(module: Module) -> Iterator[Mutation]:
    """A function does not say what it gives."""
    for function in module.ports:
        if function.returns is not None:
            yield module.change(function, _silent, f"{function.name} does not say what it gives")


def _silent(function: FunctionSyntax) -> None:
    function.returns = None


@operator("DAG003")
def unknown_capability(module: Module) -> Iterator[Mutation]:
    """A node asks for something that no capability is."""
    for function in module.nodes:
        for parameter in function.args.args[1:2]:
            yield module.put(parameter, f"{parameter.arg}: dict", f"{function.name} asks for a dict")


@operator("EXACT001", "LOAD002")
def drop_capability(module: Module) -> Iterator[Mutation]:
    """A node does not ask for a capability that it uses."""
    for function in module.nodes:
        for number, parameter in enumerate(function.args.args[1:], start=1):
            yield module.change(function, _without_parameter(number), f"{function.name} has no {parameter.arg}")


def _without_parameter(number: int) -> Callable[[FunctionSyntax], None]:
    def edit(function: FunctionSyntax) -> None:
        del function.args.args[number]

    return edit


@operator("EFFECT201")
def read_only_capability(module: Module) -> Iterator[Mutation]:
    """A node asks for reading and writes."""
    weaker = {"HttpWrite": "HttpRead", "DbWrite": "DbRead", "BlobWrite": "BlobRead", "KvWrite": "KvRead"}
    for function in module.nodes:
        for parameter in function.args.args[1:]:
            if isinstance(parameter.annotation, ast.Name) and parameter.annotation.id in weaker:
                other = weaker[parameter.annotation.id]
                yield module.put(parameter.annotation, other, f"{function.name} asks for {other}", needs=(other,))


@operator("DATA101")
def drop_data_class(module: Module) -> Iterator[Mutation]:
    """A record does not say how sensitive it is."""
    for kind in module.classes:
        if any(keyword.arg == "data" for keyword in kind.keywords):
            base = ", ".join(ast.unparse(base) for base in kind.bases)
            yield _class_line(module, kind, f"class {kind.name}({base}):", f"{kind.name} has no data class")


@operator()
def lower_data_class(module: Module) -> Iterator[Mutation]:
    """A record is said to be less sensitive."""
    for kind in module.classes:
        given = next((keyword.value for keyword in kind.keywords if keyword.arg == "data"), None)
        if isinstance(given, ast.Constant) and given.value != "public":
            yield module.put(given, "'public'", f"{kind.name} is public")


def _class_line(module: Module, kind: ast.ClassDef, line: str, what: str) -> Mutation:
    rows = module.text.split("\n")
    rows[kind.lineno - 1] = line
    return Mutation(file=module.name, text="\n".join(rows), line=kind.lineno, what=what)


@operator("DAG201", "DAG202", "DAG301", "IDEM025")
def rename_field(module: Module) -> Iterator[Mutation]:
    """A field of a record has another name than those who use it know."""
    for kind in module.classes:
        for field in _fields(kind):
            name = ast.unparse(field.target)
            yield module.put(field.target, f"{name}_renamed", f"calls {kind.name}.{name} {name}_renamed")


@operator("CTRL901", "DAG201", "DAG301", "DAG341")
def change_field_type(module: Module) -> Iterator[Mutation]:
    """A field of a record holds something else."""
    for kind in module.classes:
        for field in _fields(kind):
            other = "list[int]" if ast.unparse(field.annotation) != "list[int]" else "str"
            yield module.put(field.annotation, other, f"makes {kind.name}.{ast.unparse(field.target)} {other}")


@operator("DAG201", "DAG301", "IDEM025")
def drop_field(module: Module) -> Iterator[Mutation]:
    """A record has one field less."""
    for kind in module.classes:
        fields = _fields(kind)
        if len(fields) > 1:
            yield module.delete(fields[-1], f"drops {kind.name}.{ast.unparse(fields[-1].target)}")


@operator()
def drop_constraint(module: Module) -> Iterator[Mutation]:
    """A field takes more values."""
    for kind in module.classes:
        for field in _fields(kind):
            if isinstance(field.annotation, ast.Subscript) and ast.unparse(field.annotation.value) == "Annotated":
                inner = field.annotation.slice
                kept = inner.elts[0] if isinstance(inner, ast.Tuple) else inner
                what = f"bounds {kind.name}.{ast.unparse(field.target)} no more"
                yield module.put(field.annotation, ast.unparse(kept), what)


def _fields(kind: ast.ClassDef) -> list[ast.AnnAssign]:
    return [part for part in kind.body if isinstance(part, ast.AnnAssign)]


@operator("IDEM025", "DAG202")
def unknown_key_field(module: Module) -> Iterator[Mutation]:
    """A key names a field that the record does not have."""
    for call in module.calls("by"):
        if call.args:
            yield module.put(call.args[0], "'nowhere'", f"keys by nowhere instead of {ast.unparse(call.args[0])}")


@operator("DAG201", "DAG202")
def unknown_field(module: Module) -> Iterator[Mutation]:
    """A partition, a window or an aggregate names a field that the record does not have."""
    for call in module.calls("partition_by", "by_key"):
        yield module.put(call.args[1], "'nowhere'", f"goes by nowhere instead of {ast.unparse(call.args[1])}")
    for call in module.calls("sum", "max", "min", "avg"):
        if module.is_flow and call.args and isinstance(call.args[0], ast.Constant):
            yield module.put(call.args[0], "'nowhere'", f"adds up nowhere instead of {ast.unparse(call.args[0])}")
    for call in module.calls("tumbling", "sliding", "session"):
        yield module.change(call, giving("event_time", "'nowhere'"), "takes the event's time from nowhere")


@operator("DAG201")
def drop_as(module: Module) -> Iterator[Mutation]:
    """What an aggregate computes has no field to go to."""
    for call in module.calls("sum", "count", "max", "min", "avg"):
        if argument(call, "as_") is not None:
            yield module.change(call, without("as_"), "does not say where a result goes")
