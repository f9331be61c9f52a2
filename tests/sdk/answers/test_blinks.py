"""Blinks: events from openness, and from a film."""

import numpy as np
import pytest

from lapland import Blinks, Detector, OptionError, Tracker
from tests.blinking import film


def run(values, fps=30.0, **options):
    """The blinks of one face with these openings, and the counter."""
    blinks = Blinks(**options)
    found = []
    for number, value in enumerate(values):
        found += blinks.add(np.array([7]), np.array([value]), number / fps)
    return found, blinks


def blinking(count, level=1.0, low=0.1, fps=30.0, every=1.0, length=0.2):
    times = np.arange(round(every * (count + 1) * fps)) / fps
    near = np.abs((times - every / 2) % every - every / 2) < length / 2
    return np.where(near & (times > every / 2), low, level)


@pytest.mark.parametrize("fps", [15.0, 30.0, 60.0])
@pytest.mark.parametrize(("level", "low"), [(1.0, 0.0), (0.6, 0.2), (1.5, 0.5)])
def test_every_blink_is_an_event(fps, level, low):
    found, blinks = run(blinking(5, level, low, fps), fps)
    assert len(found) == blinks.count(7) == 5
    assert all(blink.id == 7 for blink in found)
    assert [blink.duration for blink in found] == pytest.approx([0.2] * 5, abs=1.2 / fps)
    assert [round(blink.start) for blink in found] == [1, 2, 3, 4, 5]


def test_noise_is_no_blink():
    rng = np.random.default_rng(0)
    assert run(1 + 0.08 * rng.standard_normal(900))[0] == []


def test_long_closure_is_no_blink_but_is_reported():
    values = np.ones(120)
    values[30:90] = 0.05
    found, blinks = run(values)
    assert found == []
    until, blinks = run(values[:80])
    assert blinks.shut_for(7) == pytest.approx(49 / 30, abs=0.04)
    assert len(run(values, longest=3.0)[0]) == 1
    assert until == []


def test_a_gap_starts_anew():
    blinks = Blinks()
    assert blinks.add(np.array([1]), np.array([1.0]), 0.0) == []
    assert blinks.add(np.array([1]), np.array([0.1]), 0.1) == []
    assert blinks.add(np.array([1]), np.array([1.0]), 9.0) == []
    assert blinks.count(1) == 0


def test_faces_without_ids_are_refused(faces):
    with pytest.raises(OptionError, match="ids"):
        Blinks().update(faces, 0.0)
    with pytest.raises(OptionError, match="longest"):
        Blinks(longest=0)


@pytest.mark.parametrize("fps", [15, 30])
def test_the_blinks_of_a_film_are_counted(image, fps):
    image = image[:300, 80:380]
    landmarks = Detector(threads=1).predict(image).landmarks[0]
    tracker = Tracker(Detector("1/4-lite", weights="300w", threads=1), background=False)
    blinks, found = Blinks(), []
    for time, frame in film(image, landmarks, fps=fps, blinks=10, every=0.5):
        found += blinks.update(tracker.update(frame, time), time)
    assert len(found) == 10
