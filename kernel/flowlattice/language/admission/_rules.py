"""All rules of admission: which one reads which syntax."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from itertools import islice

from flowlattice.language.admission import _definitions, _expressions, _imports
from flowlattice.language.admission._context import Context
from flowlattice.language.admission._files import File, refusal, refused
from flowlattice.language.admission._problem import Problem
from flowlattice.language.admission._refusal import Refusal
from flowlattice.language.sources import parts_of

MOST_PROBLEMS = 100
"""How many are said of one file."""

# Newer syntax is refused until somebody has thought about it.
_KNOWN = frozenset(
    "Add And AnnAssign Assert Assign AsyncFor AsyncFunctionDef AsyncWith Attribute AugAssign Await BinOp BitAnd BitOr "
    "BitXor BoolOp Break Call ClassDef Compare Constant Continue Del Delete Dict DictComp Div Eq ExceptHandler Expr "
    "FloorDiv For FormattedValue FunctionDef GeneratorExp Global Gt GtE If IfExp Import ImportFrom In Invert Is IsNot "
    "JoinedStr LShift Lambda List ListComp Load Lt LtE MatMult Match MatchAs MatchClass MatchMapping MatchOr "
    "MatchSequence MatchSingleton MatchStar MatchValue Mod Module Mult Name NamedExpr Nonlocal Not NotEq NotIn Or Pass "
    "Pow RShift Raise Return Set SetComp Slice Starred Store Sub Subscript Try TryStar Tuple UAdd USub UnaryOp While "
    "With Yield YieldFrom alias arg arguments comprehension keyword match_case withitem".split()
)


def refusals(file: File, siblings: Mapping[str, File]) -> Iterator[Refusal]:
    """Why a file may not be loaded beside its siblings."""
    try:
        for problem in islice(_problems(file, siblings), MOST_PROBLEMS):
            yield refusal(file, problem.node, problem.message, problem.help)
    except RecursionError:
        yield refused(file.name, "nested too deeply to be read", "split the expression into several assignments")


def _problems(file: File, siblings: Mapping[str, File]) -> Iterator[Problem]:
    context = Context.of(file, siblings)
    yield from _walk(file.tree, context)
    # What was written as text where a type is expected is read like the rest, and shown where the text stands.
    for text, expression in context.annotations.texts:
        yield from (Problem(text, problem.message, problem.help) for problem in _walk(expression, context))


def _walk(tree: ast.AST, context: Context) -> Iterator[Problem]:
    for node in parts_of(tree):
        if type(node).__name__ not in _KNOWN or getattr(node, "type_params", None):
            yield Problem(node, "syntax that is newer than Python 3.11", "write it as Python 3.11 has it")
        else:
            yield from _rule(node, context)


def _rule(node: ast.AST, context: Context) -> Iterator[Problem]:  # noqa: PLR0912 - a table, one line each
    match node:
        case ast.Import():
            return _imports.import_(node, context)
        case ast.ImportFrom():
            return _imports.import_from(node, context)
        case ast.Name():
            return _expressions.name(node, context)
        case ast.Attribute():
            return _expressions.attribute(node, context)
        case ast.Call():
            return _expressions.call(node, context)
        case ast.Constant():
            return _expressions.constant(node, context)
        case ast.MatchClass():
            return _expressions.match_class(node, context)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            return _definitions.function(node, context)
        case ast.ClassDef():
            return _definitions.class_(node, context)
        case ast.arg():
            return _definitions.parameter(node, context)
        case ast.AnnAssign():
            return _definitions.declaration(node, context)
        case ast.keyword():
            return _definitions.keyword(node, context)
        case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar() | ast.MatchMapping():
            return _definitions.capture(node, context)
        case ast.Global() | ast.Nonlocal():
            return _definitions.outer(node, context)
        case _:
            return iter(())
