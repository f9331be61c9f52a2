"""Faces that come, go, are covered, cut away, or followed twice."""

import cv2
import numpy as np
import pytest

from benchmarks.videos.scene import background, paste, placed
from lapland import Detector, Tracker
from tests.videos import follow, people, video

# OpenCV 4 warps more coarsely, and then the O-Net's score of an empty place in the drawn room rises
# above a half for some frames.
FALSE = 0 if int(cv2.__version__.split(".")[0]) >= 5 else 10


def test_a_face_that_comes_back_is_known_and_later_is_not(detector):
    frames = video("leave")
    for memory, last in ((5.0, [0]), (0.5, [1])):
        tracker = Tracker(detector, background=False, memory=memory)
        log, ids = follow(tracker, frames)
        assert [] in ids
        assert (ids[-1] == [0]) == (last == [0])
        assert ids[-1] == last or FALSE  # where an empty place had a number between
        assert log.false <= FALSE


def test_a_covered_face_is_dropped_soon_and_known_again(tracker):
    frames = video("occluder")
    log, ids = follow(tracker, frames)
    hidden = [frame.faces["astronaut"].hidden for frame in frames]
    covered = range(45, 75)
    assert all(hidden[i] for i in covered)
    assert not any(ids[i] for i in covered)
    assert log.switches == 0
    assert max(log.waits) <= 3


@pytest.mark.parametrize(("width", "seed"), [("1/4-lite", 1), ("1/16", 2)])
def test_a_covered_face_is_known_again_whatever_the_last_bits(width, seed):
    """As above, from half of the way on, with noise of one grey value on every pixel."""
    rng = np.random.default_rng(seed)
    tracker = Tracker(
        Detector(width, precision="int8", weights="300w", threads=1), background=False
    )
    found = []
    for frame in video("occluder")[24:100]:
        noise = rng.integers(-1, 2, frame.image.shape, np.int8)
        noisy = cv2.add(frame.image, noise, dtype=cv2.CV_8U)  # stays within 0 to 255
        found.append(tracker.update(noisy).ids.tolist())
    assert found[0] == found[-1] == [0]
    assert not any(found[21:51])
    assert {i for ids in found for i in ids} == {0}


def test_cuts_change_who_is_there(tracker):
    frames = video("cut")  # a cut every 30 frames; half of each scene says as much
    _, ids = follow(tracker, [frame for i, frame in enumerate(frames) if i % 30 < 15])
    expected = [[0]] * 15 + [[1]] * 15 + [[]] * 15 + [[0]] * 15 + [[1]] * 15
    assert sum(one != other for one, other in zip(ids, expected, strict=True)) <= FALSE


def test_a_cut_to_the_same_face_in_the_same_place_is_none(tracker):
    frame = video("still", 1)[0].image
    tracker.update(frame)
    room = background(9).astype(np.uint8)
    mask = (np.abs(np.mgrid[:480, :640] - np.reshape([240, 320], (2, 1, 1))) < 110).all(axis=0)
    elsewhere = np.where(mask[..., None], frame, room)
    assert tracker.update(elsewhere).ids.tolist() == [0]


def test_faces_that_cross_keep_their_identities(tracker):
    frames = video("cross")
    log, ids = follow(tracker, frames)
    assert {i for row in ids for i in row} == {0, 1}
    assert log.switches == 0
    assert log.false == 0
    assert ids[0] == ids[-1] == [0, 1]


def test_what_is_no_face_is_dropped_within_four_frames(detector, tracker):
    frame = video("still", 1)[0]
    tracker.update(frame.image)
    blotted = frame.image.copy()
    x, y = frame.faces["astronaut"].landmarks.mean(axis=0).astype(int)
    part = blotted[y - 130 : y + 130, x - 120 : x + 120]
    part[:] = cv2.GaussianBlur(part, (0, 0), 40)
    seen = [len(tracker.update(blotted)) for _ in range(4)]
    assert seen[-1] == 0
    assert len(detector.predict(blotted)) == 0


def test_a_face_out_of_the_picture_is_lost_at_once(tracker):
    frame = video("still", 1)[0]
    middle = int(frame.faces["astronaut"].landmarks[:, 0].mean())
    tracker.update(frame.image)
    left = np.ascontiguousarray(frame.image[:, : middle - 30])  # well beyond the middle
    assert len(tracker.update(left)) == 0
    assert tracker.update(frame.image).ids.tolist() == [0]


def scene(*places):
    """Persons (0 or 1) with the middle of their face at x."""
    canvas = background()
    for number, x in places:
        who = people()[number]
        canvas = paste(canvas, who, placed(who, x, 240, 130), head=True)
    return canvas.astype(np.uint8)


@pytest.mark.parametrize("narrowest", [None, "float32", "int8"])
@pytest.mark.parametrize("stays", [0, 1])
def test_of_two_tracks_on_one_face_the_one_that_looks_like_it_stays(detector, stays, narrowest):
    """One of two neighbours goes, and the other comes to stand between their places.

    The narrowest network loses both for some frames, and its track of the one that went may be the
    first that comes to where the other is.
    """
    if narrowest is not None:
        detector = Detector("1/16", precision=narrowest, weights="300w", threads=1)
    left, right = 250, 350
    tracker = Tracker(detector, smoothing="off", background=False, search_every=100)
    first = tracker.update(scene((0, left), (1, right)), 0.0)
    assert first.ids.tolist() == [0, 1]
    middles = first.landmarks[..., 0].mean(axis=1)
    identity = int(np.argmin(np.abs(middles - (left if stays == 0 else right))))
    for number in range(1, 12):
        ids = tracker.update(scene((stays, (left + right) // 2)), number / 30).ids.tolist()
        if len(ids) < 2:
            break
    assert ids == [identity]
