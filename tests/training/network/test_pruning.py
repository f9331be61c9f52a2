import numpy as np
import onnxruntime as ort
import pytest
import torch
from onnx import numpy_helper

from export.graph.int8 import build_int8
from tests.drawn_faces import write_folder
from tests.training.network.test_quantised import crops, peaked, quantised_form
from training import prune
from training.evaluation.decoding import predict
from training.network import pruning
from training.network.rcn import normalise
from training.recipes.checkpoint import load_weights, save_weights
from training.recipes.recipe import INT8, override


def test_channels_that_matter_least_are_left_out():
    net, images = peaked("1/16", 2), crops(6)
    with torch.no_grad():  # one that is large and constant, and one that nobody reads
        net.head[0].weight[7] = 0
        net.head[0].bias[7] = 50.0
        net.head[2].weight[:, 9] *= 1e-4
    before = predict(net, images, 1.0)
    pruning.prune(net, normalise(images), 67)
    for here, there in zip(before, predict(net, images, 1.0), strict=True):
        torch.testing.assert_close(here, there, atol=0.02, rtol=0)
    read = [net.head[i].weight.detach().flatten(1).abs().amax(0) for i in (1, 2)]
    assert [(r == 0).nonzero().flatten().tolist() for r in read] == [[7], [9]]
    assert net.head[0].bias[7] == 0  # its mean is in the next layer's now


@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_graph_leaves_them_out_and_finds_the_same(slope):
    images = crops(6)
    net = quantised_form(peaked("1/16", 2, slope), normalise(images))
    pruning.prune(net, normalise(images), 48)
    model = build_int8(net, 1.0, {})
    shapes = {c.name: numpy_helper.to_array(c).shape for c in model.graph.initializer}
    assert shapes["head0.weight"] == (48, 8, 1, 1)
    assert shapes["head1.weight"] == (48, 48, 1, 1)
    assert shapes["heatmaps.weight"] == (48, 68)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = session.run(["landmarks", "scales"], {"crops": images.numpy()})
    for here, there in zip(found, predict(net, images, 1.0), strict=True):
        assert np.abs(here - there.numpy()).mean() < 0.2


def test_more_channels_than_there_are():
    with pytest.raises(ValueError, match="expected 1 to 68 channels to be kept, not 69"):
        pruning.prune(peaked("1/16", 2), normalise(crops(1)), 69)


def test_command_writes_a_checkpoint_of_the_same_form(tmp_path, capsys):
    net = quantised_form(peaked("1/16", 2), normalise(crops(2)))
    recipe = override(INT8, ["width=1/16", "stride=2"])
    path = tmp_path / "best.safetensors"
    save_weights(path, net.state_dict(), recipe, {"epoch": 3})
    data = write_folder(tmp_path / "faces", 8)
    prune.main([str(path), "--data", str(data), "--keep", "64"])
    assert "64 of 68 channels" in capsys.readouterr().out
    pruned, same, facts = load_weights(tmp_path / "pruned.safetensors")
    assert same == recipe
    assert facts == {"epoch": 3, "head_channels": 64}
    for layer in pruned.head[1:]:
        assert (layer.weight.flatten(1).abs().amax(0) > 0).sum() == 64
    with pytest.raises(SystemExit, match=r"training.prune: .* no such checkpoint"):
        prune.main([str(tmp_path / "none"), "--data", str(data)])
