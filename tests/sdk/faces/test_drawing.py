"""Drawing: on a new array, where the landmarks are, at any size of photo and of face."""

import cv2
import numpy as np
import pytest

from lapland import Faces, ImageError, draw
from lapland.faces.drawing import certainty_colours
from tests.drawn_dots import encode


@pytest.fixture(scope="module")
def faces(detector, image):
    return detector.predict(image)


def changed(before, after):
    return (np.asarray(before) != after).any(axis=-1)


def moved(faces, factor=1.0, offset=(0, 0)):
    """The same faces elsewhere."""
    offset = np.asarray(offset, np.float32)
    return Faces(
        faces.boxes * factor + np.tile(offset, 2),
        faces.scores,
        faces.five_points * factor + offset,
        faces.landmarks * factor + offset,
        faces.scales * factor,
    )


def test_the_result_is_a_new_array_and_the_photo_is_left_alone(image, faces):
    before = image.copy()
    drawn = draw(image, faces, boxes=True)
    assert drawn.shape == image.shape
    assert drawn.dtype == np.uint8
    assert drawn.flags.writeable
    assert not np.shares_memory(drawn, image)
    np.testing.assert_array_equal(image, before)


def test_landmarks_are_drawn_to_a_sixteenth_of_a_pixel(image, faces):
    pictures = [draw(image, moved(faces, offset=(step / 16, 0))) for step in range(3)]
    assert changed(pictures[0], pictures[1]).any()
    assert changed(pictures[1], pictures[2]).any()


@pytest.mark.parametrize("side", [60, 200, 512, 4000])
def test_every_landmark_is_drawn_and_little_else(image, faces, side):
    photo = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    scaled = moved(faces, side / 512)
    where = changed(photo, draw(photo, scaled))
    for x, y in scaled.landmarks[0].round().astype(int):
        assert where[y - 1 : y + 2, x - 1 : x + 2].any()
    low, high = scaled.landmarks[0].min(axis=0), scaled.landmarks[0].max(axis=0)
    margin = max(3, 0.05 * (high - low).max()) + 0.5  # to the middle of a pixel that it touches
    y, x = np.nonzero(where)
    assert x.min() > low[0] - margin
    assert x.max() < high[0] + margin
    assert y.min() > low[1] - margin
    assert y.max() < high[1] + margin
    area = np.prod(high - low)
    assert where.sum() < (0.5 if side > 300 else 2) * area


def test_lines_grow_with_the_face(image, faces):
    small, large = (
        changed(photo, draw(photo, moved(faces, factor))).sum() / factor**2
        for factor in (2, 8)
        for photo in [cv2.resize(image, None, fx=factor, fy=factor)]
    )
    assert 0.5 < large / small < 1.5


def test_boxes_only_where_they_are_asked_for(image, faces):
    x1, _, x2, y2 = faces.boxes[0].round().astype(int)
    row = slice(y2 - 2, y2 + 3), slice(x1 + 5, x2 - 5)
    without, with_box = draw(image, faces), draw(image, faces, boxes=True)
    assert changed(without, with_box)[row].any(axis=0).all()
    assert not (changed(image, without)[row].any(axis=0)).all()


@pytest.mark.parametrize("boxes", [False, True])
def test_no_face_gives_an_equal_copy(image, boxes):
    drawn = draw(image, Faces.empty(), boxes=boxes)
    np.testing.assert_array_equal(drawn, image)
    assert not np.shares_memory(drawn, image)


def test_what_predict_takes_can_be_drawn_on(photo, image, faces):
    expected = draw(image, faces)
    for given in (photo, str(photo), encode(image, ".png"), np.dstack([image, image[..., 0]])):
        np.testing.assert_array_equal(draw(given, faces), expected)
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    drawn = draw(grey, faces)
    assert drawn.shape == (512, 512, 3)
    assert grey.ndim == 2
    assert (drawn.std(axis=2) > 5).any()  # in colour
    with pytest.raises(ImageError):
        draw(None, faces)


@pytest.mark.parametrize("layout", ["fortran", "flipped", "rgb view"])
def test_layout_does_not_matter(image, faces, layout):
    view = {
        "fortran": np.asfortranarray(image),
        "flipped": np.ascontiguousarray(image[::-1, ::-1])[::-1, ::-1],
        "rgb view": np.ascontiguousarray(image[..., ::-1])[..., ::-1],
    }[layout]
    np.testing.assert_array_equal(draw(view, faces), draw(image, faces))


@pytest.mark.parametrize("offset", [(-225, -120), (290, 0), (0, 400), (5000, 0), (-9e6, 9e6)])
def test_faces_partly_or_wholly_outside(image, faces, offset):
    drawn = draw(image, moved(faces, offset=offset), boxes=True)
    assert drawn.shape == image.shape
    assert changed(image, drawn).any() == (max(np.abs(offset)) < 1000)


@pytest.mark.parametrize("factor", [1e3, 1e6, 1e12, 1e20, 1e34, -1e6, 1e-6, 0])
def test_huge_and_tiny_faces(image, faces, factor):
    assert draw(image, moved(faces, factor), boxes=True).shape == image.shape


@pytest.mark.parametrize("shape", [(1, 1), (1, 700), (700, 1)])
def test_tiny_photos(faces, shape):
    assert draw(np.zeros(shape, np.uint8), faces, boxes=True).shape == (*shape, 3)


def test_colours_go_from_green_over_yellow_to_red(faces):
    side = np.sqrt(np.prod(np.ptp(faces.landmarks[0], axis=0)))
    graded = Faces(
        faces.boxes,
        faces.scores,
        faces.five_points,
        faces.landmarks,
        np.geomspace(0.001, 1, 68, dtype=np.float32)[None] * side,
    )
    colours = np.array(certainty_colours(graded[0]))
    assert colours.shape == (68, 3)
    green, red = colours[:, 1], colours[:, 2]
    assert green[0] > 150 > red[0]
    assert red[-1] > 150 > green[-1]
    assert ((green > 150) & (red > 150)).any()  # yellow
    assert (np.diff(green - red) <= 0).all()
