"""The three graphs of MTCNN from the weights of the PyPI package ``mtcnn``; see `export.mtcnn`.

Images are (N, H, W, 3) BGR with values 0..255: the transposition is a node, the channel order and
the normalisation (x - 127.5) / 128 are folded into the first convolution.
"""

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import onnx
from onnx import TensorProto, helper

from export.graph.builder import IR, OPSET, GraphBuilder

NETS = ("pnet", "rnet", "onet")
METADATA = {
    "schema_version": "1",
    "origin": "the weights in the PyPI package mtcnn 1.0.0 by Iván de Paz Centeno, "
    "https://github.com/ipazc/mtcnn, which took them from K. Zhang et al., "
    "https://github.com/kpzhang93/MTCNN_face_detection_alignment",
    "licence": "MIT",
}
Array = np.ndarray[Any, np.dtype[np.float32]]


def weights_folder() -> Path:
    """The folder of weights in the installed package ``mtcnn``; found without importing it.

    Importing ``mtcnn`` imports TensorFlow, which nothing here needs.

    Raises:
        ModuleNotFoundError: the package is not installed.
    """
    spec = importlib.util.find_spec("mtcnn")
    if spec is None or spec.submodule_search_locations is None:
        raise ModuleNotFoundError(
            "the weights are read from the package mtcnn 1.0.0, which is not installed; "
            "pip install --no-deps mtcnn==1.0.0"
        )
    return Path(spec.submodule_search_locations[0]) / "assets" / "weights"


def read_weights(net: str) -> list[Array]:
    """The arrays of one net, in Keras's order and layout."""
    weights: list[Array] = joblib.load(weights_folder() / f"{net}.lz4")
    return weights


