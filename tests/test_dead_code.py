"""What is excused from the search for dead code still exists: an excuse outlives nothing."""

import ast
from collections.abc import Iterator

from tests.support.docblocks import ROOT


def _defined(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr


def test_every_excused_name_is_defined():
    files = [file for home in ("kernel", "agents", "examples", "tests") for file in (ROOT / home).rglob("*.py")]
    defined = {name for file in files for name in _defined(ast.parse(file.read_text(encoding="utf-8")))}
    excuses = ast.walk(ast.parse((ROOT / ".vulture.py").read_text(encoding="utf-8")))
    excused = {node.attr for node in excuses if isinstance(node, ast.Attribute)}
    assert excused - defined == set()
