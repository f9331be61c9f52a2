"""Scales and crops -> radii and confidence.

The nodes compute as `lapland.crop.texture` and `lapland.uncertainty` do.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from export.stages.values import Graph, Value
from lapland.crop.texture import ABOUT, FLOOR, LEVELS, MARGIN
from lapland.schemes.normaliser import LEAST
from lapland.uncertainty import border
from lapland.uncertainty.calibration import Calibration
from lapland.uncertainty.estimate import APART, BAD, FAR, between
from lapland.uncertainty.features import GROUP, PAIRS, SHARP

_GREY = (3735, 19235, 9798)  # blue, green, red, of 2^15: the shares of OpenCV
# Two details of each level -> means of two, less that of the next level but for the last.
_RATIOS = np.repeat(np.eye(LEVELS) - np.eye(LEVELS, k=-1), 2, axis=0) / 2


def textures(g: Graph, crops: Value, landmarks: Value, size: int) -> tuple[Value, Value]:
    """The texture of crops.

    Args:
        g: the graph.
        crops: (N, 3, size, size) float32, blue, green, red.
        landmarks: (N, K, 2) float32, crop pixels.
        size: side of the crops.

    Returns:
        (N, 5), of the crop; and (N, K), of each landmark.
    """
    shares = np.array(_GREY).reshape(1, 3, 1, 1) / 2**15
    half = g.value([0.5], np.float32)
    grey = g.op("Conv", crops, g.value(shares, np.float32), half).apply("Floor")  # (N, 1, S, S)
    cut = round(MARGIN * size)
    inner = grey.part(cut, size - cut, 2).part(cut, size - cut, 3)
    side = size - 2 * cut
    steps = []
    for level in range(LEVELS):
        if level:
            inner, side = _halved(inner), side // 2
        steps.append(_total(_steps(inner, side, 1 / (side * (side - 1))), 2, 3))
    logs = (g.concat(steps, 1) + FLOOR).apply("Log")  # (N, 2 LEVELS)
    # The last is the direction of the detail, which has no sign.
    crop = logs @ np.column_stack([_RATIOS, np.eye(2 * LEVELS)[0] - np.eye(2 * LEVELS)[1]])
    crop = crop.at_least(crop * np.append(np.ones(LEVELS), -1.0))
    return crop, _about(g, _halved(grey), landmarks, size // 2)


def _halved(grey: Value) -> Value:
    """Means of 2 x 2 pixels, (N, 1, S, S)."""
    return grey.graph.op("AveragePool", grey, kernel_shape=[2, 2], strides=[2, 2])


def _steps(grey: Value, side: int, rate: float) -> Value:
    """(N, 2, side, side): differences of neighbours to the right and below, times a rate.

    Zero for pixels without a neighbour.
    """
    kernel = np.zeros((2, 1, 2, 2))
    kernel[:, 0, 0, 0] = -1
    kernel[0, 0, 0, 1] = kernel[1, 0, 1, 0] = 1
    g, ends = grey.graph, [0, 0, 1, 1]
    steps = g.op("Conv", grey, g.value(kernel, np.float32), pads=ends)
    rates = np.full((2, side, side), rate)
    rates[0, :, -1] = rates[1, -1] = 0
    return steps * rates


def _total(steps: Value, *axes: int) -> Value:
    """The sum of absolute values over axes."""
    return steps.graph.op("ReduceL1", steps, axes=list(axes), keepdims=0)


def _about(g: Graph, half: Value, landmarks: Value, side: int) -> Value:
    """(N, 1, side, side) and (N, K, 2) -> (N, K), logarithm of the detail about each landmark."""
    blur = _blur(side)
    around = g.value(blur, np.float32) @ _total(_steps(half, side, 0.5), 1) @ blur.T
    around = around.reshape(0, side * side)
    at = ((landmarks + 0.5) * 0.5).clip(0.0, side - 1).cast(np.int64)
    index = (at @ np.array([[1], [side]])).reshape(0, -1)
    logs = (g.op("GatherElements", around, index, axis=1) + FLOOR).apply("Log")
    return logs - logs.mean(1, keep=True)


def _blur(side: int) -> NDArray[np.float32]:
    """The mean of five along an axis as a matrix, the edge mirrored with its pixel."""
    places = np.pad(np.arange(side), ABOUT // 2, mode="symmetric")
    matrix = np.zeros((side, side), np.float32)
    for row in range(side):
        np.add.at(matrix[row], places[row : row + ABOUT], 1 / ABOUT)
    return matrix


def radii_and_confidence(
    g: Graph,
    calibration: Calibration,
    landmarks: Value,
    scales: Value,
    texture: Sequence[Value],
    probabilities: Sequence[float],
    shape: tuple[int, int],
) -> tuple[list[Value], Value]:
    """The meaning of scales.

    Args:
        g: the graph.
        calibration: calibration of the model.
        landmarks: (N, K, 2) float32, image pixels.
        scales: (N, K) float32, image pixels.
        texture: the texture of the crops, of `textures`.
        probabilities: R probabilities of the radii.
        shape: H and W of the photo.

    Returns:
        radii (N, K) float32 for each probability, and the confidence (N,).
    """
    extents = landmarks.max(1) - landmarks.min(1)
    side = extents.product(1, keep=True).apply("Sqrt").at_least(LEAST)  # (N, 1)
    means, mean, spread = _errors(g, calibration, _rows(g, calibration, scales, side, texture))
    hidden = _hidden(landmarks, side, shape)
    confidence = _confidence(g, calibration, landmarks, side, mean, hidden)
    bounded = means.at_least(calibration.levels[:, 0]).at_most(calibration.levels[:, 1])
    axis = g.integers(2)
    logs = g.op("Unsqueeze", means, axis) + _ratios(calibration, bounded, spread, probabilities)
    seen = logs.clip(-FAR, FAR).apply("Exp") * g.op("Unsqueeze", side, axis)
    at = np.array([calibration.hidden.radius(p) for p in probabilities])
    radii = seen.at_least(g.op("Unsqueeze", hidden * side, axis) * at)
    count = calibration.scheme.size
    return [one.reshape(-1, count) for one in radii.split(len(probabilities), 2)], confidence


def _rows(
    g: Graph, calibration: Calibration, scales: Value, side: Value, texture: Sequence[Value]
) -> Value:
    """(N, columns + 1) float32, as `rows_of` gives, before they are clipped.

    The last is the mean over the landmarks of the means of their groups.
    """
    crop, around = texture
    sums = calibration.places.sums
    scales = scales.at_least(LEAST)
    level = scales.mean(1, keep=True).apply("Log")
    own = scales.apply("Log") - level
    means = own @ sums  # of groups, and of all
    groups, mean = means.split((sums.shape[1] - 1, 1), 1)
    off = own - mean
    spread = (off * off).mean(1, keep=True).apply("Sqrt")
    h = crop.part(0, len(SHARP), 1) - SHARP
    products = h.take(PAIRS[0], 1) * h.take(PAIRS[1], 1)
    level = level - side.apply("Log")
    return g.concat([own, around, groups, level, spread, crop, products, mean], 1)


def _errors(g: Graph, calibration: Calibration, rows: Value) -> tuple[Value, Value, Value]:
    """Logarithms of mean errors, relative to the side of the face.

    Returns:
        those of landmarks (N, K), of the face (N, 1); and the spread of its scales (N, 1).
    """
    places, k = calibration.places, calibration.scheme.size
    own, detail, shared, constants = calibration.row_weights
    weights = np.zeros((places.size + 1, k + 1))  # of each landmark, and of the face
    weights[:-1, :-1] = np.vstack([np.diag(own), np.diag(detail), shared])
    # The means of the first feature and of the last are zero, up to rounding: both compare
    # landmarks of one face. That of groups is the last column.
    face = calibration.face.copy()
    face[[0, GROUP, -1]] = 0.0
    weights[:-1, -1] = places.means @ face
    weights[-1, -1] = calibration.face[GROUP]
    given = np.append(constants, calibration.face[0])
    limits = zip(calibration.row_limits, (calibration.low, calibration.high), strict=True)
    least, most = (np.append(row, features[GROUP]) for row, features in limits)
    rows = rows.at_least(least).at_most(most)
    means = g.op("Gemm", rows, g.value(weights, np.float32), g.value(given, np.float32))
    spread = places.face.start + 1
    return *means.split((k, 1), 1), rows.part(spread, spread + 1, 1)


def _ratios(
    calibration: Calibration, bounded: Value, spread: Value, probabilities: Sequence[float]
) -> Value:
    """(N, K, R), logarithms of error / mean error at R probabilities.

    As `crossing_ratios` has it: lines may cross, and the largest up to each counts.
    """
    g, count = bounded.graph, len(calibration.probabilities)
    shares, apart = np.zeros((count, len(probabilities))), np.zeros(len(probabilities))
    for column, probability in enumerate(probabilities):
        before, part = between(calibration, probability)
        shares[[before, before + 1], column] = 1 - part, part
        apart[column] = APART * (before + part)
    q = calibration.quantiles.transpose(2, 0, 1)  # (3, K, P)
    axis = g.integers(2)
    ratios = g.op("Unsqueeze", bounded, axis) * q[1] + q[0]
    ratios = ratios + g.op("Unsqueeze", spread, axis) * q[2]  # (N, K, P)
    largest = g.op("MaxPool", ratios, kernel_shape=[count], pads=[count - 1, 0])
    return largest @ shares + apart


def _hidden(landmarks: Value, side: Value, shape: tuple[int, int]) -> Value:
    """(N, K): 1 at the border of the photo and beyond, 0 well inside, as `border` has it."""
    ends = np.array([shape[1], shape[0]]) - 0.5
    inside = (landmarks + 0.5).at_most(ends - landmarks).min(2)
    return (1.0 - inside / (side * border.NEAR)).clip(0.0, 1.0)


def _confidence(
    g: Graph,
    calibration: Calibration,
    landmarks: Value,
    side: Value,
    mean: Value,
    hidden: Value,
) -> Value:
    """(N,) float32, of the logarithm of the mean error (N, 1) of each face."""
    more = (hidden * calibration.hidden.mean / mean.apply("Exp")).at_least(1.0)
    mean = mean + more.mean(1, keep=True).apply("Log")
    corners = calibration.scheme.eye_corners
    length = side
    if corners is not None:
        apart = np.zeros((1, calibration.scheme.size))
        apart[0, corners] = 1, -1
        apart = g.value(apart, np.float32) @ landmarks  # (N, 1, 2)
        length = g.op("ReduceL2", apart, axes=[2], keepdims=0).at_least(LEAST)
    mean = mean + (side / length).apply("Log")
    odds = (mean - (np.log(BAD) + calibration.shift)) * -calibration.slope
    return odds.apply("Sigmoid").reshape(-1)
