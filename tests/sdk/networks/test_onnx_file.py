"""The content of an ONNX file is read as onnx reads it."""

import numpy as np
import pytest

from lapland.networks import folders, onnx_rules
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
    assert_same(onnx_rules.check(data), onnx.load_from_string(data))


def test_constants_in_all_their_forms():
    """Packed and unpacked sizes, typed fields instead of raw bytes, constants of attributes."""
    typed = helper.make_tensor("typed", TensorProto.FLOAT, [2, 3], range(6))
    value = numpy_helper.from_array(np.arange(4, dtype=np.int64), "value")
    model = build()
    model.graph.initializer.append(typed)
    model.graph.node.append(helper.make_node("Constant", [], ["four"], value=value))
    assert_same(onnx_rules.check(model.SerializeToString()), model)
    packed = b"\x0a\x02\x02\x03" + b"\x10\x01" + b"\x4a\x18" + bytes(24)  # dims 2, 3; float; raw
    graph = b"\x2a" + bytes([len(packed)]) + packed
    data = b"\x3a" + bytes([len(graph)]) + graph
    assert onnx_rules.check(data).tensors[0].dims == (2, 3)
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
            ours = onnx_rules.check(damaged)
            theirs = onnx.load_from_string(damaged)
        except (OnnxError, onnx_rules.RefusedError, DecodeError):
            continue
        read += 1
        assert [(n.domain, n.kind) for n in ours.nodes] == [
            (n.domain, n.op_type) for n in theirs.graph.node
        ]
        assert ours.values == [name for n in theirs.graph.node for name in n.output]
        dims = [tuple(tensor.dims) for tensor in constants(theirs)]
        assert [tensor.dims for tensor in ours.tensors] == dims
    assert read > 50
