"""Searches in the background: what they find late, and their thread."""

import functools
import gc
import threading
import time
from contextlib import contextmanager

import numpy as np
import pytest

from benchmarks.videos.scene import background
from lapland import Detector, Tracker
from tests.processes import PATIENCE
from tests.videos import one_face, two_faces, video


class Held:
    """A face detector whose background searches end when the test lets them."""

    def __init__(self, detector):
        self._detector = detector
        self.box_in_portrait = detector.box_in_portrait
        self.go, self.begun = threading.Event(), threading.Event()
        self.go.set()

    def detect(self, image):
        if threading.current_thread() is not threading.main_thread():
            self.begun.set()
            assert self.go.wait(PATIENCE)
        return self._detector.detect(image)

    def five_points(self, image, boxes):
        return self._detector.five_points(image, boxes)


class HeldDetector(Detector):
    """A detector whose background searches can be held."""

    @functools.cached_property
    def networks(self):
        return super().networks._replace(faces=Held(super().networks.faces))


@pytest.fixture
def held(detector):
    return HeldDetector(threads=1)


def hold(detector):
    """Its searches wait from now on; returns what lets them go."""
    searches = detector.networks.faces
    searches.go.clear()
    searches.begun.clear()
    return searches


@contextmanager
def tracking(detector, search_every):
    """A tracker whose searches are let go at the end: a test that fails waits for none of them."""
    with Tracker(detector, search_every=search_every) as tracker:
        try:
            yield tracker
        finally:
            detector.networks.faces.go.set()


def test_new_faces_are_searched_for_every_so_often(detector):
    tracker = Tracker(detector, search_every=0.5, background=False)
    assert tracker.update(one_face(), 0.0).ids.tolist() == [0]
    assert tracker.update(two_faces(), 0.4).ids.tolist() == [0]
    assert tracker.update(two_faces(), 0.5).ids.tolist() == [0, 1]


def test_a_late_search_finds_new_faces_and_doubles_none(held):
    frames = video("pan", 50)[:30]
    with tracking(held, 0.1) as tracker:
        tracker.update(frames[0].image, 0.0)
        for begin in range(1, 28, 7):
            searches = hold(held)
            # The face moves on by up to 100 px meanwhile.
            for number, frame in enumerate(frames[begin : begin + 6], begin):
                assert tracker.update(frame.image, number / 30).ids.tolist() == [0]
            assert searches.begun.wait(PATIENCE)
            searches.go.set()
            tracker.wait()
            for frame in frames[begin + 6 : begin + 7]:
                assert tracker.update(frame.image, (begin + 6) / 30).ids.tolist() == [0]


def test_no_frame_but_the_first_waits_for_a_search(held):
    with tracking(held, 0.01) as tracker:
        image = two_faces()
        assert len(tracker.update(image, 0.0)) == 2
        tracker.wait()
        searches = hold(held)
        for number in range(1, 6):
            assert len(tracker.update(image, number / 30)) == 2
        assert searches.begun.wait(PATIENCE)  # a search has been under way all the time
        searches.go.set()


def test_a_face_that_enters_is_found_in_a_frame_that_was_overwritten(held):
    with tracking(held, 0.1) as tracker:
        frame = one_face()
        tracker.update(frame, 0.0)  # this is the frame of the first search
        searches = hold(held)
        frame[:] = two_faces()
        assert tracker.update(frame, 0.2).ids.tolist() == [0]
        assert searches.begun.wait(PATIENCE)
        frame[:] = 0  # as cv2.VideoCapture.read(frame) does
        searches.go.set()
        tracker.wait()
        assert tracker.update(two_faces(), 0.25).ids.tolist() == [0, 1]


def test_searches_of_a_scene_that_was_cut_count_nothing(held):
    empty = background(5).astype(np.uint8)
    with tracking(held, 0.1) as tracker:
        tracker.update(one_face(), 0.0)
        searches = hold(held)
        tracker.update(two_faces(), 0.2)
        assert searches.begun.wait(PATIENCE)
        assert len(tracker.update(empty, 0.25)) == 0  # begins another, in this scene
        searches.go.set()
        tracker.wait()
        assert len(tracker.update(empty, 0.3)) == 0
        tracker.wait()
        assert len(tracker.update(empty, 0.35)) == 0


def names_of_threads():
    return [t.name for t in threading.enumerate() if t.name.startswith("lapland-tracker")]


def test_the_thread_ends_with_the_tracker(held):
    before = len(names_of_threads())
    image = one_face()
    with tracking(held, 0.01) as tracker:
        for number in range(3):
            tracker.update(image, number / 30)
        tracker.wait()
        searches = hold(held)
        tracker.update(image, 0.1)
        assert searches.begun.wait(PATIENCE)
        assert len(names_of_threads()) == before + 1
        searches.go.set()
    assert len(names_of_threads()) == before
    assert tracker.update(image).ids.tolist() == [0]  # it starts again
    tracker.wait()
    del tracker
    gc.collect()
    deadline = time.monotonic() + PATIENCE
    while len(names_of_threads()) != before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(names_of_threads()) == before
