"""Taking out what a flow says, and changing a call that is written inside another."""

from __future__ import annotations

from collections.abc import Collection

import libcst as cst
from libcst import matchers as m

from flowlattice.check.codemods._places import at, covering, replaced
