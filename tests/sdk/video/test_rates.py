"""Any number of frames a second, and times that are no seconds."""

import time

import cv2
import numpy as np
import pytest

from benchmarks.videos.scene import background
from lapland import Tracker
from tests.processes import PATIENCE
from tests.videos import one_face, people, two_faces


def passing(rate, speed, frames, empty=0, people_in=1):
    """Frames of 960 x 300 in which heads move at so many pixels a second, to and fro.

    The heads come after some empty frames.
    """
    one, other = people()
    photos = [person.image[:260, 90:360] for person in (one, other)[:people_in]]
    noise = np.random.default_rng(0).integers(0, 255, (300, 960, 3), np.uint8)
    ground = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 8), None, 60, 200, cv2.NORM_MINMAX)
    x, step = 20.0, speed / rate
    for number in range(empty + frames):
        frame = ground.copy()
        if number >= empty:
            for i, photo in enumerate(photos):
                left = int(x) + 370 * i
                frame[20:280, left : left + 270] = photo
            step = step if 0 <= x + step <= 660 - 370 * (people_in - 1) else -step
            x += step
        yield frame


@pytest.mark.parametrize("background", [True, False])
@pytest.mark.parametrize(
    ("rate", "speed", "empty", "people_in"),
    [
        (1, 120, 0, 1),  # more than its width a frame
        (2, 120, 0, 1),
        (2, 120, 3, 1),
        (3, 120, 0, 2),
        (5, 200, 4, 1),
        (10, 600, 2, 1),
        (30, 900, 0, 1),
        (120, 900, 2, 1),
    ],
)
def test_faces_that_move_are_seen_at_any_rate(detector, background, rate, speed, empty, people_in):
    with Tracker(detector, background=background) as tracker:
        counts, ids = [], set()
        for number, frame in enumerate(passing(rate, speed, 14, empty, people_in)):
            faces = tracker.update(frame, number / rate)
            counts.append(len(faces))
            ids |= set(faces.ids.tolist())
            tracker.wait()  # a search ends before the next frame, however fast the test
    seen = counts[empty + 2 :]
    assert not any(counts[:empty])
    assert sum(seen) >= 0.85 * people_in * len(seen)
    assert len(ids) <= people_in + (background and empty > 0)


@pytest.mark.parametrize("rate", [2, 5])
def test_without_times_a_live_tracker_reads_the_clock(rate):
    now = iter(np.arange(100.0, 200.0, 1 / rate))
    with Tracker(clock=lambda: next(now)) as tracker:
        for _ in range(2 * rate):
            assert len(tracker.update(one_face())) == 1
            tracker.wait()
        for late in range(4 * rate):  # noqa: B007
            if len(tracker.update(two_faces())) == 2:
                break
            tracker.wait()
    assert late / rate <= 1.5


def test_a_camera_of_two_frames_a_second_as_the_readme_has_it():
    with Tracker() as tracker:
        assert len(tracker.update(one_face())) == 1
        start = time.monotonic()
        while len(tracker.update(two_faces())) < 2:
            assert time.monotonic() - start < PATIENCE
            time.sleep(0.5)


def test_times_in_milliseconds_are_noticed(tracker):
    image = one_face()
    for number in range(5):
        tracker.update(image, 33.0 * number)
    with pytest.warns(UserWarning, match=r"33 s apart.*in seconds\?"):
        tracker.update(image, 33.0 * 5)


def test_a_slow_film_gives_no_warning(tracker):
    for number in range(8):
        tracker.update(one_face() if number % 4 else background(5).astype(np.uint8), 10.0 * number)
