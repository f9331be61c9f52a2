"""A face in doubt: what searches and looks change, and when the next search comes."""

import numpy as np
import pytest

from lapland.crop.square import to_image
from lapland.detection.portrait import portrait_matrices, shifted
from lapland.video.clock import Clock, Frame, Step
from lapland.video.fit import Fit
from lapland.video.presence import FACE
from lapland.video.roster import Roster
from lapland.video.search import Searcher
from lapland.video.smoothing import FRAME
from lapland.video.track import Track
from tests.drawn_dots import five_points

FIVE = five_points(np.array([200.0, 150.0]))
STEP = Step(True, 0.0, FRAME)
NEAR, FAR = np.array([3.0, 2.0]), np.array([60.0, 0.0])  # steps, pixels
BLANK = np.zeros((300, 400, 3), np.uint8)


def followed(*, unsure, at=FIVE):
    """A track whose landmarks in the last frame were sure, or were not."""
    track = Track(at)
    none = np.zeros(0, np.float32)
    mean_scale = 2.0 if unsure else 1.2
    track.advance(Fit(at, np.zeros((0, 2), np.float32), none, none, at, mean_scale, unsure), STEP)
    return track


class FaceDetector:
    """Finds faces where the test says; counts its searches."""

    box_in_portrait = (4.0, 0.0, 74.0, 70.0)

    def __init__(self, *places, score=1.0):
        self.places = np.array(places).reshape(-1, 5, 2)
        self.score = score
        self.searches = 0

    def detect(self, image):
        self.searches += 1
        scores = np.full(len(self.places), self.score, np.float32)
        return np.zeros((len(self.places), 4), np.float32), scores, self.places.astype(np.float32)

    def five_points(self, image, boxes):
        return np.full(len(boxes), self.score, np.float32), self.places.astype(np.float32)


# --- searches


@pytest.mark.parametrize("late", [False, True])
def test_an_unsure_face_starts_again_from_the_points_that_a_search_found(late):
    track, detected = followed(unsure=True), FIVE + NEAR
    track.found(detected, FIVE, late)
    np.testing.assert_allclose(track.five_points, detected)
    assert track.hint is None
    assert track.detected is None


def test_a_sure_face_keeps_its_landmarks_and_a_search_is_a_hint():
    track, detected = followed(unsure=False), FIVE + NEAR
    track.found(detected, FIVE, late=False)
    np.testing.assert_allclose(track.five_points, FIVE)
    np.testing.assert_allclose(track.hint, detected)
    assert track.detected is None
    assert not track.offset.compared
    near = followed(unsure=False)
    near.found(detected, FIVE, late=True)
    assert near.hint is None
    late = followed(unsure=False)
    late.found(FIVE + FAR, FIVE, late=True)  # too far to be the same face
    np.testing.assert_allclose(late.five_points, FIVE)
    np.testing.assert_allclose(late.hint, FIVE + FAR)


def test_a_track_learns_from_looks_of_the_onet():
    track = followed(unsure=False)
    track.compare(FIVE + NEAR)
    assert track.offset.compared == 1
    moved = shifted(FIVE[None], track.offset.points[None])[0] - FIVE
    np.testing.assert_allclose(moved.mean(axis=0), NEAR, atol=0.2)  # less the habit of portraits
    track.compare(FIVE + FAR)
    assert track.offset.compared == 1


def searched_at(times, track, lost=None):
    """The times at which a searcher, which searches once a second, has searched.

    `lost` is when another face was lost, which nobody has seen since.
    """
    searcher, detector, clock = Searcher(1.0, False), FaceDetector(FIVE), Clock()
    searcher.use(detector)
    roster = Roster(5.0)
    roster.tracks = [track]
    if lost is not None:
        roster.last_loss = lost
    found = []
    for time in times:
        before = detector.searches
        searcher.newcomers(Frame(BLANK, clock.tick(time), False), roster)
        found += [time] * (detector.searches - before)
    return found


def test_searches_come_in_haste_while_a_face_is_unsure_and_rest_otherwise():
    times = [0.0, 0.05, 0.11, 0.15, 0.22, 0.6, 1.05]
    assert searched_at(times, followed(unsure=True)) == [0.0, 0.11, 0.22, 0.6, 1.05]
    assert searched_at(times, followed(unsure=False)) == [0.0, 1.05]


def test_searches_come_soon_for_a_second_after_a_face_was_lost():
    times = [0.0, 0.15, 0.25, 0.4, 0.6, 0.95, 1.2, 1.5, 2.0]
    found = searched_at(times, followed(unsure=False), lost=0.0)
    assert found == [0.0, 0.25, 0.6, 0.95, 2.0]


# --- looks


@pytest.mark.parametrize(("score", "taken"), [(FACE - 0.1, False), (FACE, True)])
def test_strayed_landmarks_start_again_only_where_the_look_sees_a_face(
    detector, networks, frame, score, taken
):
    """The points of the look are right in both cases; if it sees no face, they count nothing."""
    roster = Roster(5.0)
    roster.use(networks, None)
    right = detector.predict(frame).five_points[0].astype(float)
    (fit,) = networks.fit(frame, right[None])
    away = fit.five_points + 200.0
    strayed = Fit(away, fit.landmarks + 200, fit.scales * 2, fit.texture, away, 2.5, True)
    track = Track(away)
    track.advance(strayed, STEP)

    networks.face_detector = FaceDetector(points_in_portrait(away, right), score=score)
    roster.look(Frame(frame, Step(False, FRAME, FRAME), False), track)
    assert (track.fit is not strayed) == taken
    near = np.abs(track.five_points - fit.five_points).max() < 3
    assert near == taken
    assert track.presence.strikes == (0 if taken else 1)


def points_in_portrait(about, points):
    """(5, 2) image pixels -> pixels of the portrait about five points, in which looks answer."""
    corners = np.array([[[0.0, 0], [1, 0], [0, 1]]])
    origin, along_x, along_y = to_image(corners, portrait_matrices(about[None]))[0]
    axes = np.stack([along_x - origin, along_y - origin], axis=1)
    return np.linalg.solve(axes, (points - origin).T).T
