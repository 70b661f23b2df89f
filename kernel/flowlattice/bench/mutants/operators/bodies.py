"""Mistakes in bodies: claims that are not true, and code that reads a clock, draws lots, or reaches outside."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

from flowlattice.bench.mutants.operators.base import operator
from flowlattice.bench.mutants.source import (
    FunctionSyntax,
    Module,
    Mutation,
    decorator,
    expression,
    giving,
    options,
)

# What a body that is no longer pure or strict can be found to break; where it breaks nothing, the diff shows it.
_WEAKENED = ("DET301", "DET302", "EFFECT201", "DAG004", "IDEM020", "IDEM025", "CACHE001", "CACHE002", "WFLOW010")


def _decorated(module: Module, function: FunctionSyntax, name: str, value: str, what: str, *needs: str) -> Mutation:
    """A node with one more option."""
    found = decorator(function)
    call = options(function)
    changed = expression(ast.unparse(call))
    if isinstance(changed, ast.Call):
        giving(name, value)(changed)
    return module.put(found or function, ast.unparse(changed), what, needs=needs)


@operator("EFFECT201")
def claim_pure(module: Module) -> Iterator[Mutation]:
    """A node that reads or writes says that it is pure."""
    for function in module.nodes:
        if _reaches_outside(function):
            what = f"claims that {function.name} is pure"
            yield _decorated(module, function, "effects", "Effects.PURE", what, "Effects")


@operator("EFFECT201")
def claim_read_only(module: Module) -> Iterator[Mutation]:
    """A node that writes says that it only reads."""
    for function in module.nodes:
        if any("Write" in note or note in ("Mail", "QueuePublish") for note in _asked(function)):
            what = f"claims that {function.name} only reads"
            yield _decorated(module, function, "effects", "Effects.READ_ONLY", what, "Effects")


@operator("DET302")
def claim_strict(module: Module) -> Iterator[Mutation]:
    """A node that does not repeat byte for byte says that it does."""
    for function in module.nodes:
        if any(not note.startswith(("BlobReadByHash", "Creds", "PluginPython")) for note in _asked(function)):
            what = f"claims that {function.name} is strict"
            yield _decorated(module, function, "determinism", "Determinism.STRICT", what, "Determinism")


@operator("IDEM025", "CACHE002")
def promise_less(module: Module) -> Iterator[Mutation]:
    """A node promises less than what is derived."""
    for function in module.nodes:
        what = f"promises nothing of how {function.name} repeats"
        value = "Determinism.NONDETERMINISTIC"
        yield _decorated(module, function, "determinism", value, what, "Determinism")


def _asked(function: FunctionSyntax) -> list[str]:
    """What a function asks for, without what is said further of it."""
    found = []
    for parameter in function.args.args[1:]:
        note = parameter.annotation
        if isinstance(note, ast.Subscript) and isinstance(note.slice, ast.Tuple):
            note = note.slice.elts[0]
        found.append("" if note is None else ast.unparse(note))
    return found


def _reaches_outside(function: FunctionSyntax) -> bool:
    return any(not note.startswith("PluginPython") for note in _asked(function))


def _into_bodies(module: Module, text: str, what: str, *needs: str) -> Iterator[Mutation]:
    """The statement at the beginning of every function."""
    for function in module.functions:
        yield module.first_in(function, text, f"{function.name} {what}", needs=needs)


@operator("CACHE002", "DET301", "EFFECT201", "IDEM025", "WFLOW010")
def read_the_clock(module: Module) -> Iterator[Mutation]:
    """A body reads the clock."""
    yield from _into_bodies(
        module, "clock_read = datetime_module.datetime.now()", "reads the clock", ".datetime as datetime_module"
    )


@operator("CACHE002", "DET301", "EFFECT201", "IDEM025", "WFLOW010")
def draw_lots(module: Module) -> Iterator[Mutation]:
    """A body draws randomness."""
    yield from _into_bodies(module, "lot = random.random()", "draws randomness", ".random")


@operator("CACHE002", "DET301", "EFFECT201", "IDEM025", "WFLOW010")
def make_a_uuid(module: Module) -> Iterator[Mutation]:
    """A body makes a random UUID."""
    yield from _into_bodies(module, "made = uuid.uuid4().hex", "makes a random UUID", ".uuid")


@operator("CACHE002", "DET301", "IDEM025", "WFLOW010")
def depend_on_set_order(module: Module) -> Iterator[Mutation]:
    """A body depends on the order of a set."""
    yield from _into_bodies(module, "order = [text for text in {'a', 'b', 'c'}]", "takes the order of a set")


@operator("CACHE002", "DAG004", "DET301", "EFFECT201", "IDEM025", "WFLOW010")
def change_a_global(module: Module) -> Iterator[Mutation]:
    """A body changes what lives longer than its call."""
    for function in module.functions:
        mutation = module.first_in(function, "KEPT.append(1)", f"{function.name} changes a global list")
        text = mutation.text.replace("\nflow = Flow(", "\nKEPT: list[int] = []\nflow = Flow(", 1)
        yield Mutation(file=mutation.file, text=text, line=mutation.line, what=mutation.what)


@operator("CACHE002", "DAG004", "DET301", "EFFECT201", "WFLOW010")
def print_something(module: Module) -> Iterator[Mutation]:
    """A body prints."""
    yield from _into_bodies(module, "print('here')", "prints")


@operator("LOAD002")
def open_a_file(module: Module) -> Iterator[Mutation]:
    """A body opens a file."""
    yield from _into_bodies(module, "opened = open('/etc/hostname')", "opens a file")


@operator("LOAD002")
def import_a_socket(module: Module) -> Iterator[Mutation]:
    """A file imports what reaches the network by itself."""
    for function in module.functions[:1]:
        yield module.first_in(function, "made = socket.socket()", f"{function.name} opens a socket", needs=(".socket",))


@operator("LOAD002")
def read_the_environment(module: Module) -> Iterator[Mutation]:
    """A body reads the environment."""
    for function in module.functions[:1]:
        text = "home = os.environ['HOME']"
        yield module.first_in(function, text, f"{function.name} reads the environment", needs=(".os",))


@operator("LOAD002")
def evaluate_text(module: Module) -> Iterator[Mutation]:
    """A body evaluates text as code."""
    for function in module.functions[:1]:
        yield module.first_in(function, "made = eval('1 + 1')", f"{function.name} evaluates text")


@operator("CACHE002", "DAG004", "DET301", "EFFECT201", "WFLOW010")
def call_the_unknown(module: Module) -> Iterator[Mutation]:
    """A body calls what nobody can read."""
    for function in module.functions:
        first = function.args.args[0].arg if function.args.args else "None"
        yield module.first_in(function, f"{first}.mystery()", f"{function.name} calls what is not known")


@operator()
def return_another_constant(module: Module) -> Iterator[Mutation]:
    """A text or a number in a body is another one."""
    for function in module.functions:
        for part in _constants(function):
            if isinstance(part.value, str):
                yield module.put(part, repr(f"{part.value}x"), f"{function.name} has another text")
            else:
                yield module.put(part, repr(_next(part.value)), f"{function.name} has another number")


def _constants(function: FunctionSyntax) -> list[ast.Constant]:
    """Numbers and texts of a body that stand by themselves; a docstring computes nothing."""
    written = function.body[ast.get_docstring(function, clean=False) is not None :]
    inside = {id(part) for joined in ast.walk(function) if isinstance(joined, ast.JoinedStr) for part in joined.values}
    found = [
        part
        for statement in written
        for part in ast.walk(statement)
        if isinstance(part, ast.Constant) and isinstance(part.value, str | int | float) and id(part) not in inside
    ]
    return [part for part in found if not (isinstance(part.value, str) and part.value.startswith("http"))]


def _next(value: object) -> object:
    return not value if isinstance(value, bool) else value + 1 if isinstance(value, int | float) else value


@operator()
def reorder_statements(module: Module) -> Iterator[Mutation]:
    """Two statements of a body change places."""
    for function in module.functions:
        for number in range(len(function.body) - 1):
            yield module.change(function, _swapped(number), f"{function.name} does things in another order")


def _swapped(number: int) -> Callable[[FunctionSyntax], None]:
    def edit(function: FunctionSyntax) -> None:
        first, second = function.body[number : number + 2]
        function.body[number : number + 2] = [second, first]

    return edit


@operator("EFFECT201")
def call_what_is_not_offered(module: Module) -> Iterator[Mutation]:
    """A body calls a method that its capability does not have."""
    for function in module.nodes:
        bindings = [parameter.arg for parameter in function.args.args[1:]]
        for part in ast.walk(function):
            if (
                isinstance(part, ast.Call)
                and isinstance(part.func, ast.Attribute)
                and isinstance(part.func.value, ast.Name)
                and part.func.value.id in bindings
            ):
                what = f"{function.name} calls {part.func.value.id}.obliterate"
                yield module.put(part.func, f"{part.func.value.id}.obliterate", what)


@operator()
def drop_a_call(module: Module) -> Iterator[Mutation]:
    """A body does not do what it is for."""
    for function in module.nodes:
        for statement in function.body[:-1]:
            if isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant):
                yield module.delete(statement, f"{function.name} leaves out {ast.unparse(statement)[:40]}")
