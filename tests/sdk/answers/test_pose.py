"""Head pose: heads of known pose, uncertainty, distance, and real faces."""

import numpy as np
import pytest

from lapland import AFLW19, IBUG68, Faces, GeometryError, OptionError
from lapland.answers.head import load_head
from lapland.answers.pose import head_poses
from lapland.answers.rotations import rotations_of
from tests.counted import calls


def projected(angles, *, size=6.0, place=(300.0, 200.0), focal=None, centre=None):
    """Landmarks of the mean head in given poses, each seen with its visible jaw."""
    head = load_head()
    rotations = rotations_of(angles)
    turned = rotations @ head.at(np.rad2deg(np.arctan2(rotations[:, 0, 2], rotations[:, 2, 2])))[0]
    if focal is None:
        flat = turned[:, :2] * size
    else:
        flat = turned[:, :2] * size / (1 - turned[:, 2:] * size / focal)
    return flat.transpose(0, 2, 1) * [1, -1] + place


def random_angles(n, most=60):
    return np.random.default_rng(0).uniform(-1, 1, (n, 3)) * [most, 25, 40]


def test_a_head_of_known_pose():
    angles = random_angles(40)
    poses = head_poses(projected(angles), np.full((40, 68), 0.5))
    assert np.abs(poses.angles - angles).max() < 0.5
    assert np.allclose(poses.sizes, 6, rtol=0.02)
    assert np.allclose(poses.rotations @ poses.rotations.transpose(0, 2, 1), np.eye(3), atol=1e-5)


def test_signs():
    """Yaw: nose to the left; pitch: chin nearer than brows, so nose up; roll: right eye lower."""
    left, up, right = projected(np.array([[30.0, 0, 0], [0, 20, 0], [0, 0, 15]]))
    eyes = left[[36, 45]].mean(axis=0)
    assert left[30, 0] < eyes[0] - 5
    level = projected(np.zeros((1, 3)))[0]
    assert up[30, 1] - up[27, 1] < level[30, 1] - level[27, 1] - 5
    assert right[45, 1] > right[36, 1] + 5


def test_distance_needs_the_focal_length():
    angles = random_angles(10, 30)
    seen = projected(angles, size=8.0, focal=800.0)
    poses = head_poses(seen, np.full((10, 68), 0.5), focal=800.0)
    assert np.allclose(poses.distances, 100, rtol=0.03)
    assert np.abs(poses.angles - angles).max() < 1
    assert head_poses(seen, np.ones((10, 68))).distances is None


def test_angles_to_the_axes_of_the_camera():
    """A face on the right of the picture that looks into the camera has its nose to the left."""
    focal, aside, away = 800.0, 40.0, 100.0  # pixels; centimetres
    yaw = np.rad2deg(np.arctan2(aside, away))
    head = rotations_of(np.array([[yaw, 0, 0]]))[0] @ load_head().frontal
    x, y, z = head + np.array([[aside], [0], [-away]])  # the camera looks along -z
    seen = np.stack([320 - focal * x / z, 240 + focal * y / z], axis=-1)[None]
    deviations = np.full((1, 68), 0.5)
    to_axes = head_poses(seen, deviations, focal=focal, centre=(320, 240))
    assert to_axes.yaw[0] == pytest.approx(yaw, abs=1.5)
    assert to_axes.distances[0] == pytest.approx(away, rel=0.03)
    assert abs(head_poses(seen, deviations, focal=focal).yaw[0]) < 6


def test_covered_landmarks_count_little_and_make_unsure():
    angles = random_angles(20, 30)
    seen = projected(angles)
    deviations = np.full((20, 68), 0.5)
    hidden = seen.copy()
    hidden[:, 48:] += [25, -10]  # the mouth is where a hand is
    unsure = deviations.copy()
    unsure[:, 48:] = 25
    wrong, right = head_poses(hidden, deviations), head_poses(hidden, unsure)
    assert np.abs(right.angles - angles).mean() < 0.5 * np.abs(wrong.angles - angles).mean()
    seen_whole = head_poses(seen, deviations)
    assert (right.deviations.mean(axis=0) > 1.02 * seen_whole.deviations.mean(axis=0)).all()


def test_deviations_hold_for_noise():
    rng = np.random.default_rng(1)
    angles = random_angles(400, 15)
    noise = rng.normal(0, 8, (400, 68, 2))  # noise that outweighs how heads differ
    poses = head_poses(projected(angles) + noise, np.full((400, 68), 8.0))
    within = np.abs(poses.angles - angles) <= poses.radius(0.9)
    assert (within.mean(axis=0) > 0.85).all()
    assert np.abs(poses.angles - angles).mean() > 1  # else the intervals would hold anything


def test_profiles_are_less_sure():
    frontal, profile = head_poses(projected(np.array([[5.0, 0, 0], [55, 0, 0]])), np.ones((2, 68)))
    assert profile.deviations[0] > 2 * frontal.deviations[0]


def test_the_mirrored_face_has_the_mirrored_pose():
    seen = projected(random_angles(10))
    mirrored = (seen * [-1, 1] + [600, 0])[:, list(IBUG68.mirror)]
    there, here = (head_poses(p, np.ones((10, 68))).angles for p in (seen, mirrored))
    assert np.allclose(here, there * [-1, 1, -1], atol=0.01)


def test_no_faces():
    poses = Faces.empty().pose()
    assert poses.angles.shape == (0, 3)
    assert poses.rotations.shape == (0, 3, 3)
    assert len(poses) == 0


def test_the_astronaut_looks_into_the_camera(astronaut):
    pose = astronaut.pose()
    assert abs(pose.yaw) < 5
    assert abs(pose.pitch) < 10
    assert 0 < pose.roll < 8
    assert pose.to_dict()["radius_90"][0] == pytest.approx(pose.radius(0.9)[0], abs=0.01)


def test_wrong_arguments(astronaut):
    with pytest.raises(OptionError, match="focal"):
        astronaut.pose(focal=-1)
    with pytest.raises(OptionError, match="focal"):
        astronaut.pose(centre=(1, 2))
    with pytest.raises(GeometryError, match="centre"):
        astronaut.pose(focal=500, centre=(1, 2, 3))
    with pytest.raises(OptionError, match="probability"):
        astronaut.pose().radius(1.0)
    with pytest.raises(OptionError, match="IBUG68"):
        Faces.empty(AFLW19).pose()


def test_no_landmarks_give_infinite_or_missing_angles():
    flat = np.zeros((3, 68, 2))
    flat[1] = 5
    flat[2, :, 0] = np.arange(68)
    poses = head_poses(flat, np.ones((3, 68)))
    assert np.isfinite(poses.angles).all()
    assert np.isfinite(poses.deviations).all()


def test_many_faces_cost_little_each():
    seen, deviations = projected(random_angles(64)), np.ones((64, 68))
    head_poses(seen, deviations)  # what is computed once
    one = calls(lambda: head_poses(seen[:1], deviations[:1]))
    together = calls(lambda: head_poses(seen, deviations))
    assert one < 250
    assert together < 64 * one
