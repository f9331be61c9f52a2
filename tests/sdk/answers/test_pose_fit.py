"""The fit of the head to landmarks, without its conversion to angles."""

import numpy as np
import pytest

from lapland.answers import pose_fit
from lapland.answers.head import load_head
from lapland.answers.pose_fit import PoseFit
from lapland.answers.rotations import angles_of, exponential, rotations_of

ANGLES = np.array([[0.0, 0.0, 0.0], [25.0, -10.0, 15.0], [-40.0, 5.0, -30.0]])


def seen(size=5.0, place=(120.0, 80.0)):
    """Landmarks of the mean head at `ANGLES`, image pixels."""
    rotations = rotations_of(ANGLES)
    yaws = np.rad2deg(np.arctan2(rotations[:, 0, 2], rotations[:, 2, 2]))
    turned = rotations @ load_head().at(yaws)[0]
    return (turned[:, :2] * size).transpose(0, 2, 1) * [1, -1] + place


def face_yaw(rotation):
    return np.rad2deg(np.arctan2(rotation[0][2], rotation[2][2]))


def placed(landmarks, deviation=0.5, camera=None):
    return PoseFit(load_head(), camera).run(landmarks, np.full(landmarks.shape[:2], deviation))


def rotations(faces):
    return np.array([face.rotation for face in faces])


def test_it_finds_rotation_size_and_place():
    faces = placed(seen())
    assert np.abs(angles_of(rotations(faces)) - ANGLES).max() < 0.3
    np.testing.assert_allclose([face.size for face in faces], 5, rtol=0.01)
    np.testing.assert_allclose([face.place for face in faces], [(120.0, -80.0)] * 3, atol=1)


def test_smaller_steps_and_more_passes_change_little(monkeypatch):
    noisy = seen() + np.random.default_rng(0).normal(0, 3, (3, 68, 2))
    few = angles_of(rotations(placed(noisy, 3.0)))
    monkeypatch.setattr(pose_fit, "_PASSES", 30)
    monkeypatch.setattr(pose_fit, "_STILL", 1e-9)
    np.testing.assert_allclose(few, angles_of(rotations(placed(noisy, 3.0))), atol=0.1)


def test_two_passes_are_enough(monkeypatch):
    """Each costs a face as much as all that comes before."""
    noisy = np.tile(seen(), (20, 1, 1))
    noisy += np.random.default_rng(0).normal(0, 1, noisy.shape)
    all_of_them = angles_of(rotations(placed(noisy, 1.0)))
    monkeypatch.setattr(pose_fit, "_PASSES", 2)
    np.testing.assert_allclose(angles_of(rotations(placed(noisy, 1.0))), all_of_them, atol=0.2)


def test_passes_go_on_where_the_sure_landmarks_say_otherwise(monkeypatch):
    """The start takes all landmarks as equally sure; here it is far off."""
    wrong, deviations = seen(), np.full((3, 68), 0.5)
    wrong[:, 36:48] += [40, -30]  # the eyes are far off, and unsure
    deviations[:, 36:48] = 200.0

    def off():
        faces = PoseFit(load_head()).run(wrong, deviations)
        return np.abs(angles_of(rotations(faces)) - ANGLES).max()

    assert off() < 0.3
    monkeypatch.setattr(pose_fit, "_PASSES", 1)
    assert off() > 1


def test_it_is_the_least_of_the_squares():
    """No small turn or growth makes the weighted distances from the landmarks smaller."""
    landmarks = seen() + np.random.default_rng(0).normal(0, 3, (3, 68, 2))
    loose = pose_fit.variances(load_head(), pose_fit.LOOSENESS)
    for face, points, angles in zip(placed(landmarks, 3.0), landmarks, ANGLES, strict=True):
        row = load_head().at(np.array([face_yaw(face.rotation)]))[0][0]
        weights = 1 / (3.0**2 + face.size**2 * loose)

        def loss(vector, growth, face=face, row=row, points=points, weights=weights):
            turned = (exponential(np.array(vector)[None])[0] @ face.rotation)[:2] @ row
            flat = points.T * [[1], [-1]] - face.size * (1 + growth) * turned
            flat = flat - (weights * flat).sum(axis=1, keepdims=True) / weights.sum()
            return (weights * flat**2).sum()

        least = loss(np.zeros(3), 0)
        for axis in np.eye(4):
            for small in (-0.02, 0.02):
                assert loss(small * axis[:3], small * axis[3]) > least, (angles, axis)


def test_perspective_is_undone():
    camera = pose_fit.Camera(400.0, None)
    head, size = load_head(), 8.0
    turned = rotations_of(ANGLES) @ head.at(-ANGLES[:, 0])[0]
    flat = turned[:, :2] * size / (1 - turned[:, 2:] * size / camera.focal)
    near = flat.transpose(0, 2, 1) * [1, -1] + 100
    right, wrong = (
        np.abs(angles_of(rotations(placed(near, camera=c))) - ANGLES).max() for c in (camera, None)
    )
    assert right < 1.5 < wrong


def test_covariances_hold_for_noise():
    """The scatter of the rotation under noise is that of the covariance."""
    rng = np.random.default_rng(0)
    truth = np.repeat(rotations_of(ANGLES[1:2]), 300, axis=0)
    noise = rng.normal(0, 20.0, (300, 68, 2))  # pixels, far more than heads differ
    faces = placed(np.repeat(seen(), 300, axis=0)[300:600] + noise, 20.0)
    turns = rotations(faces) @ truth.transpose(0, 2, 1)
    vectors = np.stack([turns[:, 2, 1], turns[:, 0, 2], turns[:, 1, 0]], axis=-1)
    covariance = np.mean([face.covariance for face in faces], axis=0)
    np.testing.assert_allclose(np.diag(np.cov(vectors.T)), np.diag(covariance), rtol=0.35)
    np.testing.assert_allclose(covariance, covariance.T, atol=1e-12)


@pytest.mark.parametrize("landmarks", [np.zeros((1, 68, 2)), np.full((1, 68, 2), 7.0)])
def test_points_in_one_place_give_finite_numbers(landmarks):
    (face,) = placed(landmarks)
    assert np.isfinite(face.rotation).all()
    assert np.isfinite(face.covariance).all()
    identity = np.array(face.rotation) @ np.array(face.rotation).T
    np.testing.assert_allclose(identity, np.eye(3), atol=1e-9)
