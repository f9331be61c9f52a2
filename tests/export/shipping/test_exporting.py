import dataclasses
import json

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch

from export import rcn
from export.cards import card
from export.shipping import exporting, naming, parity
from export.shipping import metadata as metadata_module
from lapland import Detector
from lapland.landmarks.decoders import DECODERS
from lapland.networks import loading
from tests.drawn_faces import write_folder
from tests.training.network.smooth import peaked
from training import evaluate
from training.data import detected
from training.data.crops import CropSpec
from training.evaluation.decoding import predict
from training.network.mobile_layers import FORMS
from training.network.rcn import RCN, normalise
from training.recipes.checkpoint import save_weights
from training.recipes.recipe import MOBILE, MOBILE_INT8, PRODUCT, override

pytestmark = pytest.mark.usefixtures("short_exports")

FACTS = {
    "commit": "abc",
    "epoch": 1,
    "val_nmse": 50.0,
    "seconds": 90,
    "training_faces": 9,
    "hardware": "2 CPU threads",
}


def _checkpoint(folder, width="1/16", **changes):
    torch.manual_seed(0)
    net = RCN(width)
    with torch.no_grad():
        net.head[2].weight.mul_(20)  # peaked maps, as trained ones are
    path = folder / "best.safetensors"
    recipe = dataclasses.replace(PRODUCT, width=width, **changes)
    save_weights(path, net.state_dict(), recipe, FACTS)
    return path, net.eval(), recipe


@pytest.mark.parametrize(("width", "beta"), [("1/16", 0.6), ("1/4", 1.0), ("1", 0.6)])
def test_graph_equals_torch(tmp_path, photo, width, beta):
    _, net, recipe = _checkpoint(tmp_path, width, beta=beta)
    model = parity.build_graph(net, recipe, metadata_module.metadata_of(net, recipe, FACTS, {}))
    crops = parity.crops_of_photo(photo, recipe, count=3)
    assert parity.difference(model, net, recipe, crops) < 1e-3
    # No heatmap of this size may be so flat that any network would agree.
    landmarks, _ = predict(net, crops, beta)
    assert landmarks.std(dim=1).min() > 0.5


def test_graph_contract(tmp_path):
    _, net, recipe = _checkpoint(tmp_path)
    model = parity.build_graph(net, recipe, {})
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    crops = np.random.default_rng(0).integers(0, 256, (3, 80, 80, 3), dtype=np.uint8)
    landmarks, scales, maps = session.run(["landmarks", "scales", "heatmaps"], {"crops": crops})
    assert landmarks.shape == (3, 68, 2)
    assert scales.shape == (3, 68)
    assert maps.shape == (3, 68, 80, 80)
    assert landmarks.dtype == scales.dtype == np.float32
    assert (scales > 0).all()
    one = session.run(["landmarks"], {"crops": crops[1:2]})[0]
    np.testing.assert_allclose(one[0], landmarks[1], atol=1e-3)


def test_export_writes_a_model_that_the_detector_runs(tmp_path, photo):
    path, net, recipe = _checkpoint(tmp_path, crop=CropSpec(factor=2.5, upright=False))
    given = {"folders": "photos more", "train": "lists/train.txt", "val": "lists/val.txt"}
    save_weights(path, net.state_dict(), recipe, FACTS | given)
    out = tmp_path / "model"
    exporting.export(path, out, None, photo)
    detector = Detector(model=out / "model.onnx", threads=1)
    assert detector.model.crop_factor == 2.5
    assert detector.model.crop_upright is False
    assert detector.model.parameters == 17_408
    assert detector.model.training["recipe"]["width"] == "1/16"
    assert detector.predict(photo).landmarks.shape == (1, 68, 2)
    text = (out / "README.md").read_text()
    assert "not measured" in text
    assert "Not calibrated" in text
    assert detector.model.calibration is None
    assert "17,408" in text
    # The command of the run, with its lists.
    assert "training.train --data photos more --recipe product" in text
    assert "--train lists/train.txt --val lists/val.txt" in text


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_a_cheap_network_becomes_a_model_that_the_detector_runs(tmp_path, photo, precision):
    recipe = MOBILE if precision == "float32" else MOBILE_INT8
    images = parity.crops_of_photo(photo, recipe, count=4)
    net = peaked(FORMS["mobile"], images)
    if precision == "int8":
        rounded = recipe.network()
        rounded.begin_with(net)
        rounded.prepare(normalise(images), 1e-4)
        net = rounded.eval()
    path, out = tmp_path / "best.safetensors", tmp_path / "model"
    save_weights(path, net.state_dict(), recipe, FACTS)
    exporting.export(path, out, None, photo)
    for decoder in DECODERS:
        detector = Detector(model=out / "model.onnx", threads=1, decoder=decoder)
        assert detector.predict(photo).landmarks.shape == (1, 68, 2)
    assert detector.model.name == naming.name_of(recipe)
    assert (detector.model.width, detector.model.precision) == ("mobile", precision)
    text = (out / "README.md").read_text()
    assert "size `mobile`" in text
    assert "`heatmaps` (N, 40, 40, 68)" in " ".join(text.split())


