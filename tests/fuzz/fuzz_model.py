"""Fuzzes the loading of models, and runs those that are accepted on one crop.

    python tests/fuzz/fuzz_model.py [--reader] [libFuzzer's options] FOLDER...

Coverage is that of lapland's own code; onnxruntime is run, and crashes in it are found, but it is
not built to report coverage. What is read of a file is compared with what the package onnx reads.
"""

import sys
from pathlib import Path

import atheris
import numpy as np
import onnx
from google.protobuf.message import DecodeError

with atheris.instrument_imports(include=["lapland"]):
    from lapland import ModelError
    from lapland.networks import loading, onnx_file, onnx_rules
    from lapland.networks.wire_format import OnnxError

_FEW = 1 << 24  # else the fuzzer would spend its time on large graphs, which are allowed


def check(data: bytes) -> None:
    """Either a model that runs, or our error; and what is read is what onnx reads."""
    compare(data)
    try:
        session, info = loading.open_custom(data, Path("fuzzed.onnx"), 1)
        crops = np.zeros((1, info.size, info.size, 3), np.uint8)
        session.run(("landmarks", "scales"), {"crops": crops})
    except ModelError:
        return


def compare(data: bytes) -> None:
    """Where both can read it, they read the same."""
    try:
        ours = onnx_rules.check(data)
        theirs = onnx.load_from_string(data)
    except (OnnxError, onnx_rules.RefusedError, DecodeError):
        return
    graph = theirs.graph
    assert [(n.domain, n.kind, n.inputs, n.outputs) for n in ours.nodes] == [
        ("" if n.domain == "ai.onnx" else n.domain, n.op_type, tuple(n.input), tuple(n.output))
        for n in graph.node
    ]
    assert ours.inputs == [value.name for value in graph.input]
    assert ours.outputs == [value.name for value in graph.output]
    assert [(t.name, t.dims) for t in ours.initializers] == [
        (t.name, tuple(t.dims)) for t in graph.initializer
    ]
    every = onnx.load_from_string(onnx_rules.with_all_outputs(data, ours)).graph
    assert every.node == graph.node
    assert every.initializer == graph.initializer
    for value in (*graph.input, *every.input):
        for side in value.type.tensor_type.shape.dim:
            if side.dim_param == onnx_file.FREE:  # left where its bytes are unusual
                side.dim_value = 1
    assert every.input == graph.input
    assert not every.value_info
    assert not any(value.HasField("type") for value in every.output)
    assert not theirs.functions
    assert not theirs.training_info


if __name__ == "__main__":
    loading.MAX_NUMBERS = _FEW
    alone = "--reader" in sys.argv  # without onnxruntime, a hundred times as fast
    atheris.Setup([a for a in sys.argv if a != "--reader"], compare if alone else check)
    atheris.Fuzz()
