"""What is read of an ONNX file is what onnx reads, and what must not run is refused before."""

import math
import os
from itertools import pairwise

import numpy as np
import pytest

from lapland import Detector, ModelError
from lapland.networks import folders, index, loading, onnx_file
from lapland.networks import session as session_module
from lapland.networks.wire_format import OnnxError

onnx = pytest.importorskip("onnx")
from google.protobuf.message import DecodeError  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from tests.peaks.make_peaks import build  # noqa: E402

# BlazeFace is no landmark model: the list of allowed operators is not for it.
EVERY = [path for folder in folders.folders() for path in folder.rglob("*.onnx")]
SHIPPED = sorted(path for path in EVERY if path.parent.name != "blazeface")


def constants(model):
    """All tensors of a model, in the order of the file."""
    for node in model.graph.node:
        for attribute in node.attribute:
            yield from ([attribute.t] if attribute.HasField("t") else [])
    yield from model.graph.initializer


def assert_same(ours, theirs):
    assert ours.graphs == 1
    assert ours.opsets == {entry.domain: entry.version for entry in theirs.opset_import}
    assert ours.metadata == {entry.key: entry.value for entry in theirs.metadata_props}
    nodes = theirs.graph.node
    assert [(n.domain, n.kind, n.inputs, n.outputs) for n in ours.nodes] == [
        (n.domain, n.op_type, tuple(n.input), tuple(n.output)) for n in nodes
    ]
    assert ours.values == [name for node in nodes for name in node.output]
    assert ours.inputs == [value.name for value in theirs.graph.input]
    assert ours.outputs == [value.name for value in theirs.graph.output]
    assert [(t.name, t.dims) for t in ours.initializers] == [
        (t.name, tuple(t.dims)) for t in theirs.graph.initializer
    ]
    whole = [attribute for node in nodes for attribute in node.attribute]
    assert ours.largest == max([abs(n) for a in whole for n in (a.i, *a.ints)])
    tensors = list(constants(theirs))
    assert [(t.dims, t.type) for t in ours.tensors] == [
        (tuple(t.dims), t.data_type) for t in tensors
    ]
    assert [t.bytes for t in ours.tensors] == [t.ByteSize() for t in tensors]
    assert not any(tensor.external for tensor in ours.tensors)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: "-".join(path.parts[-2:]))
def test_shipped_files_are_read_as_onnx_reads_them(path):
    data = path.read_bytes()
    assert_same(onnx_file.check(data), onnx.load_from_string(data))


@pytest.mark.parametrize("name", index.shipped())
def test_shipped_models_pass_as_models_of_ones_own(name, tmp_path):
    file = tmp_path / "mine.onnx"
    data = index.path(name).read_bytes()
    file.write_bytes(data)
    assert loading.load(file, threads=1)[1].name == name


def test_constants_in_all_their_forms():
    """Packed and unpacked sizes, typed fields instead of raw bytes, constants of attributes."""
    typed = helper.make_tensor("typed", TensorProto.FLOAT, [2, 3], range(6))
    value = numpy_helper.from_array(np.arange(4, dtype=np.int64), "value")
    model = build()
    model.graph.initializer.append(typed)
    model.graph.node.append(helper.make_node("Constant", [], ["four"], value=value))
    assert_same(onnx_file.check(model.SerializeToString()), model)
    packed = b"\x0a\x02\x02\x03" + b"\x10\x01" + b"\x4a\x18" + bytes(24)  # dims 2, 3; float; raw
    graph = b"\x2a" + bytes([len(packed)]) + packed
    data = b"\x3a" + bytes([len(graph)]) + graph
    assert onnx_file.check(data).tensors[0].dims == (2, 3)
    assert list(onnx.load_from_string(data).graph.initializer[0].dims) == [2, 3]


def test_damaged_files_are_read_as_onnx_reads_them_or_not_at_all(peaks):
    data = peaks.read_bytes()
    rng = np.random.default_rng(0)
    read = 0
    for _ in range(600):
        damaged = bytearray(data)
        for at in rng.integers(len(data), size=rng.integers(1, 4)):
            damaged[at] ^= 1 << rng.integers(8)
        damaged = bytes(damaged[: rng.integers(len(data)) if rng.random() < 0.2 else None])
        try:
            ours = onnx_file.check(damaged)
            theirs = onnx.load_from_string(damaged)
        except (OnnxError, onnx_file.RefusedError, DecodeError):
            continue
        read += 1
        assert [(n.domain, n.kind) for n in ours.nodes] == [
            (n.domain, n.op_type) for n in theirs.graph.node
        ]
        assert ours.values == [name for n in theirs.graph.node for name in n.output]
        dims = [tuple(tensor.dims) for tensor in constants(theirs)]
        assert [tensor.dims for tensor in ours.tensors] == dims
    assert read > 50


# --- models that are refused


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


# --- sizes, which onnxruntime computes without running anything


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


def test_a_large_graph_is_told_its_limit(refused):
    refused(
        chain("Concat", 12, 2, axis=1), "numbers for each face", str(loading.MAX_NUMBERS), seen=True
    )


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
    model = onnx_file.check(data)
    merged = onnx.load_from_string(onnx_file.with_all_outputs(data, model))
    names = [value.name for value in merged.graph.output]
    assert sorted(names) == sorted({*model.values, *model.outputs})
    assert merged.graph.node == onnx.load(peaks).graph.node
    assert not any(value.HasField("type") for value in merged.graph.output)
    (crops,) = merged.graph.input
    assert [side.dim_value for side in crops.type.tensor_type.shape.dim] == [1, 80, 80, 3]


@pytest.mark.parametrize("told_in", ["value_info", "output"])
def test_shapes_are_those_that_follow_from_the_graph(refused, told_in):
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
        getattr(model.graph, told_in).append(said)

    refused(change, "the shape of 'part'", seen=True)


@pytest.mark.parametrize("name", ["weights", "logits", "crops"])
def test_names_of_two_things(refused, name):
    """Of a constant, of a value, of an input: another one might be meant than is looked at."""
    extra = numpy_helper.from_array(np.zeros(1, np.float32), name)
    refused(lambda m: m.graph.initializer.append(extra), f"{name!r} is given twice")


def test_a_constant_that_could_be_replaced(refused):
    value = helper.make_tensor_value_info("weights", TensorProto.FLOAT, [68, 3, 1, 1])
    refused(lambda m: m.graph.input.append(value), "'weights' is given twice")


# --- biases, which onnxruntime 1.19 reads as if each had a number for each channel


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


# --- files


def test_a_large_file_is_refused_unread(tmp_path):
    file = tmp_path / "large.onnx"
    with file.open("wb") as sparse:
        sparse.truncate(2 << 30)
    with pytest.raises(
        ModelError, match=rf"{2 << 30} bytes, and {onnx_file.MAX_BYTES} is the limit"
    ):
        Detector(model=file)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_a_fifo_does_not_hold_us_up(tmp_path):
    os.mkfifo(tmp_path / "fifo.onnx")
    with pytest.raises(ModelError, match="regular file"):
        Detector(model=tmp_path / "fifo.onnx")


def test_widest_model_is_far_from_the_limits():
    data = index.path("rcn-1").read_bytes()
    model = onnx_file.check(data)
    every = onnx_file.with_all_outputs(data, model)
    session = session_module.Session(every, name="rcn-1", threads=1, optimise=False)
    numbers = sum(math.prod(shape) for _, shape in session.outputs.values())
    assert 1e6 < numbers < loading.MAX_NUMBERS / 2
    assert len(data) < onnx_file.MAX_BYTES / 20
