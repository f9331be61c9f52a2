"""Faces are read from the lines that they were written to, with all that they know."""

import json
import pickle

import cv2
import numpy as np
import pytest

from lapland import (
    IBUG68,
    Detector,
    Faces,
    GeometryError,
    ImageError,
    ModelError,
    OptionError,
    Tracker,
)
from lapland.__main__ import main
from lapland.networks.index import FAMILIES
from lapland.schemes.definition import scheme_from

FIELDS = ("boxes", "scores", "five_points", "landmarks", "scales")


@pytest.fixture(scope="module")
def faces(detector, image):
    found = detector.predict(image)
    assert len(found)
    return found


def without(faces, *keys):
    """The content of a line, without some keys of its faces, as earlier versions wrote it."""
    data = faces.to_dict()
    for face in data["faces"]:
        for key in keys:
            del face[key]
    return data


def test_a_line_gives_the_same_faces(faces):
    again = Faces.from_json(faces.to_json())
    for name in FIELDS:
        np.testing.assert_allclose(getattr(again, name), getattr(faces, name), atol=6e-4)
    for probability in (0.5, 0.9):
        np.testing.assert_allclose(again.radius(probability), faces.radius(probability), atol=6e-4)
    np.testing.assert_allclose(again.confidence, faces.confidence, atol=6e-5)
    np.testing.assert_allclose(again.pose().angles, faces.pose().angles, atol=0.01)
    np.testing.assert_allclose(again.pose().radius(0.9), faces.pose().radius(0.9), rtol=1e-3)
    np.testing.assert_allclose(again.eyes.closed, faces.eyes.closed, atol=1e-3)
    assert again.scheme is IBUG68
    assert again.ids is None
    assert (
        again.to_dict(pose=True)["faces"][0].keys() == faces.to_dict(pose=True)["faces"][0].keys()
    )


@pytest.fixture(scope="module", params=list(FAMILIES))
def three(image, request):
    """Three faces of one photo; the last is cut by its border."""
    part = image[:300, 80:380]
    wide = np.hstack([part, cv2.flip(part, 1), part[:, :160]])
    found = Detector(weights=request.param, threads=1).predict(wide)
    assert len(found) >= 2
    return found


def test_answers_of_a_line_are_those_of_the_faces(three):
    again = Faces.from_json(three.to_json())
    np.testing.assert_allclose(again.confidence, three.confidence, atol=6e-5)
    for probability in (0.5, 0.9):
        np.testing.assert_allclose(again.radius(probability), three.radius(probability), atol=6e-4)
    poses, found = three.pose(), again.pose()
    np.testing.assert_allclose(found.angles, poses.angles, atol=0.01)
    np.testing.assert_allclose(found.radius(0.9), poses.radius(0.9), rtol=1e-3)
    for name in ("openness", "deviations", "closed"):
        written = getattr(three.eyes, name)
        np.testing.assert_allclose(getattr(again.eyes, name), written, atol=2e-3, err_msg=name)
    np.testing.assert_allclose(again.mouth.openness, three.mouth.openness, atol=1e-3)
    np.testing.assert_allclose(again.mouth.deviation, three.mouth.deviation, atol=1e-3)
    for one, other in zip(again, three, strict=True):
        assert one.pose().yaw == pytest.approx(other.pose().yaw, abs=0.01)
        assert one.eyes.closed == pytest.approx(other.eyes.closed, abs=2e-3)
    assert again.to_dict(pose=True, eyes=True).keys() == three.to_dict().keys()
    twice = Faces.from_dict(again.to_dict())
    np.testing.assert_array_equal(twice.eyes.openness, again.eyes.openness)


def test_lines_without_labels_count_as_of_open_weights(faces):
    data = faces.to_dict()
    assert data.pop("labels") == faces.calibration.labels.split()[0]
    open_eyes = Faces.from_dict(data | {"labels": "open"}).eyes.openness
    others = Faces.from_dict(data | {"labels": "300w"}).eyes.openness
    np.testing.assert_array_equal(Faces.from_dict(data).eyes.openness, open_eyes)
    assert (others < 0.9 * open_eyes).all()
    for wrong in (3, None, ["open"]):
        with pytest.raises(GeometryError, match="labels: expected the name"):
            Faces.from_dict(data | {"labels": wrong})


def test_radii_between_those_of_the_line_are_near_the_calibration(faces):
    again = Faces.from_dict(faces.to_dict())
    np.testing.assert_allclose(again.radius(0.75), faces.radius(0.75), rtol=0.08)
    ascending = [again.radius(p) for p in (1e-9, 0.1, 0.5, 0.9, 0.99, 1 - 1e-12)]
    assert (np.diff(ascending, axis=0) >= 0).all()
    assert np.isfinite(ascending).all()
    with pytest.raises(OptionError, match="between 0 and 1"):
        again.radius(1)


