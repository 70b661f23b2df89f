"""Rules for names, attributes, calls and texts: no way from a value to the interpreter's own objects."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator
from string import Formatter

from flowlattice.language.admission import _lists
from flowlattice.language.admission._annotations import TYPE_MAKERS
from flowlattice.language.admission._context import Context
from flowlattice.language.admission._definitions import identifier
from flowlattice.language.admission._meaning import is_shared_object, module_of, modules, origins
from flowlattice.language.admission._problem import Problem

_BASE_ONLY = frozenset({"typing.NamedTuple", "typing.TypedDict"})
_TOP_LEVEL = ("module", "class")
_NO_USE = "a flow has no use for it; leave it out"
_PUBLIC_ONLY = "use what the value offers publicly"
_CAPABILITIES = "a flow's code reaches the outside only through the capabilities in a node's signature"
_BUILTIN_HELP = {
    "getattr": "write the attribute, or use a dict",
    "setattr": "write the assignment, or use a dict",
    "delattr": "use a dict",
    "vars": "use model_dump() of a record, or a dict",
    "dir": "write the names",
    "open": _CAPABILITIES,
    "input": _CAPABILITIES,
    "BaseException": "catch or raise Exception",
    "memoryview": "use bytes",
}


def name(node: ast.Name, context: Context) -> Iterator[Problem]:
    """Names are defined in the file or allowed; a module is not a value."""
    if not isinstance(node.ctx, ast.Load):
        yield from identifier(node, node.id)
        return
    meanings = context.file.scopes.meanings(node.id, context.file.scopes.scope(node))
    if node.id.startswith("__"):
        if node.id not in _lists.SPECIAL_NAMES and not meanings:
            yield Problem(node, f"{node.id} is a name of the interpreter's own", _NO_USE)
        return
    # A name bound at top level means the builtin until it is bound, and again after `del`.
    if all(scope.kind in _TOP_LEVEL for scope, _ in meanings) and hasattr(builtins, node.id):
        yield from _builtin(node, context)
    elif not meanings:
        yield Problem(node, f"{node.id} is not defined here", "define it, or import it by name")
    if any(module_of(binding) for _, binding in meanings):
        yield from _module_as_value(node, context)
    yield from _restricted(node, context)


def attribute(node: ast.Attribute, context: Context) -> Iterator[Problem]:
    """Attributes of modules are public names; of values, nothing that leads to the interpreter."""
    found = modules(node.value, context.file)
    for module in found:
        if not module.allows(node.attr, context.siblings):
            yield Problem(node, f"{module.name}.{node.attr} may not be used in a flow", _PUBLIC_ONLY)
    if modules(node, context.file):
        yield from _module_as_value(node, context)
    if not found:
        yield from attribute_name(node, node.attr, context)
    if not isinstance(node.ctx, ast.Load) and is_shared_object(node.value, context.file):
        yield Problem(node, "this changes an object that others share", "keep state in a kv or dedupe store")
    if node.attr in _lists.FORMAT_METHODS:
        yield from _format(node, context)
    yield from _restricted(node, context)


def attribute_name(node: ast.AST, attr: str, context: Context) -> Iterator[Problem]:
    """The name of an attribute that is read, written or matched."""
    if attr.startswith("__"):
        if attr not in _lists.SPECIAL_ATTRIBUTES and not _of_super(node, attr):
            yield Problem(node, f".{attr} leads to the interpreter's own objects", _PUBLIC_ONLY)
    elif attr in _lists.REFUSED_ATTRIBUTES:
        yield Problem(node, f".{attr} leads to the interpreter's own objects, or evaluates text", _PUBLIC_ONLY)
    elif attr.startswith("_") and attr not in _lists.UNDERSCORED_ATTRIBUTES and not _is_own(node, attr, context):
        yield Problem(node, f".{attr} is private to what it belongs to", _PUBLIC_ONLY)


def match_class(node: ast.MatchClass, context: Context) -> Iterator[Problem]:
    """`case Point(x=0)` reads the attribute `x`."""
    for attr in node.kwd_attrs:
        yield from attribute_name(node, attr, context)


def call(node: ast.Call, context: Context) -> Iterator[Problem]:
    """Functions that make types are given types."""
    if origins(node.func, context.file) & TYPE_MAKERS - {"collections.namedtuple"}:
        for argument in [*node.args[1:], *(keyword.value for keyword in node.keywords if keyword.arg == "bound")]:
            yield from context.annotations.check(argument)


def constant(node: ast.Constant, _: Context) -> Iterator[Problem]:
    """Texts that are names of the interpreter's own are of use only to get around these rules."""
    text = node.value
    special = isinstance(text, str) and len(text) > 4 and text.startswith("__") and text.endswith("__")
    if special and text not in _lists.SPECIAL_TEXTS:
        yield Problem(node, f"the text {text!r:.60} is a name of the interpreter's own", _NO_USE)


