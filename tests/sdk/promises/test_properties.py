"""Whatever image, boxes and points: valid faces or one of our errors; arrays stay."""

from itertools import pairwise

import numpy as np
import pytest

from lapland import (
    Detector,
    GeometryError,
    OptionError,
    Tracker,
    draw,
)
from lapland.image.loading import load_image

pytest.importorskip("hypothesis")
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tests.sdk.promises.given import (
    FAR,
    ODD,
    anything,
    check,
    check_unless_shares,
    images,
    outcome,
    squares,
)

pytest.importorskip("hypothesis")


@given(st.data())
def test_load_image_of_any_array(data):
    shape = data.draw(
        st.one_of(
            hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=6),
            st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 5)),
        )
    )
    dtypes = st.one_of(
        st.just(np.dtype("u1")), hnp.scalar_dtypes(), st.sampled_from(["f4", "f8", "u2", "O", "V3"])
    )
    array = np.zeros(shape, data.draw(dtypes))
    if array.dtype.kind == "f" and array.size and data.draw(st.booleans()):
        array.flat[0] = data.draw(st.sampled_from([np.nan, np.inf, -np.inf]))
    array.flags.writeable = data.draw(st.booleans())
    pixels = outcome(load_image, array)
    usable = array.dtype == np.uint8 and array.size and len(shape) in (2, 3)
    assert (pixels is not None) == bool(usable and (*shape, 1)[2] in (1, 3, 4))
    if pixels is not None:
        assert pixels.shape == (*shape[:2], 3)
        assert type(pixels) is np.ndarray


@given(ODD)
def test_load_image_of_any_object(value):
    assert outcome(load_image, value) is None
    assert outcome(load_image, np.ma.masked_array(np.zeros((2, 3), np.uint8))).shape == (2, 3, 3)


@given(st.binary(max_size=300), st.sampled_from(["", "jpg", "png", "webp", "bmp", "gif", "pnm"]))
def test_load_image_of_any_bytes(data, kind):
    starts = {
        "jpg": b"\xff\xd8\xff",
        "png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        "webp": b"RIFF\0\0\1\0WEBPVP8",
        "bmp": b"BM",
        "gif": b"GIF89a",
        "pnm": b"P6 3 2 255\n",
    }
    pixels = outcome(load_image, starts.get(kind, b"") + data)
    assert pixels is None or (pixels.dtype == np.uint8 and pixels.shape[2:] == (3,))


@given(st.data())
def test_predict_on_any_image(narrowest, face, data):
    image = data.draw(images(face))
    faces = outcome(narrowest.predict, image)
    check(faces)
    areas = (faces.boxes[:, 2:] - faces.boxes[:, :2]).prod(axis=1)
    assert all(one >= two for one, two in pairwise(areas))


def test_the_face_of_these_tests_is_found(narrowest, face):
    assert len(narrowest.predict(face)) == 1


@given(st.data())
def test_predict_with_any_boxes_that_are_boxes(narrowest, face, data):
    image = data.draw(images(face))
    boxes = np.array(data.draw(st.lists(squares(), max_size=6))).reshape(-1, 4)
    order = data.draw(st.sampled_from("CF"))
    check_unless_shares(
        outcome(narrowest.predict, image, boxes=np.asarray(boxes, order=order)), boxes
    )


@given(st.data())
def test_predict_with_any_five_points_that_are_points(narrowest, face, data):
    image = data.draw(images(face))
    n = data.draw(st.integers(0, 5))
    points = data.draw(hnp.arrays(np.float64, (n, 5, 2), elements=FAR))
    if n and data.draw(st.booleans()):  # all five at one place, or on a line
        points[0] = points[0, :1] * [[1, data.draw(st.sampled_from([0, 1]))]] + np.zeros((5, 1))
    check_unless_shares(outcome(narrowest.predict, image, five_points=points), points)


@given(st.data())
def test_predict_with_anything_as_boxes_or_points(narrowest, face, data):
    name = data.draw(st.sampled_from(["boxes", "five_points"]))
    shape = {"boxes": (2, 4), "five_points": (2, 5, 2)}[name]
    value = data.draw(st.one_of(anything(shape), ODD, st.lists(squares(), max_size=2)))
    faces = outcome(narrowest.predict, face, **{name: value})
    if faces is not None:
        check(faces)


@pytest.mark.parametrize(
    "boxes",
    [
        [[50, 20, 10, 60]],  # reversed
        [[10, 20, 10, 60]],  # empty
        [[10, 20, 30, np.nan]],
        [[10, 20, 30, np.inf]],
        [[10, 20, 30, 2e7]],
        [[10, 20, 30]],
        [10, 20, 30, 40],
        [["a", "b", "c", "d"]],
        [[10, 20, 30, 40], [1, 2]],
        [[10**400, 0, 1, 1]],
        [[10, 20, 30, 40j]],
    ],
)
def test_boxes_that_are_none(narrowest, face, boxes):
    with pytest.raises(GeometryError, match="box"):
        narrowest.predict(face, boxes=boxes)


def test_boxes_and_five_points_at_once(narrowest, face):
    with pytest.raises(OptionError, match="not both"):
        narrowest.predict(face, boxes=[[1, 2, 3, 4]], five_points=np.zeros((1, 5, 2)))


def test_many_boxes_and_points(narrowest, face):
    rng = np.random.default_rng(0)
    corners = rng.uniform(-50, 150, (60, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(1, 90, (60, 2))], axis=1)
    faces = narrowest.predict(face, boxes=boxes)
    check(faces, 60)
    np.testing.assert_array_equal(faces.boxes, boxes.astype(np.float32))  # in their order
    points = rng.uniform(-50, 150, (90, 5, 2))
    check(narrowest.predict(face, five_points=points), 90)


FIVE = np.array([[[9, 9], [30, 9], [20, 20], [10, 30], [29, 30]]], float)


@pytest.mark.parametrize("shape", [(1, 100_000), (100_000, 1), (20, 50_000)])
def test_images_of_odd_shapes(narrowest, shape):
    """Longer than the 32,767 pixels that OpenCV warps."""
    image = np.broadcast_to(np.uint8([90, 120, 30]), (*shape, 3))  # three bytes, read-only
    check(narrowest.predict(image), 0)
    faces = narrowest.predict(image, five_points=np.concatenate([FIVE, FIVE * 1e5]))
    check(faces, 2)
    check(narrowest.predict(image, boxes=[[2, 3, 40, 50], [-1e6, -1e6, 1e6, 1e6]]), 2)
    assert draw(image, faces, boxes=True).shape == image.shape
    with Tracker(narrowest, background=False) as tracker:
        check(tracker.update(image), 0)


def test_fifty_megapixels(narrowest):
    image = np.broadcast_to(np.uint8([90, 120, 30]), (7000, 7143, 3))
    check(narrowest.predict(image, five_points=np.concatenate([FIVE, FIVE * 200])), 2)
    check(Detector("1/16", weights="300w", min_face=300, threads=1).predict(image), 0)
