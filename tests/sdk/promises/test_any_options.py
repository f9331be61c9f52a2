"""Whatever keywords and frames: a detector and a tracker, or one of our errors."""

import math

import numpy as np
import pytest

from lapland import (
    Detector,
    OptionError,
    Tracker,
    draw,
)

pytest.importorskip("hypothesis")
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sdk.promises.given import (
    NUMBERS,
    ODD,
    check,
    images,
    outcome,
)

NAMES = ["width", "precision", "model", "min_face", "thresholds", "pyramid_factor", "threads"]


@given(st.sampled_from(NAMES), st.one_of(ODD, NUMBERS, st.tuples(NUMBERS, NUMBERS, NUMBERS)))
@settings(max_examples=40)
def test_keywords_of_a_detector(tmp_path_factory, name, value):
    if name == "model" and value is None:
        return
    options = {"width": "1/16", "threads": 1} | {name: value}
    detector = outcome(Detector, **options)
    if detector is not None:
        assert isinstance(detector, Detector)


@given(st.sampled_from(["smoothing", "search_every", "memory", "unsure"]), st.one_of(ODD, NUMBERS))
def test_keywords_of_a_tracker(narrowest, name, value):
    tracker = outcome(Tracker, narrowest, **{name: value})
    if tracker is not None:
        # `unsure=None` leaves it to the model.
        assert name == "smoothing" or (name, value) == ("unsure", None) or 0 < value < math.inf


@given(ODD.filter(lambda value: value is not None))
def test_detectors_of_a_tracker(value):
    with pytest.raises(OptionError, match="detector"):
        Tracker(value)


@given(ODD)
def test_faces_that_are_none_are_not_drawn(face, value):
    with pytest.raises(OptionError, match="faces"):
        draw(face, value)


@given(st.data())
@settings(max_examples=15)
def test_any_frames_at_any_time(narrowest, face, data):
    """Frames of all sizes in a row, a face that comes and goes, and times far from a video's."""
    steps = st.one_of(st.none(), st.sampled_from([0.0, 5e-324, 1e-9, 0.03, 1.0, 1e9, 1e300]))
    time = 0.0
    with Tracker(narrowest, background=False) as tracker:
        for _ in range(data.draw(st.integers(1, 6))):
            image = data.draw(st.one_of(st.just(face), st.just(face[:, ::-1]), images(face)))
            step = data.draw(steps)
            time = None if step is None or time is None else time + step
            faces = outcome(tracker.update, image, time)
            check(faces)
            assert len(set(faces.ids.tolist())) == len(faces)


@given(st.one_of(ODD, NUMBERS, st.just(-5)))
def test_a_bad_time_or_frame_changes_nothing(narrowest, face, value):
    with Tracker(narrowest, background=False) as tracker:
        first = tracker.update(face, 1.0)
        assert outcome(tracker.update, value) is None
        if not (isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 1):
            if value is not None:
                assert outcome(tracker.update, face, value) is None
            second = tracker.update(face, 1.03)
            np.testing.assert_array_equal(second.ids, first.ids)
