"""One detector in many threads, in forked and spawned processes, copied and pickled."""

import asyncio
import copy
import functools
import multiprocessing
import os
import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from lapland import Detector, Faces, Tracker
from tests.processes import PATIENCE
from tests.sdk.promises.crowd import FIELDS
from tests.videos import video


def assert_same(one: Faces, other: Faces):
    for name in FIELDS:
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes(), name


def run(program, *arguments, timeout=PATIENCE):
    """The lines that a Python of its own prints."""
    done = subprocess.run(
        [sys.executable, "-c", program, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("threads", [1, 2])
def test_eight_threads_with_one_detector_get_what_one_gets(image, threads):
    detector = Detector("1/4-lite", weights="300w", threads=threads)
    photos = [np.ascontiguousarray(image[: 512 - 40 * i, i : i + 400]) for i in range(4)]
    alone = [detector.predict(photo) for photo in photos]
    assert [len(faces) for faces in alone] == [1] * 4
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(detector.predict, photos * 8))
    for i, faces in enumerate(together):
        assert_same(faces, alone[i % 4])


def test_trackers_in_threads_share_a_detector():
    detector = Detector("1/4-lite", weights="300w", threads=1)
    frames = [frame.image for frame in video("pan", 50)[:6]]

    def follow(_):
        with Tracker(detector, background=False) as tracker:
            return [tracker.update(frame) for frame in frames]

    with ThreadPoolExecutor(4) as threads:
        first, *others = threads.map(follow, range(4))
    assert [len(faces) for faces in first] == [1] * 6
    for other in others:
        for one, same in zip(first, other, strict=True):
            assert_same(one, same)


def test_asyncio(image, detector):
    async def gather():
        calls = (asyncio.to_thread(detector.predict, image) for _ in range(4))
        return await asyncio.gather(*calls)

    alone = detector.predict(image)
    for faces in asyncio.run(gather()):
        assert_same(faces, alone)


FORK = """
import os, sys, threading, time
import cv2
from lapland import Detector, Tracker

image = cv2.imread(sys.argv[1])
large = cv2.resize(image, (800, 800))
detector = Detector("1/4-lite", weights="300w", threads=2)
expected = detector.predict(image).landmarks.tobytes()
tracker = Tracker(detector)
while len(tracker.update(image)) != 1:
    pass
tracker.update(cv2.resize(image, (700, 700)))  # a cut: a search is under way

def check():
    assert detector.predict(image).landmarks.tobytes() == expected
    assert len(detector.predict(large)) == 1

def in_child(work):
    child = os.fork()
    if not child:
        work()
        sys.exit()  # as a whole Python ends, with all that is freed then
    assert os.waitpid(child, 0)[1] == 0

def follow():
    while not len(tracker.update(image)):  # for ever, if it does not search any more
        time.sleep(0.001)
    tracker.close()

def follow_and_fork():
    check()
    in_child(check)
    in_child(follow)

in_child(lambda: None)
in_child(follow)
in_child(follow_and_fork)
busy = True
def work():
    while busy:
        detector.predict(large)
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads: thread.start()
for _ in range(4): in_child(check)
busy = False
for thread in threads: thread.join()
check()
tracker.close()
print("done")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_forked_processes_predict_track_and_end(photo):
    # In a Python of its own: a fork that goes wrong must not take the tests with it.
    assert run(FORK, photo) == ["done"]


def test_a_spawned_process_gets_the_detector(image):
    detector = Detector("1/4-lite", weights="300w", threads=1)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        faces = pool.apply(functools.partial(detector.predict, image))
    assert_same(faces, detector.predict(image))
    assert not faces.landmarks.flags.writeable


@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d))]
)
def test_a_copied_detector_does_the_same(image, again, peaks, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = {"detector": "mtcnn", "min_face": 60, "thresholds": (0.5, 0.6, 0.7)}
    given |= {"pyramid_factor": 0.6, "threads": 1, "looks": 4}
    detector = Detector("1/4-lite", weights="300w", precision="float32", **given)
    other = again(detector)
    assert other.model == detector.model
    assert other.__reduce__()[0].keywords == detector.__reduce__()[0].keywords
    assert_same(other.predict(image), detector.predict(image))
    own = tmp_path / "own.onnx"
    own.write_bytes(peaks.read_bytes())
    detector = Detector(model="own.onnx", threads=1)
    monkeypatch.chdir("/")  # the path it was given was relative
    assert_same(again(detector).predict(image), detector.predict(image))


def test_the_pickle_of_a_detector_is_its_options():
    assert len(pickle.dumps(Detector("1/4-lite", weights="300w", threads=1))) < 1000


def test_faces_and_a_face_go_through_pickle_and_copy(image, detector):
    faces = detector.predict(image)
    for again in (pickle.loads(pickle.dumps(faces)), copy.copy(faces), copy.deepcopy(faces)):
        assert_same(again, faces)
        assert again.scheme == faces.scheme
    face = pickle.loads(pickle.dumps(faces[0]))
    assert face.landmarks.tobytes() == faces[0].landmarks.tobytes()


def test_a_tracker_says_that_it_cannot_be_copied(detector):
    for copied in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match=r"belongs to one video.*Tracker\(detector\)"):
            copied(Tracker(detector))


TELEMETRY = """
import os, sys
os.environ["HOME"] = os.environ["XDG_CACHE_HOME"] = sys.argv[1]
import lapland
lapland.Detector("1/4-lite", weights="300w", threads=1).predict(sys.argv[2])
print(os.environ["ORT_DISABLE_TELEMETRY"], *os.listdir(sys.argv[1]))
"""


def test_onnxruntime_is_told_to_tell_nobody(photo, tmp_path, monkeypatch):
    monkeypatch.delenv("ORT_DISABLE_TELEMETRY", raising=False)
    # Otherwise it keeps what it means to send in a folder of the user's.
    assert run(TELEMETRY, tmp_path, photo) == ["1"]
