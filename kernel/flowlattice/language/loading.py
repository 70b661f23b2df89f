"""Loading a flow file: its folder becomes a package, so that `from .records import Order` works.

Loading runs the file. Only the sandboxed build, and hosts of approved or explicitly named files, may call it.
"""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from flowlattice.errors import UsageError
from flowlattice.language.flow import Flow
from flowlattice.language.sources import SourceFiles

FLOW_FILE = "flow.py"


@dataclass(frozen=True, kw_only=True)
class Program:
    """A loaded flow: its graph, the sources it was read from, and the package that its folder became."""

    flow: Flow
    sources: SourceFiles
    file: Path
    package: str


def flow_file(path: Path) -> Path:
    """The file that a path means: itself, or `flow.py` in a folder.

    Raises:
        UsageError: There is no such file.
    """
    file = path / FLOW_FILE if path.is_dir() else path
    if not file.is_file():
        raise UsageError(f"{path}: no flow there; name a Python file, or a folder that holds {FLOW_FILE}")
    return file.resolve()


def load(path: Path) -> Program:
    """Run a flow file and return the flow that it defines.

    Raises:
        UsageError: The file defines no flow, or more than one.
        Exception: Whatever the file itself raises.
    """
    file = flow_file(path)
    module = _import(file)
    flows = {id(value): value for value in vars(module).values() if isinstance(value, Flow)}
    if len(flows) != 1:
        raise UsageError(f"{file.name}: defines {len(flows)} flows; one file defines one `flow = Flow(...)`")
    return Program(
        flow=next(iter(flows.values())),
        sources=SourceFiles(file.parent),
        file=file,
        package=module.__name__.partition(".")[0],
    )


def _import(file: Path) -> ModuleType:
    package_name = f"_flow_{sha256(str(file.parent).encode()).hexdigest()[:12]}"
    for name in [name for name in sys.modules if name == package_name or name.startswith(f"{package_name}.")]:
        del sys.modules[name]
    package = ModuleType(package_name)
    package.__path__ = [str(file.parent)]
    sys.modules[package_name] = package
    spec = importlib.util.spec_from_file_location(f"{package_name}.{file.stem}", file)
    if spec is None or spec.loader is None:
        raise UsageError(f"{file.name}: not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    # Byte code is never written beside untrusted sources.
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module
