"""The content of an ONNX file: its nodes, constants, names and metadata.

The few parts that matter are read from the wire format; numbers of fields are those of
``onnx.proto``. The result holds names, sizes and the places of some fields only.
"""

from dataclasses import dataclass, field
from typing import Final

from .wire_format import Fields, OnnxError, Span, number_of, signed, span_of

STANDARD, CONTRIB = "", "com.microsoft"  # ONNX's own operators, and onnxruntime's
_EXTERNAL: Final = 1  # of TensorProto.DataLocation
FREE: Final = "N"  # the dimension of the faces in a batch
_FREE_BYTES: Final = b"\x12\x01N"  # as the file says it: dim_param, field 2


@dataclass(frozen=True)
class Tensor:
    """A constant of the graph.

    Attributes:
        name: name of the constant; mostly empty for a tensor in an attribute.
        dims: its shape.
        type: a number of TensorProto.DataType.
        bytes: its least size in the file.
        external: whether it points to another file.
    """

    name: str
    dims: tuple[int, ...]
    type: int
    bytes: int
    external: bool


@dataclass(frozen=True)
class Node:
    """An operator, the names of its inputs (empty if left out) and of its outputs."""

    domain: str
    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass
class OnnxFile:
    """The parts of a model that are checked.

    Attributes:
        opsets: version of each domain of operators.
        metadata: properties written by the exporter.
        nodes: in the order of the file.
        tensors: the constants, of attributes too.
        initializers: those that the graph names.
        foreign: parts that a landmark model never has: functions, subgraphs, ...
        inputs: names of the inputs of the graph.
        outputs: names of its outputs.
        free: where in the file an input has the dimension `FREE`.
        announced: offsets of the fields with the shapes of outputs and of the values between.
        largest: largest whole number in an attribute.
        graphs: how often a graph begins; 1.
    """

    opsets: dict[str, int] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    tensors: list[Tensor] = field(default_factory=list)
    initializers: list[Tensor] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    free: list[int] = field(default_factory=list)
    announced: list[int] = field(default_factory=list)
    largest: int = 0
    graphs: int = 0

    @property
    def values(self) -> list[str]:
        """Name of each node's output."""
        return [name for node in self.nodes for name in node.outputs]


def read(data: bytes) -> OnnxFile:
    """Reads a model.

    Raises:
        OnnxError: the bytes are no ONNX model, or damaged.
    """
    return _Reader(data).model()


class _Reader(Fields):
    """Goes through the messages of a model."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._found = OnnxFile()

    def model(self) -> OnnxFile:
        found = self._found
        for number, value in self._fields((0, len(self._data))):
            if number == 7:
                found.graphs += 1
                self._graph(span_of(value))
            elif number == 8:
                domain, version = "", 0
                for part, content in self._fields(span_of(value)):
                    if part == 1:
                        domain = self._domain(content)
                    elif part == 2:
                        version = number_of(content)
                found.opsets[domain] = version
            elif number == 14:
                entry = {1: "", 2: ""}
                for part, content in self._fields(span_of(value)):
                    if part in entry:
                        entry[part] = self._text(content)
                found.metadata[entry[1]] = entry[2]
            elif number == 20:
                found.foreign.append("a graph for training")
            elif number == 25:
                found.foreign.append("a function of its own")
        return found

    def _graph(self, span: Span) -> None:
        found = self._found
        for number, value in self._fields(span):
            if number in (12, 13):
                found.announced.append(self._tag)
            if number == 1:
                self._node(span_of(value))
            elif number == 5:
                found.initializers.append(self._tensor(span_of(value)))
            elif number == 15:
                found.foreign.append("sparse weights")
            elif number == 11:
                found.inputs.append(self._name(span_of(value)))
                self._dimensions(span_of(value))
            elif number == 12:
                found.outputs.append(self._name(span_of(value)))
            elif number == 13:
                span_of(value)

    def _name(self, span: Span) -> str:
        """Name of an input or output; the last one of several, as readers do."""
        names = [self._text(value) for number, value in self._fields(span) if number == 1]
        return names[-1] if names else ""

    def _dimensions(self, span: Span) -> None:
        """Sizes of an input: type 2, in it tensor_type 1, in it shape 2, in it each dim 1."""
        spans = [span]
        for number in (2, 1, 2, 1):
            spans = [span_of(v) for within in spans for n, v in self._fields(within) if n == number]
        for within in spans:
            for number, value in self._fields(within):
                if number == 2 and self._data[self._tag : span_of(value)[1]] == _FREE_BYTES:
                    self._found.free.append(self._tag)

    def _node(self, span: Span) -> None:
        domain = kind = ""
        inputs: list[str] = []
        outputs: list[str] = []
        for number, value in self._fields(span):
            if number == 1:
                inputs.append(self._text(value))
            elif number == 2:
                outputs.append(self._text(value))
            elif number == 4:
                kind = self._text(value)
            elif number == 7:
                domain = self._domain(value)
            elif number == 5:
                self._attribute(span_of(value))
        self._found.nodes.append(Node(domain, kind, tuple(inputs), tuple(outputs)))

    def _attribute(self, span: Span) -> None:
        tensors = 0
        for number, value in self._fields(span):
            if number in (3, 8):
                integers = [signed(value)] if isinstance(value, int) else self._packed(value)
                self._found.largest = max(self._found.largest, *map(abs, integers), 0)
            elif number in (5, 10):
                self._tensor(span_of(value))
                tensors += number == 5
            elif number in (6, 11):
                self._found.foreign.append("a graph within the graph, as of a loop")
            elif number in (22, 23):
                self._found.foreign.append("sparse weights")
        if tensors > 1:  # a reader would make one of them
            raise OnnxError("an attribute with two values")

    def _tensor(self, span: Span) -> Tensor:
        name = ""
        dims: list[int] = []
        kind = 0
        external = False
        for number, value in self._fields(span):
            if number == 1 and isinstance(value, int):
                dims.append(signed(value))
            elif number == 1:
                dims += self._packed(span_of(value))
            elif number == 2:
                kind = number_of(value)
            elif number == 8:
                name = self._text(value)
            elif number == 13:
                external = True
            elif number == 14:
                external = external or number_of(value) == _EXTERNAL
        tensor = Tensor(name, tuple(dims), kind, span[1] - span[0], external)
        self._found.tensors.append(tensor)
        return tensor

    def _domain(self, value: int | Span) -> str:
        domain = self._text(value)
        return STANDARD if domain == "ai.onnx" else domain
