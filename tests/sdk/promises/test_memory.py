"""Memory goes back to about its size before, whatever was sent."""

import subprocess
import sys
import textwrap

import pytest

from tests.processes import PATIENCE

ROOT_CODE = """
import gc, sys
import cv2, numpy as np, psutil
from lapland import Detector, Tracker

photo = cv2.imread(sys.argv[1])
large = cv2.resize(photo, (4000, 3000))

def held():
    gc.collect()
    return psutil.Process().memory_info().rss / 1e6

def small(n=5):
    for _ in range(n):
        detector.predict(photo)

detector = Detector(threads=1)
"""

CASES = {
    "a large photo": "small(); before = held(); detector.predict(large); small()",
    "thousands of boxes": """
        small(); before = held()
        detector.predict(photo, boxes=np.tile([180.0, 64, 265, 172], (300, 1)))
        small()
    """,
    "a tracker": """
        tracker = Tracker(detector, background=False)
        for i in range(5): tracker.update(photo, i / 30)
        before = held()
        tracker.update(large, 1.0)
        for i in range(30): tracker.update(photo, 2 + i / 30)
    """,
    "boxes in a large photo": """
        small(); before = held()
        detector.predict(large, boxes=np.tile([1400.0, 375, 2075, 1010], (60, 1)))
        small()
    """,
    "photos of many sizes, again and again": """
        large = None; small(); before = held()
        for side in (1000, 1200, 3500, 300, 1800, 700) * 2:
            detector.predict(cv2.resize(photo, (side, side))); small(2)
        small(20)
    """,
    "videos of changing size": """
        large = None; small(); before = held()
        for _ in range(3):
            with Tracker(detector) as tracker:
                for share in (1, 0.5, 2.5, 0.7):
                    frame = cv2.resize(photo, None, fx=share, fy=share)
                    for _ in range(3): tracker.update(frame)
    """,
    "detectors that come and go": """
        large = None; small(); Detector(threads=1).predict(photo); before = held()
        for _ in range(10): Detector(threads=1).predict(photo)
    """,
}

LIMITS = dict.fromkeys(list(CASES)[-3:], 35)  # MB, where the caller has no large photo


@pytest.mark.parametrize("case", CASES)
def test_memory_goes_back(photo, case):
    steps = textwrap.dedent(CASES[case]).strip()
    code = f"{ROOT_CODE}{steps}\nlarge = None\nprint(held() - before)"
    command = [sys.executable, "-c", code, str(photo)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < LIMITS.get(case, 100)  # MB
