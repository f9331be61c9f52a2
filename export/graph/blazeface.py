"""The layers of BlazeFace, from a TensorFlow Lite file into an ONNX graph.

The file keeps float16 weights and channels last. The graph takes images of OpenCV, (N, H, W, 3)
uint8 in BGR order, in any size that 16 divides. Channels are padded to multiples of 16 with zeros,
since the convolutions of onnxruntime compute 8 or 16 at a time.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from export.graph.builder import IR, OPSET, GraphBuilder

FILL = 16  # channels of a map are a multiple of this
SIZE = 128  # pixels, height and width of the original's input

Array = np.ndarray[Any, np.dtype[Any]]


class _Source:
    """The operators and constants of a TensorFlow Lite file."""

    def __init__(self, data: bytes) -> None:
        import tflite

        self.formats = tflite
        self.model: Any = tflite.Model.GetRootAsModel(data, 0)
        self.graph: Any = self.model.Subgraphs(0)
        kinds = {v: k for k, v in vars(tflite.BuiltinOperator).items() if isinstance(v, int)}
        self.operators = [
            (kinds[self.model.OperatorCodes(operator.OpcodeIndex()).BuiltinCode()], operator)
            for operator in map(self.graph.Operators, range(self.graph.OperatorsLength()))
        ]
        # DEQUANTIZE turns float16 constants into float32.
        self._halves = {
            operator.Outputs(0): operator.Inputs(0)
            for kind, operator in self.operators
            if kind == "DEQUANTIZE"
        }

    def constant(self, tensor: int) -> Array:
        """A constant; float16 becomes float32."""
        tensor = self._halves.get(tensor, tensor)
        found = self.graph.Tensors(tensor)
        raw = self.model.Buffers(found.Buffer()).DataAsNumpy().tobytes()
        dtype = {0: np.float32, 1: np.float16, 2: np.int32}[found.Type()]
        array = np.frombuffer(raw, dtype).reshape(found.ShapeAsNumpy())
        return array.astype(np.float32) if dtype == np.float16 else array

    def options(self, operator: Any, kind: str) -> Any:
        """The options of an operator."""
        found = getattr(self.formats, kind)()
        found.Init(operator.BuiltinOptions().Bytes, operator.BuiltinOptions().Pos)
        return found

    def is_head(self, tensor: int) -> bool:
        """Whether a map holds scores or boxes: its channels keep their number."""
        name = self.graph.Tensors(tensor).Name().decode()
        return name.startswith(("regressor", "classificator"))


class _Graph(GraphBuilder):
    """The new graph, with a method for each kind of operator."""

    def __init__(self, source: _Source) -> None:
        super().__init__(shared=False)  # as in the file that is shipped
        self.source = source
        first = source.graph.Inputs(0)
        self.names: dict[int, str] = {first: "images"}  # tensor of the source -> value
        self.channels: dict[int, int] = {first: 3}
        # Rows and columns of the source: only whether padding is needed depends on them, and that
        # is the same for all sizes that 16 divides.
        self.sizes: dict[int, int] = {first: SIZE}
        self.narrow: dict[int, int] = {}  # maps that get zeros as further channels: theirs
        self.ends: dict[int, Callable[[int, int], str]] = {}  # convolutions: some of their channels
        self.active: set[int] = set()  # sums that have had their ReLU
        self.heads: dict[str, list[str]] = {"logits": [], "offsets": []}

    def image(self, low: int, high: int) -> str:
        """Bytes -> planes in floating point, with a border of the grey that is zero."""
        floats = self.node("Cast", ["images"], "floats", to=TensorProto.FLOAT)
        planes = self.node("Transpose", [floats], "planes", perm=[0, 3, 1, 2])
        pads = self.constant("border", np.array([0, 0, low, low, 0, 0, high, high], np.int64))
        grey = self.constant("grey", np.array(127.5, np.float32))
        return self.node("Pad", [planes, pads, grey], "bordered")

    def convolution(self, number: int, operator: Any, kind: str) -> None:
        deep = kind == "DEPTHWISE_CONV_2D"
        options = self.source.options(
            operator, "DepthwiseConv2DOptions" if deep else "Conv2DOptions"
        )
        source, result = operator.Inputs(0), operator.Outputs(0)
        kernel = self.source.constant(operator.Inputs(1))
        kernel = kernel.transpose((3, 0, 1, 2) if deep else (0, 3, 1, 2))  # out, in, rows, columns
        bias = self.source.constant(operator.Inputs(2))
        ins = self.channels[source]
        outs = len(kernel) if self.source.is_head(result) else filled(len(kernel))
        stride, side = options.StrideH(), kernel.shape[2]
        is_same = options.Padding() == self.source.formats.Padding.SAME
        low, high = same(self.sizes[source], side, stride) if is_same else (0, 0)
        name = self.names[source]
        if name == "images":
            kernel, bias = fold_input(kernel, bias)
            name, low, high = self.image(low, high), 0, 0
            self.sizes[result] = -(-self.sizes[source] // stride)
        else:
            high = whole(low, side) if is_same else 0
            self.sizes[result] = (self.sizes[source] + low + high - side) // stride + 1
        kernel = _zeros(kernel, (outs, 1 if deep else ins, side, side))
        bias = _zeros(bias, (outs,))

        def some(first: int, end: int) -> str:
            part = "" if (first, end) == (0, outs) else f"from{first}"
            return self.node(
                "Conv",
                [
                    name,
                    self.constant(f"weights{number}{part}", kernel[first:end]),
                    self.constant(f"bias{number}{part}", bias[first:end]),
                ],
                f"conv{number}{part}",
                strides=[stride, stride],
                pads=[low, low, high, high],
                group=ins if deep else 1,
            )

        self.channels[result] = outs
        if options.FusedActivationFunction() == self.source.formats.ActivationFunctionType.RELU:
            self.names[result] = self.node("Relu", [some(0, outs)], f"relu{number}")
        elif side == 1 and not self.source.is_head(result):
            self.ends[result] = some  # a sum follows
        else:
            self.names[result] = some(0, outs)

    def pool(self, number: int, operator: Any) -> None:
        options = self.source.options(operator, "Pool2DOptions")
        source, result = operator.Inputs(0), operator.Outputs(0)
        side, stride = options.FilterHeight(), options.StrideH()
        self.names[result] = self.node(
            "MaxPool",
            [self.names[source]],
            f"pool{number}",
            kernel_shape=[side, side],
            strides=[stride, stride],
            pads=[0, 0, whole(0, side), whole(0, side)],
        )
        self.channels[result] = self.channels[source]
        self.sizes[result] = self.sizes[source] // stride

    def more_channels(self, number: int, operator: Any) -> None:
        """PAD adds channels of zeros; those that are there to fill may be enough."""
        source, result = operator.Inputs(0), operator.Outputs(0)
        pads = self.source.constant(operator.Inputs(1))
        if pads[:3].any() or pads[3, 0]:
            raise ValueError(f"expected a PAD of channels at the end alone, found {pads.tolist()}")
        outs = filled(self.source.graph.Tensors(result).Shape(3))
        if outs > self.channels[source]:
            self.narrow[result] = self.channels[source]
        self.names[result] = self.names[source]
        self.channels[result], self.sizes[result] = outs, self.sizes[source]

    def sum(self, number: int, operator: Any) -> None:
        """ADD of a convolution to the map that its block began with, and the RELU that follows.

        The zeros that a narrower map gets as further channels are never added: those channels
        are the convolution alone, which stays in the runtime's own order of channels.
        """
        sources, result = operator.InputsAsNumpy().tolist(), operator.Outputs(0)
        (conv,) = (source for source in sources if source in self.ends)
        (begun,) = (source for source in sources if source != conv)
        outs = self.channels[conv]
        own = self.narrow.get(begun, outs)
        added = self.node("Add", [self.names[begun], self.ends[conv](0, own)], f"add{number}")
        value = self.node("Relu", [added], f"sum{number}")
        if own < outs:
            further = self.node("Relu", [self.ends[conv](own, outs)], f"further{number}")
            value = self.node("Concat", [value, further], f"wider{number}", axis=1)
        self.active.add(result)
        self.names[result], self.channels[result] = value, outs
        self.sizes[result] = self.sizes[begun]

    def relu(self, number: int, operator: Any) -> None:
        source, result = operator.Inputs(0), operator.Outputs(0)
        value = self.names[source]
        self.names[result] = (
            value if source in self.active else self.node("Relu", [value], f"relu{number}")
        )
        self.channels[result], self.sizes[result] = self.channels[source], self.sizes[source]

    def head(self, number: int, operator: Any) -> None:
        """RESHAPE flattens a map, channels last, to a row an anchor."""
        source, columns = (
            operator.Inputs(0),
            self.source.graph.Tensors(operator.Outputs(0)).Shape(2),
        )
        rows = self.node("Transpose", [self.names[source]], f"rows{number}", perm=[0, 2, 3, 1])
        shape = np.array([0, -1, columns] if columns > 1 else [0, -1], np.int64)
        flat = [rows, self.constant(f"shape{number}", shape)]
        value = self.node("Reshape", flat, f"flat{number}")
        self.heads["offsets" if columns > 1 else "logits"].append(value)

    def translate(self, number: int, kind: str, operator: Any) -> None:
        """One operator of the source."""
        if kind in ("CONV_2D", "DEPTHWISE_CONV_2D"):
            self.convolution(number, operator, kind)
        elif kind == "MAX_POOL_2D":
            self.pool(number, operator)
        elif kind == "PAD":
            self.more_channels(number, operator)
        elif kind == "ADD":
            self.sum(number, operator)
        elif kind == "RELU":
            self.relu(number, operator)
        elif kind == "RESHAPE":
            self.head(number, operator)
        elif kind not in ("DEQUANTIZE", "CONCATENATION"):
            raise ValueError(f"expected no operator of the kind {kind}")


def filled(channels: int) -> int:
    """The next multiple of `FILL`."""
    return -(-channels // FILL) * FILL


def same(size: int, side: int, stride: int) -> tuple[int, int]:
    """Zeros before and after, so that a map has size / stride pixels, as TensorFlow places them."""
    total = max((-(-size // stride) - 1) * stride + side - size, 0)
    return total // 2, total - total // 2


def whole(low: int, side: int) -> int:
    """Pixels after a map, so that a kernel makes ceil(size / stride) pixels of any size.

    Those beyond TensorFlow's are not read, but onnxruntime sees that maps are alike, and adds them
    within a convolution.
    """
    return side - 1 - low


def fold_input(kernel: Array, bias: Array) -> tuple[Array, Array]:
    """Folds BGR -> RGB and (x - 127.5) / 127.5 into the first convolution, in float64."""
    exact = kernel.astype(np.float64)
    shifted = bias - exact.sum(axis=(1, 2, 3))
    return (exact[:, ::-1] / 127.5).astype(np.float32), shifted.astype(np.float32)


def _zeros(array: Array, shape: tuple[int, ...]) -> Array:
    """Zeros at the end of the axes, up to a shape."""
    return np.pad(array, [(0, to - now) for now, to in zip(array.shape, shape, strict=True)])


def convert(data: bytes, metadata: dict[str, str]) -> bytes:
    """The bytes of the TensorFlow Lite file -> those of the ONNX file, the same each time."""
    graph = _Graph(_Source(data))
    for number, (kind, operator) in enumerate(graph.source.operators):
        graph.translate(number, kind, operator)
    graph.node("Concat", graph.heads["logits"], "logits", axis=1)
    graph.node("Sigmoid", ["logits"], "scores")
    graph.node("Concat", graph.heads["offsets"], "offsets", axis=1)
    images = helper.make_tensor_value_info("images", TensorProto.UINT8, ["N", "H", "W", 3])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["N", "A"])
    offsets = helper.make_tensor_value_info("offsets", TensorProto.FLOAT, ["N", "A", 16])
    body = helper.make_graph(graph.nodes, "blazeface", [images], [scores, offsets], graph.constants)
    model = helper.make_model(
        body,
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR,
        producer_name="lapland export.blazeface",
    )
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString(deterministic=True)
