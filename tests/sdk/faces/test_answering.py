"""Answers of faces: those of one face are a row of those of all."""

import pickle

import numpy as np
import pytest

from lapland import AFLW19, Detector, Faces, OptionError
from lapland.answers import pose
from lapland.answers.pose import head_poses
from lapland.faces.answering import answers_to_dict
from tests.made_up import made_up


@pytest.fixture(scope="module")
def faces(image):
    face = Detector(threads=1).predict(image)
    moved = Faces(
        *(face.boxes + 9, face.scores, face.five_points + 9, face.landmarks + 9, face.scales),
        textures=face.textures,
        calibration=face.calibration,
    )
    return face, moved


def both(faces):
    one, other = faces
    rows = (
        np.concatenate([getattr(f, name) for f in faces])
        for name in (*("boxes", "scores", "five_points", "landmarks", "scales", "textures"),)
    )
    *arrays, textures = rows
    return Faces(*arrays, textures=textures, calibration=one.calibration), one[0], other[0]


def test_pose_eyes_and_mouth(faces):
    many, one, other = both(faces)
    np.testing.assert_allclose(many.pose().yaw, [one.pose().yaw, other.pose().yaw], atol=1e-4)
    np.testing.assert_allclose(many.eyes.closed[1], other.eyes.closed, atol=1e-5)
    np.testing.assert_allclose(many.mouth.openness[0], one.mouth.openness, atol=1e-5)


def test_without_a_calibration_the_scales_tell_about_as_much(faces):
    known = faces[0]
    arrays = (known.boxes, known.scores, known.five_points, known.landmarks, known.scales)
    plain = Faces(*arrays)
    pairs = (
        (plain.eyes.deviations, known.eyes.deviations),
        (plain.mouth.deviation, known.mouth.deviation),
    )
    for rough, better in pairs:  # 0.8 to 2.3 with the shipped models
        assert ((rough / better > 1 / 3) & (rough / better < 3)).all()


def test_parts_outlines_masks_and_chips(faces, image):
    many, one, other = both(faces)
    np.testing.assert_array_equal(many.part("nose")[1], other.part("nose"))
    np.testing.assert_array_equal(many.five_landmarks[0], one.five_landmarks)
    np.testing.assert_array_equal(many.outlines()[1], other.outline())
    np.testing.assert_array_equal(many.masks(image, "lips")[0], one.mask(image, "lips"))
    np.testing.assert_array_equal(many.chips(image, 112)[1], other.chip(image, 112))
    height, width = image.shape[:2]
    np.testing.assert_array_equal(one.mask((height, width)), one.mask(image))


def test_plain_numbers_on_request(faces):
    face = faces[0][0]
    assert answers_to_dict(face, pose=False, eyes=False) == {}
    plain = answers_to_dict(face, pose=True, eyes=True)
    assert set(plain) == {"pose", "eyes", "mouth"}
    assert len(plain["eyes"]["openness"]) == 2


def test_answers_for_68_landmarks_alone():
    faces = made_up(2, AFLW19)
    properties = [lambda n=n: getattr(faces, n) for n in ("eyes", "mouth", "triangles")]
    for answer in (faces.pose, faces.outlines, *properties):
        with pytest.raises(OptionError, match="expected the 68 landmarks of IBUG68"):
            answer()
    assert faces.part("nose").shape == (2, 3, 2)
    with pytest.raises(OptionError, match="68 landmarks"):
        faces.masks((100, 100))


def test_sizes_that_are_none(faces):
    with pytest.raises(OptionError, match=r"a photo or its \(height, width\)"):
        faces[0].masks((0, 10))


def test_the_pose_is_fitted_once(faces, monkeypatch):
    fits, (together, *_) = [], both(faces)
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


def test_answers_are_no_part_of_pickles_and_slices(faces):
    together, *_ = both(faces)
    asked, fresh = together[:], together[:]
    for one, other in ((asked, fresh), (asked[0], fresh[0])):
        assert one.eyes is not None
        assert pickle.dumps(one) == pickle.dumps(other)
    assert np.array_equal(asked[::-1].pose().yaw, asked.pose().yaw[::-1])
