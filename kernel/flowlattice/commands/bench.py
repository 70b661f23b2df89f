"""Measure what flows cost."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import Final

import click

from flowlattice.errors import UsageError

GROUP: Final = "flowlattice.benchmarks"

_OWN: Final = {
    "certify": "_bench_load:certify",
    "check": "_bench_check:check",
    "llm": "_bench_load:llm",
    "mutants": "_mutants:command",
    "sse": "_bench_load:sse",
    "web": "_bench_load:web",
}


class Benchmarks(click.Group):
    """The benchmarks of all packages; each is imported when it is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names, sorted."""
        return sorted(_benchmarks())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one."""
        entry = _benchmarks().get(cmd_name)
        if entry is None:
            return None
        found = entry.load()
        if not isinstance(found, click.Command):
            raise UsageError(f"{cmd_name}: {found!r} is no command; the package that adds it has to be repaired")
        return found


def _benchmarks() -> dict[str, EntryPoint]:
    own = (EntryPoint(name, f"flowlattice.commands.{place}", GROUP) for name, place in _OWN.items())
    return {entry.name: entry for entry in (*entry_points(group=GROUP), *own)}


command = Benchmarks("bench", help="Measure what flows cost, on this machine.", no_args_is_help=True)
