"""Whatever is given: valid faces or one of our errors, and the caller's arrays as they were."""

import json
import math
import warnings
from itertools import pairwise

import cv2
import numpy as np
import pytest

from lapland import (
    AFLW19,
    IBUG68,
    Detector,
    Face,
    Faces,
    GeometryError,
    ImageError,
    LaplandError,
    OptionError,
    Tracker,
    draw,
)
from lapland.image.loading import load_image

pytest.importorskip("hypothesis")
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

# The same examples in every run: a test that fails now and then says nothing.
settings.register_profile(
    "lapland",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=30,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("lapland")

# --- what is given

SIDES = st.one_of(st.integers(1, 12), st.integers(1, 160))
NUMBERS = st.floats(allow_nan=True, allow_infinity=True, width=64)
NEAR = st.floats(-400, 600)  # of the small images below, in or about them
FAR = st.one_of(NEAR, st.floats(-1e7, 1e7), st.sampled_from([0.0, -0.0, 1e-300, 1e7, -1e7, 1e-7]))
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=4),
    st.binary(max_size=40),
    st.just(10**400),
    st.just(object()),
    st.lists(st.one_of(st.none(), NUMBERS, st.text(max_size=2)), max_size=4),
    st.lists(st.lists(NUMBERS, max_size=5), max_size=3),
    st.just([[[0, 0]] * 5, [[0, 0]] * 4]),
)


@pytest.fixture(scope="module")
def detector():
    """The narrowest: nothing here asks how good the landmarks are."""
    return Detector("1/16", weights="300w", threads=1)


@pytest.fixture(scope="module")
def face(image):
    """112 x 96: a face that is found."""
    return cv2.resize(image[20:245, 120:314], (96, 112), interpolation=cv2.INTER_AREA)


@st.composite
def layouts(draw_, array):
    """The same values elsewhere in memory: other strides, other order, read-only or not."""
    how = draw_(st.sampled_from(["plain", "fortran", "flipped", "part", "strided", "transposed"]))
    if how == "fortran":
        array = np.asfortranarray(array)
    elif how == "flipped":
        array = np.ascontiguousarray(array[::-1, ::-1])[::-1, ::-1]
    elif how == "part":
        array = np.pad(array, [(2, 1), (1, 3)] + [(0, 0)] * (array.ndim - 2))[2:-1, 1:-3]
    elif how == "strided":
        array = np.repeat(np.repeat(array, 2, axis=0), 3, axis=1)[::2, ::3]
    elif how == "transposed":
        array = np.ascontiguousarray(array.swapaxes(0, 1)).swapaxes(0, 1)
    array.flags.writeable = draw_(st.booleans())
    return array


@st.composite
def images(draw_, face=None):
    """uint8 images of all accepted forms: noise, one colour, or a face."""
    height, width = draw_(SIDES), draw_(SIDES)
    kind = draw_(st.sampled_from(["noise", "flat", "stripes"] + ["face"] * (face is not None)))
    shape = draw_(st.sampled_from([(height, width), *((height, width, c) for c in (1, 3, 3, 4))]))
    seed = draw_(st.integers(0, 99))
    if kind == "noise":
        array = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    elif kind == "flat":
        array = np.full(shape, seed * 2, np.uint8)
    elif kind == "stripes":
        array = (np.arange(math.prod(shape)) * seed).astype(np.uint8).reshape(shape)
    else:
        array = np.roll(face, seed % 40, axis=1)
    return draw_(layouts(array))


def squares():
    """(x1, y1, x2, y2) with x1 < x2 and y1 < y2, anywhere and of any size."""
    ends = st.tuples(FAR, FAR).map(sorted).filter(lambda pair: pair[0] < pair[1])
    return st.tuples(ends, ends).map(lambda xy: [xy[0][0], xy[1][0], xy[0][1], xy[1][1]])


def anything(shape):
    """Arrays of about a shape, of any numeric type, NaN and infinities among them."""
    dtypes = st.sampled_from(["f8", "f4", "f2", "i8", "i2", "u1", "u8", "c16", "?", "U3", "O"])
    shapes = st.sampled_from([shape, shape[1:], (1, *shape), shape[:1], (0, *shape[1:]), ()])
    return dtypes.flatmap(
        lambda d: (
            hnp.arrays(object, (2,), elements=st.none())
            if d == "O"
            else shapes.flatmap(lambda s: hnp.arrays(d, s))
        )
    )


# --- what is promised


