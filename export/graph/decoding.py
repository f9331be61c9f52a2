"""Heatmaps -> landmarks and scales, as nodes of a graph."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from export.graph.builder import GraphBuilder
from training.network.rcn import SIZE, phase_kernels

# Bilinear x2 and one tap of a 5x5 kernel together: see `phase_kernels`.
UPSAMPLED = phase_kernels(torch.eye(25, dtype=torch.float64).view(25, 1, 5, 5))[:, :, :, 0].numpy()


def unfolded(
    g: GraphBuilder,
    kernel: str,
    shape: tuple[int, ...],
    output: str,
    taps: NDArray[Any] = UPSAMPLED,
) -> str:
    """A kernel (O, I, h, w) in the graph -> (4 O, I, 4, 4), its phases (p, q, O) first.

    The nodes depend on constants alone: onnxruntime computes them once, when it loads the file,
    which so holds 25 or 9 numbers instead of 64.

    Args:
        g: the graph.
        kernel: its name.
        shape: (O, I, h, w).
        output: name of the result.
        taps: (h w, 2, 2, 4, 4), the phases of the kernel that is 1 at one place and 0 elsewhere.
    """
    o, i, h, w = shape
    flat = g.node("Reshape", [kernel, g.integers(f"{output}.rows", o * i, h * w)], f"{output}.flat")
    taps_name = g.constant(f"phases{h}", taps.reshape(h * w, 64).astype("f4"))
    phases = g.node("MatMul", [flat, taps_name], f"{output}.phases")
    apart = g.integers(f"{output}.apart", o, i, 2, 2, 4, 4)
    phases = g.node("Reshape", [phases, apart], f"{output}.six")
    phases = g.node("Transpose", [phases], f"{output}.first", perm=[2, 3, 0, 1, 4, 5])
    return g.node("Reshape", [phases, g.integers(f"{output}.shape", 4 * o, i, 4, 4)], output)


def decode(g: GraphBuilder, logits: str, landmarks: int, stride: int) -> None:
    """Softmax over each map, then location and scale from its row and column sums.

    Args:
        g: the graph.
        logits: (N, K, H * W) or (N, K, H, W), the maps times beta.
        landmarks: K.
        stride: crop pixels from one pixel of the maps to the next.
    """
    side = SIZE // stride
    square = g.integers("square", 0, landmarks, side, side)
    g.node("Reshape", [logits, square], "heatmaps")
    flat = g.integers("flat", 0, landmarks, side * side)
    p = g.node("Reshape", ["heatmaps", flat], "flat_maps")
    p = g.node("Softmax", [p], "softmax", axis=2)
    p = g.node("Reshape", [p, square], "probabilities")
    grid = np.arange(side, dtype=np.float32) * stride + (stride - 1) / 2
    g.constant("grid", grid)
    g.constant("grid_column", grid[:, None])
    last = g.integers("last_axis", -1)
    locations, deviations = [], []
    for axis, reduced in (("x", 2), ("y", 3)):
        over = g.integers(f"{axis}.over", reduced)
        m = g.node("ReduceSum", [p, over], f"{axis}.marginal", keepdims=0)  # (N, K, side)
        s = g.node("MatMul", [m, "grid_column"], f"{axis}.location")  # (N, K, 1)
        d = g.node("Abs", [g.node("Sub", ["grid", s], f"{axis}.offset")], f"{axis}.distance")
        d = g.node("Mul", [m, d], f"{axis}.weighted")
        b = g.node("ReduceSum", [d, last], f"{axis}.scale", keepdims=1)
        locations.append(s)
        deviations.append(b)
    g.node("Concat", locations, "landmarks", axis=2)
    b = g.node("Concat", deviations, "scale_xy", axis=2)
    g.node("ReduceMean", [b], "scales", axes=[2], keepdims=0)


def decode_pixels(g: GraphBuilder, logits: str, landmarks: int, stride: int) -> None:
    """As `decode`, of maps whose memory goes pixel by pixel, with few passes over them.

    A softmax is e to the logits, divided by its sum, and the division may wait until there are row
    and column sums. Nor is the maximum subtracted first: float32 holds e to the power of 88,
    and the peaks of trained maps lie far within. Beyond that the sums are cut off, which leaves a
    map of all too large logits a place among the pixels that have them, and one of all too small
    logits the middle and a large scale, as a flat map has: never infinity, never NaN.

    Args:
        g: the graph.
        logits: (N, H, W, K), the maps times beta.
        landmarks: K.
        stride: crop pixels from one pixel of the maps to the next.
    """
    side = SIZE // stride
    e = g.node("Exp", [logits], "exponentials")
    flat = g.node("Reshape", [e, g.integers("rows", 0, side, side * landmarks)], "flat_rows")
    # Products with ones: ReduceSum takes five times as long over rows, and adds up in another order
    # with more threads.
    ones = g.constant("ones", np.ones((1, side), "f4"))
    x = g.node("MatMul", [ones, flat], "columns.sum")  # (N, 1, side * K)
    y = g.node("MatMul", [ones, e], "rows.sum")  # (N, side, 1, K)
    apart = g.integers("apart", 0, 1, side, landmarks)
    sums = [g.node("Reshape", [v, apart], f"{v}.apart") for v in (x, y)]
    m = g.node("Concat", sums, "sums", axis=1)  # (N, 2, side, K)
    ends = [g.constant(name, np.float32(end)) for name, end in (("least", 1e-36), ("most", 1e36))]
    m = g.node("Clip", [m, *ends], "sums.within")
    total = g.node("MatMul", [ones, m], "total")
    p = g.node("Div", [m, total], "marginals")
    grid = np.arange(side, dtype=np.float32) * stride + (stride - 1) / 2
    s = g.node("MatMul", [g.constant("grid", grid[None]), p], "locations")  # (N, 2, 1, K)
    d = g.node("Sub", [g.constant("grid_column", grid[:, None]), s], "offsets")
    d = g.node("Mul", [p, g.node("Abs", [d], "distances")], "weighted")
    b = g.node("MatMul", [ones, d], "scale_xy")
    g.node("ReduceMean", [b], "scales", axes=[1, 2], keepdims=0)
    s = g.node("Reshape", [s, g.integers("pairs", 0, 2, landmarks)], "locations.pairs")
    g.node("Transpose", [s], "landmarks", perm=[0, 2, 1])
