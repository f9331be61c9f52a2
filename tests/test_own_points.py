"""Points of one's own, on the whole road: COCO labels, training, export, a machine without it."""

import json
import subprocess
import sys

import cv2
import numpy as np
import onnx
import pytest

from export import rcn
from lapland.schemes.registry import SCHEMES
from tests.drawn_faces import draw_face
from training import convert, train
from training.common.paths import REPOSITORY
from training.data import detected
from training.recipes.checkpoint import load_weights

pytestmark = pytest.mark.usefixtures("short_exports")

NAMES = (
    *("left_eye_outer", "left_eye_inner", "right_eye_inner", "right_eye_outer"),
    *("nose_left", "nose_tip", "nose_right", "mouth_left", "mouth_right", "chin"),
)
OF_68 = (36, 39, 42, 45, 31, 30, 35, 48, 54, 8)
SETTINGS = ("width=1/16", "epochs=1", "batch=4", "evaluate_every=1")


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    """Drawn photos, and a file of COCO key points with ten a face."""
    root = tmp_path_factory.mktemp("labels")
    rng = np.random.default_rng(0)
    images, annotations = [], []
    for number in range(8):
        image, landmarks = draw_face(rng)
        name = f"photo {number}.png"  # names may have blanks
        cv2.imwrite(str(root / name), image)
        images.append({"id": number, "file_name": name})
        rows = np.concatenate([landmarks[list(OF_68)], np.full((10, 1), 2)], axis=1)
        if number == 2:
            rows[9] = 0  # the chin is hidden
        keypoints = rows.ravel().tolist()
        annotations.append(
            {"id": number, "image_id": number, "category_id": 1, "keypoints": keypoints}
        )
    category = {"id": 1, "name": "face", "keypoints": list(NAMES)}
    content = {"images": images, "annotations": annotations, "categories": [category]}
    (root / "labels.json").write_text(json.dumps(content))
    return root / "labels.json"


@pytest.fixture(scope="module")
def folder(labels, tmp_path_factory):
    out = tmp_path_factory.mktemp("data") / "mine10"
    convert.main(["coco", str(labels), "--out", str(out), "--val", "0.25"])
    return out


@pytest.fixture(scope="module")
def run(folder, tmp_path_factory):
    out = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(detected, "CACHE", out / "cache")
        options = [part for setting in SETTINGS for part in ("--set", setting)]
        scheme = ["--scheme", str(folder / "scheme.json")]
        train.main(["--data", str(folder), "--out", str(out), *scheme, *options])
        terms = ["--name", "mine", "--licence", "CC0", "--data-name", "eight drawn faces"]
        rcn.main([str(out / "best.safetensors"), *terms])
    return out


def test_the_drafted_scheme(folder):
    draft = json.loads((folder / "scheme.json").read_text())
    assert draft["five"] == [[0, 1], [2, 3], [4, 5, 6], [7], [8]]
    assert sorted(map(sorted, draft["pairs"])) == [[0, 3], [1, 2], [4, 6], [7, 8]]
    assert draft["eye_corners"] == [0, 3]
    assert (folder / "splits" / "val.txt").read_text().count("\n") == 2


def test_the_checkpoint_carries_the_scheme(run):
    _, recipe, _ = load_weights(run / "best.safetensors")
    assert recipe.scheme == "mine10"
    assert SCHEMES["mine10"].size == 10


def test_the_export_leaves_the_shipped_models_alone(run):
    assert (run / "mine" / "model.onnx").is_file()
    assert not (REPOSITORY / "models" / "mine").exists()
    model = onnx.load(run / "mine" / "model.onnx")
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    assert metadata["lapland.name"] == "mine"
    assert metadata["lapland.licence"] == "CC0"
    assert json.loads(metadata["lapland.training"])["data"] == "eight drawn faces"
    assert "CC0" in (run / "mine" / "README.md").read_text()


def test_the_model_runs_where_only_lapland_is(run):
    """In another process, in which nothing has registered the scheme."""
    program = f"""
import pickle
from lapland import Detector, Tracker, SCHEMES
assert "mine10" not in SCHEMES
detector = Detector(model={str(run / "mine" / "model.onnx")!r}, threads=1)
faces = detector.predict("examples/astronaut.png")
assert faces.landmarks.shape == (1, 10, 2)
assert faces[0].part("nose_tip").shape == (1, 2)
assert faces.scheme.eye_corners == (0, 3)
assert pickle.loads(pickle.dumps(faces)).scheme.mirror == faces.scheme.mirror
assert faces.chips("examples/astronaut.png").images.shape == (1, 112, 112, 3)
Tracker(detector, unsure=50.0, background=False).update("examples/astronaut.png")
"""
    subprocess.run([sys.executable, "-c", program], check=True, cwd=REPOSITORY)
