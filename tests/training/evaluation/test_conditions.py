import numpy as np
import pytest

from lapland.schemes.ibug68 import IBUG68
from tests.drawn_faces import draw_face
from training.data.crops import CropSpec, cut_all
from training.data.faces import AnnotatedFaces
from training.evaluation.conditions import (
    CLEAN,
    SHIFTS,
    boxed_points,
    conditions_of,
    shifted_points,
)
from training.evaluation.corruptions import CORRUPTIONS, UNTRAINED


@pytest.fixture(scope="module")
def faces():
    rng = np.random.default_rng(0)
    images, landmarks = zip(*(draw_face(rng) for _ in range(4)), strict=True)
    made = AnnotatedFaces.from_landmarks(
        [f"{i}" for i in range(4)], images, np.stack(landmarks), IBUG68
    )
    made.detected = made.labelled.copy()
    return made


def test_the_photos_as_they_are_come_first_and_then_every_way(faces):
    ways = list(conditions_of(faces, CropSpec()))
    assert ways[0].name == CLEAN
    expected = cut_all(faces, CropSpec().matrices(faces.five_points)).numpy()
    np.testing.assert_array_equal(ways[0].crops, expected)
    names = [how.name for strengths in CORRUPTIONS.values() for how in strengths]
    assert [way.name for way in ways[1 : 1 + len(names)]] == names
    assert len(ways) == 1 + len(names) + 2 * len(SHIFTS)
    assert len({way.name for way in ways}) == len(ways)
    for way in ways[1:]:
        assert way.crops.shape == (4, 80, 80, 3)
        assert way.crops.dtype == np.uint8
        assert (way.crops != expected).any(axis=(1, 2, 3)).sum() >= 3, way.name
        # What corrupts leaves the crop where it was, what shifts moves it.
        moved = (way.matrices != ways[0].matrices).any()
        assert moved == way.kind.startswith("shifted")


def test_the_same_again_and_only_what_is_asked_for(faces):
    spec = CropSpec()
    one, two = (
        [way.crops for way in conditions_of(faces, spec, corrupt=False, seed=seed)]
        for seed in (1, 1)
    )
    assert len(one) == 1 + 2 * len(SHIFTS)
    np.testing.assert_array_equal(one, two)
    assert len(list(conditions_of(faces, spec, corrupt=False, perturb=False))) == 1
    ways = list(conditions_of(faces, spec, corrupt=False, perturb=False, untrained=True))
    assert [way.kind for way in ways[1:]] == [k for k, hows in UNTRAINED.items() for _ in hows]


def test_points_are_shifted_as_far_as_it_says(faces):
    many = AnnotatedFaces.from_landmarks(
        faces.names * 50, faces.images * 50, np.tile(faces.landmarks, (50, 1, 1)), IBUG68
    )
    moved = shifted_points(many, 0.1, np.random.default_rng(0)) - many.five_points
    np.testing.assert_allclose((moved / many.sizes[:, None, None]).std(), 0.1, rtol=0.1)


def test_points_of_boxes_lie_in_them(faces):
    found = boxed_points(faces, 0.05, np.random.default_rng(0))
    assert found.shape == (4, 5, 2)
    assert np.isfinite(found).all()
    off = np.linalg.norm(found.mean(axis=1) - faces.landmarks.mean(axis=1), axis=1)
    assert (off < 0.5 * np.ptp(faces.landmarks, axis=1).max(axis=1)).all()


def test_every_second_face_keeps_what_belongs_to_it(faces):
    some = faces.every(2)
    assert some.names == ["0", "2"]
    np.testing.assert_array_equal(some.landmarks, faces.landmarks[::2])
    np.testing.assert_array_equal(some.five_points, faces.five_points[::2])
    assert some.boxes is None
