"""Values of a graph that is being built, with the operators of numpy.

`(low + high) / 2` adds two nodes. So a stage of the graph reads as the function
of the SDK that it repeats.
"""

from collections.abc import Sequence
from typing import Any, Union

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper

from export.graph.builder import GraphBuilder

Operand = Union["Value", float, int, NDArray[Any]]
_TYPES = {
    np.dtype(np.uint8): TensorProto.UINT8,
    np.dtype(np.int32): TensorProto.INT32,
    np.dtype(np.int64): TensorProto.INT64,
    np.dtype(np.float32): TensorProto.FLOAT,
    np.dtype(np.float64): TensorProto.DOUBLE,
    np.dtype(np.bool_): TensorProto.BOOL,
}


def onnx_type(dtype: Any) -> int:
    """The number of a dtype in ONNX files."""
    return int(_TYPES[np.dtype(dtype)])


class Value:
    """The output of a node, or an input of the graph. Indexing keeps to whole axes: see `part`.

    Attributes:
        graph: the graph that it belongs to.
        name: its name there.
        dtype: type of its elements.
    """

    __array_ufunc__ = None  # `array - value` is ours, too

    def __init__(self, graph: "Graph", name: str, dtype: Any) -> None:
        self.graph, self.name, self.dtype = graph, name, np.dtype(dtype)

    def _with(
        self, kind: str, other: Operand, dtype: Any = None, *, turned: bool = False
    ) -> "Value":
        pair = [self, self.graph.value(other, self.dtype)]
        return self.graph.op(kind, *(pair[::-1] if turned else pair), dtype=dtype or self.dtype)

    def __add__(self, other: Operand) -> "Value":
        return self._with("Add", other)

    def __sub__(self, other: Operand) -> "Value":
        return self._with("Sub", other)

    def __rsub__(self, other: Operand) -> "Value":
        return self._with("Sub", other, turned=True)

    def __mul__(self, other: Operand) -> "Value":
        return self._with("Mul", other)

    def __rmul__(self, other: Operand) -> "Value":
        return self._with("Mul", other)

    def __truediv__(self, other: Operand) -> "Value":
        return self._with("Div", other)

    def __rtruediv__(self, other: Operand) -> "Value":
        return self._with("Div", other, turned=True)

    def __floordiv__(self, other: Operand) -> "Value":
        """Whole numbers from 0 up alone: ONNX cuts off towards zero."""
        return self._with("Div", other)

    def __matmul__(self, other: Operand) -> "Value":
        return self._with("MatMul", other)

    def __lt__(self, other: Operand) -> "Value":
        return self._with("Less", other, np.bool_)

    def __gt__(self, other: Operand) -> "Value":
        return self._with("Greater", other, np.bool_)

    def __ge__(self, other: Operand) -> "Value":
        return self._with("GreaterOrEqual", other, np.bool_)

    def __and__(self, other: Operand) -> "Value":
        return self._with("And", other)

    def __or__(self, other: Operand) -> "Value":
        return self._with("Or", other)

    def __neg__(self) -> "Value":
        return self.graph.op("Neg", self)

    def equals(self, other: Operand) -> "Value":
        """Where two values are equal."""
        return self._with("Equal", other, np.bool_)

    def at_least(self, other: Operand) -> "Value":
        """The larger of the two, element by element."""
        return self._with("Max", other)

    def at_most(self, other: Operand) -> "Value":
        """The smaller of the two, element by element."""
        return self._with("Min", other)

    def clip(self, low: float, high: float) -> "Value":
        """The nearest number within two."""
        ends = (self.graph.value(end, self.dtype) for end in (low, high))
        return self.graph.op("Clip", self, *ends)

    def cast(self, dtype: Any) -> "Value":
        """The same numbers of another type; fractions are cut off."""
        if np.dtype(dtype) == self.dtype:
            return self
        return self.graph.op("Cast", self, dtype=dtype, to=onnx_type(dtype))

    def apply(self, kind: str) -> "Value":
        """A function of each element: "Abs", "Ceil", "Exp", "Floor", "Log", "Relu", "Round", ..."""
        return self.graph.op(kind, self)

    def rounded(self) -> "Value":
        """The nearest whole numbers, halves upwards."""
        return (self + 0.5).apply("Floor")

    def reshape(self, *shape: int) -> "Value":
        """0 keeps the length of an axis, and -1 takes the rest."""
        return self.graph.op("Reshape", self, self.graph.integers(*shape))

    def transpose(self, *axes: int) -> "Value":
        """Axes in another order."""
        return self.graph.op("Transpose", self, perm=list(axes))

    def take(self, indices: Operand, axis: int = 0) -> "Value":
        """Elements along an axis, as `numpy.take`; or those where a row of bools is true."""
        if isinstance(indices, Value) and indices.dtype == np.bool_:
            return self.graph.op("Compress", self, self.graph.within(indices), axis=axis)
        return self.graph.op("Gather", self, self.graph.value(indices, np.int64), axis=axis)

    def part(self, start: int, end: int, axis: int, step: int = 1) -> "Value":
        """A slice along one axis."""
        limits = (self.graph.integers(value) for value in (start, end, axis, step))
        return self.graph.op("Slice", self, *limits)

    def split(self, parts: int | Sequence[int], axis: int) -> list["Value"]:
        """So many equal parts along an axis, or parts of the lengths given."""
        lengths = [] if isinstance(parts, int) else [self.graph.integers(*parts).name]
        count = parts if isinstance(parts, int) else len(parts)
        names = [f"{self.graph.prefix}Split{len(self.graph.nodes)}/{i}" for i in range(count)]
        node = helper.make_node("Split", [self.name, *lengths], names, names[0], axis=axis)
        self.graph.nodes.append(node)
        return [Value(self.graph, name, self.dtype) for name in names]

    def sum(self, *axes: int, keep: bool = False) -> "Value":
        """The sum over axes."""
        return self.graph.op("ReduceSum", self, self.graph.integers(*axes), keepdims=int(keep))

    def product(self, axis: int, *, keep: bool = False) -> "Value":
        """The product along an axis."""
        return self.graph.op("ReduceProd", self, axes=[axis], keepdims=int(keep))

    def mean(self, *axes: int, keep: bool = False) -> "Value":
        """The mean over axes."""
        return self.graph.op("ReduceMean", self, axes=list(axes), keepdims=int(keep))

    def max(self, *axes: int, keep: bool = False) -> "Value":
        """The largest along axes, which may not be empty."""
        return self.graph.op("ReduceMax", self, axes=list(axes), keepdims=int(keep))

    def min(self, *axes: int, keep: bool = False) -> "Value":
        """The smallest along axes, which may not be empty."""
        return self.graph.op("ReduceMin", self, axes=list(axes), keepdims=int(keep))

    def count(self) -> "Value":
        """(1,) int64, the length of the first axis."""
        return self.graph.op("Shape", self, dtype=np.int64, start=0, end=1)

    def places(self) -> "Value":
        """(n,) int64, the indices of the true elements of a row."""
        return self.graph.op("NonZero", self, dtype=np.int64).reshape(-1)

    def any(self) -> "Value":
        """One bool: whether an element is true."""
        return self.graph.op("Size", self.graph.op("NonZero", self, dtype=np.int64)) > 0

    def order(self, most: int | None = None, *, largest: bool = True) -> "Value":
        """Indices that sort a row, the first of equal elements first; at most so many."""
        count = self.count() if most is None else self.count().at_most(most)
        row = [self.name, count.name]
        names = [f"{self.graph.prefix}{kind}{len(self.graph.nodes)}" for kind in ("Top", "Order")]
        node = helper.make_node(
            "TopK", row, names, names[0], axis=0, largest=int(largest), sorted=1
        )
        self.graph.nodes.append(node)
        return Value(self.graph, names[1], np.int64)


