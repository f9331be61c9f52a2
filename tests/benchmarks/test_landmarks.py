import numpy as np

from benchmarks import landmarks
from benchmarks.common import results
from benchmarks.reports import models
from lapland.landmarks.decoders import DECODERS, DEFAULT_DECODER
from lapland.landmarks.network import LandmarkNetwork
from lapland.networks import index
from training.recipes.checkpoint import load_weights


def test_the_plain_export_finds_what_the_shipped_graph_finds():
    folder = index.path("rcn-1-8").parent
    net, recipe, _ = load_weights(folder / "weights.safetensors")
    crops = np.random.default_rng(0).integers(0, 256, (2, 80, 80, 3), dtype=np.uint8)
    straight = landmarks.plain(net, recipe)
    assert [value.name for value in straight.get_outputs()] == ["heatmaps"]
    found = landmarks.numpy_decode(straight.run(None, {"crops": crops})[0])
    expected = LandmarkNetwork(folder / "model.onnx", threads=1).run(crops)
    for mine, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-3)


def test_command_prints_and_writes(tmp_path, capsys):
    out = tmp_path / "report.json"
    landmarks.main(["--models", "rcn-1-16", "--rounds", "1", "--json", str(out)])
    printed = capsys.readouterr().out
    report = results.read(out)
    (row,) = report["models"]
    assert row["bytes"] == index.path("rcn-1-16").stat().st_size
    assert 0 < row["ms"] <= row["ms_p95"]
    assert 0 < row["share_of_peak"] < 1.5
    assert set(row["ms_decoders"]) == set(DECODERS) - {DEFAULT_DECODER}
    assert all(ms > 0 for ms in row["ms_decoders"].values())
    assert report["peak_gmac_s"]["int8"] > 0
    assert report["header"]["command"] == "python -m benchmarks.landmarks"
    assert models.landmarks(report) in printed
