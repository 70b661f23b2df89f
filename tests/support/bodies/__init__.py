"""Bodies with what reading them has to find. A line that ends in `# cause` is one that a reason has to name.

Each module lists `CASES`: by name, the promise, the flow file's definitions (below `HEAD` of the language tests'
conftest.py) and the files beside it. Of a pure body no line is a cause, whatever files it shares say.
"""

from dataclasses import dataclass, field

Promise = tuple[str, str]

PURE = ("pure", "strict")
READS = ("read_only", "nondeterministic")
PROCESS = ("pure", "nondeterministic")
CHANGES = ("effectful", "nondeterministic")
UNKNOWN = ("effectful", "best_effort")


@dataclass(frozen=True)
class Case:
    promise: Promise
    flow: str
    files: dict[str, str] = field(default_factory=dict)


class Cases(dict[str, Case]):
    """Cases by name."""

    def case(self, name: str, promise: Promise, flow: str, **files: str) -> None:
        """Add one."""
        self[name] = Case(promise, flow, files)
