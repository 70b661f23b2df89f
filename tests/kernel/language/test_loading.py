"""Loading a flow leaves the import system of the process as usable as it was."""

import importlib

from flowlattice.language.loading import load
from tests.support.docblocks import ROOT


def test_caches_can_be_invalidated_after_a_flow_was_loaded():
    load(ROOT / "examples" / "s01_echo")
    importlib.invalidate_caches()
