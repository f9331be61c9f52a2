"""Results of poses: one head of several, intervals, plain numbers."""

import json

import numpy as np
import pytest

from lapland import OptionError
from lapland.answers.poses import Pose, Poses


@pytest.fixture
def poses():
    return Poses(
        np.array([[10, -5, 3], [20, 0, -8]], np.float32),
        np.array([[1, 2, 0.5], [4, 3, 1]], np.float32),
        np.tile(np.eye(3, dtype=np.float32), (2, 1, 1)),
        np.array([6, 3], np.float32),
        np.array([60, 120], np.float32),
    )


def test_columns_are_angles(poses):
    assert len(poses) == 2
    assert poses.yaw.tolist() == [10, 20]
    assert poses.pitch.tolist() == [-5, 0]
    assert poses.roll.tolist() == [3, -8]


def test_one_of_several(poses):
    one = poses[1]
    assert isinstance(one, Pose)
    assert (one.yaw, one.pitch, one.roll, one.size, one.distance) == (20, 0, -8, 3, 120)
    assert [pose.yaw for pose in poses] == [10, 20]
    np.testing.assert_array_equal(one.deviations, [4, 3, 1])
    with pytest.raises(IndexError):
        poses[2]


def test_intervals_grow_with_probability_and_deviation(poses):
    np.testing.assert_allclose(poses.radius(0.9), 1.6449 * poses.deviations, rtol=1e-4)
    np.testing.assert_array_equal(poses[0].radius(0.5), poses.radius(0.5)[0])
    with pytest.raises(OptionError, match="between 0 and 1"):
        poses.radius(1)


def test_plain_numbers(poses):
    plain = json.loads(json.dumps(poses[0].to_dict()))
    assert plain == {
        "yaw": 10,
        "pitch": -5,
        "roll": 3,
        "radius_90": [1.64, 3.29, 0.82],
        "distance_cm": 60,
    }
    unknown = Poses(poses.angles, poses.deviations, poses.rotations, poses.sizes)[0]
    assert unknown.distance is None
    assert "distance_cm" not in unknown.to_dict()
