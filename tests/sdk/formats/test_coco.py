"""Faces as COCO's key points: its own tools read them."""

import json
import subprocess
import sys

import numpy as np
import pytest

from lapland import AFLW19, IBUG68, SCHEMES, Faces, OptionError
from tests.made_up import made_up
from tests.processes import PATIENCE


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=lambda scheme: scheme.name)
def test_coco_is_read_by_its_own_tools(tmp_path, scheme):
    coco = pytest.importorskip("pycocotools.coco", reason="COCO's own reader, for tests alone")
    photos = {7: made_up(3, scheme), 8: Faces.empty(scheme), 9: made_up(1, scheme)}
    annotations = []
    for image_id, faces in photos.items():
        annotations += faces.to_coco(image_id=image_id, first_id=len(annotations) + 1)
    images = [{"id": i, "file_name": f"{i}.jpg", "width": 300, "height": 300} for i in photos]
    whole = {"images": images, "annotations": annotations, "categories": [scheme.coco_category()]}
    path = tmp_path / "faces.json"
    path.write_text(json.dumps(whole))

    read = coco.COCO(str(path))
    assert [len(read.getAnnIds(imgIds=[i])) for i in photos] == [3, 0, 1]
    assert read.getCatIds(catNms=["face"]) == [1]
    for image_id, faces in photos.items():
        for face, row in zip(faces, read.loadAnns(read.getAnnIds([image_id])), strict=True):
            keypoints = np.reshape(row["keypoints"], (-1, 3))
            np.testing.assert_allclose(keypoints[:, :2], face.landmarks, atol=6e-4)
            assert (keypoints[:, 2] == 2).all()
            assert row["num_keypoints"] == scheme.size == len(keypoints)
            x, y, width, height = row["bbox"]
            np.testing.assert_allclose([x, y, x + width, y + height], face.box, atol=2e-3)
            assert row["area"] == pytest.approx(width * height, rel=1e-3)
            assert row["score"] == pytest.approx(face.score, abs=1e-4)
    # The evaluation of key points finds what is compared with itself perfect.
    evaluation = pytest.importorskip("pycocotools.cocoeval").COCOeval
    result = evaluation(read, read.loadRes(annotations), "keypoints")
    result.params.kpt_oks_sigmas = np.full(scheme.size, 0.05)
    result.evaluate()
    result.accumulate()
    result.summarize()
    assert result.stats[0] == pytest.approx(1)


def test_coco_category():
    category = IBUG68.coco_category(category_id=4)
    assert (category["id"], category["name"], category["supercategory"]) == (4, "face", "person")
    assert len(set(category["keypoints"])) == 68
    assert category["keypoints"][0] == "jaw_0"
    assert category["keypoints"][36] == "eyes_36"
    lines = category["skeleton"]
    assert [1, 2] in lines
    assert [42, 37] in lines  # the left eye closes
    assert [17, 18] not in lines  # the jaw ends, the brow begins
    assert len(lines) == 16 + 4 + 4 + 3 + 4 + 6 + 6 + 12 + 8
    assert len(AFLW19.coco_category()["keypoints"]) == 19


def test_coco_takes_ids_of_text_and_the_category(faces):
    rows = faces.to_coco(image_id="a.jpg", category_id=4, first_id=100)
    assert [row["id"] for row in rows] == [100, 101, 102]
    assert {row["image_id"] for row in rows} == {"a.jpg"}
    assert {row["category_id"] for row in rows} == {4}


def test_coco_takes_numbers_of_numpy(faces):
    ids = {name: np.int64(3) for name in ("image_id", "category_id", "first_id")}
    rows = json.loads(json.dumps(faces.to_coco(**ids, width=np.int32(90), height=np.int32(80))))
    assert [(row["id"], row["image_id"], row["category_id"]) for row in rows] == [
        (3, 3, 3),
        (4, 3, 3),
        (5, 3, 3),
    ]
    assert json.loads(json.dumps(IBUG68.coco_category(np.int64(3))))["id"] == 3
    for wrong in ({"image_id": 1.5}, {"image_id": 1, "width": 0}, {"image_id": 1, "height": "9"}):
        with pytest.raises(OptionError):
            faces.to_coco(**wrong)


def test_coco_of_a_face_at_the_border():
    landmarks = np.full((1, 68, 2), 50.0)
    landmarks[0, :5] = [[-0.6, 50], [-0.5, 50], [50, 79.4], [50, 79.6], [99.6, 50]]
    face = Faces([[-10, 20, 60, 110]], [0.9], np.full((1, 5, 2), 50.0), landmarks, [[1.0] * 68])

    def flags_and_box(**size):
        row = face.to_coco(image_id=1, **size)[0]
        keypoints = np.reshape(row["keypoints"], (68, 3))
        np.testing.assert_allclose(keypoints[:, :2], face.landmarks[0], atol=1e-3)  # are kept
        assert row["num_keypoints"] == 68
        return keypoints[:6, 2].tolist(), row["bbox"], row["area"]

    assert flags_and_box(width=100, height=80) == ([1, 2, 2, 1, 1, 2], [0, 20, 60, 60], 3600)
    # The left and the upper side are known without the photo's size.
    assert flags_and_box() == ([1, 2, 2, 2, 2, 2], [-10, 20, 70, 90], 6300)


def test_coco_needs_no_library():
    program = """
import sys
from lapland import IBUG68, Faces
Faces.empty().to_coco(image_id=1), IBUG68.coco_category()
assert not {"pandas", "supervision", "pycocotools"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=PATIENCE)
