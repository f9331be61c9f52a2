"""The whole public path, exactly: a model whose landmarks follow from the picture."""

import cv2
import numpy as np
import pytest

from lapland import Detector
from lapland.crop import square
from lapland.landmarks.network import LandmarkNetwork
from tests.drawn_dots import dots, encode, five_points, turn

# Pixels of the crop, for dots of 3 crop pixels: grey values are whole numbers, and so is the grid.
TOLERANCE = 0.06
# Pixels of the image, where the crop enlarges it: bilinear samples move the top of a small dot.
FINEST = 0.12
CROP = 80
FACTOR = 3.0
SIDE = 46.0  # longer side of the rectangle of `five_points(..., scale=1)`

BRIGHT, DARK, BLUE, GREEN, RED = (np.arange(68) % 5 == kind for kind in range(5))


@pytest.fixture(scope="module")
def detector(peaks):
    return Detector(model=peaks, threads=1)


def step_of(scale):
    return FACTOR * SIDE * scale / CROP


@pytest.mark.parametrize("angle", [0.0, 0.35, -0.9, np.pi / 2, 3.0])
@pytest.mark.parametrize("scale", [0.2, 0.58, 1.0, 2.6, 5.0])
def test_landmarks_are_where_the_dots_are(detector, scale, angle):
    step = step_of(scale)
    size = int(120 * step)
    centre = np.array([size / 2 + 0.3 * step, size / 2 - 0.7 * step])
    bright = centre + step * np.array([9.3, -14.6])
    dark = centre + step * np.array([-17.2, 6.9])
    image = dots(size, size, [(*bright, 255), (*dark, 0)], sigma=3 * step)
    faces = detector.predict(image, five_points=five_points(centre, scale, angle)[None])
    for group, place in ((BRIGHT, bright), (DARK, dark)):
        np.testing.assert_allclose(
            faces.landmarks[0, group],
            np.tile(place, (group.sum(), 1)),
            atol=max(TOLERANCE * step, FINEST),
        )


@pytest.mark.parametrize("place", [(60.0, 40.0), (100.25, 72.5), (139.7, 131.3), (81.9, 120.6)])
def test_subpixel_places(detector, place):
    image = dots(200, 200, [(*place, 255)], sigma=5)
    faces = detector.predict(image, five_points=five_points((100, 90))[None])
    np.testing.assert_allclose(
        faces.landmarks[0, BRIGHT], np.tile(place, (BRIGHT.sum(), 1)), atol=TOLERANCE * step_of(1)
    )


@pytest.mark.parametrize("container", ["array", "png", "bgra"])
def test_colours_are_bgr(detector, container):
    places = {"blue": (80, 70), "green": (120, 75), "red": (95, 110)}
    colours = {"blue": (255, 0, 0), "green": (0, 255, 0), "red": (0, 0, 255)}
    image = dots(200, 200, [(*places[name], colours[name]) for name in places], sigma=5)
    given = {
        "array": image,
        "png": encode(image, ".png"),
        "bgra": np.dstack([image, np.zeros(image.shape[:2], np.uint8)]),
    }[container]
    faces = detector.predict(given, five_points=five_points((100, 90))[None])
    for group, name in ((BLUE, "blue"), (GREEN, "green"), (RED, "red")):
        found = faces.landmarks[0, group]
        np.testing.assert_allclose(found, np.tile(places[name], (len(found), 1)), atol=0.2)


def test_scales_grow_with_the_step(detector):
    found = []
    for scale in (0.5, 1.0, 2.0, 4.0):
        step = step_of(scale)
        size = int(90 * step)
        image = dots(size, size, [(size / 2, size / 2, 255)], sigma=6 * step)
        faces = detector.predict(image, five_points=five_points([size / 2] * 2, scale)[None])
        found.append(faces.scales[0, BRIGHT] / step)
    np.testing.assert_allclose(found, found[0].mean(), rtol=0.03)
    # the mean distance under exp(gain x brightness), by a sum over a fine grid
    x = np.linspace(-10, 10, 801)
    bump = np.exp(-(x**2 + x[:, None] ** 2) / (2 * 6.0**2))
    p = np.exp(36.0 * 127 / 255 * (bump - 1)).sum(axis=0)
    np.testing.assert_allclose(found, (p * abs(x)).sum() / p.sum(), rtol=0.05)


