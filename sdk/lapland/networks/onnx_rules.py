"""Whether an ONNX file may run: rules for its content, checked before onnxruntime sees it.

A graph is a program, and onnxruntime runs all of it: loops without end, functions that the file
defines, weights that lie in other files, anywhere. So a model is refused here unless it consists
of operators of landmark networks alone, and carries its weights itself.
"""

from typing import Final

from .onnx_file import CONTRIB, STANDARD, OnnxFile, Tensor, read
from .wire_format import BYTES, OnnxError

MAX_BYTES: Final = 1 << 28  # of a file; the widest model that is shipped has 7.5 MB
# Limits on attributes, as strides and paddings, and on inputs of a node: more than any needs.
# Sizes that follow from more might overflow, and seem small.
MAX_INTEGER: Final = 1 << 16
MAX_INPUTS: Final = 16

# Operators whose output size follows from the sizes of their inputs, and no others.
_STANDARD_OPERATORS: Final = """
    Abs Add AveragePool BatchNormalization Cast Clip Concat Constant Conv DepthToSpace
    DequantizeLinear Div Elu Exp Flatten Gather Gemm GlobalAveragePool HardSigmoid HardSwish
    Identity LeakyRelu Log MatMul Max MaxPool Mean Min Mul Neg PRelu Pow QLinearConv QLinearMatMul
    QuantizeLinear ReduceMax ReduceMean ReduceSum Relu Reshape Resize Round Sigmoid Slice Softmax
    SpaceToDepth Split Sqrt Squeeze Sub Sum Tanh Transpose Unsqueeze
"""
OPERATORS: Final = {
    STANDARD: frozenset(_STANDARD_OPERATORS.split()),
    CONTRIB: frozenset(
        ["MatMulIntegerToFloat", "NhwcMaxPool", "QLinearAdd", "QLinearConv", "QLinearLeakyRelu"]
    ),
}
# float32, uint8, int8, int32, int64, bool, float16, float64 of TensorProto.DataType: a byte or more
# for each number, so that the bytes of a tensor say how many it may announce.
_TYPES: Final = {1, 2, 3, 6, 7, 9, 10, 11}
_ONE_BYTES: Final = b"\x08\x81\x00"  # dim_value, field 1, is 1; in two bytes
_UNUSED: Final = 9  # a number that no field of GraphProto has or will have


class RefusedError(ValueError):
    """The file is an ONNX graph, but asks for more than a landmark model may."""


def check(data: bytes) -> OnnxFile:
    """Reads a model, and refuses one that should not be run.

    Raises:
        OnnxError: the bytes are no ONNX model, or damaged.
        RefusedError: the model holds a part that is not allowed; the message names it.
    """
    model = read(data)
    if model.graphs != 1:
        raise OnnxError(f"{model.graphs or 'no'} graphs in it")
    if model.foreign:
        raise RefusedError(f"it holds {model.foreign[0]}, which no landmark model needs")
    for domain in model.opsets:
        if domain not in OPERATORS:
            raise RefusedError(f"operators of the domain {domain[:80]!r} are not allowed")
    for node in model.nodes:
        if node.kind not in OPERATORS.get(node.domain, ()):
            whole = f"{node.domain}.{node.kind}" if node.domain else node.kind
            raise RefusedError(f"the operator {whole[:80]!r} is not allowed")
        if len(node.inputs) > MAX_INPUTS:
            raise RefusedError(
                f"a node with {len(node.inputs)} inputs, and {MAX_INPUTS} is the limit"
            )
    if model.largest > MAX_INTEGER:
        raise RefusedError(f"an attribute of {model.largest}, and {MAX_INTEGER} is the limit")
    for tensor in model.tensors:
        _check_tensor(tensor)
    _check_names(model)
    return model


def _check_names(model: OnnxFile) -> None:
    """Refuses names of two things: which of them is meant, onnxruntime and we might see otherwise.

    A constant that is also an input could be replaced by the caller.
    """
    seen: set[str] = set()
    for name in (*model.inputs, *(t.name for t in model.initializers), *filter(None, model.values)):
        if name in seen:
            raise RefusedError(
                f"the name {name[:80]!r} is given twice; expected each input, constant and value "
                "of the graph to have its own"
            )
        seen.add(name)


def _check_tensor(tensor: Tensor) -> None:
    if tensor.external:
        raise RefusedError("it keeps weights in another file, expected all of them in this one")
    if tensor.type not in _TYPES:
        raise RefusedError(f"constants of ONNX's type {tensor.type} are not allowed")
    count = 1
    for side in tensor.dims:
        count *= side
        if side < 0 or count > tensor.bytes:
            raise OnnxError(f"{tensor.dims} constants are announced, in {tensor.bytes} bytes")


def with_all_outputs(data: bytes, model: OnnxFile) -> bytes:
    """The same model for one face with every value as an output, so that onnxruntime infers shapes.

    The shapes must follow from the graph. The file's own statements, which onnxruntime would
    believe if it knows no better, get the number of a field that nobody reads. If a message comes
    twice, readers merge the two: the appended one is a graph of outputs.
    """
    silent = bytearray(data)
    for at in model.announced:
        silent[at] = silent[at] & 128 | _UNUSED << 3 | BYTES
    for at in model.free:
        silent[at : at + len(_ONE_BYTES)] = _ONE_BYTES
    names = dict.fromkeys(name for name in (*model.outputs, *model.values) if name)
    values = b"".join(_message(12, _message(1, name.encode())) for name in names)
    return bytes(silent) + _message(7, values)


def _message(number: int, body: bytes) -> bytes:
    size, length = b"", len(body)
    while length > 127:
        size += bytes([length & 127 | 128])
        length >>= 7
    return bytes([number << 3 | BYTES]) + size + bytes([length]) + body
