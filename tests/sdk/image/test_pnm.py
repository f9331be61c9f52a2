"""PNM and PAM: headers, and samples of the binary forms."""

import numpy as np
import pytest

from lapland.image.loading import load_image
from lapland.image.pnm import read_pnm


@pytest.mark.parametrize(
    "head", [b"P6\n3 2\n255\n", b"P6 3 2 255 ", b"P6\n# drawn\n3 2\n#x\n255\n"]
)
def test_colours(head):
    data = head + bytes(range(18))
    found = read_pnm(data)
    assert (found.width, found.height, found.bands, found.greatest) == (3, 2, 3, 255)
    assert found.start == len(head)
    assert found.size == 18
    pixels = found.samples(data)
    assert pixels.shape == (2, 3, 3)
    assert pixels[0, 0].tolist() == [2, 1, 0]  # BGR


def test_grey_of_two_bytes():
    data = b"P5 2 1 1000\n" + b"\x03\xe8\0\x01"
    found = read_pnm(data)
    assert found.size == 4
    np.testing.assert_array_equal(found.samples(data), [[1000, 1]])


@pytest.mark.parametrize(("kind", "bands"), [(1, 1), (2, 1), (3, 3), (4, 1)])
def test_forms_that_opencv_reads_have_no_start(kind, bands):
    found = read_pnm(f"P{kind}\n4 5\n15\n0 1 2".encode())
    assert (found.width, found.height, found.bands, found.start) == (4, 5, bands, None)
    assert found.greatest == (1 if kind in (1, 4) else 15)


def test_pam():
    head = b"P7\nWIDTH 2\nHEIGHT 1\n# by hand\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n"
    data = head + bytes([1, 2, 3, 255, 4, 5, 6, 255])
    found = read_pnm(data)
    assert (found.bands, found.start) == (4, len(head))
    assert found.samples(data).tolist() == [[[3, 2, 1], [6, 5, 4]]]


@pytest.mark.parametrize(
    "data",
    [
        b"P6\n3\n",
        b"P6 3 2 0\n",
        b"P6 3 2 70000\n",
        b"P6 3# 2 2 255\n",  # OpenCV takes the # for a space
        b"P7\nWIDTH 2\nENDHDR\n",
        b"P7\nWIDTH x\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nENDHDR\n",
        b"P7\nWIDTH 2\nHEIGHT 1\nDEPTH 5\nMAXVAL 255\nENDHDR\n",
    ],
)
def test_damaged_headers(data):
    assert read_pnm(data) is None


@pytest.mark.parametrize("greatest", [15, 255, 4095, 65535])
@pytest.mark.parametrize("end", ["", "\n"])
def test_numbers_in_text(greatest, end):
    """The last one may end the file."""
    grey = np.linspace(0, greatest, 12).round().astype(int).reshape(3, 4)
    for kind, values in ((2, grey), (3, np.repeat(grey, 3))):
        text = f"P{kind}\n4 3\n{greatest}\n" + " ".join(map(str, values.ravel())) + end
        found = load_image(text.encode())
        assert np.abs(found[..., 0] - grey * 255 / greatest).max() <= 1
