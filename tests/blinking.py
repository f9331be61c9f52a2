"""The astronaut blinking: her photo with drawn lids, moving a little, as frames of a video."""

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

_EYES = ((36, 37, 38, 39, 40, 41), (42, 43, 44, 45, 46, 47))
_BROW = {36: (18, 19, 20), 42: (23, 24, 25)}


def shut(
    image: NDArray[np.uint8], landmarks: NDArray[np.float32], part: float
) -> NDArray[np.uint8]:
    """The upper lids of a face pulled down by a part of the eyes' height, 0 to 1.

    The skin between brow and upper lid is stretched over the eye, column by column, with a dark
    line of lashes at its edge.
    """
    out = image.copy()
    for eye in _EYES:
        outer, _, _, inner, _, _ = landmarks[list(eye)]
        brow = landmarks[list(_BROW[eye[0]])][:, 1].mean()
        upper = landmarks[[eye[0], eye[1], eye[2], eye[3]]]
        lower = landmarks[[eye[0], eye[5], eye[4], eye[3]]]
        left, right = math.ceil(outer[0]), math.floor(inner[0])
        for x in range(left, right + 1):
            top, bottom = (np.interp(x, line[:, 0], line[:, 1]) for line in (upper, lower))
            top, bottom = top - 0.6, bottom + 0.6
            edge = top + part * (bottom - top)  # the lid's edge in this frame
            first = (brow + top) / 2
            rows = np.arange(math.ceil(first), math.floor(edge) + 1)
            if edge - first < 1 or part <= 0 or not len(rows):
                continue
            source = first + (rows - first) * (top - 1 - first) / (edge - first)
            column = cv2.remap(
                image, np.full((len(rows), 1), x, np.float32), source[:, None].astype(np.float32),
                cv2.INTER_LINEAR,
            )  # fmt: skip
            out[rows, x] = column[:, 0]
            lash = min(math.floor(edge), out.shape[0] - 1)
            out[lash, x] = (0.45 * out[lash, x]).astype(np.uint8)
    return out


def film(
    image: NDArray[np.uint8],
    landmarks: NDArray[np.float32],
    *,
    fps: float,
    blinks: int,
    every: float = 0.8,
    length: float = 0.2,
) -> Iterator[tuple[float, NDArray[np.uint8]]]:
    """Frames of a face that blinks, with their times in seconds.

    The lids close and open over `length` seconds; the head sways, and each frame has noise of its
    own.
    """
    rng = np.random.default_rng(0)
    seconds = every * (blinks + 1)
    for number in range(round(seconds * fps)):
        time = number / fps
        at = (time + every / 2) % every - every / 2  # seconds from the nearest blink
        blinking = every / 2 < time < every * blinks + every / 2
        part = max(0.0, 1 - (abs(at) / (length / 2)) ** 2) if blinking else 0.0
        frame = shut(image, landmarks, min(1.0, 1.3 * part))
        angle, shift = 2 * math.sin(time * 1.3), 6 * math.sin(time * 0.9)
        matrix = cv2.getRotationMatrix2D((220, 140), angle, 1 + 0.03 * math.sin(time))
        matrix[:, 2] += shift
        size = (image.shape[1], image.shape[0])
        moved = cv2.warpAffine(frame, matrix, size, borderMode=cv2.BORDER_REPLICATE)
        noisy = moved + rng.normal(0, 3, moved.shape)
        yield time, np.clip(noisy, 0, 255).astype(np.uint8)