def test_radii_of_a_model_are_judged_by_labels_of_its_habit(tmp_path, photo, monkeypatch):
    monkeypatch.setattr(detected, "CACHE", tmp_path / "cache")
    data, common = write_folder(tmp_path / "faces", 12), write_folder(tmp_path / "common", 4, 1)
    (common / "splits" / "common.txt").write_bytes((common / "splits" / "val.txt").read_bytes())
    path, _, _ = _checkpoint(tmp_path)
    certainty = exporting.export(path, tmp_path / "model", data, photo, common=common)["certainty"]
    assert certainty["faces"] == 3  # of `val`
    assert certainty["folders"]["drawn"]["faces"] == 3
    text = " ".join((tmp_path / "model" / "README.md").read_text().split())
    assert "on `val` the share of landmarks it holds is, each fifth" in text
    assert "| of them, `drawn` (3) |" in text
    shares = [f"{100 * share:.1f} %" for share in certainty["elsewhere"]["common"]]
    assert f"another habit, the radii hold {' and '.join(shares)}" in text


def test_export_refuses_a_graph_that_differs(tmp_path, photo, monkeypatch):
    path, _, _ = _checkpoint(tmp_path)
    plain = parity.build_graph

    def wrong(net, recipe, metadata):
        with torch.no_grad():
            other = RCN(recipe.width)
            other.load_state_dict(net.state_dict())
            other.head[2].bias[0] += 1.0
            other.head[1].bias += 0.05
        return plain(other, recipe, metadata)

    monkeypatch.setattr(exporting, "build_graph", wrong)
    out = tmp_path / "model"
    with pytest.raises(ValueError, match=r"differ from torch's by .* nothing was written"):
        exporting.export(path, out, None, photo)
    assert not out.exists()


def test_figures_of_the_file_equal_those_of_the_checkpoint(tmp_path, photo, monkeypatch):
    monkeypatch.setattr(detected, "CACHE", tmp_path / "cache")
    data = write_folder(tmp_path / "faces", 8)
    path, _, _ = _checkpoint(tmp_path)
    out = tmp_path / "model"
    exported = exporting.export(path, out, data, photo)
    assert set(exported["figures"]) == {"val"}  # never the training faces
    info = loading.describe(out / "model.onnx")
    report = exported["figures"]["val"]
    assert info.nmse == {"val": round(report["mtcnn"]["nmse"], 3)}
    # Its scales are calibrated on the same faces, and the card tells what that is worth.
    faces = Detector(model=out / "model.onnx", threads=1).predict(photo)
    assert (faces.radius(0.9) > faces.radius(0.5)).all()
    card_text = (out / "README.md").read_text()
    assert "on `val` the share of landmarks it holds" in " ".join(card_text.split())
    for model in (path, out / "model.onnx"):
        folder = tmp_path / "report"
        split = ["--split", str(data / "splits/val.txt")]
        evaluate.main([str(model), "--data", str(data), *split, "--out", str(folder)])
        again = json.loads((folder / "figures.json").read_text())
        assert again["mtcnn"]["nmse"] == pytest.approx(report["mtcnn"]["nmse"], rel=1e-3)
        assert again["missed_by_mtcnn"] == report["missed_by_mtcnn"]
        assert (folder / "errors.png").stat().st_size > 1000
        assert (folder / "faces.jpg").stat().st_size > 1000


def test_command_line_says_what_is_wrong(tmp_path):
    with pytest.raises(SystemExit, match="no such checkpoint"):
        rcn.main([str(tmp_path / "none.safetensors")])


def test_settings_in_the_card_give_the_recipe_back():
    changed = override(PRODUCT, ["epochs=7", "augmentation.flip=0.25", "crop.upright=false"])
    assert override(PRODUCT, card.settings_of(changed)) == changed
    assert card.settings_of(PRODUCT) == []


def test_opset_is_one_that_the_oldest_supported_runtime_reads(tmp_path):
    _, net, recipe = _checkpoint(tmp_path)
    model = parity.build_graph(net, recipe, {})
    assert model.opset_import[0].version <= 21
    assert model.ir_version <= 10
    onnx.checker.check_model(model, full_check=True)
