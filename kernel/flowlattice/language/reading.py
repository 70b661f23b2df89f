"""Reading bodies: which effects and which determinism a node's code has, with the line that is the cause.

The reader is a lint over `ast` with an allow-list. What it can resolve and knows to be pure is pure; what it can
resolve and knows to be otherwise is that; what it cannot resolve is best_effort and effectful, unless the author
vouches for it by name. The boundary that holds against malice is the sandbox and the replay, not this.

Which names are local is in `_names` and `_bindings`, what they denote in `_scope` and `_meanings`; the walk over a
body is in `_body`, what calls do in `_calls`, which loops retry in `_retrying`, what classes bring along in
`_classes`, which expressions are sets in `_sets`, and what is known of libraries in `_objects` and `purity`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flowlattice.language._findings import Cause, Misuse, Reading, Repeated, Url, Used
from flowlattice.language._reader import Reader
from flowlattice.language.ports import Place
from flowlattice.language.sources import SourceFiles

__all__ = ["Cause", "Misuse", "Reading", "Repeated", "Url", "Used", "read"]


def read(
    function: Callable[..., object], sources: SourceFiles, *, place: Place, vouched: Iterable[str] = ()
) -> Reading:
    """Read a function and all functions of the flow that it refers to.

    Args:
        function: A node's function, or anything that is used as one.
        sources: The flow's files.
        place: Where the function entered the graph, for what has no source of its own.
        vouched: Calls, as they are written, that the author says are pure.
    """
    names = dict.fromkeys(vouched)
    reader = Reader(sources, frozenset(names))
    reader.root(function, place)
    reader.reading.unneeded += [name for name in names if name not in reader.reading.vouched]
    return reader.reading
