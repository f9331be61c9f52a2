"""Biases, which onnxruntime 1.19 reads as if each had a number for each channel."""

import numpy as np
import pytest

from lapland.networks import loading

pytest.importorskip("onnx")
from onnx import helper, numpy_helper

from tests.peaks.make_peaks import build

QUANTISED = ["crops", "step", "zero", "kernel", "steps", "zeros", "step", "zero", "bias"]
PRODUCT = ["crops", "kernel", "step", "steps", "zero", "zeros", "bias"]
CONTRIB = {"domain": "com.microsoft"}
# Operator, its inputs and options, shape and dtype of the weight, dtype of the bias.
BIASED = {
    "Conv": ("Conv", ["planes", "kernel", "bias"], {}, (4, 3, 1, 1), "f4", "f4"),
    "QLinearConv": ("QLinearConv", QUANTISED, {}, (4, 80, 1, 1), "i1", "i4"),
    "com.microsoft": ("QLinearConv", QUANTISED, CONTRIB, (4, 80, 1, 1), "i1", "i4"),
    "channels_last": (
        *("QLinearConv", QUANTISED, CONTRIB | {"channels_last": 1}),
        *((4, 3, 1, 1), "i1", "i4"),
    ),
    "product": ("MatMulIntegerToFloat", PRODUCT, CONTRIB, (3, 4), "i1", "f4"),
}


def biased(kind, bias, *nodes):
    """An operator of 4 channels that adds a bias of this shape, or what these nodes compute."""
    operator, inputs, options, weight, whole, real = BIASED[kind]
    constants = {
        "step": np.ones(1, "f4"),
        "zero": np.zeros(1, "u1"),
        "kernel": np.zeros(weight, whole),
        "steps": np.ones(4, "f4"),
        "zeros": np.zeros(4, "i1"),
        "bias": np.zeros(bias, real),
    }

    def change(model):
        model.graph.node.extend([*nodes, helper.make_node(operator, inputs, ["biased"], **options)])
        made = {name for node in nodes for name in node.output}
        model.graph.initializer.extend(
            numpy_helper.from_array(a, name) for name, a in constants.items() if name not in made
        )
        model.opset_import.append(helper.make_opsetid("com.microsoft", 1))

    return change


def loaded(change, file):
    model = build()
    change(model)
    file.write_bytes(model.SerializeToString())
    return loading.load(file, threads=1)[0]


@pytest.mark.parametrize("kind", BIASED)
@pytest.mark.parametrize("shape", [(0,), (1,), (3,), (5,), (), (1, 4), (4, 1)], ids=str)
def test_biases_of_another_shape(refused, kind, shape):
    refused(biased(kind, shape), "the bias 'bias'", f"shape {shape}", "expected (4,)", seen=True)


@pytest.mark.parametrize("kind", BIASED)
def test_biases_of_the_right_shape(tmp_path, kind):
    assert loaded(biased(kind, (4,)), tmp_path / "mine.onnx").run(
        ["scales"], {"crops": np.zeros((1, 80, 80, 3), np.uint8)}
    )


def test_computed_biases_and_weights(refused, tmp_path):
    """From constants they may be, and not from what comes in, since faces may be any number."""

    def made(count):
        value = numpy_helper.from_array(np.zeros(count, "f4"))
        return [
            helper.make_node("Constant", [], ["given"], value=value),
            helper.make_node("Neg", ["given"], ["bias"]),
        ]

    loaded(biased("Conv", (), *made(4)), tmp_path / "mine.onnx")
    refused(biased("Conv", (), *made(3)), "shape (3,)", "expected (4,)", seen=True)
    each = helper.make_node("ReduceMean", ["float"], ["bias"], axes=[1, 2, 3], keepdims=0)
    refused(biased("Conv", (), each), "'bias' of a Conv", "computed from constants", seen=True)
    kernel = helper.make_node("ReduceMean", ["planes"], ["kernel"], axes=[2, 3], keepdims=1)
    refused(biased("Conv", (1,), kernel), "'kernel' of a Conv", seen=True)
