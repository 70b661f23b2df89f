"""A name or a version is malformed.

Names become ids, file names, metric labels and parts of keys, so they keep to letters, digits and `_` (a flow's also
to `-`), begin with a letter, and have at most 63 characters. A flow's name is lower-case. Versions are semantic:
three numbers, then perhaps a label, `1.0.0` or `1.0.0-rc.1`.

## Bad

```python
from flowlattice import Flow, Record, http

class Req(Record, data="public"):
    v: str

flow = Flow("../Echo", version="1")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, flow.respond())
```

## Good

```python
from flowlattice import Flow, Record, http

class Req(Record, data="public"):
    v: str

flow = Flow("echo", version="1.0.0")
hook = flow.trigger(http.post("/echo", accepts=Req))
flow.connect(hook, flow.respond())
```

## Fix

None: the name and the version are the flow's identity.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from flowlattice.check.context import CheckContext
from flowlattice.check.finding import finding
from flowlattice.diagnostics import Diagnostic, Severity
from flowlattice.ir.model import FlowIR

CODE = "DAG105"
SEVERITY: Severity = "error"

_FLOW: Final = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_NODE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")
_NUMBER: Final = r"(0|[1-9][0-9]{0,8})"
_VERSION: Final = re.compile(rf"{_NUMBER}\.{_NUMBER}\.{_NUMBER}(-[0-9A-Za-z.-]{{1,40}})?(\+[0-9A-Za-z.-]{{1,40}})?")


def check(flow: FlowIR, context: CheckContext) -> Iterator[Diagnostic]:
    """Find names that are none, and versions that are not semantic."""
    if not _FLOW.fullmatch(flow.name):
        text = "use lower-case letters, digits, _ and -, a letter first, at most 63 characters"
        yield finding(CODE, f"the flow's name {flow.name[:80]!r} is malformed", flow.source, help=text)
    if not _VERSION.fullmatch(flow.version):
        message = f"the version {flow.version[:80]!r} is not semantic"
        yield finding(CODE, message, flow.source, help='write three numbers, "1.0.0"')
    for node in flow.nodes:
        if not _NODE.fullmatch(node.name):
            text = "use letters, digits and _, a letter first, at most 63 characters"
            yield finding(CODE, f"the name {node.name[:80]!r} is malformed", node.source, node=node.name, help=text)
