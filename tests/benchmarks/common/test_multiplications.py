"""Counts of graphs small enough to be counted by hand, and of a shipped one."""

import numpy as np
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from benchmarks.common.multiplications import multiply_accumulates
from lapland.networks import index
from training.network.rcn import RCN


def graph(nodes, constants, shape, kind=TensorProto.FLOAT):
    value = helper.make_tensor_value_info
    made = helper.make_graph(
        nodes,
        "small",
        [value("x", kind, shape)],
        [helper.make_empty_tensor_value_info(nodes[-1].output[0])],
        [numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items()],
    )
    model = helper.make_model(
        made,
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)],
        ir_version=9,
    )
    return model.SerializeToString()


def test_a_graph_counted_by_hand():
    constants = {
        "kernel": np.ones((6, 2, 3, 3), np.float32),  # 6 channels from 2 groups of 2
        "flat": np.array([1, -1], np.int64),
        "narrow": np.ones((54, 5), np.float32),
        "wide": np.ones((7, 5), np.float32),
        "a": np.ones((100, 100), np.float32),
        "bias": np.ones((1, 7), np.float32),
    }
    nodes = [
        helper.make_node("MatMul", ["a", "a"], ["aa"]),  # constants: computed when it is loaded
        helper.make_node("ReduceSum", ["aa"], ["sum"], keepdims=0),
        helper.make_node("Conv", ["x", "kernel"], ["maps"], group=2),  # 5 x 5 -> 3 x 3
        helper.make_node("Reshape", ["maps", "flat"], ["row"]),  # (1, 54)
        helper.make_node("MatMul", ["row", "narrow"], ["five"]),
        helper.make_node("Mul", ["five", "sum"], ["scaled"]),  # adds nothing up
        helper.make_node("Gemm", ["scaled", "wide", "bias"], ["out"], transB=1),
    ]
    counts = multiply_accumulates(
        graph(nodes, constants, (1, 4, 5, 5)), {"x": np.ones((1, 4, 5, 5), np.float32)}
    )
    assert counts == {
        "maps": 6 * 3 * 3 * (2 * 3 * 3),  # each of 54 numbers from 2 channels of 3 x 3
        "five": 54 * 5,
        "out": 5 * 7,
    }


def test_int8_is_counted_as_float32_is():
    one, zero = np.float32(1), np.uint8(0)
    constants = {"one": one, "zero": zero, "zero_w": np.int8(0)}
    constants |= {"kernel": np.ones((3, 2, 2, 2), np.int8), "w": np.ones((4, 8), np.int8)}
    names = ["x", "one", "zero", "kernel", "one", "zero_w", "one", "zero"]
    nodes = [
        helper.make_node("QLinearConv", names, ["maps"]),  # 5 x 5 -> 4 x 4
        helper.make_node("MatMulInteger", ["maps", "w"], ["whole"]),
        helper.make_node(
            "MatMulIntegerToFloat", ["maps", "w", "one", "one"], ["out"], domain="com.microsoft"
        ),
    ]
    shape = (2, 2, 5, 5)
    model = graph(nodes, constants, shape, TensorProto.UINT8)
    counts = multiply_accumulates(model, {"x": np.ones(shape, np.uint8)})
    product = 2 * 3 * 4 * 8 * 4
    assert counts == {"maps": 2 * 3 * 16 * (2 * 4), "whole": product, "out": product}


def test_the_side_that_is_summed_over_is_found_when_it_is_turned():
    nodes = [helper.make_node("Gemm", ["x", "w"], ["out"], transA=1)]
    model = graph(nodes, {"w": np.ones((2, 3), np.float32)}, (2, 9))
    assert multiply_accumulates(model, {"x": np.ones((2, 9), np.float32)}) == {"out": 9 * 3 * 2}


def test_what_no_rule_counts_is_an_error():
    nodes = [helper.make_node("ConvTranspose", ["x", "w"], ["out"])]
    model = graph(nodes, {"w": np.ones((1, 1, 2, 2), np.float32)}, (1, 1, 3, 3))
    with pytest.raises(ValueError, match="ConvTranspose"):
        multiply_accumulates(model, {"x": np.ones((1, 1, 3, 3), np.float32)})


@pytest.mark.parametrize(("name", "stride"), [("rcn-1-8", 1), ("rcn-1-2-lite", 2)])
def test_a_shipped_graph_does_what_its_layers_do(name, stride):
    net, counted = RCN(name[4:].removesuffix("-lite").replace("-", "/"), stride=stride), []

    def count(layer, given, made):
        share = 16 / 25 if layer.kernel_size == (5, 5) else 1  # as phases
        counted.append(share * made[0, 0].numel() * layer.weight.numel())

    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(count)
    net(torch.zeros(1, 3, 80, 80))
    model = index.path(name).read_bytes()
    crop = np.zeros((1, 80, 80, 3), np.uint8)
    found = multiply_accumulates(model, {"crops": crop})
    # The means of the marginals are products with the places of 80 or 40 pixels.
    means = {f"{axis}.location": 68 * 80 // stride for axis in "xy"}
    assert {key: found.pop(key) for key in means} == means
    assert sum(found.values()) == round(sum(counted))
