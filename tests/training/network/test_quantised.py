import dataclasses

import numpy as np
import onnxruntime as ort
import pytest
import torch
from onnx import TensorProto, helper

from export.graph import int8
from export.graph.int8 import build_int8
from training.evaluation.decoding import predict
from training.network import quantised
from training.network.quantised import QuantisedRCN, QuantisedUpConv, upsampling_kernels
from training.network.rcn import RCN, UpConv, normalise, phase_kernels
from training.recipes.checkpoint import load_weights, save_weights
from training.recipes.recipe import INT8, override


def crops(count=12):
    """Smooth noise, uint8: a network sees gradients and blobs in it."""
    rng = np.random.default_rng(0)
    small = torch.from_numpy(rng.uniform(0, 255, (count, 3, 10, 10)).astype("f4"))
    large = torch.nn.functional.interpolate(small, (80, 80), mode="bicubic").clamp(0, 255)
    return large.permute(0, 2, 3, 1).to(torch.uint8).contiguous()


def peaked(width, stride, slope=0.2):
    """A float network without training whose maps have peaks."""
    torch.manual_seed(0)
    net = RCN(width, stride=stride, slope=slope)
    with torch.no_grad():
        net.head[2].weight.mul_(4)
    return net.eval()


def quantised_form(net, images):
    out = QuantisedRCN(net.width, stride=net.stride, slope=net.slope)
    out.load_state_dict(net.state_dict(), strict=False)
    out.set_ranges(images, 1e-4)
    return out.eval()


def test_weights_are_whole_steps_of_a_scale_for_each_channel():
    weight = torch.randn(5, 3, 3, 3) * torch.arange(1, 6).view(-1, 1, 1, 1)
    steps = quantised.quantised_weight(weight) / quantised.weight_scales(weight).view(-1, 1, 1, 1)
    torch.testing.assert_close(steps, steps.round(), atol=1e-4, rtol=0)
    assert steps.abs().amax(dim=(1, 2, 3)).tolist() == pytest.approx([64] * 5)
    error = (quantised.quantised_weight(weight) - weight).abs().flatten(1).amax(1)
    assert (error <= quantised.weight_scales(weight) / 2 * 1.001).all()


def test_gradients_pass_the_rounding_of_weights():
    weight = torch.randn(4, 2, 3, 3, requires_grad=True)
    quantised.quantised_weight(weight).sum().backward()
    torch.testing.assert_close(weight.grad, torch.ones_like(weight))


@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_an_activation_is_one_of_256_and_its_gradient_goes_where_the_value_was(slope):
    net = QuantisedRCN("1/16", slope=slope)
    with torch.no_grad():
        net.largest["head0"].fill_(np.log(2.0))
        if slope:
            net.lowest["head0"].fill_(np.log(1.0))
    x = torch.tensor([-3.0, -0.5, 0.5, 1.999, 2.5, 3.0], requires_grad=True)
    y = net.act(x, "head0")
    below = -slope  # of -3, which is cut off at -1
    torch.testing.assert_close(
        y, torch.tensor([below, -0.5 * slope, 0.5, 2, 2, 2]), atol=0.01, rtol=0
    )
    steps = y / ((2 + slope) / 255)
    torch.testing.assert_close(steps, steps.round(), atol=1e-3, rtol=0)
    (y * torch.tensor([7.0, 1, 10, 0, 100, 1000])).sum().backward()
    assert x.grad.tolist() == pytest.approx([0, slope, 10, 0, 0, 0])
    # d y / d log(largest) = largest, for the values beyond it
    assert net.largest["head0"].grad.item() == pytest.approx(2 * 1100)
    if slope:
        assert net.lowest["head0"].grad.item() == pytest.approx(-slope * 7)


def test_upsampling_by_phases_is_upsampling(monkeypatch):
    torch.manual_seed(0)
    plain, phased = UpConv(6), QuantisedUpConv(6)
    phased.load_state_dict(plain.state_dict())
    x = torch.randn(2, 6, 5, 5)
    assert 0 < (plain(x) - phased(x)).abs().max() < 0.1  # the rounding of the weights
    monkeypatch.setattr(quantised, "quantised_weight", lambda w, largest=0: w)
    torch.testing.assert_close(phased(x), plain(x), atol=1e-5, rtol=0)


def test_kernels_of_the_phases_are_near_those_of_the_exact_kernel():
    kernel = torch.randn(3, 3, 5, 5)
    error = (upsampling_kernels(kernel) - phase_kernels(kernel)).abs().max()
    assert error < 2.5 * kernel.abs().max() / 64


