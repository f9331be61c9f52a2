"""Every shipped landmark model: file, weights and card say the same."""

import hashlib
import json
import re

import pytest
import torch

from export import rcn as export_rcn
from export.card import settings_of
from lapland import _models
from lapland._rcn import LandmarkNetwork
from training.checkpoint import load_weights
from training.recipes import Recipe

FOLDERS = [_models.folder() / name for name in _models.shipped()]


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def folder(request):
    return request.param


def test_something_is_shipped():
    assert FOLDERS


def test_card_names_the_files_with_their_hashes(folder):
    card = (folder / "README.md").read_text()
    rows = re.findall(r"\| `(\S+)` \| (\d+) \| `([0-9a-f]{64})` \|", card)
    assert {name for name, _, _ in rows} == {"model.onnx", "weights.safetensors"}
    for name, size, digest in rows:
        data = (folder / name).read_bytes()
        assert len(data) == int(size)
        assert hashlib.sha256(data).hexdigest() == digest


def test_figures_of_the_card_are_those_in_the_file(folder):
    info = _models.describe(folder / "model.onnx")
    card = (folder / "README.md").read_text()
    rows = re.findall(r"^\| (\w+) \| MTCNN \| \d+ \| \d+ \| ([\d.]+) \|", card, re.MULTILINE)
    assert {name: float(value) for name, value in rows} == info.nmse
    assert "common" in info.nmse
    assert f"Parameters: {info.parameters:,}" in card
    assert info.name == folder.name


def test_card_names_recipe_data_and_licence(folder):
    net, recipe, facts = load_weights(folder / "weights.safetensors")
    card = (folder / "README.md").read_text()
    command = f"--recipe {recipe.name}" + "".join(f" --set {s}" for s in settings_of(recipe))
    assert command in card
    assert facts["commit"] in card
    assert "excludes commercial use" in card
    info = _models.describe(folder / "model.onnx")
    assert "excludes commercial use" in info.licence
    assert sum(p.numel() for p in net.parameters()) == info.parameters
    stored = info.training["recipe"]
    assert Recipe.from_json(json.dumps(stored)) == recipe


def test_file_is_the_export_of_the_weights(folder, photo):
    net, recipe, _ = load_weights(folder / "weights.safetensors")
    crops = export_rcn.crops_of_photo(photo, recipe, count=8)
    from training.validation import predict

    expected, expected_scales = predict(net, crops, recipe.beta)
    landmarks, scales = LandmarkNetwork(folder / "model.onnx", threads=1).run(crops.numpy())
    torch.testing.assert_close(torch.from_numpy(landmarks), expected, rtol=0, atol=0.01)
    torch.testing.assert_close(torch.from_numpy(scales), expected_scales, rtol=0, atol=0.01)
