"""Running untrusted code: a separate process without network, other processes, or files but those it is given.

`run("package.module:function", request, read=[folder])` imports a trusted task in a new process, locks the process down
with what the kernel has (Landlock, seccomp, no capabilities, resource limits, an empty environment), lets the task load
and run the untrusted code, and brings back JSON. A folder given as `write` outlives the process, however that ends.
`protection()` says what the kernel has; its `notice` is for people.

The boundary is the process. Inside it, untrusted code shares an interpreter with the task and can forge the task's
answer: whatever comes back is a claim of that code. `run(..., door=...)` lets it be handed sockets that the parent has
connected, and reach nothing else (`door`). What stays possible: using the time and memory allowed, and asking
whether a path exists. Static reading (`language.admission`) is only a filter in front of this.
"""

from flowlattice.sandbox._scratch import kept_folder
from flowlattice.sandbox._wire import Emit, JsonValue, Task
from flowlattice.sandbox.door import Door, DoorShut, Opening
from flowlattice.sandbox.errors import (
    SandboxCancelled,
    SandboxCrashed,
    SandboxError,
    SandboxLimitExceeded,
    SandboxTaskError,
    SandboxTimeout,
    SandboxUnavailable,
)
from flowlattice.sandbox.limits import Limits
from flowlattice.sandbox.process import Sandbox, SandboxResult, run
from flowlattice.sandbox.protection import Protection, protection

__all__ = [
    "Door",
    "DoorShut",
    "Emit",
    "JsonValue",
    "Limits",
    "Opening",
    "Protection",
    "Sandbox",
    "SandboxCancelled",
    "SandboxCrashed",
    "SandboxError",
    "SandboxLimitExceeded",
    "SandboxResult",
    "SandboxTaskError",
    "SandboxTimeout",
    "SandboxUnavailable",
    "Task",
    "kept_folder",
    "protection",
    "run",
]
