from dataclasses import replace

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from benchmarks.common.multiplications import multiply_accumulates
from export.graph.mobile import build_mobile
from tests.training.network.smooth import crops, held_values, peaked, rounded_form
from training.evaluation.decoding import predict
from training.network.designs import DESIGNS
from training.network.mobile_layers import multiplications

SMALL = DESIGNS["small"]
FORMS = {
    "bilinear": SMALL,
    "repeating": replace(SMALL, bilinear=False),
    "shuffled": replace(SMALL, bilinear=False, shuffled=True),
    "patches": replace(SMALL, bilinear=False, stem=4),
    "expanded": replace(SMALL, bilinear=False, expansion=2, hidden=True),
}
REPEATING = {name: form for name, form in FORMS.items() if not form.bilinear}


def run(model, images, names=("landmarks", "scales", "heatmaps")):
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(list(names), {"crops": images.numpy()})


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("beta", [1.0, 0.6])
def test_graph_in_float32_equals_torch(form, beta):
    images = crops(5)
    net = peaked(form, crops())
    landmarks, scales, maps = run(build_mobile(net, beta, {}), images)
    assert maps.shape == (5, 40, 40, 68)
    expected = predict(net, images, beta)
    assert expected[0].std(dim=1).min() > 0.5  # no map so flat that any network would agree
    np.testing.assert_allclose(landmarks, expected[0].numpy(), atol=2e-3)
    np.testing.assert_allclose(scales, expected[1].numpy(), atol=2e-3)


@pytest.mark.parametrize("form", REPEATING.values(), ids=REPEATING)
def test_graph_in_int8_is_as_near_to_the_float_network_as_torch_is(form):
    images = crops()
    exact = peaked(form, images)
    net = rounded_form(exact, images)
    found = run(build_mobile(net, 0.8, {}), images)
    assert found[2].shape == (6, 40, 40, 68)
    in_torch, in_float = predict(net, images, 0.8), predict(exact, images, 0.8)
    for here, there, truth in zip(found[:2], in_torch, in_float, strict=True):
        rounding = np.abs(there.numpy() - truth.numpy()).mean()
        assert np.abs(here - truth.numpy()).mean() < 1.2 * rounding
        assert np.abs(here - there.numpy()).mean() < rounding


def test_first_layers_in_int8_equal_torchs_number_by_number():
    images = crops()
    net = rounded_form(peaked(REPEATING["repeating"], images), images)
    model = build_mobile(net, 1.0, {})
    model.graph.output.append(helper.make_tensor_value_info("stem", TensorProto.UINT8, None))
    (found,) = run(model, images, ["stem"])
    values = held_values(net, images)
    steps = net.steps("stem")
    expected = (values["stem"] / steps.scale + steps.zero).round().permute(0, 2, 3, 1).numpy()
    differing = np.abs(found.astype(float) - expected)
    assert (differing > 0).mean() < 0.002
    assert differing.max() <= 1


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_graph_multiplies_as_often_as_the_form_says(form):
    images = crops(1)
    model = build_mobile(peaked(form, crops()), 1.0, {}).SerializeToString()
    counted = multiply_accumulates(model, {"crops": images.numpy()})
    convolutions = {node.output[0] for node in onnx.load_from_string(model).graph.node}
    convolutions &= {name for name in counted if not name.startswith(("rows", "columns", "total"))}
    told = sum(counted[name] for name in convolutions if name not in ("locations", "scale_xy"))
    assert told == multiplications(form)


def test_a_face_alone_and_among_others_is_the_same():
    images = crops(3)
    exact = peaked(FORMS["repeating"], crops())
    for net in (exact, rounded_form(exact, images)):
        model = build_mobile(net, 1.0, {})
        together = run(model, images, ["landmarks"])[0]
        alone = run(model, images[1:2], ["landmarks"])[0]
        np.testing.assert_allclose(alone[0], together[1], atol=1e-3)


def test_graph_in_int8_holds_a_byte_a_weight():
    images = crops(2)
    exact = peaked(FORMS["repeating"], crops())
    numbers = sum(p.numel() for p in exact.parameters())
    small = len(build_mobile(rounded_form(exact, images), 1.0, {}).SerializeToString())
    large = len(build_mobile(exact, 1.0, {}).SerializeToString())
    assert large > 4 * numbers * 0.9
    assert small < large / 2
