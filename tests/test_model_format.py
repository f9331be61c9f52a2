"""docs/model-format.md is enough to run a model: its own code, and nothing of lapland, does it.

The functions under test are those of the page; lapland and `tests/golden` are what they must meet.
"""

import json
import re

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest

from lapland import Detector
from tests.documents.blocks import ROOT, blocks

PAGE = ROOT / "docs" / "model-format.md"
MODELS = sorted(path.parent for path in (ROOT / "models").glob("rcn-*/model.onnx"))
FIVE = np.array([[204.0, 100], [246, 102], [225, 127], [202, 139], [244, 141]])
VIEWS = [(1.0, 0.0, 0, 0), (0.8, 0.0, 0, 0), (1, 0.3, 0, 0), (1.1, -0.2, 7, -5), (2, 0, 0, 0)]


@pytest.fixture(scope="module")
def page():
    """Functions of the page, by name: of its blocks that only import and define."""
    made: dict = {}
    for block in blocks(PAGE):
        if block.language == "python":
            definitions, *_ = re.split(r"\n\n\n(?=[a-z]\w* = )", block.text)
            if re.search(r"^def ", definitions, re.MULTILINE):
                exec(compile(definitions, block.place, "exec"), made)
    assert "lapland" not in made
    return made


def session_of(folder):
    return onnxruntime.InferenceSession(folder / "model.onnx")


def facts_of(folder):
    """The metadata of a file."""
    return {p.key: p.value for p in onnx.load(folder / "model.onnx").metadata_props}


def five_points(view):
    scale, angle, dx, dy = view
    middle = FIVE.mean(axis=0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * (FIVE - middle) @ turn.T + middle + (dx, dy)


def test_every_key_of_the_metadata_is_described():
    text = PAGE.read_text()
    described = set(re.findall(r"^\| `(lapland\.\w+)` \|", text, re.MULTILINE))
    for folder in MODELS:
        facts = facts_of(folder)
        keys = {key for key in facts if key.startswith("lapland.")}
        assert keys <= described
        calibration = json.loads(facts["lapland.calibration"])
        group = calibration["groups"]["jaw"]
        for key in (*calibration, *group):
            assert f"`{key}`" in text, key


@pytest.mark.parametrize("folder", MODELS, ids=lambda folder: folder.name)
def test_the_page_meets_the_golden_results(page, image, folder):
    session = session_of(folder)
    facts = session.get_modelmeta().custom_metadata_map
    golden = json.loads((ROOT / "tests/golden" / f"{folder.name}.json").read_text())
    for i, view in enumerate(VIEWS):
        points = five_points(view)
        _, scales, _, found = page["run"](session, image, points)
        matrix = page["crop_matrix"](points)
        difference = np.abs(found - golden["landmarks"][i])
        scales = scales / np.hypot(matrix[0, 0], matrix[1, 0])
        apart = np.abs(scales - golden["scales"][i])
        if facts["lapland.precision"] == "float32":
            assert difference.max() < 0.05
            assert apart.max() < 0.05
        else:
            assert difference.mean() < 0.3
            assert apart.mean() < 0.3


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_radii_and_confidence_are_those_of_lapland(page, image, precision):
    detector = Detector(precision=precision, threads=1)
    session = session_of(detector.model.path.parent)
    facts = session.get_modelmeta().custom_metadata_map
    calibration = json.loads(facts["lapland.calibration"])
    covered = image.copy()
    covered[70:130, 210:260] = 90
    for photo in (image, cv2.GaussianBlur(image, (0, 0), 6), covered):
        for view in VIEWS[:4]:
            points = five_points(view)
            faces = detector.predict(photo, five_points=points[None])
            # From lapland's own landmarks: a rounded crop value must not decide here.
            landmarks, scales = (a[0].astype(np.float64) for a in (faces.landmarks, faces.scales))
            matrix = page["crop_matrix"](points)
            back = (landmarks - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
            textures = page["texture"](page["cut"](photo, matrix), back)
            for probability in (0.002, 0.5, 0.9, 0.999):
                expected = faces.radius(probability)[0]
                found = page["radii"](landmarks, scales, textures, calibration, probability)
                assert np.abs(np.log(found / expected)).max() < 0.15  # one pixel beside, at most
                assert np.abs(np.log(found / expected)).mean() < 0.02
            found = page["confidence"](landmarks, scales, textures, calibration)
            assert found == pytest.approx(float(faces.confidence[0]), abs=0.02)
            shown = faces.textures[0].astype(np.float64)
            exact = page["radii"](landmarks, scales, shown, calibration, 0.9)
            np.testing.assert_allclose(exact, faces.radius(0.9)[0], rtol=1e-4)
            exact = page["confidence"](landmarks, scales, shown, calibration)
            assert exact == pytest.approx(float(faces.confidence[0]), abs=1e-4)


@pytest.mark.parametrize("enlarged", [1, 3, 6])
def test_landmarks_in_the_image_are_those_of_lapland(page, image, enlarged):
    photo = cv2.resize(image, None, fx=enlarged, fy=enlarged, interpolation=cv2.INTER_CUBIC)
    points = (FIVE + 0.5) * enlarged - 0.5
    detector = Detector(width="1/4", precision="float32", weights="300w", threads=1)
    session = session_of(detector.model.path.parent)
    expected = detector.predict(photo, five_points=points[None])
    landmarks, scales, _, _ = page["run"](session, photo, points)
    assert np.abs(landmarks - expected.landmarks[0]).max() < 0.25 * enlarged
    np.testing.assert_allclose(scales, expected.scales[0], rtol=0.05)


def test_the_crop_beyond_the_border_is_black(page, image):
    far = page["cut"](image, page["crop_matrix"](FIVE + 3000))
    assert not far.any()
    corner = page["cut"](image, page["crop_matrix"](FIVE - FIVE.mean(axis=0)))
    assert not corner[:38, :38].any()
    assert corner[45:, 45:].any()