class Graph(GraphBuilder):
    """A graph whose nodes name themselves.

    Args:
        prefix: prefix of the names, so that those of a branch differ from those around it.
        around: the graph around a branch, whose constants it uses.
    """

    def __init__(self, prefix: str = "", around: "Graph | None" = None) -> None:
        super().__init__()
        self.prefix, self._around = prefix, around

    def known(self, value: NDArray[Any]) -> str | None:
        """The name of the constant that has this value, here or around."""
        name = super().known(value)
        return self._around.known(value) if name is None and self._around else name

    def own(self, name: str, value: NDArray[Any]) -> str:
        """A constant that stands in this graph itself, even if one around has the value, too."""
        return super().known(value) or self.add(name, value)

    @property
    def root(self) -> "Graph":
        """The graph around all others."""
        return self._around.root if self._around else self

    def value(self, value: Operand, dtype: Any) -> Value:
        """A constant of the type given, or a value, which is returned."""
        if isinstance(value, Value):
            return self.within(value)
        array, root = np.asarray(value, dtype), self.root  # all branches see the root
        return Value(self, root.constant(f"constant{len(root.constants)}", array), dtype)

    def within(self, value: Value) -> Value:
        """A value for the nodes of this graph; it may be one of the graph around a branch."""
        return value if value.graph is self else Value(self, value.name, value.dtype)

    def integers(self, *values: int) -> Value:  # type: ignore[override]
        """A row of whole numbers, the form of shapes and axes."""
        return self.value(np.array(values), np.int64)

    def op(self, kind: str, *inputs: Value, dtype: Any = None, **attributes: Any) -> Value:
        """Adds a node; its result has the type of its first input if none is given."""
        name = f"{self.prefix}{kind}{len(self.nodes)}"
        self.node(kind, [value.name for value in inputs], name, **attributes)
        return Value(self, name, dtype or inputs[0].dtype)

    def concat(self, values: Sequence[Value], axis: int) -> Value:
        """Values one after the other."""
        return self.op("Concat", *values, axis=axis)

    def where(self, condition: Value, yes: Operand, no: Operand, dtype: Any) -> Value:
        """One of two values, element by element."""
        return self.op(
            "Where", condition, self.value(yes, dtype), self.value(no, dtype), dtype=dtype
        )

    def range(self, end: Value) -> Value:
        """0 to `end` - 1, int64; `end` has one element."""
        scalar = self.value(0, np.int64)
        return self.op("Range", scalar, end.reshape(), self.value(1, np.int64))

    def branch(
        self,
        condition: Value,
        inner: "Graph",
        results: Sequence[Value],
        otherwise: Sequence[NDArray[Any]],
    ) -> list[Value]:
        """Values that are computed only if a condition holds.

        Args:
            condition: one bool.
            inner: the graph that computes them; it may use values of this one.
            results: values of it.
            otherwise: constants in their place if the condition does not hold.
        """
        other = Graph(f"{inner.prefix}else/", self)
        pairs = zip(results, otherwise, strict=True)
        constants = [other.value(array, result.dtype) for result, array in pairs]
        return self.either(condition, (inner, results), (other, constants))

    def either(
        self,
        condition: Value,
        yes: tuple["Graph", Sequence[Value]],
        no: tuple["Graph", Sequence[Value]],
    ) -> list[Value]:
        """Values of one of two graphs; only that one runs.

        Args:
            condition: one bool.
            yes: the graph if it holds, and values of it or of this graph.
            no: the graph if it does not, and values in the place of those.
        """
        bodies = []
        for inner, values in (yes, no):
            # A branch gives values of nodes, each once: constants and those around it are none.
            made = {name for node in inner.nodes for name in node.output}
            results = []
            for value in values:
                own = value.name in made and value.name not in {one.name for one in results}
                results.append(value if own else inner.op("Identity", inner.within(value)))
            infos = [
                helper.make_tensor_value_info(r.name, onnx_type(r.dtype), None) for r in results
            ]
            name = f"{inner.prefix}branch"
            bodies.append(helper.make_graph(inner.nodes, name, [], infos, inner.constants))
        names = [f"{yes[0].prefix}result{i}" for i in range(len(yes[1]))]
        self.nodes.append(
            helper.make_node(
                "If",
                [condition.name],
                names,
                names[0],
                then_branch=bodies[0],
                else_branch=bodies[1],
            )
        )
        return [Value(self, n, r.dtype) for n, r in zip(names, yes[1], strict=True)]

    def rename(self, value: Value, name: str) -> Value:
        """The value under a name of its own, as an output of the graph."""
        self.node("Identity", [value.name], name)
        return Value(self, name, value.dtype)
