"""With `threads=1` nothing works but the thread that calls, whatever numpy could share out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import PATIENCE

TASKS = Path("/proc/self/task")

CODE = """
import os, sys
from pathlib import Path

import cv2
import numpy as np

cv2.setNumThreads(1)  # its own, which the caller sets
from lapland import Detector, Tracker

def work_of_others():
    ticks = 0
    for task in Path("/proc/self/task").iterdir():
        if task.name != str(os.getpid()):
            fields = (task / "stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks

photo = cv2.imread(sys.argv[1])
many = np.tile(cv2.resize(photo, (240, 240)), (3, 4, 1))
detector = Detector(threads=1)
tracker = Tracker(detector, background=False)

def answers(image):
    faces = detector.predict(image)
    faces.radius(0.9), faces.confidence, faces.pose(), faces.eyes, faces.mouth
    return faces

assert len(answers(many)) == 12
answers(photo), tracker.update(photo)
before = work_of_others()
for i in range(8):
    answers(many), answers(photo), tracker.update(photo, i / 30)
print(work_of_others() - before)
"""


@pytest.mark.skipif(not TASKS.is_dir(), reason="the system does not list the work of threads")
def test_no_other_thread_works(photo):
    limits = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    free = {name: value for name, value in os.environ.items() if name not in limits}
    command = [sys.executable, "-c", CODE, str(photo)]
    done = subprocess.run(
        command, capture_output=True, text=True, env=free, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) <= 1  # hundredths of a second
