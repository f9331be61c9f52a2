"""Sizes of a graph: onnxruntime infers them, and computes nothing."""

import math
from itertools import pairwise

import numpy as np
import pytest

from lapland import Detector
from lapland.networks import index, loading, onnx_rules
from lapland.networks import session as session_module

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from tests.peaks.make_peaks import build  # noqa: E402


def chain(kind, count, inputs, **options):
    """Each node takes what the one before gives."""

    def change(model):
        names = ["crops", *(f"chain{i}" for i in range(count))]
        for before, after in pairwise(names):
            model.graph.node.append(helper.make_node(kind, [before] * inputs, [after], **options))

    return change


@pytest.mark.parametrize(("count", "inputs"), [(13, 2), (45, 2), (4, 16), (20, 16)])
@pytest.mark.parametrize("axis", [0, 1, 3])
def test_graphs_that_grow_without_end(refused, count, inputs, axis):
    refused(chain("Concat", count, inputs, axis=axis), "", seen=True)


def test_constants_that_grow_are_not_folded(refused):
    """onnxruntime would compute them when it loads the file."""

    def change(model):
        model.graph.node.append(helper.make_node("Concat", ["weights"] * 16, ["more0"], axis=0))
        for i in range(9):
            two = [f"more{i}"] * 16
            model.graph.node.append(helper.make_node("Concat", two, [f"more{i + 1}"], axis=0))

    refused(change, "", seen=True)


def test_a_large_graph_is_refused_with_its_limit(refused):
    # The graph's own, and a crop of 80 x 80 x 3 doubled twelve times.
    numbers = 1_834_212 + 19_200 * (2**13 - 2)
    words = f"compute {numbers} numbers for each face", str(loading.MAX_NUMBERS)
    refused(chain("Concat", 12, 2, axis=1), *words, seen=True)


def resized(scales, *between, **options):
    """A larger map: the crop as floats, resized."""

    def change(model):
        model.graph.initializer.append(numpy_helper.from_array(np.float32(scales), "zoom"))
        made = [
            helper.make_node("Cast", ["crops"], ["floats"], to=TensorProto.FLOAT),
            *between,
            helper.make_node("Resize", ["floats", "", options.pop("by", "zoom")], ["more"]),
        ]
        model.graph.node.extend(made)

    return change


@pytest.mark.parametrize("side", [1e4, 1e12, 1e30, np.inf, np.nan, -2, 0])
def test_maps_resized_beyond_reason(refused, side):
    refused(resized([1, side, side, 1]), "", seen=True)


@pytest.mark.parametrize("scales", [[], [2], [1, 2, 2], [1, 1, 2, 2, 2]])
def test_scales_that_do_not_fit_the_map(refused, scales):
    refused(resized(scales), "", seen=True)


def test_scales_that_a_graph_computes(refused):
    square = helper.make_node("Mul", ["zoom", "zoom"], ["area"])
    refused(resized([1, 300, 300, 1], square, by="area"), "", seen=True)


def test_a_map_of_twice_the_side(tmp_path):
    model = build()
    resized([1, 2, 2, 1])(model)
    file = tmp_path / "model.onnx"
    file.write_bytes(model.SerializeToString())
    assert Detector(model=file, threads=1).model.name == "peaks"


def test_sizes_that_depend_on_the_picture(refused):
    def change(model):
        made = [
            helper.make_node("Cast", ["crops"], ["long"], to=TensorProto.INT64),
            helper.make_node("Reshape", ["long", "last"], ["row"]),
            helper.make_node("Slice", ["row", "last", "row"], ["unknown"]),
        ]
        model.graph.node.extend(made)

    refused(change, "the shape of 'unknown'", seen=True)


def test_all_outputs_are_those_of_the_nodes(peaks):
    data = peaks.read_bytes()
    model = onnx_rules.check(data)
    merged = onnx.load_from_string(onnx_rules.with_all_outputs(data, model))
    names = [value.name for value in merged.graph.output]
    assert sorted(names) == sorted({*model.values, *model.outputs})
    assert merged.graph.node == onnx.load(peaks).graph.node
    assert not any(value.HasField("type") for value in merged.graph.output)
    (crops,) = merged.graph.input
    assert [side.dim_value for side in crops.type.tensor_type.shape.dim] == [1, 80, 80, 3]


@pytest.mark.parametrize("stated_in", ["value_info", "output"])
def test_shapes_are_those_that_follow_from_the_graph(refused, stated_in):
    """onnxruntime believes what a file says of them where it knows no better."""

    def change(model):
        model.graph.initializer.append(numpy_helper.from_array(np.array([1]), "one"))
        made = [
            helper.make_node("Add", ["last", "last"], ["sum"]),
            helper.make_node("Neg", ["sum"], ["two"]),
            # As long as two says, which is known when it is computed.
            helper.make_node("Slice", ["grid", "one", "two"], ["part"]),
        ]
        model.graph.node.extend(made)
        said = helper.make_tensor_value_info("part", TensorProto.FLOAT, [1])
        getattr(model.graph, stated_in).append(said)

    refused(change, "the shape of 'part'", seen=True)


def test_widest_model_is_far_from_the_limits():
    data = index.path("rcn-1").read_bytes()
    model = onnx_rules.check(data)
    every = onnx_rules.with_all_outputs(data, model)
    session = session_module.Session(every, name="rcn-1", threads=1, optimise=False)
    numbers = sum(math.prod(shape) for _, shape in session.outputs.values())
    assert 1e6 < numbers < loading.MAX_NUMBERS / 2
    assert len(data) < onnx_rules.MAX_BYTES / 20
