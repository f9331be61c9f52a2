"""Eyes and mouth: closed and open ones, turned heads, and how sure that is."""

import numpy as np
import pytest

from lapland import Detector
from lapland.answers.head import load_head
from lapland.answers.openness import eyes_of, mouths_of
from lapland.answers.pose import head_poses
from lapland.answers.rotations import rotations_of
from tests.blinking import shut


def seen(angles, lids=0.0, gap=0.0):
    """Landmarks of the mean head, upper lids lowered by a share of the eye, lips apart by cm."""
    points = load_head().frontal.copy()
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        points[:, upper] += lids * (points[:, lower] - points[:, upper])
    points[1, [65, 66, 67]] = points[1, [63, 62, 61]] - gap
    rotations = rotations_of(np.atleast_2d(np.asarray(angles, np.float64)))
    return (rotations @ points)[:, :2].transpose(0, 2, 1) * [8, -8] + 100


def eyes(landmarks, deviation=0.3):
    deviations = np.full(landmarks.shape[:2], deviation)
    return eyes_of(landmarks, deviations, head_poses(landmarks, deviations))


def test_open_and_closed_eyes():
    wide, closed = eyes(seen([0, 0, 0])), eyes(seen([0, 0, 0], lids=0.95))
    assert (wide.openness > 0.7).all()
    assert (wide.closed < 0.2).all()
    assert (closed.openness < 0.3).all()
    assert (closed.closed > 0.6).all()


@pytest.mark.parametrize("angles", [[35, 0, 0], [-35, 0, 0], [0, 15, 0], [0, 0, 40], [20, -10, 10]])
def test_openness_is_that_of_the_upright_face(angles):
    for lids in (0.0, 0.5):  # the made head's lids bulge more than those of photos
        level = eyes(seen([0, 0, 0], lids)).openness
        assert eyes(seen(angles, lids)).openness == pytest.approx(level, abs=0.27)


def test_unsure_lids_make_unsure():
    sure, unsure = (eyes(seen([0, 0, 0], lids=0.6), deviation) for deviation in (0.3, 12))
    assert (unsure.deviations > 5 * sure.deviations).all()
    assert (np.abs(unsure.closed - 0.25) < 0.12).all()  # what is expected of an eye not seen
    assert (sure.closed > 0.6).all()


def test_one_eye_closed():
    landmarks = seen([0, 0, 0])
    landmarks[:, 36:42] = seen([0, 0, 0], lids=0.95)[:, 36:42]
    closed = eyes(landmarks).closed[0]
    assert closed[0] > 0.6
    assert closed[1] < 0.2


def test_mouth():
    landmarks = np.concatenate([seen([0, 0, 0], gap=gap) for gap in (0.0, 1.0, 2.0)])
    deviations = np.full((3, 68), 0.3)
    mouth = mouths_of(landmarks, deviations, head_poses(landmarks, deviations))
    assert mouth.openness == pytest.approx([0, 0.2, 0.4], abs=0.04)
    turned = seen([25, 5, 10], gap=2.0)
    poses = head_poses(turned, deviations[:1])
    assert mouths_of(turned, deviations[:1], poses).openness[0] == pytest.approx(0.4, abs=0.06)


@pytest.mark.parametrize("precision", ["int8", "float32"])
@pytest.mark.parametrize(
    ("width", "weights"), [("1/4-lite", "300w"), ("1/2-lite", "300w"), ("1/2-lite", "open")]
)
def test_drawn_lids_mean_the_same_with_every_model(image, width, weights, precision):
    image = image[:300, 80:380]
    detector = Detector(width, precision=precision, weights=weights, threads=1)
    face = detector.predict(image)[0]
    blinking = detector.predict(shut(image, face.landmarks, 1.0))[0]
    assert (face.eyes.closed < 0.1).all()
    assert (face.eyes.openness > 0.8).all()
    # Of photos as narrow as this by so wide radii, 5 to 65 % show closed eyes.
    assert (blinking.eyes.closed > 10 * face.eyes.closed).all()
    assert blinking.eyes.closed.mean() > 0.05
    assert (blinking.eyes.openness < 0.5).all()


def test_units_are_those_of_the_training_data():
    landmarks = seen([0, 0, 0], lids=0.2, gap=0.4)
    deviations = np.full((1, 68), 0.3)
    rest = landmarks, deviations, head_poses(landmarks, deviations)
    for name, answer in (("eyes", eyes_of), ("mouth", mouths_of)):
        plain, opened = (answer(*rest, labels).openness for labels in ("300w", "open portraits"))
        assert (opened > 1.2 * plain).all(), name
    assert Detector(weights="open", threads=1).model.calibration.labels.startswith("open")
    assert Detector("1/2-lite", weights="300w", threads=1).model.calibration.labels == "300w"