class _Graph(GraphBuilder):
    """The layers of a net; each method adds one and returns its output's name."""

    def __init__(self, weights: Sequence[Array]) -> None:
        super().__init__(shared=False)  # as in the files that are shipped
        self._weights = iter(weights)

    def take(self) -> Array:
        """The next array of the file, which lists them in the order of the layers."""
        return next(self._weights)

    def exhausted(self) -> bool:
        """Whether every array of the file has been used."""
        return next(self._weights, None) is None

    def image(self, source: str) -> str:
        """(N, H, W, 3) to the (N, 3, H, W) that convolutions want."""
        return self.node("Transpose", [source], "planes", perm=[0, 3, 1, 2])

    def conv(self, x: str, kernel: Array, bias: Array, name: str) -> str:
        """A convolution without padding; `kernel` is (kh, kw, in, out), as Keras keeps it."""
        w = self.constant(f"{name}_w", kernel.transpose(3, 2, 0, 1))
        b = self.constant(f"{name}_b", bias)
        return self.node("Conv", [x, w, b], name, kernel_shape=kernel.shape[:2])

    def prelu(self, x: str, slopes: Array, index: int) -> str:
        """max(x, 0) + slope min(x, 0) = x + (1 - slope) max(-x, 0), one slope for a channel.

        Two 1 x 1 convolutions of single channels do it, the first with the Relu and the second with
        the Add fused in. onnxruntime's own PRelu leaves its blocked layout and is so slow that it
        would take half the time of each net.
        """
        flip = np.full((len(slopes), 1, 1, 1), -1, np.float32)
        return self._lift(x, flip, 1 - slopes, index)

    def pooled_prelu(self, x: str, slopes: Array, index: int) -> str:
        """The maximum over windows of PReLU(u), where x is the maximum over windows of [u, -u].

        So PReLU sees a quarter of the pixels. Slopes from 0 up keep the order: PReLU(max u). The
        others turn it around below zero, and the greater end wins: max(max u, -slope max(-u)) =
        max u + max(-slope max(-u) - max u, 0). The maximum of -u is there for those alone.
        """
        turned = np.flatnonzero(slopes < 0)
        flip = -np.eye(len(slopes), len(slopes) + len(turned), dtype=np.float32)
        flip[turned, len(slopes) + np.arange(len(turned))] = -slopes[turned]
        flip = _filled(_filled(flip, 0), 1)[:, :, None, None]
        return self._lift(x, flip, _filled(np.where(slopes < 0, 1, 1 - slopes), 0), index)

    def _lift(self, x: str, flip: Array, gain: Array, index: int) -> str:
        """Adds gain max(flip x, 0) to x."""
        w = self.constant(f"flip{index}_w", flip)
        negative = self.node("Conv", [x, w], f"flip{index}", group=len(flip) // flip.shape[1])
        below = self.node("Relu", [negative], f"below{index}")
        g = self.constant(f"lift{index}_w", gain.reshape(-1, 1, 1, 1))
        lift = self.node("Conv", [below, g], f"lift{index}", group=len(gain))
        return self.node("Add", [lift, x], f"prelu{index}")

    def conv_prelu(self, x: str, index: int) -> str:
        """One layer; channels that are zero fill its maps up to a multiple of 16.

        onnxruntime computes 8 or 16 channels at a time and fills up anyway, but refuses its fast
        path to the convolutions in `prelu` when their number does not fit.
        """
        kernel, bias, slopes = self.take(), self.take(), self.take().ravel()
        if index == 1:
            kernel, bias = fold_input(kernel, bias)
        else:
            kernel = _filled(kernel, 2)
        y = self.conv(x, _filled(kernel, 3), _filled(bias, 0), f"conv{index}")
        return self.prelu(y, _filled(slopes, 0), index)

    def conv_pool_prelu(self, x: str, size: int) -> str:
        """The first layer with its pool before its PReLU, see `pooled_prelu`.

        Worth it if the maps of -u fit into channels that would be zero, as in the P-Net.
        """
        kernel, bias = fold_input(self.take(), self.take())
        slopes = self.take().ravel()
        turned = np.flatnonzero(slopes < 0)
        kernel = _filled(np.concatenate([kernel, -kernel[..., turned]], axis=3), 3)
        bias = _filled(np.concatenate([bias, -bias[turned]]), 0)
        y = self.pool(self.conv(x, kernel, bias, "conv1"), size, "pool1", pad=True)
        return self.pooled_prelu(y, slopes, 1)

    def pool(self, x: str, size: int, name: str, *, pad: bool) -> str:
        """Maximum over size x size at stride 2; `pad` is Keras's "same", which pads at the end."""
        return self.node(
            "MaxPool",
            [x],
            name,
            kernel_shape=[size, size],
            strides=[2, 2],
            auto_pad="SAME_UPPER" if pad else "VALID",
        )

    def split(self, x: str, sizes: list[int], names: list[str]) -> None:
        """Channels in groups."""
        self.integers("sizes", *sizes)
        self.nodes.append(helper.make_node("Split", [x, "sizes"], names, "split", axis=1))

    def dense_prelu(self, x: str, shape: tuple[int, int, int], index: int) -> str:
        """Flattens (C, H, W) maps, a dense layer, one slope for each of its outputs."""
        channels, height, width = shape
        kernel, bias = self.take(), self.take()
        # Keras permutes to (W, H, C) before it flattens. Reordering the rows of the kernel once
        # lets the graph flatten its own (C, H, W).
        rows = kernel.reshape(width, height, channels, -1).transpose(2, 1, 0, 3)
        flat = self.node("Flatten", [x], "flat", axis=1)
        w = self.constant(f"dense{index}_w", rows.reshape(kernel.shape))
        b = self.constant(f"dense{index}_b", bias)
        y = self.node("Gemm", [flat, w, b], f"dense{index}")
        slope = self.constant(f"prelu{index}_slope", self.take())
        return self.node("PRelu", [y, slope], f"prelu{index}")


def fold_input(kernel: Array, bias: Array) -> tuple[Array, Array]:
    """Folds BGR -> RGB and (x - 127.5) / 128 into the first convolution, in float64."""
    exact = kernel.astype(np.float64)
    shifted = bias - exact.sum(axis=(0, 1, 2)) * (127.5 / 128)
    return (exact[:, :, ::-1] / 128).astype(np.float32), shifted.astype(np.float32)


def _filled(array: Array, axis: int) -> Array:
    """Zeros at the end of one axis, up to a multiple of 16."""
    widths = [(0, 0)] * array.ndim
    widths[axis] = (0, -array.shape[axis] % 16)
    return np.pad(array, widths)


def two_to_one(kernel: Array, bias: Array) -> tuple[Array, Array]:
    """(no face, face) logits -> their difference, whose sigmoid is the softmax's second entry."""
    return kernel[..., 1:] - kernel[..., :1], bias[1:] - bias[:1]


def pnet(weights: Sequence[Array]) -> onnx.ModelProto:
    """Images of any size -> score and box regression of each 12 x 12 window at stride 2."""
    graph = _Graph(weights)
    x = graph.conv_pool_prelu(graph.image("images"), 2)
    x = graph.conv_prelu(x, 2)
    x = graph.conv_prelu(x, 3)
    box_kernel, box_bias = graph.take(), graph.take()
    face_kernel, face_bias = two_to_one(graph.take(), graph.take())
    kernel = np.concatenate([box_kernel, face_kernel], axis=3)
    heads = graph.conv(x, kernel, np.concatenate([box_bias, face_bias]), "heads")
    graph.split(heads, [4, 1], ["offsets", "logit"])
    graph.node("Sigmoid", ["logit"], "scores")
    return _model(
        "pnet",
        graph,
        ("images", ["N", "H", "W", 3]),
        {"scores": ["N", 1, "h", "w"], "offsets": ["N", 4, "h", "w"]},
    )


def rnet(weights: Sequence[Array]) -> onnx.ModelProto:
    """Crops of 24 x 24 pixels -> one score and one box regression each."""
    graph = _Graph(weights)
    x = graph.pool(graph.conv_prelu(graph.image("crops"), 1), 3, "pool1", pad=True)
    x = graph.pool(graph.conv_prelu(x, 2), 3, "pool2", pad=False)
    x = graph.dense_prelu(graph.conv_prelu(x, 3), (64, 3, 3), 4)
    _dense(graph, x, graph.take(), graph.take(), "offsets")
    _face(graph, x)
    return _model(
        "rnet", graph, ("crops", ["N", 24, 24, 3]), {"scores": ["N", 1], "offsets": ["N", 4]}
    )


def onet(weights: Sequence[Array]) -> onnx.ModelProto:
    """Crops of 48 x 48 pixels -> score, box regression and five points (N, 5, 2) in (x, y) each."""
    graph = _Graph(weights)
    x = graph.pool(graph.conv_prelu(graph.image("crops"), 1), 3, "pool1", pad=True)
    x = graph.pool(graph.conv_prelu(x, 2), 3, "pool2", pad=False)
    x = graph.pool(graph.conv_prelu(x, 3), 2, "pool3", pad=True)
    x = graph.dense_prelu(graph.conv_prelu(x, 4), (128, 3, 3), 5)
    _dense(graph, x, graph.take(), graph.take(), "offsets")
    # The ten columns are x1..x5, y1..y5; as x1, y1, x2, y2, ... they are (5, 2) in memory.
    kernel, bias = graph.take(), graph.take()
    pairs = np.arange(10).reshape(2, 5).T.ravel()
    flat = _dense(graph, x, kernel[:, pairs], bias[pairs], "points_flat")
    graph.node("Reshape", [flat, graph.integers("points_shape", -1, 5, 2)], "points")
    _face(graph, x)
    return _model(
        "onet",
        graph,
        ("crops", ["N", 48, 48, 3]),
        {"scores": ["N", 1], "offsets": ["N", 4], "points": ["N", 5, 2]},
    )


def convert(net: str) -> bytes:
    """The ONNX file of one net, the same bytes each time.

    Args:
        net: "pnet", "rnet" or "onet".
    """
    model = {"pnet": pnet, "rnet": rnet, "onet": onet}[net](read_weights(net))
    return model.SerializeToString(deterministic=True)


def _dense(graph: _Graph, x: str, kernel: Array, bias: Array, name: str) -> str:
    w = graph.constant(f"{name}_w", kernel)
    return graph.node("Gemm", [x, w, graph.constant(f"{name}_b", bias)], name)


def _face(graph: _Graph, x: str) -> None:
    logit = _dense(graph, x, *two_to_one(graph.take(), graph.take()), "logit")
    graph.node("Sigmoid", [logit], "scores")


def _model(
    net: str,
    graph: _Graph,
    source: tuple[str, list[str | int]],
    outputs: dict[str, list[str | int]],
) -> onnx.ModelProto:
    """Wraps the nodes into a checked model with its metadata."""
    if not graph.exhausted():
        raise ValueError(f"{net}: the file of weights has more arrays than the net has layers")
    body = helper.make_graph(
        graph.nodes,
        net,
        [helper.make_tensor_value_info(source[0], TensorProto.FLOAT, source[1])],
        [helper.make_tensor_value_info(k, TensorProto.FLOAT, v) for k, v in outputs.items()],
        graph.constants,
    )
    model = helper.make_model(
        body,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR,
        producer_name="lapland export.mtcnn",
    )
    helper.set_model_props(model, {"name": f"mtcnn-{net}", **METADATA})
    onnx.checker.check_model(model, full_check=True)
    return model
