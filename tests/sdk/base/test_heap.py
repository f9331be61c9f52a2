"""Free memory goes back to the system."""

import gc
import sys

import numpy as np
import psutil
import pytest

from lapland import Detector
from lapland.base import heap
from lapland.base.heap import Trimmer, give_back


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


MB = 1_000_000


@pytest.mark.parametrize(
    ("sizes", "alone", "times"),
    [
        ([MB] * 40, True, 0),  # small photos
        ([MB, MB // 8] * 40, True, 0),  # of changing size
        ([5 * MB] * 40, True, 0),  # those of a phone
        ([5 * MB] + [MB] * 15, True, 0),
        ([5 * MB] + [MB] * 40, True, 1),  # one, and then small ones
        (([5 * MB] + [MB] * 3) * 10, True, 0),  # one now and then: it comes again
        ([20 * MB] * 3, True, 3),  # so much goes back at once
        ([20 * MB] + [MB] * 40, True, 2),  # and what the caller held, later
        ([20 * MB] * 40, False, 0),  # a video
        ([20 * MB] * 40 + [MB] * 40, False, 1),  # of changing size
    ],
)
def test_memory_goes_back_after_large_images_alone(monkeypatch, sizes, alone, times):
    calls = []
    monkeypatch.setattr(heap, "give_back", lambda: calls.append(1))
    trimmer = Trimmer()
    for size in sizes:
        trimmer.after(size, alone=alone)
    assert len(calls) == times


def test_memory_goes_back_at_the_end_of_a_large_video(monkeypatch):
    calls = []
    monkeypatch.setattr(heap, "give_back", lambda: calls.append(1))
    trimmer = Trimmer()
    trimmer.after(MB, alone=False)
    trimmer.end()
    assert not calls
    trimmer.after(5 * MB, alone=False)
    trimmer.end()
    trimmer.end()
    assert len(calls) == 1


@pytest.mark.parametrize(("width", "times"), [("1/16", 0), ("1", 1)])
def test_memory_goes_back_after_a_large_network_was_loaded(monkeypatch, width, times):
    heap.trimmer.end()  # whatever came before
    calls = []
    monkeypatch.setattr(heap, "give_back", lambda: calls.append(1))
    Detector(width, precision="float32", weights="300w", threads=1)
    assert len(calls) == times