def _builtin(node: ast.Name, context: Context) -> Iterator[Problem]:
    parent = context.file.scopes.parent(node)
    called = parent if isinstance(parent, ast.Call) and parent.func is node else None
    if node.id not in _lists.BUILTINS:
        yield Problem(node, f"{node.id} may not be used in a flow", _BUILTIN_HELP.get(node.id, _CAPABILITIES))
    elif node.id == "type" and not _only_compares(node, called, context):
        yield Problem(node, "type makes classes at run time", "use isinstance, or `type(a) is B`")
    elif node.id == "super" and not (called and not called.args and not called.keywords):
        yield Problem(node, "super is called without arguments", "write `super().method(...)`")
    elif node.id == "hasattr" and not (called and _plain_text_argument(called)):
        yield Problem(node, "hasattr is asked for a public name that is written out", "use isinstance")


def _only_compares(node: ast.Name, called: ast.Call | None, context: Context) -> bool:
    if called is None:
        return _names_a_type(node, context)
    around = context.file.scopes.parent(called)
    named = isinstance(around, ast.Attribute) and around.attr in _lists.SPECIAL_ATTRIBUTES
    return len(called.args) == 1 and not called.keywords and (named or isinstance(around, ast.Compare))


def _names_a_type(node: ast.AST, context: Context) -> bool:
    """Whether a node stands in an annotation: `kind: type[Order] | None`."""
    child, parent = node, context.file.scopes.parent(node)
    while isinstance(parent, ast.Subscript | ast.BinOp | ast.Tuple | ast.Constant):
        child, parent = parent, context.file.scopes.parent(parent)
    return context.file.scopes.is_annotation(child)


def _plain_text_argument(called: ast.Call) -> bool:
    match called.args:
        case [_, ast.Constant(str(text))]:
            return not text.startswith("_") and text not in _lists.REFUSED_ATTRIBUTES
    return False


def _module_as_value(node: ast.expr, context: Context) -> Iterator[Problem]:
    parent = context.file.scopes.parent(node)
    if not (isinstance(parent, ast.Attribute) and parent.value is node):
        yield Problem(node, "a module is not a value", "use the names it offers: `module.name`")


def _restricted(node: ast.Name | ast.Attribute, context: Context) -> Iterator[Problem]:
    """Library functions that are harmless in one use only."""
    named = origins(node, context.file)
    parent = context.file.scopes.parent(node)
    if named & _BASE_ONLY and not (isinstance(parent, ast.ClassDef) and node in parent.bases):
        yield Problem(node, "made of texts, its types would be evaluated", f"write `class Name({ast.unparse(node)}):`")
    if "functools.wraps" in named:
        called = isinstance(parent, ast.Call) and parent.func is node and len(parent.args) == 1 and not parent.keywords
        if not called:
            yield Problem(node, "wraps copies whatever attributes it is told to", "write `@wraps(function)`")


def _format(node: ast.Attribute, context: Context) -> Iterator[Problem]:
    match node.value:
        case ast.Constant(str(template)):
            for attr in _attributes_in(template):
                yield from attribute_name(node, attr, context)
        case _:
            yield Problem(node, f".{node.attr} of a text that is not written out", 'use an f-string, or "…".format(…)')


def _attributes_in(template: str, depth: int = 0) -> Iterator[str]:
    """The attributes that a format template reads: `"{0.name:{width}}"` reads `name`."""
    try:
        fields = [*Formatter().parse(template)]
    except ValueError:
        return  # it fails when it is run, before it reads anything
    for _, place, spec, _ in fields:
        yield from (part.partition("[")[0] for part in (place or "").split(".")[1:])
        if spec and depth < 2:
            yield from _attributes_in(spec, depth + 1)


def _of_super(node: ast.AST, attr: str) -> bool:
    match node:
        case ast.Attribute(ast.Call(ast.Name("super"), [], []), _):
            return attr in _lists.SPECIAL_METHODS
    return False


def _is_own(node: ast.AST, attr: str, context: Context) -> bool:
    match node:
        case ast.Attribute(ast.Name("self" | "cls" as name), _):
            scopes = context.file.scopes
            meanings = scopes.meanings(name, scopes.scope(node))
            return all(scope.parent is not None and scope.parent.kind == "class" for scope, _ in meanings)
    return attr in context.underscored
