"""Ctrl-C at many moments: KeyboardInterrupt comes out, and everything can be used as before."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import PATIENCE

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends signals")

# A timer of the system sends the signals, so that they come between any two steps of Python's.
START = """
import itertools, multiprocessing, signal, sys, time
import cv2, numpy as np
from contextlib import closing
from lapland import Detector, Tracker
from lapland.batch.processes import in_processes
from lapland.video.background import Background
from tests.processes import PATIENCE
from tests.sdk.batch.workers import start

signal.signal(signal.SIGALRM, signal.default_int_handler)
image = cv2.resize(cv2.imread("examples/astronaut.png")[:300, 80:380], (150, 150))
detector = Detector("1/4-lite", weights="300w", threads=int(sys.argv[1]))

def duration(call):
    start = time.perf_counter()
    for _ in range(5):
        call()
    return (time.perf_counter() - start) / 5

def interrupted(call, after, again=0.0):
    # True where the signal came before the end.
    try:
        signal.setitimer(signal.ITIMER_REAL, after, again)
        call()
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        signal.setitimer(signal.ITIMER_REAL, 0)
        return True
    return False

def moments(least, steps=60):
    # Parts of a call, 0 to 1, again and again until enough of the calls were interrupted: a busy
    # machine may have been slow while the call was timed.
    for i in itertools.count():
        if i >= steps and hits >= least:
            return
        yield i % steps / steps
"""

PREDICT = """
expected = detector.predict(image).landmarks.tobytes()
whole = duration(lambda: detector.predict(image))
hits = 0
for part in moments(40):
    hits += interrupted(lambda: detector.predict(image), 1e-6 + whole * part)
    assert detector.predict(image).landmarks.tobytes() == expected
print(hits)
"""

TRACK = """
hits = 0
for background in (False, True):
    with Tracker(detector, background=background, search_every=0.1) as tracker:
        frames = itertools.cycle([np.roll(image, x, axis=1) for x in (0, 1, 2, 3, 2, 1)])
        update = lambda: tracker.update(next(frames))
        while len(update()) != 1:
            pass
        whole = duration(update)
        for part in moments(60 if background else 30):
            hits += interrupted(update, 1e-6 + whole * part)
            update()
        end = time.monotonic() + PATIENCE
        while len(update()) != 1:
            assert time.monotonic() < end, "the face is not found again"
        tracker.reset()
        tracker.update(image)
print(hits)
"""

# Nothing but the passing of searches to their threads and back, where every step may be hit.
SEARCH = """
class Quick:
    def detect(self, image):
        return None, np.zeros(1, np.float32), np.zeros((1, 5, 2))

searcher, quick, hits = Background(), Quick(), 0

def step():
    searcher.take()
    if not searcher.busy:
        searcher.begin(quick, image[:8], [])

def steps():
    while True:
        step()

for i in range(2000):
    # Again, as these steps have no end: Python drops an exception that is raised within a
    # destructor or a callback of a weak reference.
    hits += interrupted(steps, 1e-6 + i % 300 * 1e-6, again=1.0)
    if i % 20 == 0:
        searcher.wait()
        assert searcher.take() is not None or not searcher.busy
        searcher.close()
print(hits)
"""

POOL = """
hits = 0
for after in (0.02, 0.3, 0.9):
    def work():
        with closing(in_processes(start, "", enumerate(["slow"] * 100), 2)) as results:
            for _ in results:
                pass
    # Again where it was to no effect: Python drops an exception that is raised within a destructor.
    while not interrupted(work, after):
        assert multiprocessing.active_children() == []
    hits += 1
    assert multiprocessing.active_children() == []
with closing(in_processes(start, "", enumerate(["quick"] * 4), 2)) as results:
    assert [result[0] for _, result in results] == [0, 10, 20, 30]
print(hits)
"""


@pytest.mark.parametrize(
    ("program", "threads", "least"),
    [(PREDICT, 1, 40), (PREDICT, 2, 40), (TRACK, 1, 60), (SEARCH, 1, 1900), (POOL, 1, 3)],
    ids=["predict", "predict with two threads", "track", "search", "pool"],
)
def test_what_was_interrupted_goes_on(program, threads, least):
    body = "".join(f"    {line}\n" for line in program.strip().splitlines())
    done = subprocess.run(
        [sys.executable, "-c", f"{START}\nif __name__ == '__main__':\n{body}", str(threads)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= least, "too few calls were interrupted for this to be a test"