def check(faces, n=None):
    """Valid faces; `n` of them, where that is known."""
    assert isinstance(faces, Faces)
    assert n is None or len(faces) == n
    n, k = len(faces), faces.scheme.size
    shapes = {
        "boxes": (n, 4),
        "scores": (n,),
        "five_points": (n, 5, 2),
        "landmarks": (n, k, 2),
        "scales": (n, k),
    }
    for name, shape in shapes.items():
        array = getattr(faces, name)
        assert array.dtype == np.float32
        assert array.shape == shape
        assert not array.flags.writeable
        assert (np.abs(array) < 1e9).all()  # NaN is not
    assert ((faces.scores >= 0) & (faces.scores <= 1)).all()
    assert (faces.scales >= 0).all()
    assert (faces.boxes[:, 2:] >= faces.boxes[:, :2]).all()


def check_unless_shares(faces, given):
    """Valid faces, one for each of `given`; or it was refused as shares of the image's size."""
    if faces is None:
        assert given.size
        assert given.min() >= 0
        assert given.max() <= 1
    else:
        check(faces, len(given))


def outcome(call, *arguments, **keywords):
    """The result, or None where it is one of our errors; arrays are unchanged in any case."""
    arrays = [a for a in (*arguments, *keywords.values()) if isinstance(a, np.ndarray)]
    before = [a.copy() for a in arrays]
    flags = [str(a.flags) for a in arrays]
    try:
        result = call(*arguments, **keywords)
    except LaplandError as error:
        assert str(error)  # noqa: PT017
        result = None
    for array, was, flag in zip(arrays, before, flags, strict=True):
        assert array.tobytes() == was.tobytes() or array.dtype.kind == "O"
        assert str(array.flags) == flag
    return result


# --- load_image, predict


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
def test_predict_on_any_image(detector, face, data):
    image = data.draw(images(face))
    faces = outcome(detector.predict, image)
    check(faces)
    areas = (faces.boxes[:, 2:] - faces.boxes[:, :2]).prod(axis=1)
    assert all(one >= two for one, two in pairwise(areas))


def test_the_face_of_these_tests_is_found(detector, face):
    assert len(detector.predict(face)) == 1


@given(st.data())
def test_predict_with_any_boxes_that_are_boxes(detector, face, data):
    image = data.draw(images(face))
    boxes = np.array(data.draw(st.lists(squares(), max_size=6))).reshape(-1, 4)
    order = data.draw(st.sampled_from("CF"))
    check_unless_shares(
        outcome(detector.predict, image, boxes=np.asarray(boxes, order=order)), boxes
    )


@given(st.data())
def test_predict_with_any_five_points_that_are_points(detector, face, data):
    image = data.draw(images(face))
    n = data.draw(st.integers(0, 5))
    points = data.draw(hnp.arrays(np.float64, (n, 5, 2), elements=FAR))
    if n and data.draw(st.booleans()):  # all five at one place, or on a line
        points[0] = points[0, :1] * [[1, data.draw(st.sampled_from([0, 1]))]] + np.zeros((5, 1))
    check_unless_shares(outcome(detector.predict, image, five_points=points), points)


@given(st.data())
def test_predict_with_anything_as_boxes_or_points(detector, face, data):
    name = data.draw(st.sampled_from(["boxes", "five_points"]))
    shape = {"boxes": (2, 4), "five_points": (2, 5, 2)}[name]
    value = data.draw(st.one_of(anything(shape), ODD, st.lists(squares(), max_size=2)))
    faces = outcome(detector.predict, face, **{name: value})
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
def test_boxes_that_are_none(detector, face, boxes):
    with pytest.raises(GeometryError, match="box"):
        detector.predict(face, boxes=boxes)


def test_boxes_and_five_points_at_once(detector, face):
    with pytest.raises(OptionError, match="not both"):
        detector.predict(face, boxes=[[1, 2, 3, 4]], five_points=np.zeros((1, 5, 2)))


def test_many_boxes_and_points(detector, face):
    rng = np.random.default_rng(0)
    corners = rng.uniform(-50, 150, (200, 2))
    boxes = np.concatenate([corners, corners + rng.uniform(1, 90, (200, 2))], axis=1)
    faces = detector.predict(face, boxes=boxes)
    check(faces, 200)
    np.testing.assert_array_equal(faces.boxes, boxes.astype(np.float32))  # in their order
    points = rng.uniform(-50, 150, (1000, 5, 2))
    check(detector.predict(face, five_points=points), 1000)


