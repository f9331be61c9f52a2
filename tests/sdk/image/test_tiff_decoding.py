"""Samples of TIFFs: every kind and layout, damaged strips."""

import numpy as np
import pytest

from lapland import ImageError
from lapland.image.loading import load_image
from tests.tiffs import PACKERS, Writer, tiff

LAYOUTS = {
    "strips": {"rows": 16},
    "one strip": {},
    "tiles": {"tile": 64},
    "planes": {"planar": True, "rows": 16},
    "planes of tiles": {"planar": True, "tile": 32},
    "deflate": {"compression": 8, "rows": 16},
    "lzw": {"compression": 5, "rows": 16},
    "packbits": {"compression": 32773, "rows": 16},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("kind", "factor"),
    [
        *[("u1", 1), ("u2", 257), ("u2", 16), ("i2", 128), ("u4", 16843009), ("f2", 1 / 255)],
        *[("f4", 1 / 255), ("f4", 1), ("f8", 1 / 255), ("i4", 1 << 23)],
    ],
)
def test_samples_of_every_kind_and_layout(small, layout, order, kind, factor):
    deep = (small.astype("f8") * factor).astype(kind)
    found = load_image(tiff(deep, order, **LAYOUTS[layout]))
    assert np.abs(found.astype(int) - small[..., ::-1]).max() <= 1


@pytest.mark.parametrize("kind", ["u1", "u2", "f4"])
@pytest.mark.parametrize("bands", [1, 2, 4])
@pytest.mark.parametrize("planar", [False, True])
def test_grey_and_alpha(small, kind, bands, planar):
    """Alpha is ignored, as in arrays; a light one darkens nothing."""
    colours = small[..., :1] if bands < 3 else small
    alpha = np.full_like(small[..., :1], 40)
    pixels = np.dstack([colours, alpha]) if bands in (2, 4) else colours
    scale = {"u1": 1, "u2": 257, "f4": 1 / 255}[kind]
    found = load_image(tiff((pixels * np.array(scale, "f8")).astype(kind), planar=planar))
    expected = np.broadcast_to(colours[..., ::-1], small.shape)
    assert np.abs(found.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("layout", ["strips", "tiles", "lzw"])
@pytest.mark.parametrize("kind", ["u2", "f4"])
def test_grey_of_few_bits_with_alpha(small, layout, kind):
    grey = small[..., 1]
    pixels = np.dstack([grey.astype(kind) * 16, np.full_like(grey, 40).astype(kind)])
    found = load_image(tiff(pixels, photometric=1, **LAYOUTS[layout]))
    assert np.abs(found[..., 0].astype(int) - grey).max() <= 1
    with pytest.raises(ImageError, match="2 bands"):
        load_image(tiff(pixels, photometric=1, tags={317: 2}))  # its differences are of two bands


@pytest.mark.parametrize(("kind", "scale"), [("u1", 1), ("u2", 257), ("u2", 16), ("f4", 1 / 255)])
def test_white_is_zero(small, kind, scale):
    grey = small[..., 1].astype(int)
    pixels = ((255 - grey) * scale).astype(kind)
    found = load_image(tiff(pixels, photometric=0))
    assert np.abs(found[..., 0].astype(int) - grey).max() <= 1


@pytest.mark.parametrize("layout", ["deflate", "lzw", "packbits"])
@pytest.mark.parametrize("kind", ["u1", "u2"])
@pytest.mark.parametrize("planar", [False, True])
def test_a_strip_that_cannot_be_decoded(small, layout, kind, planar):
    pixels = small.astype(kind) * (257 if kind == "u2" else 1)
    data = tiff(pixels, planar=planar, **LAYOUTS[layout])
    plane = pixels[:16, :, :1] if planar else pixels[:16]
    first = PACKERS[LAYOUTS[layout]["compression"]](np.ascontiguousarray(plane).tobytes())
    strip = data.index(first[:40])
    middle = strip + 900
    if layout == "packbits":
        end = strip + len(first)
        broken = data[:middle] + b"\x80" * (end - middle) + data[end:]  # says nothing
    elif layout == "deflate":
        broken = data[:middle] + bytes(400) + data[middle + 400 :]
    else:
        broken = data[:middle] + b"\xff" * 400 + data[middle + 400 :]
    with pytest.raises(ImageError, match="is damaged, or a TIFF of"):
        load_image(broken)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("value", [0, 255])
def test_strips_of_one_value_are_no_damage(small, layout, value):
    """A frame of black or white, of which the last row of many a strip is a part."""
    framed = small.copy()
    framed[:40] = framed[70:] = value
    np.testing.assert_array_equal(load_image(tiff(framed, **LAYOUTS[layout])), framed[..., ::-1])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_cut_in_its_last_strip(small, layout):
    writer = Writer()
    writer.directory(small, **LAYOUTS[layout])
    picture = len(bytes(writer))
    front = Writer()
    front.add(small, **LAYOUTS[layout])
    data = bytes(front)
    assert picture <= len(data)
    with pytest.raises(ImageError):
        load_image(data[: len(data) // 2])
