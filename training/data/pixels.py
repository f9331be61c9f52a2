"""Changes of pixels: blur, noise, compression, light, covers.

The changes of pixels that need no chance of their own are shared with `training.data.augment`.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def blurred(picture: Picture, sigma: float) -> Picture:
    """Gaussian blur, sigma in pixels."""
    return cv2.GaussianBlur(picture, (0, 0), sigma)  # (0, 0): the kernel's size follows from sigma


def shrunk(picture: Picture, width: int, height: int) -> Picture:
    """The picture in so few pixels."""
    # Means over areas, so that no size aliases.
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def coarse(picture: Picture, width: int, height: int) -> Picture:
    """The picture in so few pixels, enlarged to its old size."""
    small = shrunk(picture, width, height)
    # shape[1::-1] is (W, H), the order of OpenCV.
    return cv2.resize(small, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)


def noisy(picture: Picture, sigma: float, rng: np.random.Generator) -> Picture:
    """Independent Gaussian noise on every value, sigma in levels of 255."""
    # float32: a sum in bytes would wrap around beyond 0..255.
    values = picture + rng.normal(0, sigma, picture.shape).astype(np.float32)
    return np.clip(values, 0, 255).astype(np.uint8)


def motion_blurred(picture: Picture, length: int, angle: float) -> Picture:
    """The mean along a line, as of a camera that moves: length in pixels, angle in radians."""
    kernel = np.zeros((length, length), np.float32)
    reach = np.array([np.cos(angle), np.sin(angle)]) * (length - 1) / 2  # from the middle to an end
    middle = (length - 1) / 2
    ends = (tuple(np.round(middle + sign * reach).astype(int).tolist()) for sign in (-1, 1))
    cv2.line(kernel, *ends, 1.0)  # one pixel wide
    return cv2.filter2D(picture, -1, kernel / kernel.sum())  # sums to 1: the brightness stays


def compressed(picture: Picture, quality: int) -> Picture:
    """The picture as JPEG gives it back, quality 0 to 100."""
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


def covered(
    picture: Picture,
    corners: NDArray[np.floating],
    colour: tuple[int, int, int] = (128, 128, 128),
) -> Picture:
    """A block, grey by default, over a convex polygon, (n, 2) pixels."""
    canvas = picture.copy()
    points = np.round(np.asarray(corners) * 16).astype(np.int32)  # of OpenCV's fixed point
    cv2.fillConvexPoly(canvas, points, colour, cv2.LINE_AA, 4)
    return canvas