FIVE = np.array([[[9, 9], [30, 9], [20, 20], [10, 30], [29, 30]]], float)


@pytest.mark.parametrize("shape", [(1, 5_000_000), (5_000_000, 1), (40, 125_000)])
def test_images_of_odd_shapes(detector, shape):
    image = np.broadcast_to(np.uint8([90, 120, 30]), (*shape, 3))  # three bytes, read-only
    check(detector.predict(image), 0)
    faces = detector.predict(image, five_points=np.concatenate([FIVE, FIVE * 1e5]))
    check(faces, 2)
    check(detector.predict(image, boxes=[[2, 3, 40, 50], [-1e6, -1e6, 1e6, 1e6]]), 2)
    assert draw(image, faces, boxes=True).shape == image.shape
    with Tracker(detector, background=False) as tracker:
        check(tracker.update(image), 0)


def test_fifty_megapixels(detector):
    image = np.broadcast_to(np.uint8([90, 120, 30]), (7000, 7143, 3))
    faces = detector.predict(image, five_points=np.concatenate([FIVE, FIVE * 200]))
    check(faces, 2)
    assert draw(image, faces).shape == image.shape
    check(Detector("1/16", weights="300w", min_face=300, threads=1).predict(image), 0)


# --- keywords

NAMES = ["width", "precision", "model", "min_face", "thresholds", "pyramid_factor", "threads"]


@given(st.sampled_from(NAMES), st.one_of(ODD, NUMBERS, st.tuples(NUMBERS, NUMBERS, NUMBERS)))
@settings(max_examples=40)
def test_keywords_of_a_detector(tmp_path_factory, name, value):
    if name == "model" and value is None:
        return
    options = {"width": "1/16", "threads": 1} | {name: value}
    detector = outcome(Detector, **options)
    if detector is not None:
        assert isinstance(detector, Detector)


@given(st.sampled_from(["smoothing", "search_every", "memory", "unsure"]), st.one_of(ODD, NUMBERS))
def test_keywords_of_a_tracker(detector, name, value):
    tracker = outcome(Tracker, detector, **{name: value})
    if tracker is not None:
        # `unsure=None` leaves it to the model.
        assert name == "smoothing" or (name, value) == ("unsure", None) or 0 < value < math.inf


@given(ODD.filter(lambda value: value is not None))
def test_detectors_of_a_tracker(value):
    with pytest.raises(OptionError, match="detector"):
        Tracker(value)


@given(ODD)
def test_faces_that_are_none_are_not_drawn(face, value):
    with pytest.raises(OptionError, match="faces"):
        draw(face, value)


# --- tracker


@given(st.data())
@settings(max_examples=15)
def test_any_frames_at_any_time(detector, face, data):
    """Frames of all sizes in a row, a face that comes and goes, and times far from a video's."""
    steps = st.one_of(st.none(), st.sampled_from([0.0, 5e-324, 1e-9, 0.03, 1.0, 1e9, 1e300]))
    time = 0.0
    with Tracker(detector, background=False) as tracker:
        for _ in range(data.draw(st.integers(1, 6))):
            image = data.draw(st.one_of(st.just(face), st.just(face[:, ::-1]), images(face)))
            step = data.draw(steps)
            time = None if step is None or time is None else time + step
            faces = outcome(tracker.update, image, time)
            check(faces)
            assert len(set(faces.ids.tolist())) == len(faces)


@given(st.one_of(ODD, NUMBERS, st.just(-5)))
def test_a_bad_time_or_frame_changes_nothing(detector, face, value):
    with Tracker(detector, background=False) as tracker:
        first = tracker.update(face, 1.0)
        assert outcome(tracker.update, value) is None
        if not (isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 1):
            if value is not None:
                assert outcome(tracker.update, face, value) is None
            second = tracker.update(face, 1.03)
            np.testing.assert_array_equal(second.ids, first.ids)


# --- faces

PLACES = st.floats(-(2.0**127), 2.0**127, width=32)


@st.composite
def faces_anywhere(draw_):
    """Faces of any number at any finite place."""
    n = draw_(st.integers(0, 3))
    scheme = draw_(st.sampled_from([IBUG68, AFLW19]))
    k = scheme.size

    def numbers(*shape, elements=PLACES):
        return draw_(hnp.arrays(np.float32, shape, elements=elements, fill=elements))

    scores = numbers(n, elements=st.floats(0, 1, width=32))
    scales = numbers(n, k, elements=st.floats(0, 2.0**127, width=32))
    ids = draw_(st.one_of(st.none(), st.just(np.arange(n))))
    arrays = numbers(n, 4), scores, numbers(n, 5, 2), numbers(n, k, 2), scales
    return Faces(*arrays, scheme, ids)


