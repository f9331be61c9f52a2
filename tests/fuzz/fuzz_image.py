"""Fuzzes the reading of encoded images.

    python tests/fuzz/fuzz_image.py [libFuzzer's options] FOLDER...

Coverage is that of lapland's own code, which reads the headers; OpenCV and the libraries in it are
run, and crashes in them are found, but they are not built to report coverage.
"""

import os
import sys

import atheris
import numpy as np

with atheris.instrument_imports(include=["lapland"]):
    from lapland import ImageError
    from lapland.image import loading as under_test
    from lapland.image.headers import read_header

# Else the fuzzer would spend its time on pictures of a gigabyte, which are allowed.
MOST_PIXELS = 1 << 18


def check(data: bytes) -> None:
    """Either a picture of the size that was announced, or our error."""
    try:
        image, _ = under_test.read_image(data, most_pixels=MOST_PIXELS)
    except ImageError:
        return
    header = read_header(data)
    assert header is not None
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3
    announced = sorted((header.height, header.width))
    given = sorted(image.shape[:2])  # the EXIF orientation may have swapped them
    if header.format in ("TIFF", "AVIF"):  # of whose claims the largest counts
        assert given[0] * given[1] <= announced[0] * announced[1], (header, image.shape)
    else:
        assert given == announced, (header, image.shape)


if __name__ == "__main__":
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    atheris.Setup(sys.argv, check)
    atheris.Fuzz()
