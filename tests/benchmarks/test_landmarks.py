import json

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks import landmarks
from lapland import _models as models
from lapland._rcn import LandmarkNetwork
from training.checkpoint import load_weights
from training.rcn import RCN, UpConv


@pytest.mark.parametrize("stride", [1, 2])
def test_multiplications_are_those_of_the_layers(stride):
    net, counted = RCN("1/8", stride=stride), []

    def count(layer, given, made):
        share = 16 / 25 if layer.kernel_size == (5, 5) else 1  # as phases
        counted.append(share * made[0, 0].numel() * layer.weight.numel())

    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(count)
    net(torch.zeros(1, 3, 80, 80))
    assert len(counted) == 17
    assert landmarks.multiplications(net) == round(sum(counted))
    assert sum(isinstance(up, UpConv) for up in net.up) == (4 if stride == 1 else 3)


def test_the_plain_export_finds_what_the_shipped_graph_finds():
    folder = models.folder() / "rcn-1-8"
    net, recipe, _ = load_weights(folder / "weights.safetensors")
    crops = np.random.default_rng(0).integers(0, 256, (2, 80, 80, 3), dtype=np.uint8)
    straight = landmarks.plain(net, recipe.beta)
    assert [value.name for value in straight.get_outputs()] == ["heatmaps"]
    found = landmarks.numpy_decode(straight.run(None, {"crops": crops})[0])
    expected = LandmarkNetwork(folder / "model.onnx", threads=1).run(crops)
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-3)


def test_command_prints_writes_and_draws(tmp_path, capsys):
    out, plot = tmp_path / "report.json", tmp_path / "plot.png"
    arguments = ["--models", "rcn-1-16", "--rounds", "1", "--json", str(out), "--plot", str(plot)]
    landmarks.main(arguments)
    printed = capsys.readouterr().out
    report = json.loads(out.read_text())
    (row,) = report["models"]
    assert row["bytes"] == (models.folder() / "rcn-1-16" / "model.onnx").stat().st_size
    assert 0 < row["ms"] <= row["ms_p95"]
    assert 0 < row["share_of_peak"] < 1.5
    assert report["peak_gmac_s"]["int8"] > 0
    assert "| 1/16 | float32 |" in printed
    assert plot.stat().st_size > 5000
