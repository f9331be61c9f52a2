"""A program that prints the memory, in MB, that each case of `test_memory.py` leaves behind."""

import ctypes
import gc
import json
import sys
from contextlib import suppress

import cv2
import numpy as np
import psutil

from lapland import Detector, Tracker

CASES = {}


def case(function):
    CASES[function.__name__.replace("_", " ")] = function
    return function


def trim():
    """Gives free memory back to the system, where the C library is glibc: a level start."""
    with suppress(OSError):  # another C library has another name
        ctypes.CDLL("libc.so.6").malloc_trim(0)
        return True
    return False


def held():
    """MB of the process's own memory, without the files of its libraries.

    The kernel drops pages of files that were not used for a while, and reads them again.
    """
    gc.collect()
    memory = psutil.Process().memory_info()
    return (memory.rss - getattr(memory, "shared", 0)) / 1e6


def large(photo):
    return cv2.resize(photo, (4000, 3000))


def usual(detector, photo):
    """So many small photos that large ones are over, and their memory has gone back."""
    for _ in range(20):
        detector.predict(photo[30:230, 120:320])


@case
def a_large_photo(detector, photo):
    detector.predict(large(photo))


@case
def hundreds_of_boxes(detector, photo):
    detector.predict(photo, boxes=np.tile([180.0, 64, 265, 172], (300, 1)))


@case
def boxes_in_a_large_photo(detector, photo):
    detector.predict(large(photo), boxes=np.tile([1400.0, 375, 2075, 1010], (60, 1)))


@case
def photos_of_many_sizes(detector, photo):
    for side in (1000, 1200, 2000, 300, 700) * 2:
        detector.predict(cv2.resize(photo, (side, side)))
        detector.predict(photo)


@case
def a_large_frame_of_a_video(detector, photo):
    tracker = Tracker(detector, background=False)
    for i in range(3):
        tracker.update(photo, i / 30)
    trim()
    before = held()
    tracker.update(large(photo), 1.0)
    for i in range(20):
        tracker.update(photo, 2 + i / 30)
    return held() - before  # the tracker lives on


@case
def videos_of_changing_size(detector, photo):
    for _ in range(3):
        with Tracker(detector) as tracker:
            for share in (1, 0.5, 2.5, 0.7):
                frame = cv2.resize(photo, None, fx=share, fy=share)
                for _ in range(3):
                    tracker.update(frame)
    trim()  # what is left is in use


@case
def detectors_that_come_and_go(_, photo):
    for _ in range(10):
        Detector(threads=1).predict(photo)
    trim()


def kept(run, photo):
    """MB that a case leaves behind, with a detector of its own that did the usual before."""
    detector = Detector(threads=1)
    usual(detector, photo)
    trim()
    before = held()
    within = run(detector, photo)
    usual(detector, photo)
    return max(held() - before, within or 0.0)


if __name__ == "__main__":
    picture = cv2.imread(sys.argv[1])
    print(json.dumps({"glibc": trim()} | {name: kept(run, picture) for name, run in CASES.items()}))
