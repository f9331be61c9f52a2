"""The 19 points, by their meaning."""

import numpy as np

from lapland import AFLW19
from tests.drawn_faces import mean_shape, to_aflw19


def test_19_points():
    assert AFLW19.size == 19
    assert list(AFLW19.groups) == ["brows", "eyes", "nose", "mouth", "chin"]
    assert [len(group) for group in AFLW19.groups.values()] == [6, 6, 3, 3, 1]
    assert AFLW19.mirror == (5, 4, 3, 2, 1, 0, 11, 10, 9, 8, 7, 6, 14, 13, 12, 17, 16, 15, 18)
    assert AFLW19.five == ((7,), (10,), (13,), (15,), (17,))
    assert AFLW19.eye_corners is None


def test_left_is_left_in_both_schemes():
    shape = to_aflw19(mean_shape())
    for left, right in enumerate(AFLW19.mirror):
        np.testing.assert_allclose(shape[left] * [-1, 1], shape[right], atol=1e-12)
    assert (shape[[0, 1, 2, 6, 7, 8, 12, 15], 0] < 0).all()
    outer, _, inner = shape[6:9, 0]
    assert outer < inner


def test_parts_lie_where_their_names_say():
    parts = {name: list(ids) for name, ids in AFLW19.parts.items()}
    shape = to_aflw19(mean_shape())
    middle = {name: shape[ids].mean(axis=0) for name, ids in parts.items()}
    for part in ("brow", "eye", "mouth_corner"):
        assert middle[f"left_{part}"][0] < 0 < middle[f"right_{part}"][0]
        mirrored = sorted(AFLW19.mirror[i] for i in parts[f"left_{part}"])
        assert mirrored == sorted(parts[f"right_{part}"])
    heights = [middle[name][1] for name in ("left_brow", "left_eye", "nose_tip")]
    heights += [middle[name][1] for name in ("left_mouth_corner", "chin")]
    assert heights == sorted(heights)
    corners = parts["left_mouth_corner"] + parts["right_mouth_corner"]
    assert set(corners) < set(AFLW19.groups["mouth"])
    every = [i for ids in parts.values() for i in ids]
    assert len(every) == len(set(every))