@given(faces_anywhere())
def test_every_form_of_faces(tmp_path, faces):
    parsed = json.loads(faces.to_json())
    assert len(parsed["faces"]) == len(faces)
    assert parsed == faces.to_dict()
    assert Faces.from_dict(parsed).to_dict() == parsed
    rows = faces.to_coco(image_id=1, first_id=5)
    assert [row["id"] for row in json.loads(json.dumps(rows, allow_nan=False))] == list(
        range(5, 5 + len(faces))
    )
    for path in faces.save_pts(tmp_path / "a.pts"):
        lines = path.read_text().splitlines()
        assert len(lines) == faces.scheme.size + 4
        assert all(math.isfinite(float(v)) for line in lines[3:-1] for v in line.split())
    assert all(isinstance(one, Face) for one in faces)
    assert len(faces[::-1]) == len(faces)
    assert len(faces[[]]) == 0
    assert repr(faces)


@given(faces_anywhere(), st.data())
@settings(max_examples=20)
def test_drawing_faces_anywhere(faces, data):
    image = data.draw(images())
    drawn = outcome(draw, image, faces, boxes=data.draw(st.booleans()))
    assert drawn.dtype == np.uint8
    assert drawn.shape == (*image.shape[:2], 3)
    assert drawn.flags.writeable
    assert not np.shares_memory(drawn, image)


@given(st.integers(0, 4), st.one_of(anything((2, 4)), ODD))
def test_faces_of_anything(at, value):
    arrays = [np.zeros(shape, np.float32) for shape in ((2, 4), 2, (2, 5, 2), (2, 68, 2), (2, 68))]
    arrays[at] = value
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
        faces = outcome(Faces, *arrays)
    assert faces is None or np.isfinite(faces.boxes).all()


@given(st.one_of(ODD, anything((2,))))
def test_ids_of_anything(value):
    arrays = [np.zeros(shape, np.float32) for shape in ((2, 4), 2, (2, 5, 2), (2, 68, 2), (2, 68))]
    faces = outcome(Faces, *arrays, IBUG68, value)
    assert faces is None or faces.ids is None or faces.ids.dtype == np.int64


@given(
    st.floats(0, 1),
    hnp.arrays(np.float32, (2, 68), elements=st.floats(0, 1e6, width=32)),
    st.floats(0.001, 0.999),
)
def test_lines_keep_confidence_and_radii(confidence, radii, probability):
    faces = Faces.empty().to_dict()
    faces["faces"] = [
        {
            "box": [0.0, 0.0, 1.0, 1.0],
            "score": 0.5,
            "confidence": round(confidence, 4),
            "five_points": [[0.0, 0.0]] * 5,
            "landmarks": [[0.0, 0.0]] * 68,
            "scales": [1.0] * 68,
            "radius_50": radii.min(axis=0).astype(float).round(3).tolist(),
            "radius_90": radii.max(axis=0).astype(float).round(3).tolist(),
        }
    ]
    again = Faces.from_json(json.dumps(faces))
    row = again.to_dict()["faces"][0]
    np.testing.assert_allclose(
        row["radius_50"], faces["faces"][0]["radius_50"], rtol=1e-5, atol=1e-3
    )
    np.testing.assert_allclose(
        row["radius_90"], faces["faces"][0]["radius_90"], rtol=1e-5, atol=1e-3
    )
    assert row["confidence"] == faces["faces"][0]["confidence"]
    assert np.isfinite(again.radius(probability)).all()


@given(st.one_of(ODD, st.dictionaries(st.sampled_from(["faces", "scheme", "error"]), ODD)))
def test_lines_of_anything(value):
    outcome(Faces.from_dict, value)
    outcome(Faces.from_json, value)
    outcome(Faces.from_dict, {"scheme": "ibug68", "faces": [value, value]})


def test_errors_of_paths(face, tmp_path):
    faces = Faces.empty()
    assert faces.save_pts(tmp_path / "none" / "a.pts") == []
    with pytest.raises(ImageError):
        load_image("x" * 5000)
    with pytest.raises(ImageError):
        load_image("\udcff\0.jpg")
