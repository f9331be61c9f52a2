"""Figures of tracking: each against a case that can be computed by hand."""

import json
import sys
from itertools import islice

import numpy as np
import pytest

from benchmarks import tracking
from benchmarks.tracking import Log, difference, jitter, lag, summary, times_of
from benchmarks.videos.motions import Frame, Truth
from lapland import Faces
from tests.videos import people

SHAPE = np.random.default_rng(0).uniform(-30, 30, (68, 2))
SHAPE[36], SHAPE[45] = [-25, 0], [25, 0]  # 50 px between the eye corners


def faces_at(*places, ids=None):
    landmarks = np.array([SHAPE + place for place in places]).reshape(-1, 68, 2)
    n = len(landmarks)
    ones = np.ones
    ids = np.arange(n) if ids is None else ids
    return Faces(ones((n, 4)), ones(n), ones((n, 5, 2)), landmarks, ones((n, 68)), ids=ids)


def frame_of(hidden=(), **places):
    truths = {
        name: Truth(np.eye(2, 3), SHAPE + np.array(place, float), name in hidden)
        for name, place in places.items()
    }
    return Frame(np.zeros((1, 1, 3), np.uint8), truths)


def test_errors_are_in_percent_of_the_eye_corners():
    log = Log()
    log.add(frame_of(ann=(200, 200)), faces_at((203, 204)))
    assert list(log.errors.values()) == [pytest.approx(10)]
    assert (log.missed, log.false, log.switches) == (0, 0, 0)


def test_faces_that_are_missed_false_or_swapped():
    log = Log()
    both = {"ann": (200, 200), "bob": (400, 200)}
    log.add(frame_of(**both), faces_at((200, 200), (400, 200)))
    log.add(frame_of(**both), faces_at((200, 200), ids=[0]))
    log.add(frame_of(**both), faces_at((200, 200), (600, 200)))
    assert (log.missed, log.false, log.switches) == (2, 1, 0)
    log.add(frame_of(**both), faces_at((400, 200), (200, 200)))
    assert (log.switches, log.exchanges) == (2, 2)
    log.add(frame_of(**both), faces_at((200, 200), (400, 200), ids=[7, 1]))
    assert (log.switches, log.exchanges) == (4, 2)  # a new one, and the own again
    assert max(log.errors.values()) < 1e-4


def test_waits_are_counted_from_when_a_face_can_be_seen():
    log = Log()
    log.add(frame_of(ann=(200, 200)), faces_at((200, 200)))
    for _ in range(5):
        log.add(frame_of(hidden=["ann"], ann=(200, 200)), faces_at())
    for _ in range(3):
        log.add(frame_of(ann=(200, 200)), faces_at())
    log.add(frame_of(ann=(200, 200)), faces_at((200, 200)))
    log.add(frame_of(), faces_at())
    log.add(frame_of(ann=(200, 200)), faces_at((200, 200)))
    assert log.waits == [0, 3, 0]
    assert log.missed == 3


def test_a_visible_face_is_not_taken_for_the_one_behind_it():
    log = Log()
    log.add(frame_of(hidden=["bob"], bob=(205, 200), ann=(200, 200)), faces_at((200, 200)))
    assert (log.missed, log.false) == (0, 0)
    assert list(log.errors.values()) == [pytest.approx(0, abs=1e-4)]


def moving(found, true):
    log = Log()
    for a, b in zip(found, true, strict=True):
        log.add(frame_of(ann=b), faces_at(a))
    return log


def test_lag_is_found():
    way = [(320 + 200 * np.sin(i / 8), 200.0) for i in range(90)]
    for delay in (0, 1, 3):
        late = way[:1] * delay + way[: len(way) - delay]
        near = [np.add(w, (0.001, 0)) for w in late]
        log = Log()
        log.true = [SHAPE + w for w in way]
        log.found = [SHAPE + w for w in near]
        assert lag(log) == pytest.approx(delay, abs=0.03)


def test_jitter_is_the_mean_step():
    log = moving([(200 + (i % 2), 200) for i in range(20)], [(200, 200)] * 20)
    assert jitter(log) == pytest.approx(2)


def test_summary_joins_videos_and_compares_what_all_have_found():
    true = [(200, 200)] * 3
    one = {"a": moving([(203, 204)] * 3, true), "b": moving([(200, 200)] * 3, true)}
    two = {"a": moving([(203, 204)] * 3, true), "b": moving([(200, 200), (0, 0), (0, 0)], true)}
    assert summary([one], "a")["error"] == pytest.approx(10)
    two["a"].errors[2, "ann"] = 99.0  # where b has found nothing
    joined = summary([one, two], "a")
    assert joined["error"] == pytest.approx(10)
    assert joined["missed"] == joined["false"] == 0
    assert summary([one, two], "b")["missed"] == 2


