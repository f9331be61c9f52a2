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
from lapland.uncertainty.estimate import APART, BAD, FAR
from lapland.uncertainty.features import PAIRS, SHARP, group_means

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
    direction = (logs.part(0, 1, 1) - logs.part(1, 2, 1)).apply("Abs")
    crop = g.concat([logs @ _RATIOS, direction], 1)
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
    at = ((landmarks + 0.5) * 0.5).clip(0.0, side - 1).apply("Floor")
    index = (at @ np.array([[1.0], [side]])).cast(np.int64).reshape(0, -1)
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
        probabilities: probabilities of the radii.
        shape: H and W of the photo.

    Returns:
        radii (N, K) float32 for each probability, and the confidence (N,).
    """
    extents = landmarks.max(1) - landmarks.min(1)
    side = extents.product(1).apply("Sqrt").at_least(LEAST).reshape(-1, 1)
    features = _features(g, calibration, scales, side, texture)  # (N, K, 20)
    hidden = _hidden(landmarks, side, shape)
    confidence = _confidence(g, calibration, landmarks, side, features, hidden)
    features = features.at_least(calibration.low).at_most(calibration.high)
    means = (features * calibration.weights[:, 1:]).sum(2) + calibration.weights[:, 0]
    bounded = means.at_least(calibration.levels[:, 0]).at_most(calibration.levels[:, 1])
    q = calibration.quantiles.transpose(2, 0, 1)  # (3, K, P)
    ratios = g.op("Unsqueeze", bounded, g.integers(2)) * q[1] + q[0]
    ratios = ratios + features.part(3, 4, 2) * q[2]  # (N, K, P)
    logs = g.op("Unsqueeze", means, g.integers(2)) + _ratios(calibration, ratios, probabilities)
    seen = logs.clip(-FAR, FAR).apply("Exp") * side.reshape(-1, 1, 1)
    unseen = calibration.hidden
    at = unseen.scale * (-np.log1p(-np.array(probabilities))) ** unseen.inverse_shape
    radii = seen.at_least(g.op("Unsqueeze", hidden * side, g.integers(2)) * at)
    count = calibration.scheme.size
    return [one.reshape(-1, count) for one in radii.split(len(probabilities), 2)], confidence


def _features(
    g: Graph, calibration: Calibration, scales: Value, side: Value, texture: Sequence[Value]
) -> Value:
    """(N, K, 20) float32, as `features_of` gives, before they are clipped."""
    crop, around = texture
    k = calibration.scheme.size
    scales = scales.at_least(LEAST)
    mean = scales.mean(1, keep=True)
    relative = (scales / mean).apply("Log")
    groups = group_means(calibration.scheme.groups)
    logs = scales.apply("Log")
    off = logs - logs.mean(1, keep=True)
    spread = (off * off).mean(1, keep=True).apply("Sqrt")
    h = crop.part(0, len(SHARP), 1) - SHARP
    products = h.take(PAIRS[0], 1) * h.take(PAIRS[1], 1)
    shared = g.concat([(mean / side).apply("Log"), spread, crop, products], 1)  # (N, 17)
    ones = np.ones((1, k, 1))
    shared = g.op("Unsqueeze", shared, g.integers(1)) * ones  # (N, K, 17)
    own = [g.op("Unsqueeze", v, g.integers(2)) for v in (relative, relative @ groups, around)]
    log_mean, rest = shared.part(0, 1, 2), shared.part(1, 2**62, 2)
    return g.concat([own[0], log_mean, own[1], rest, own[2]], 2)


def _ratios(calibration: Calibration, ratios: Value, probabilities: Sequence[float]) -> Value:
    """(N, K, P) -> (N, K, R), logarithms of error / mean error at R probabilities.

    See `Calibration.radii`: lines may cross, so a quantile before may be the larger one.
    """
    at = np.log(-np.log1p(-calibration.probabilities))
    places = np.log(-np.log1p(-np.array(probabilities)))
    before = np.clip(np.searchsorted(at, places) - 1, 0, len(at) - 2)
    share = (places - at[before]) / (at[before + 1] - at[before])
    shares, each = np.zeros((len(at), len(places))), np.arange(len(places))
    shares[before, each], shares[before + 1, each] = 1 - share, share
    window = {"kernel_shape": [len(at)], "pads": [len(at) - 1, 0]}
    largest = ratios.graph.op("MaxPool", ratios, **window)  # of all up to each
    return largest @ shares + APART * (before + share)


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
    features: Value,
    hidden: Value,
) -> Value:
    """(N,) float32."""
    # Neither the first feature nor the last: both compare landmarks of one face. The mean of the
    # last is zero up to rounding, and its weight, which fits nothing, would enlarge that.
    own = slice(1, -1)
    low, high = calibration.low[own], calibration.high[own]
    shared = features.mean(1).part(1, -1, 1).at_least(low).at_most(high)
    mean = shared @ calibration.face[own].reshape(-1, 1) + float(calibration.face[0])  # (N, 1)
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
