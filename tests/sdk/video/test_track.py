"""A track: its places, and where it expects a face."""

import ast
from pathlib import Path

import numpy as np

from lapland import video
from lapland.video.clock import Step
from lapland.video.fit import Fit
from lapland.video.track import Track
from tests.drawn_dots import five_points

FIVE = five_points(np.array([200.0, 150.0]))
STEP = Step(False, 0.1, 1 / 30)


def track(five=FIVE):
    return Track(five)


def fitted(five_points, mean_scale=1.2, unsure=False, start=None):
    """What the network finds in a crop."""
    start = five_points if start is None else start
    none = np.zeros(0, np.float32)
    return Fit(start, np.zeros((0, 2), np.float32), none, none, five_points, mean_scale, unsure)


def test_an_unsure_face_is_where_it_is_found_and_as_large_as_it_was():
    one = track()
    one.advance(fitted(FIVE), STEP)
    larger = five_points(np.array([230.0, 160]), 1.5, 0.3)
    one.advance(fitted(larger, 3.0, unsure=True), STEP)
    np.testing.assert_allclose(one.five_points, FIVE + larger.mean(axis=0) - FIVE.mean(axis=0))


def test_a_lost_track_may_be_where_it_was_sure_or_have_moved_on():
    one = track()
    assert len(one.places(1.0)) == 0
    np.testing.assert_array_equal(one.last_place(1.0), FIVE)
    for i in range(60):
        one.advance(fitted(FIVE + np.array([2.0 * i, 0])), Step(False, i / 10, 0.1))
    last = one.five_points
    dragged = fitted(last + 20, 1.35)  # less sure than usual: something drags it along
    one.advance(dragged, Step(False, 6.0, 0.1))
    one.advance(fitted(FIVE + 300, 3.0, unsure=True), Step(False, 6.1, 0.1))
    one.lost(6.4, cut=False)
    for time, moved in ((6.4, 10), (9.0, 20)):  # for a second
        expected = np.stack([last, last + np.array([moved, 0])])
        np.testing.assert_allclose(one.places(time), expected, atol=0.01)
        np.testing.assert_allclose(one.last_place(time), expected.mean(axis=0), atol=0.01)
    one.lost(6.4, cut=True)
    assert len(one.places(6.4)) == 0


def test_another_fit_counts_if_it_is_sure_and_surer():
    one = track()
    one.advance(fitted(FIVE, 1.3), STEP)
    assert not one.refit(fitted(FIVE + 5, 1.35))
    assert not one.refit(fitted(FIVE + 5, 1.2, unsure=True))
    np.testing.assert_array_equal(one.five_points, FIVE)
    assert one.refit(fitted(FIVE + 5, 1.2))
    np.testing.assert_array_equal(one.five_points, FIVE + 5)


def test_a_second_crop_is_tried_where_the_first_is_doubtful():
    one = track()
    one.advance(fitted(FIVE, 1.2), STEP)
    assert one.second_start(fitted(FIVE, 1.2)) is None
    away = FIVE + 30
    np.testing.assert_array_equal(one.second_start(fitted(away, 1.2, start=FIVE))[0], away)
    start, ratio = one.second_start(fitted(FIVE + 2, 1.4))  # less sure than it was
    np.testing.assert_allclose(start, FIVE + 2)
    assert ratio > 1
    one.found(FIVE + 25, FIVE, late=True)  # too far from the landmarks to be learnt
    np.testing.assert_array_equal(one.second_start(fitted(FIVE, 1.2))[0], FIVE + 25)


def test_a_face_that_is_found_elsewhere_has_moved_there_in_this_frame():
    one = track()
    one.advance(fitted(FIVE), STEP)
    one.advance(fitted(FIVE + 3, 3.0, unsure=True), STEP)
    one.relocate(fitted(FIVE + 60), 0.9, STEP)
    np.testing.assert_array_equal(one.five_points, FIVE + 60)
    np.testing.assert_allclose(one.motion.velocity, 1800)
    assert not one.in_doubt
    assert one.presence.score == 0.9


def test_a_track_without_identity_shares_no_part_with_the_other():
    one = track()
    one.advance(fitted(FIVE), STEP)
    one.named(3, None, np.ones((8, 8, 3), np.float32))
    other = one.without_identity()
    other.advance(fitted(FIVE + 50), STEP)
    other.presence.seen(0.1, 1.0)
    assert (one.id, other.id) == (3, -1)
    assert other.looks.pictures == []
    assert one.presence.strikes == 0
    np.testing.assert_array_equal(one.five_points, FIVE)


def test_only_track_writes_its_fields():
    """No other file of the room assigns to an attribute of anything but its own `self`."""
    writers = set()
    for source in sorted(Path(video.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            written = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
            if written and ast.unparse(node.value) != "self":
                writers.add((source.name, ast.unparse(node)))
    assert {name for name, _ in writers} == {"track.py"}, writers
