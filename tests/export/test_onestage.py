"""The graph of the network that finds faces of all sizes, against the network itself."""

import hashlib
import json

import numpy as np
import onnx
import pytest
import torch
from safetensors.torch import save_file

from export import onestage
from export.graph.onestage import convert
from export.shipping.hashes import MODELS
from lapland.networks.session import Session
from training.finding.checkpoint import save_weights
from training.finding.network import OneStage


@pytest.fixture(scope="module")
def net():
    """A network with statistics of its own, whose heads answer much."""
    torch.manual_seed(0)
    net = OneStage()
    for _ in range(3):
        net(255 * torch.rand(4, 3, 64, 64))
    for head in net.heads:
        torch.nn.init.normal_(head[1].weight, std=0.5)
        torch.nn.init.normal_(head[1].bias, std=0.5)
    return net.eval()


@pytest.fixture(scope="module")
def model(net):
    return convert(net, onestage.METADATA)


@pytest.mark.parametrize("shape", [(1, 16, 16), (2, 64, 96), (1, 240, 32)])
def test_the_graph_agrees_with_the_network(net, model, shape):
    images = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert onestage.difference(net, model, images) < 1e-3
    (found,) = Session(model, name="x", threads=1).run(["cells"], {"images": images})
    count, height, width = shape
    assert found.shape == (count, height * width // 64 + height * width // 256, 14)


def test_a_change_of_the_network_shows(net, model):
    images = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), dtype=np.uint8)
    other = OneStage().eval()
    other.load_state_dict(net.state_dict())
    other.coarse[2][1][0].weight.data *= 2
    assert onestage.difference(other, model, images) > 1e-2


def test_conversion_is_repeatable(net, model):
    assert convert(net, onestage.METADATA) == model


def test_a_checkpoint_becomes_a_file(net, tmp_path, capsys):
    save_weights(tmp_path / "w.safetensors", net.state_dict(), {"step": 3})
    onestage.main([str(tmp_path / "w.safetensors"), "--out", str(tmp_path / "out")])
    data = (tmp_path / "out" / "onestage.onnx").read_bytes()
    assert hashlib.sha256(data).hexdigest() in capsys.readouterr().out
    metadata = {p.key: p.value for p in onnx.load_from_string(data).metadata_props}
    assert metadata == {**onestage.METADATA, "facts": '{"step": 3}'}
    # The network for faces at any angle stands beside that for upright ones.
    onestage.main([str(tmp_path / "w.safetensors"), "--turned", "--out", str(tmp_path / "out")])
    assert (tmp_path / "out" / "turned.onnx").stat().st_size > 300_000
    assert (tmp_path / "out" / "onestage.onnx").read_bytes() == data


def test_other_files_are_refused(tmp_path):
    with pytest.raises(SystemExit, match="no such checkpoint"):
        onestage.main([str(tmp_path / "none")])
    save_file({"a": torch.zeros(1)}, tmp_path / "other.safetensors")
    with pytest.raises(SystemExit, match=r"training\.detector"):
        onestage.main([str(tmp_path / "other.safetensors")])


@pytest.mark.parametrize(("weights", "name"), [("weights", "onestage"), ("turned", "turned")])
def test_the_committed_file_comes_from_the_weights_beside_it(weights, name):
    net, facts = onestage.read(MODELS / "onestage" / f"{weights}.safetensors")
    data = (MODELS / "onestage" / f"{name}.onnx").read_bytes()
    told = {**onestage.METADATA, "name": name, "facts": json.dumps(facts)}
    assert convert(net, told) == data
    card = (MODELS / "onestage" / "README.md").read_text("utf-8")
    assert hashlib.sha256(data).hexdigest() in card
    assert f"{len(data):,} bytes" in card
    assert f"{sum(p.numel() for p in net.parameters()):,} numbers" in card