def test_a_difference_is_of_shared_frames_and_its_interval_of_faces():
    true = [(200, 200)] * 3

    # `b` errs by 4 points more than `a`, and has missed one frame.
    far = [(200, 202), (200, 202), (0, 0)]
    logs = [{"a": moving(true, true), "b": moving(far, true)} for _ in range(5)]
    told = difference(logs, "b", "a")
    assert told == {name: pytest.approx(4, abs=1e-3) for name in ("difference", "low", "high")}
    # One face of six is 3 frames of 10 points: its weight in the draws makes the interval.
    logs.append({"a": moving(true, true), "b": moving([(203, 204)] * 3, true)})
    told = difference(logs, "b", "a")
    assert told["difference"] == pytest.approx((5 * 2 * 4 + 3 * 10) / 13, abs=1e-3)
    assert told["low"] == pytest.approx(4, abs=1e-3)  # where that face is not drawn, once in three
    assert 7 < told["high"] < 10
    assert np.isnan(difference(logs[:1], "b", "a")["low"])  # one face says nothing of others
    nothing = {"a": Log(), "b": Log()}
    assert np.isnan(difference([nothing], "b", "a")["difference"])


def test_landmarks_within_their_radii_are_counted():
    class Circles:  # of 5 pixels
        columns = 5 + 68

        def estimate(self, landmarks, scales, textures, image_size=None):
            self.shape = scales.shape
            return self

        def radii(self, probability):
            return np.full(self.shape, 5.0 if probability == 0.9 else 1.0, np.float32)

    at = faces_at((200, 200))
    landmarks = at.landmarks.copy()
    landmarks[0, :17] += [0, 8]  # a quarter of 68
    landmarks[0, 17:51] += [0, 3]  # a half
    faces = Faces(
        at.boxes,
        at.scores,
        at.five_points,
        landmarks,
        at.scales,
        textures=np.ones((1, 5 + 68)),
        calibration=Circles(),
    )
    log = Log()
    log.add(frame_of(ann=(200, 200)), faces)
    told = summary([{"a": log}], "a")
    assert (told["within_50"], told["within_90"]) == (0.25, 0.75)
    assert told["compared"] == 1
    assert np.isnan(summary([{"a": moving([(200, 200)], [(200, 200)])}], "a")["within_50"])


def test_times_count_every_frame_once_after_a_warm_up():
    seen = []
    frames = [np.full((2, 2, 3), number, np.uint8) for number in range(30)]
    times = times_of(lambda frame: seen.append(int(frame[0, 0, 0])), frames)
    assert seen[-30:] == list(range(30))
    assert np.abs(np.diff(seen[:-29])).max() == 1  # a video that jumps would be lost from sight
    assert len(times) == 30
    assert min(times) >= 0


def test_the_command(tmp_path, monkeypatch, capsys):
    pytest.importorskip("matplotlib")
    for name in ("still", "pan"):  # a third of each says as much
        whole = tracking.MOTIONS[name]
        monkeypatch.setitem(
            tracking.MOTIONS, name, lambda *who, whole=whole: islice(whole(*who), 40)
        )
    monkeypatch.setattr(tracking, "astronaut", lambda: people()[0])
    out, picture = tmp_path / "out.json", tmp_path / "out.png"
    given = ["still", "--repeats", "1", "--json", str(out), "--plot", str(picture)]
    monkeypatch.setattr(sys, "argv", ["tracking", *given])
    tracking.main()
    printed = capsys.readouterr().out
    assert "times as fast" in printed
    assert "jitter of a still face" in printed
    report = json.loads(out.read_text())
    still = report["motions"]["still"]
    assert still["off"]["missed"] == still["detect"]["missed"] == 0
    assert still["light"]["jitter"] < min(still[way]["jitter"] for way in ("off", "detect"))
    assert picture.stat().st_size > 10_000


def test_a_motion_that_is_not_there(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["tracking", "dance"])
    with pytest.raises(SystemExit):
        tracking.main()
    assert "unknown motion dance" in capsys.readouterr().err


def test_photos_of_300w(data_300w):
    persons = tracking.people(data_300w, None, 3)
    assert len(persons) == 3
    for person in persons:
        assert person.landmarks.shape == (68, 2)
        height, width = person.image.shape[:2]
        inside = (person.landmarks > -20) & (person.landmarks < np.array([width, height]) + 20)
        assert inside.all()
