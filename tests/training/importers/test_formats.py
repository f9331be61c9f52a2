"""Importers: a small file of each format, and the faults that they name."""

import json

import numpy as np
import pytest

from training.importers import coco, cvat, dlib_xml, label_studio, wflw
from training.importers.draft import draft

POINTS = np.array([[10.0, 20.0], [30.5, 21.0], [20.0, 40.0]])


def test_coco(tmp_path):
    keypoints = [10, 20, 2, 30.5, 21, 1, 20, 40, 0]
    content = {
        "images": [{"id": 5, "file_name": "a.jpg"}],
        "annotations": [
            {"image_id": 5, "category_id": 2, "keypoints": keypoints},
            {"image_id": 5, "category_id": 2, "bbox": [0, 0, 1, 1]},
        ],
        "categories": [{"id": 2, "keypoints": ["left", "right", "chin"]}],
    }
    file = tmp_path / "labels.json"
    file.write_text(json.dumps(content))
    (face,) = coco.read(file, tmp_path)
    assert face.photo == tmp_path / "a.jpg"
    assert face.names == ("left", "right", "chin")
    assert np.array_equal(face.points[:2], POINTS[:2])
    assert np.isnan(face.points[2]).all()  # not visible
    file.write_text("[]")
    with pytest.raises(ValueError, match=r"labels\.json: not a file of COCO"):
        coco.read(file, tmp_path)


def test_dlib(tmp_path):
    file = tmp_path / "labels.xml"
    parts = "".join(
        f"<part name='{name}' x='{x}' y='{y}'/>"
        for name, (x, y) in zip(("10", "2", "1"), POINTS, strict=True)
    )
    file.write_text(
        f"<dataset><images><image file='d/a.jpg'><box top='1' left='1' width='9' height='9'>{parts}"
        "</box><box top='1' left='1' width='9' height='9' ignore='1'><part name='1' x='0' y='0'/>"
        "</box></image></images></dataset>"
    )
    (face,) = dlib_xml.read(file, tmp_path)
    assert face.photo == tmp_path / "d/a.jpg"
    assert face.names == ("1", "2", "10")  # in the order of numbers
    assert np.array_equal(face.points, POINTS[::-1])
    file.write_text("<dataset>")
    with pytest.raises(ValueError, match="dlib"):
        dlib_xml.read(file, tmp_path)


def test_cvat_points_and_skeletons(tmp_path):
    file = tmp_path / "annotations.xml"
    pairs = ";".join(f"{x + 0.5},{y + 0.5}" for x, y in POINTS)
    file.write_text(
        f"<annotations><image name='a.jpg'><points label='face' points='{pairs}'/></image>"
        "</annotations>"
    )
    (face,) = cvat.read(file, tmp_path)
    assert np.allclose(face.points, POINTS)
    named = "".join(
        f"<points label='{name}' outside='{int(name == 'chin')}' points='{x + 0.5},{y + 0.5}'/>"
        for name, (x, y) in zip(("left", "right", "chin"), POINTS, strict=True)
    )
    other = named.replace("outside='1'", "outside='0'")
    file.write_text(
        f"<annotations><image name='a.jpg'><skeleton label='face'>{named}</skeleton>"
        f"<skeleton label='face'>{other}</skeleton></image></annotations>"
    )
    hidden, whole = cvat.read(file, tmp_path)
    assert hidden.names == ("left", "right", "chin")
    assert np.isnan(hidden.points[2]).all()
    assert np.allclose(whole.points, POINTS)


def test_label_studio(tmp_path):
    (tmp_path / "my-photo.jpg").write_bytes(b"")
    rows = [
        {
            "type": "keypointlabels",
            "original_width": 200,
            "original_height": 100,
            "value": {
                "x": (x + 0.5) / 200 * 100,
                "y": (y + 0.5) / 100 * 100,
                "keypointlabels": [name],
            },
        }
        for name, (x, y) in zip(("left", "right", "chin"), POINTS, strict=True)
    ]
    task = {
        "data": {"img": "/data/upload/1/0123abcd-my-photo.jpg"},
        "annotations": [{"result": [], "was_cancelled": True}, {"result": rows}],
    }
    file = tmp_path / "export.json"
    file.write_text(json.dumps([task, {"data": {"img": "b.jpg"}, "annotations": []}]))
    (face,) = label_studio.read(file, tmp_path)
    assert face.photo == tmp_path / "my-photo.jpg"
    assert np.allclose(face.points, POINTS)


def test_wflw(tmp_path):
    file = tmp_path / "list.txt"
    points = " ".join(f"{v}" for v in POINTS.ravel())
    file.write_text(f"{points} 1 2 3 4 0 0 0 0 0 1 d/a.jpg\n\n")
    (face,) = wflw.read(file, tmp_path)
    assert face.photo == tmp_path / "d/a.jpg"
    assert np.array_equal(face.points, POINTS)
    file.write_text("1 2 3 a.jpg\n")
    with pytest.raises(ValueError, match="line 1"):
        wflw.read(file, tmp_path)


def test_a_draft_leaves_open_what_names_do_not_tell():
    made = draft("mine", ("p1", "p2", "p3"))
    assert made["five"] == [[], [], [], [], []]
    assert made["groups"] == {"others": [0, 1, 2]}
    assert made["pairs"] == []


def test_left_and_right_may_be_the_persons():
    names = ("left_eye", "right_eye", "nose", "mouth_left", "mouth_right")
    places = np.array([[30.0, 10], [10, 10], [20, 20], [28, 30], [12, 30]])
    assert draft("mine", names, places)["five"] == [[1], [0], [2], [4], [3]]
    assert draft("mine", names, places * [-1, 1])["five"] == [[0], [1], [2], [3], [4]]
