"""Searches beside the frames: one at a time, and their results."""

import threading

import numpy as np
import pytest

from lapland.video.background import Background, search
from tests.processes import PATIENCE

IMAGE = np.zeros((48, 64, 3), np.uint8)
FIVE = np.arange(10, dtype=np.float32).reshape(1, 5, 2)


class FaceDetector:
    """Finds one face when it may; remembers the images."""

    def __init__(self, *, waits=False, error=None):
        self.go, self.images, self.error = threading.Event(), [], error
        if not waits:
            self.go.set()

    def detect(self, image):
        assert self.go.wait(PATIENCE)
        self.images.append(image)
        if self.error is not None:
            raise self.error
        return np.zeros((1, 4), np.float32), np.ones(1, np.float32), FIVE


@pytest.fixture
def background():
    made = Background()
    yield made
    made.close()


def test_a_search_gives_five_points_and_scores():
    points, scores = search(FaceDetector(), IMAGE)
    assert points.dtype == np.float64
    np.testing.assert_array_equal(points, FIVE)
    assert scores.tolist() == [1]


def test_a_result_is_taken_once(background):
    assert background.take() is None
    assert not background.busy
    known = [("a track", FIVE[0])]
    background.begin(FaceDetector(), IMAGE, known)
    background.wait()
    assert background.busy  # until its result is taken
    (points, _), before = background.take()
    np.testing.assert_array_equal(points, FIVE)
    assert before is known
    assert background.take() is None
    assert not background.busy


def test_nothing_is_taken_before_the_end(background):
    detector = FaceDetector(waits=True)
    background.begin(detector, IMAGE, [])
    assert background.take() is None
    assert background.busy
    detector.go.set()
    background.wait()
    assert background.take() is not None


def test_the_frame_may_be_overwritten(background):
    detector, frame = FaceDetector(waits=True), IMAGE.copy()
    background.begin(detector, frame, [])
    frame[:] = 255
    detector.go.set()
    background.wait()
    assert detector.images[0].max() == 0


def test_an_error_of_a_search_is_raised_when_it_is_taken(background):
    background.begin(FaceDetector(error=RuntimeError("no memory")), IMAGE, [])
    background.wait()
    with pytest.raises(RuntimeError, match="no memory"):
        background.take()
    assert not background.busy


def test_a_forgotten_search_gives_nothing(background):
    detector = FaceDetector(waits=True)
    background.begin(detector, IMAGE, [])
    background.forget()
    assert not background.busy
    later = FaceDetector()
    background.begin(later, IMAGE, [])  # waits for the first one
    detector.go.set()
    background.wait()
    assert background.take() is not None
    assert len(later.images) == 1


def test_threads_end_with_it():
    made = Background()
    made.begin(FaceDetector(), IMAGE, [])
    made.close()
    assert not [t for t in threading.enumerate() if t.name == "lapland-tracker"]