def test_faces_from_a_line_are_chosen_pickled_and_written_as_others(faces):
    again = Faces.from_dict(faces.to_dict())
    assert again[0].radius(0.9).tolist() == again.radius(0.9)[0].tolist()
    assert again[0].confidence == pytest.approx(float(again.confidence[0]))
    copied = pickle.loads(pickle.dumps(again[:1]))
    assert copied.to_dict() == again[:1].to_dict()
    assert len(again[again.confidence > 2]) == 0


def test_a_line_without_radii_still_loads(faces):
    again = Faces.from_dict(without(faces, "radius_50", "radius_90"))
    np.testing.assert_allclose(again.confidence, faces.confidence, atol=6e-5)
    assert again.pose().angles.shape == (len(faces), 3)
    with pytest.raises(ModelError, match=r"`radius_50`.* predict the photo again"):
        again.radius(0.9)
    assert "radius_50" not in again.to_dict()["faces"][0]


def test_a_line_of_a_model_without_calibration(faces):
    again = Faces.from_dict(without(faces, "radius_50", "radius_90", "confidence"))
    with pytest.raises(ModelError, match="calibrated model"):
        _ = again.confidence


def test_no_faces_have_no_confidence_and_no_radii():
    none = Faces.from_json(Faces.empty().to_json())
    assert none.confidence.shape == (0,)
    assert none.radius(0.9).shape == (0, 68)
    assert len(none[none.confidence > 0.5]) == 0


def test_faces_of_a_video_keep_their_ids(image):
    with Tracker(Detector("1/16", weights="300w", threads=1), background=False) as tracker:
        tracked = [tracker.update(image, n / 30) for n in range(3)]
    for faces in tracked:
        again = Faces.from_json(faces.to_json())
        assert again.ids.tolist() == faces.ids.tolist()


def test_lines_of_the_command(tmp_path, faces, photo):
    broken, out = tmp_path / "b.png", tmp_path / "faces.jsonl"
    broken.write_bytes(b"no image")
    options = ["--pose", "--threads", "1", "-o", str(out)]
    assert main(["predict", str(photo), str(broken), *options]) == 1
    first, second = out.read_text().splitlines()
    again = Faces.from_json(first)
    np.testing.assert_allclose(again.radius(0.9), faces.radius(0.9), atol=6e-4)
    with pytest.raises(ImageError, match=r"b\.png"):
        Faces.from_json(second)


def test_points_of_ones_own_need_their_scheme(faces):
    five = {"name": "five", "landmarks": 5, "groups": {"all": list(range(5))}, "parts": {}}
    scheme = scheme_from(five | {"five": [[i] for i in range(5)]})
    points = faces.five_points
    own = Faces(faces.boxes, faces.scores, points, points, points[..., 0] * 0 + 1, scheme)
    with pytest.raises(OptionError, match="read_scheme"):
        Faces.from_json(own.to_json())
    again = Faces.from_json(own.to_json(), scheme=scheme)
    assert again.scheme is scheme
    with pytest.raises(OptionError, match="expected that of the line, 'ibug68'"):
        Faces.from_dict(faces.to_dict(), scheme=scheme)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"box": [1, 2, 3]}, r"faces\[0\]: box: expected shape \(4,\)"),
        ({"landmarks": "none"}, r"faces\[0\]: landmarks: expected numbers"),
        ({"score": float("nan")}, "scores: expected finite"),
        ({"confidence": 1.5}, "confidence: expected numbers within"),
        ({"radius_90": [0.0] * 68}, "radius_90: expected radii of at least"),
        ({"id": 1.5}, "ids: expected whole numbers"),
    ],
)
def test_a_wrong_part_is_named(faces, change, message):
    data = faces[:1].to_dict()
    data["faces"][0] |= change
    with pytest.raises(GeometryError, match=message):
        Faces.from_dict(data)


def test_a_missing_part_is_named(faces):
    with pytest.raises(GeometryError, match=r"faces\[0\]: expected 'scales'"):
        Faces.from_dict(without(faces, "scales"))
    twice = faces[[0, 0]].to_dict()
    del twice["faces"][1]["confidence"]
    with pytest.raises(GeometryError, match="confidence: expected it in all faces or in none"):
        Faces.from_dict(twice)


@pytest.mark.parametrize("line", ["", "{}", "[1]", "null", "not json", b"\xff", 3, None])
def test_other_text_is_refused(line):
    with pytest.raises(GeometryError, match="expected"):
        Faces.from_json(line)


def test_a_whole_file_is_refused_with_the_loop_to_write(faces):
    line = json.dumps(faces.to_dict())
    with pytest.raises(GeometryError, match="for line in open"):
        Faces.from_json(f"{line}\n{line}\n")