def test_a_flat_picture_points_at_the_middle_and_is_unsure(detector):
    image = np.full((300, 300, 3), 90, np.uint8)
    points = five_points((150, 150), 1.0, 0.4)
    faces = detector.predict(image, five_points=points[None])
    centre = square.crop_matrices(points[None], factor=FACTOR, size=CROP, upright=True)
    middle = square.to_image(np.full((1, 1, 2), (CROP - 1) / 2), centre)[0]
    np.testing.assert_allclose(faces.landmarks[0], np.tile(middle[0], (68, 1)), atol=0.01)
    np.testing.assert_allclose(faces.scales, CROP / 4 * step_of(1), rtol=1e-4)


def test_many_faces_keep_their_order(detector):
    image = np.full((600, 1000, 3), 128, np.uint8)
    centres = [(x, y) for y in range(60, 600, 120) for x in range(60, 1000, 120)]  # 40, two batches
    for x, y in centres:
        image[y - 60 : y + 60, x - 60 : x + 60] = dots(
            120, 120, [(60 + x / 100, 60 - y / 60, 255)], sigma=2
        )[:600, :1000]
    points = np.stack([five_points(centre, 0.5, 0.1 * i) for i, centre in enumerate(centres)])
    faces = detector.predict(image, five_points=points)
    expected = np.array([(x + x / 100, y - y / 60) for x, y in centres])
    np.testing.assert_allclose(faces.landmarks[:, 0], expected, atol=0.15)
    np.testing.assert_array_equal(faces.five_points, points.astype(np.float32))


def test_the_picture_turned_with_its_points_gives_the_landmarks_turned(detector):
    image = dots(260, 260, [(150, 118, 255), (105, 140, 0)], sigma=5)
    points = five_points((130, 126), 1.0, 0.2)
    rotation = turn(np.pi / 2)
    # A quarter turn clockwise takes (x, y) to (259 - y, x).
    turned = np.ascontiguousarray(cv2.rotate(image, cv2.ROTATE_90_CLOCKWISE))
    moved = points @ rotation.T + [259, 0]
    first = detector.predict(image, five_points=points[None])
    second = detector.predict(turned, five_points=moved[None])
    expected = first.landmarks[0] @ rotation.T + [259, 0]
    for group in (BRIGHT, DARK):
        np.testing.assert_allclose(second.landmarks[0, group], expected[group], atol=0.15)


def test_network_equals_arithmetic(peaks):
    pytest.importorskip("onnx")
    from tests.peaks.make_peaks import weights

    crops = np.random.default_rng(1).integers(0, 256, (3, 20, 20, 3), dtype=np.uint8)
    crops = np.stack([cv2.resize(crop, (CROP, CROP)) for crop in crops])
    landmarks, scales = LandmarkNetwork(peaks, threads=1).run(crops)
    logits = np.einsum("nyxc,kc->nkyx", crops.astype(np.float64), weights().astype(np.float64))
    p = np.exp(logits - logits.max(axis=(2, 3), keepdims=True))
    p /= p.sum(axis=(2, 3), keepdims=True)
    grid = np.arange(CROP)
    means, spreads = [], []
    for marginal in (p.sum(axis=2), p.sum(axis=3)):  # x, y
        mean = (marginal * grid).sum(axis=-1)
        means.append(mean)
        spreads.append((marginal * abs(grid - mean[..., None])).sum(axis=-1))
    np.testing.assert_allclose(landmarks, np.stack(means, -1), atol=1e-3)
    np.testing.assert_allclose(scales, np.mean(spreads, axis=0), atol=1e-3)


def test_the_file_is_what_its_script_writes(peaks):
    onnx = pytest.importorskip("onnx")
    from tests.peaks.make_peaks import build

    assert onnx.load(peaks) == build()
    assert peaks.stat().st_size < 4000
