"""Free memory goes back to the system."""

import gc
import sys

import numpy as np
import psutil
import pytest

from lapland.base.heap import give_back


def test_it_may_be_called_anywhere():
    give_back()


@pytest.mark.skipif(sys.platform != "linux", reason="malloc_trim is glibc's")
def test_memory_between_pieces_in_use_goes_back():
    many = [np.ones(100_000, np.uint8) for _ in range(3000)]  # below what is mapped by itself
    kept = many[::30]
    many.clear()
    gc.collect()
    before = psutil.Process().memory_info().rss
    give_back()
    assert psutil.Process().memory_info().rss <= before
    assert len(kept) == 100
