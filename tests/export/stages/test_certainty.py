"""Radii and confidence of a graph are those of the calibration, also for faces as no photo has."""

import dataclasses

import numpy as np
import pytest

from export.stages.certainty import radii_and_confidence
from export.stages.values import Graph, Value
from lapland import Detector
from lapland.crop.texture import TEXTURE
from lapland.uncertainty.estimate import line_at
from tests.export.stages.test_crops import session

PROBABILITIES = (0.5, 0.9)
HEIGHT, WIDTH, COUNT = 240, 320, 40


@pytest.fixture(scope="module")
def calibration():
    return Detector(threads=1).model.calibration


def crossed(calibration):
    """One whose lines cross, as those of a model of one's own may."""
    quantiles = calibration.quantiles.copy()
    quantiles[:, 3, 2] += 3.0  # grows with the spread, above the lines that follow
    return dataclasses.replace(calibration, quantiles=quantiles)


@pytest.fixture(scope="module")
def sample():
    """Landmarks, some of them beyond the photo, scales and textures."""
    rng = np.random.default_rng(0)
    middle, side = rng.uniform(0, 240, (COUNT, 1, 2)), rng.uniform(20, 100, (COUNT, 1, 1))
    landmarks = middle + side * rng.uniform(-1, 1, (COUNT, 68, 2))
    scales = side[..., 0] * np.exp(rng.normal(-4, 1, (COUNT, 68)))
    textures = rng.normal(0.3, 1, (COUNT, TEXTURE + 68))
    textures[:, TEXTURE:] -= textures[:, TEXTURE:].mean(1, keepdims=True)  # as `texture` has it
    return [array.astype(np.float32) for array in (landmarks, scales, textures)]


@pytest.mark.parametrize("change", [None, crossed], ids=["as shipped", "crossed"])
def test_radii_and_confidence(calibration, sample, change):
    if change:
        calibration = change(calibration)
    assert (line_at(calibration, 0.5) is None) == bool(change)
    g = Graph()
    names = ("landmarks", "scales", "crop", "around")
    landmarks, scales, *texture = (Value(g, name, np.float32) for name in names)
    given = *sample[:2], *np.split(sample[2], [TEXTURE], axis=1)
    radii, confidence = radii_and_confidence(
        g, calibration, landmarks, scales, texture, PROBABILITIES, (HEIGHT, WIDTH)
    )
    shapes = [
        (value, ["N", *array.shape[1:]])
        for value, array in zip((landmarks, scales, *texture), given, strict=True)
    ]
    outputs = {"half": radii[0], "most": radii[1], "confidence": confidence}
    found = session(g, shapes, outputs).run(None, dict(zip(names, given, strict=True)))

    size = WIDTH, HEIGHT
    for row, probability in zip(found[:2], PROBABILITIES, strict=True):
        expected = calibration.radii(*sample, probability, size)
        np.testing.assert_allclose(row, expected, rtol=1e-3)
    expected = calibration.confidence(*sample, size)
    assert 0.1 < (expected > 0.5).mean() < 0.9  # some of both
    np.testing.assert_allclose(found[2], expected, atol=1e-3)
