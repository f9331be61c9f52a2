"""Faces in the forms of other libraries: the real libraries read them."""

import json
import subprocess
import sys

import numpy as np
import pytest

from lapland import AFLW19, IBUG68, SCHEMES, Faces, LaplandError, MissingExtraError, OptionError
from tests.processes import PATIENCE

SHAPES = {"boxes": (4,), "scores": (), "five_points": (5, 2), "landmarks": (68, 2), "scales": (68,)}


def made_up(n, scheme=IBUG68):
    """Faces of random numbers, with boxes that have a size."""
    rng = np.random.default_rng(n)
    shapes = SHAPES | {"landmarks": (scheme.size, 2), "scales": (scheme.size,)}
    arrays = {name: rng.uniform(0, 100, (n, *shape)) for name, shape in shapes.items()}
    arrays["boxes"][:, 2:] += 150
    arrays["scores"] /= 100
    return Faces(**arrays, scheme=scheme)


@pytest.fixture(scope="module")
def faces():
    return made_up(3)


@pytest.fixture
def pandas():
    return pytest.importorskip("pandas", reason="an extra: pip install 'lapland[pandas]'")


@pytest.fixture
def supervision():
    return pytest.importorskip("supervision", reason="an extra: pip install 'lapland[supervision]'")


def test_pandas_has_a_row_for_each_landmark(pandas, faces):
    table = faces.to_pandas()
    assert table.shape == (3 * 68, 11)
    assert list(table.columns[:7]) == ["face", "landmark", "group", "x", "y", "scale", "score"]
    assert set(map(str, table.dtypes)) == {"int64", "category", "float32"}
    row = table[(table.face == 2) & (table.landmark == 30)].iloc[0]
    assert (row.x, row.y) == tuple(faces[2].landmarks[30])
    assert row.scale == faces[2].scales[30]
    assert row.score == np.float32(faces[2].score)
    assert row.group == "nose"
    np.testing.assert_array_equal(
        table.drop_duplicates("face")[["box_x1", "box_y1", "box_x2", "box_y2"]], faces.boxes
    )
    for name, indices in IBUG68.groups.items():
        assert set(table.landmark[table.group == name]) == set(indices)


def test_pandas_has_answers_and_certainty(pandas, detector, image):
    faces = detector.predict(image)
    table = faces.to_pandas(pose=True, eyes=True)
    assert list(table.columns[11:]) == [
        *("radius_50", "radius_90", "confidence", "yaw", "pitch", "roll"),
        *("yaw_radius_90", "pitch_radius_90", "roll_radius_90"),
        *("left_eye", "right_eye", "left_closed", "right_closed", "mouth"),
    ]
    np.testing.assert_array_equal(table.radius_90, faces.radius(0.9).ravel())
    row = table[table.landmark == 5].iloc[0]
    assert [row.yaw, row.pitch, row.roll] == faces.pose().angles[0].tolist()
    assert row.right_closed == faces.eyes.closed[0, 1]
    assert row.mouth == faces.mouth.openness[0]
    assert row.confidence == faces.confidence[0]
    with pytest.raises(OptionError, match="IBUG68"):
        made_up(1, AFLW19).to_pandas(pose=True)


def test_pandas_turns_into_a_row_a_face(pandas, faces):
    wide = faces.to_pandas().pivot(index="face", columns="landmark", values=["x", "y", "scale"])
    assert wide.shape == (3, 3 * 68)
    np.testing.assert_array_equal(wide["y"], faces.landmarks[..., 1])


def test_pandas_of_several_photos(pandas, faces):
    tables = {"a.jpg": faces.to_pandas(), "b.jpg": Faces.empty().to_pandas()}
    assert list(tables["a.jpg"].dtypes) == list(tables["b.jpg"].dtypes)
    whole = pandas.concat(tables, names=["photo"])
    assert len(whole.loc["a.jpg"]) == len(whole) == 3 * 68


def test_supervision_key_points(supervision, faces):
    points = faces.to_supervision()
    assert isinstance(points, supervision.KeyPoints)
    assert len(points) == 3
    np.testing.assert_array_equal(points.xy, faces.landmarks)
    np.testing.assert_array_equal(points.detection_confidence, faces.scores)
    np.testing.assert_array_equal(points.data["scale"], faces.scales)
    np.testing.assert_array_equal(points.data["xyxy"], faces.boxes)
    assert points.class_id.tolist() == [0, 0, 0]
    sure = points[points.detection_confidence > faces.scores.min()]
    assert len(sure) == 2
    assert len(faces[:1].to_supervision().as_detections()) == 1
    points.xy[...] = 0  # arrays of supervision's own, as its filters write to them
    assert faces.landmarks.any()


def test_supervision_has_the_variance_of_the_scales(supervision, faces):
    covariance = faces.to_supervision().data["covariance"]
    assert covariance.shape == (3, 68, 2, 2)
    draws = np.random.default_rng(0).laplace(scale=faces.scales[1, 5], size=1_000_000)
    np.testing.assert_allclose(covariance[1, 5], np.eye(2) * draws.var(), rtol=0.01)


def test_supervision_draws_them(supervision, faces):
    blank = np.zeros((300, 300, 3), np.uint8)
    for annotator in (supervision.VertexAnnotator(), supervision.VertexEllipseAreaAnnotator()):
        assert annotator.annotate(blank.copy(), faces.to_supervision()).any()
        assert not annotator.annotate(blank.copy(), Faces.empty().to_supervision()).any()


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


@pytest.mark.parametrize("name", ["pandas", "supervision"])
def test_a_library_that_is_not_installed_is_named(monkeypatch, faces, name):
    class Hidden:
        def find_spec(self, module, path=None, target=None):
            if module.split(".")[0] == name:
                raise ModuleNotFoundError(f"No module named {module!r}", name=module)

    for module in [module for module in sys.modules if module.split(".")[0] == name]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setattr("sys.meta_path", [Hidden(), *sys.meta_path])
    with pytest.raises(MissingExtraError, match=rf"pip install 'lapland\[{name}\]'") as caught:
        getattr(faces, f"to_{name}")()
    assert isinstance(caught.value, (LaplandError, ImportError))


def test_coco_needs_no_library():
    program = """
import sys
from lapland import IBUG68, Faces
Faces.empty().to_coco(image_id=1), IBUG68.coco_category()
assert not {"pandas", "supervision", "pycocotools"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=PATIENCE)
