"""What an expression leads to, as far as imports say: a module, or a name of one."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flowlattice.language.admission import _modules
from flowlattice.language.admission._files import File
from flowlattice.language.admission._scopes import Assigned, Binding, Defined, Imported


@dataclass(frozen=True)
class Module:
    """A library module by its dotted name, or a sibling file by its name alone."""

    name: str
    sibling: bool = False

    def allows(self, name: str, siblings: Mapping[str, File]) -> bool:
        """Whether `module.name` may be used."""
        if not self.sibling:
            return _modules.allows(self.name, name)
        file = siblings.get(self.name)
        return file is not None and shares(file, name)

    def submodule(self, name: str) -> Module | None:
        """The module that `module.name` is, if it is one."""
        found = None if self.sibling else _modules.submodule(self.name, name)
        return Module(found) if found is not None else None


def shares(file: File, name: str) -> bool:
    """Whether a file defines a name that others may import: what it defines itself, and no module."""
    bindings = file.scopes.module.bindings.get(name, [])
    return bool(bindings) and not name.startswith("__") and all(module_of(binding) is None for binding in bindings)


def module_of(binding: Binding) -> Module | None:
    """The module that a name is bound to, if it is one."""
    match binding:
        case Imported(module, None, _):
            return Module(module)
        case Imported("", str(name), 1):
            return Module(name, sibling=True)
        case Imported(module, str(name), 0):
            return Module(module).submodule(name)
    return None


def modules(expression: ast.expr, file: File) -> list[Module]:
    """The modules that an expression may be."""
    match expression:
        case ast.Name(name):
            found = (module_of(binding) for binding in bindings(expression, name, file))
            return [module for module in found if module is not None]
        case ast.Attribute(value, name):
            inner = (module.submodule(name) for module in modules(value, file))
            return [module for module in inner if module is not None]
    return []


def origins(expression: ast.expr, file: File) -> set[str]:
    """The library names that an expression may be, dotted: `functools.wraps`."""
    match expression:
        case ast.Name(name):
            return {
                f"{binding.module}.{binding.name}"
                for binding in bindings(expression, name, file)
                if isinstance(binding, Imported) and binding.level == 0
            }
        case ast.Attribute(value, name):
            return {f"{module.name}.{name}" for module in modules(value, file) if not module.sibling}
    return set()


def bindings(node: ast.AST, name: str, file: File) -> Iterator[Binding]:
    """What a name may mean where a node stands."""
    return (binding for _, binding in file.scopes.meanings(name, file.scopes.scope(node)))


def is_shared_object(expression: ast.expr, file: File) -> bool:
    """Whether an expression may lead to something that was imported or is a class or function, or to an alias of it."""
    waiting, seen = [expression], {expression}
    while waiting:
        for binding in _root_bindings(waiting.pop(), file):
            match binding:
                case Imported() | Defined():
                    return True
                case Assigned(value) if value not in seen:
                    seen.add(value)
                    waiting.append(value)
    return False


def _root_bindings(expression: ast.expr, file: File) -> Iterator[Binding]:
    while isinstance(expression, ast.Attribute | ast.Subscript):
        expression = expression.value
    return bindings(expression, expression.id, file) if isinstance(expression, ast.Name) else iter(())
