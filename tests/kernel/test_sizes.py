"""Sizes as people write them, in whole bytes."""

import pytest

from flowlattice import gib, kib, mib


def test_units():
    assert kib(1) == 1024
    assert mib(1) == 1024 * kib(1)
    assert gib(1) == 1024 * mib(1)


@pytest.mark.parametrize(("size", "whole"), [(kib(0.5), 512), (mib(1.5), 1_572_864), (kib(0), 0), (gib(64), 2**36)])
def test_a_size_is_whole_bytes(size, whole):
    assert size == whole
    assert isinstance(size, int)