@pytest.mark.parametrize(("stride", "slope"), [(1, 0.2), (2, 0.0)])
def test_a_calibrated_network_finds_what_the_float_network_found(stride, slope):
    net, images = peaked("1/16", stride, slope), crops()
    rounded = quantised_form(net, normalise(images))
    (exact, _), (near, _) = predict(net, images, 1.0), predict(rounded, images, 1.0)
    assert exact.std(dim=1).min() > 0.5  # so flat maps that any network would agree are no test
    # The rarest values, which training tames, are cut off.
    assert (exact - near).norm(dim=-1).mean() < 1.0


@pytest.mark.parametrize(("stride", "slope"), [(1, 0.2), (1, 0.0), (2, 0.2), (2, 0.0)])
def test_graph_in_int8_is_as_near_to_the_float_network_as_torch_is(stride, slope):
    images, exact = crops(), peaked("1/16", stride, slope)
    net = quantised_form(exact, normalise(images))
    model = build_int8(net, 0.8, {})
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = session.run(["landmarks", "scales", "heatmaps"], {"crops": images.numpy()})
    assert found[2].shape == (12, 80 // stride, 80 // stride, 68)
    # A sum that lies between two steps is rounded to either, and the next layers make more of it:
    # the two agree as well as rounding lets them, not number by number.
    in_torch, in_float = predict(net, images, 0.8), predict(exact, images, 0.8)
    for here, there, truth in zip(found[:2], in_torch, in_float, strict=True):
        truth = truth.numpy()
        rounding = np.abs(there.numpy() - truth).mean()
        assert np.abs(here - truth).mean() < 1.2 * rounding
        assert np.abs(here - there.numpy()).mean() < rounding


@pytest.mark.parametrize("slope", [0.0, 0.2])
def test_first_layers_in_int8_equal_torchs_number_by_number(slope):
    images = crops()
    net = quantised_form(peaked("1/8", 2, slope), normalise(images))
    model = build_int8(net, 1.0, {})
    name = "pooled0.act" if slope else "pooled0"
    model.graph.output.append(helper.make_tensor_value_info(name, TensorProto.UINT8, None))
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    (found,) = session.run([name], {"crops": images.numpy()})
    with torch.no_grad():
        exact = net.act(net.encoder[0](normalise(images)), "joined0")
        exact = torch.nn.functional.max_pool2d(exact, 2).permute(0, 2, 3, 1)
        _, after = quantised.steps_of(*(float(e) for e in net.ends("joined0")), slope)
    expected = (exact / after.scale + after.zero).round().numpy()
    differing = np.abs(found.astype(float) - expected)
    assert (differing > 0).mean() < 0.002
    assert differing.max() <= 2


def test_maps_beyond_the_range_of_exp_still_give_numbers():
    images = crops(3)
    net = quantised_form(peaked("1/16", 2), normalise(images))
    expected = predict(net, images, 1.0)
    with torch.no_grad():  # the softmax sees none of it
        net.head[2].bias[:4] += torch.tensor([40.0, -40.0, 1000.0, -1000.0])
    model = build_int8(net, 1.0, {})
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = session.run(["landmarks", "scales"], {"crops": images.numpy()})
    for here, there in zip(found, expected, strict=True):
        assert np.isfinite(here).all()
        assert np.abs(here - there.numpy())[:, :2].mean() < 0.2
    # All of a map is too large, or too small, for float32: it is as good as flat.
    np.testing.assert_allclose(found[0][:, 2:4], 39.5, atol=1e-3)
    np.testing.assert_allclose(found[1][:, 2:4], 20.0, atol=1e-3)


def test_bytes_that_are_pooled_are_those_that_were_pooled_one_by_one(monkeypatch):
    images = crops(3)
    net = quantised_form(peaked("1/8", 1), normalise(images))
    found = []
    for narrow in (0, 16):
        monkeypatch.setattr(int8, "NARROW", narrow)
        model = build_int8(net, 1.0, {}).SerializeToString()
        session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
        found.append(session.run(["heatmaps"], {"crops": images.numpy()})[0])
    assert len({narrow.tobytes() for narrow in found}) == 1


def test_checkpoints_from_when_maps_were_rounded_too_are_read(tmp_path):
    net = QuantisedRCN("1/16")
    weights = net.state_dict() | {"largest.heatmaps": torch.tensor(3.0)}
    recipe = override(INT8, ["width=1/16"])
    save_weights(tmp_path / "best.safetensors", weights, recipe, {})
    loaded, _, _ = load_weights(tmp_path / "best.safetensors")
    assert loaded.state_dict().keys() == net.state_dict().keys()


def test_graph_in_int8_holds_a_byte_a_weight():
    net = quantised_form(peaked("1/2", 1), normalise(crops(2)))
    size = len(build_int8(net, 1.0, {}).SerializeToString())
    assert size < 0.3 * 4 * sum(p.numel() for p in net.parameters())


def test_recipe_for_int8_has_no_dropout():
    with pytest.raises(ValueError, match="set dropout=0"):
        dataclasses.replace(INT8, dropout=0.1)
