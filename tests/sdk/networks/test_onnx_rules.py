"""Models that must not run are refused before onnxruntime sees them."""

import os

import numpy as np
import pytest

from lapland import Detector, ModelError
from lapland.networks import index, loading, onnx_rules

onnx = pytest.importorskip("onnx")
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from tests.peaks.make_peaks import build  # noqa: E402


@pytest.mark.parametrize("name", index.shipped())
def test_shipped_models_pass_as_models_of_ones_own(name, tmp_path):
    file = tmp_path / "mine.onnx"
    data = index.path(name).read_bytes()
    file.write_bytes(data)
    assert loading.load(file, threads=1)[1].name == name


def node(kind, inputs=("crops",), **options):
    return lambda m: m.graph.node.append(helper.make_node(kind, [*inputs], ["more"], **options))


BODY = helper.make_graph([], "body", [], [])


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("Loop", {"body": BODY}),
        ("If", {"then_branch": BODY, "else_branch": BODY}),
        ("Scan", {"body": BODY, "num_scan_inputs": 1}),
    ],
)
def test_loops_and_branches(refused, kind, options):
    refused(node(kind, **options), "a graph within the graph")


@pytest.mark.parametrize(
    "kind", ["Loop", "ConstantOfShape", "Tile", "RandomNormal", "Pad", "", "Å"]
)
def test_operators_that_are_not_allowed(refused, kind):
    refused(node(kind), f"operator {kind!r} is not allowed", "export.rcn")


@pytest.mark.parametrize("domain", ["org.example", "ai.onnx.ml", "com.microsoft.nchwc", "ai.onnx "])
def test_domains_that_are_not_allowed(refused, domain):
    refused(node("Conv", domain=domain), f"operator '{domain}.Conv' is not allowed")
    refused(lambda m: m.opset_import.append(helper.make_opsetid(domain, 1)), f"{domain!r}")


def test_operators_of_onnxruntime_that_are_not_ours(refused):
    refused(node("Tokenizer", domain="com.microsoft"), "'com.microsoft.Tokenizer' is not allowed")


@pytest.mark.parametrize("location", ["weights.bin", "/etc/passwd", "../../secret", ""])
@pytest.mark.parametrize("flag", [True, False])
def test_weights_in_other_files(refused, location, flag):
    def change(model):
        tensor = model.graph.initializer[0]
        tensor.ClearField("raw_data")
        tensor.data_location = TensorProto.EXTERNAL if flag else TensorProto.DEFAULT
        tensor.external_data.add(key="location", value=location)

    refused(change, "weights in another file")


@pytest.mark.parametrize(
    "dims", [[1 << 62], [1 << 32] * 8, [-1], [-1, -1], [0, 1 << 62, -5], [10**6]]
)
def test_constants_of_absurd_sizes(refused, dims):
    def change(model):
        model.graph.initializer.append(TensorProto(name="huge", data_type=1, dims=dims))

    refused(change, "constants are announced")


@pytest.mark.parametrize("kind", [0, 8, 14, 16, 22, 99])
def test_constants_of_other_types(refused, kind):
    refused(lambda m: m.graph.initializer.add(data_type=kind), f"type {kind} are not allowed")


def test_functions_training_and_sparse_weights(refused):
    inner = helper.make_node("Identity", ["x"], ["y"])
    own = helper.make_function("", "Abs", ["x"], ["y"], [inner], [helper.make_opsetid("", 17)])
    refused(lambda m: m.functions.append(own), "a function of its own")
    refused(lambda m: m.training_info.add(), "a graph for training")
    refused(lambda m: m.graph.sparse_initializer.add(), "sparse weights")


def test_attributes_and_inputs_beyond_reason(refused):
    pads = {"kernel_shape": [2, 2], "pads": [1 << 62] * 4}
    refused(node("MaxPool", **pads), f"an attribute of {1 << 62}")
    refused(node("MaxPool", kernel_shape=[2, 2], strides=[-(1 << 63)] * 2), f"of {1 << 63}")
    refused(node("Concat", ["crops"] * 17, axis=1), "17 inputs, and 16 is the limit")


def test_metadata_is_read_before_the_graph(refused):
    def rename(model):
        for entry in model.metadata_props:
            entry.value = {"lapland.scheme": "moon"}.get(entry.key, entry.value)

    refused(rename, "moon")


@pytest.mark.parametrize("name", ["weights", "logits", "crops"])
def test_names_of_two_things(refused, name):
    """Of a constant, of a value, of an input: another one might be meant than is looked at."""
    extra = numpy_helper.from_array(np.zeros(1, np.float32), name)
    refused(lambda m: m.graph.initializer.append(extra), f"{name!r} is given twice")


def test_a_constant_that_could_be_replaced(refused):
    value = helper.make_tensor_value_info("weights", TensorProto.FLOAT, [68, 3, 1, 1])
    refused(lambda m: m.graph.input.append(value), "'weights' is given twice")


def test_a_graph_that_fails_when_it_runs(tmp_path, image):
    """Shapes that fit by what is said of them, and not by what they are."""
    model = build()
    for tensor in model.graph.initializer:
        if tensor.name == "weights":  # 68 landmarks announced, and NaN in their place
            tensor.CopyFrom(
                numpy_helper.from_array(np.full((68, 3, 1, 1), np.nan, "f4"), "weights")
            )
    file = tmp_path / "nan.onnx"
    file.write_bytes(model.SerializeToString())
    detector = Detector(model=file, threads=1)
    with pytest.raises(ModelError, match="NaN or infinity"):
        detector.predict(
            image, five_points=np.array([[[9, 9], [30, 9], [20, 20], [10, 30], [29, 30]]])
        )


def test_a_large_file_is_refused_unread(tmp_path):
    file = tmp_path / "large.onnx"
    with file.open("wb") as sparse:
        sparse.truncate(2 << 30)
    with pytest.raises(
        ModelError, match=rf"{2 << 30} bytes, and {onnx_rules.MAX_BYTES} is the limit"
    ):
        Detector(model=file)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_a_fifo_does_not_hold_us_up(tmp_path):
    os.mkfifo(tmp_path / "fifo.onnx")
    with pytest.raises(ModelError, match="regular file"):
        Detector(model=tmp_path / "fifo.onnx")
