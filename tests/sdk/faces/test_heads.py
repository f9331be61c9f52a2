"""Pose, eyes and mouth of faces."""

import numpy as np

from lapland.answers import pose
from lapland.answers.pose import head_poses


def test_those_of_one_face_are_a_row_of_those_of_all(together):
    one, other = together
    np.testing.assert_allclose(together.pose().yaw, [one.pose().yaw, other.pose().yaw], atol=1e-4)
    np.testing.assert_allclose(together.eyes.closed[1], other.eyes.closed, atol=1e-5)
    np.testing.assert_allclose(together.mouth.openness[0], one.mouth.openness, atol=1e-5)


def test_the_pose_is_fitted_once(together, monkeypatch):
    fits = []
    monkeypatch.setattr(pose, "head_poses", lambda *a, **b: fits.append(1) or head_poses(*a, **b))
    again = together[:]
    eyes, mouth, found = again.eyes, again.mouth, again.pose()
    assert len(fits) == 1
    assert again.pose() is found
    assert not any(a.flags.writeable for a in (found.angles, found.deviations, found.rotations))
    face = again[0]
    assert face.eyes.openness.tolist() == eyes.openness[0].tolist()
    assert face.mouth.openness == float(mouth.openness[0])
    assert face.pose().yaw == float(found.yaw[0])
    assert len(fits) == 2
    again.pose(focal=500)
    assert len(fits) == 3
