"""Loading a flow file: its folder becomes a package, so that `from .records import Order` works.

Only the sources that admission read are run: byte code, packages and extension modules beside a flow are never loaded.

Loading runs the file. Only the sandboxed build, and hosts of approved or explicitly named files, may call it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Final

from flowlattice.errors import UsageError
from flowlattice.language.connector_flow import flow_of
from flowlattice.language.connectors import Connector
from flowlattice.language.flow import Flow
from flowlattice.language.sources import SourceFiles, flow_file

_PREFIX: Final = "_flow_"


@dataclass(frozen=True, kw_only=True)
class Program:
    """A loaded flow: its graph, the sources it was read from, and the package that its folder became."""

    flow: Flow
    sources: SourceFiles
    file: Path
    package: str

    @property
    def connectors(self) -> tuple[Connector, ...]:
        """The connectors of the modules that were loaded, in the order of the modules' names."""
        names = sorted(name for name in tuple(sys.modules) if name.startswith(f"{self.package}."))
        values = [value for name in names for value in vars(sys.modules[name]).values()]
        found = {id(value): value for value in values if isinstance(value, Connector)}
        return tuple(found.values())


def load(path: Path) -> Program:
    """Run a flow file and return the flow that it defines; one that it imports from beside it is not its own.

    A file that defines a connector and no flow is the flow that has a route to each of its nodes.

    Raises:
        UsageError: The file defines no flow and no connector, or more than one.
        Exception: Whatever the file itself raises.
    """
    file = flow_file(path)
    module = _import(file)
    flows = {id(value): value for value in vars(module).values() if isinstance(value, Flow)}
    own = {key: flow for key, flow in flows.items() if flow.place.file == str(file)}
    flows = own or flows  # made by a helper of another file, perhaps
    connectors = {id(value): value for value in vars(module).values() if isinstance(value, Connector)}
    connectors = {key: one for key, one in connectors.items() if one.place.file == str(file)}
    if not flows and len(connectors) == 1:
        flow = flow_of(next(iter(connectors.values())))
    elif len(flows) != 1:
        raise UsageError(f"{file.name}: defines {len(flows)} flows; one file defines one `flow = Flow(...)`")
    else:
        flow = next(iter(flows.values()))
    return Program(
        flow=flow,
        sources=SourceFiles(file.parent),
        file=file,
        package=module.__name__.partition(".")[0],
    )


def _import(file: Path) -> ModuleType:
    package_name = f"{_PREFIX}{sha256(str(file.parent).encode()).hexdigest()[:12]}"
    before = _taken_out(package_name)
    try:
        return _executed(file, package_name)
    except BaseException:
        # What was loaded from there before may be served still, and import from beside itself only now.
        _taken_out(package_name)
        sys.modules.update(before)
        raise


def _taken_out(package: str) -> dict[str, ModuleType]:
    """The modules of a package, which are no longer imported then."""
    names = [name for name in tuple(sys.modules) if name == package or name.startswith(f"{package}.")]
    return {name: sys.modules.pop(name) for name in names}


def _executed(file: Path, package_name: str) -> ModuleType:
    package = ModuleType(package_name)
    package.__path__ = [str(file.parent)]
    sys.modules[package_name] = package
    if _SiblingFinder not in sys.meta_path:
        sys.meta_path.insert(0, _SiblingFinder)
    name = f"{package_name}.{file.stem}"
    spec = spec_from_loader(name, _SourceLoader(name, str(file)))
    if spec is None or spec.loader is None:
        raise UsageError(f"{file.name}: not a Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


class _SourceLoader(SourceFileLoader):
    """Compiles the source that was read and admitted; cached byte code may hold something else."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class _SiblingFinder:
    """Finds the modules beside a flow as the files that were admitted: no packages, no extension modules."""

    @classmethod
    def find_spec(
        cls, fullname: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, _, name = fullname.partition(".")
        if not (package.startswith(_PREFIX) and name and package in sys.modules):
            return None
        file = Path(sys.modules[package].__path__[0]) / f"{name}.py"
        if "." in name or not file.is_file():
            raise ModuleNotFoundError(f"there is no {name}.py beside the flow", name=fullname)
        return spec_from_loader(fullname, _SourceLoader(fullname, str(file)))
