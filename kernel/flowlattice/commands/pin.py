"""Pin a connector by the digest of its files."""

from __future__ import annotations

from pathlib import Path

import click

from flowlattice.console import PATH, Console, Exit, verb
from flowlattice.errors import UsageError


@verb(
    examples="""
    flows pin orders/stripe.py
    flows pin orders/stripe.py --json
    """
)
@click.argument("path", type=PATH)
def command(console: Console, path: Path) -> Exit:
    """Write what a connector is into the connectors.toml beside it, for the flows there that take nodes from it.

    The digest covers the connector's module, what that imports from beside it, and its fixtures. Pin it again after a
    change that you have read; until then `flows check` refuses the flows that use it (DAG330).
    """
    from flowlattice.ir.pins import write_pin
    from flowlattice.language.artifacts import CONNECTORS_FILE

    if not path.is_file():
        raise UsageError(f"{path}: name the Python file of a connector")
    name, pin, fixtures = write_pin(path)
    file = path.parent / CONNECTORS_FILE
    if console.json:
        console.emit({"name": name, **vars(pin), "fixtures": {**fixtures}, "file": str(file)})
        return Exit.OK
    console.result(f"{name} {pin.version} is pinned in {file}: {pin.digest}")
    for fixture, digest in fixtures.items():
        console.result(f"  {fixture} {digest}")
    return Exit.OK
