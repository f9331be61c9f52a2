"""What tests with hypothesis give, and what the package promises for all of it."""

import math

import numpy as np
import pytest

from lapland import Faces, LaplandError

pytest.importorskip("hypothesis")
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

# The same examples in every run: a test that fails now and then says nothing.
settings.register_profile(
    "lapland",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=20,
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
