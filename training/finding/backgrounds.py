"""Scenes without faces, to paste faces into: parts of photos, shapes, text, noise, gradients."""

from collections.abc import Sequence

import cv2
import numpy as np

from training.data.pixels import Picture

_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_SCRIPT_COMPLEX)
_LETTERS = list("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,:;!?()OOoo88@&%")


def background(size: int, photos: Sequence[Picture], rng: np.random.Generator) -> Picture:
    """(size, size, 3): a part of one of the photos, or drawn, or one on the other."""
    kind = rng.random()
    # Of ten: a photo drawn upon, six plain ones, two gradients, one of noise.
    if photos and kind < 0.7:
        image = part(photos[rng.integers(len(photos))], size, rng)
        if kind < 0.1:
            image = _drawn(image, rng)
        return image
    image = _gradient(size, rng) if kind < 0.9 else _noise(size, rng)
    return _drawn(image, rng) if rng.random() < 0.8 else image


def part(photo: Picture, size: int, rng: np.random.Generator) -> Picture:
    """A part of a photo of any scale and turn; mirrored beyond its border."""
    height, width = photo.shape[:2]
    # Half to three times the scale at which the part spans the photo's shorter side.
    rate = size / min(height, width) * np.exp(rng.uniform(-0.7, 1.1))
    small = photo
    # The warp samples single pixels: halving averages those that it would skip.
    while rate < 0.6 and min(small.shape[:2]) >= 8:
        small = cv2.resize(small, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        rate *= 2
    angle = rng.integers(4) * 90 + rng.normal(0, 8)
    middle = rng.uniform(0, 1, 2) * small.shape[1::-1]  # pixels of the halved photo
    matrix = cv2.getRotationMatrix2D(middle.tolist(), angle, rate)
    matrix[:, 2] += size / 2 - middle  # `middle` comes to the middle of the part
    if rng.random() < 0.5:
        matrix[0] = [0, 0, size - 1] - matrix[0]  # left and right exchanged
    return cv2.warpAffine(
        small, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )


def _gradient(size: int, rng: np.random.Generator) -> Picture:
    corners = rng.uniform(0, 255, (2, 2, 3)).astype(np.float32)  # four colours, BGR
    if rng.random() < 0.5:
        # Paler: less contrast between the corners.
        corners[:] = corners.mean(axis=(0, 1)) + 0.3 * (corners - corners.mean(axis=(0, 1)))
    image = cv2.resize(corners, (size, size), interpolation=cv2.INTER_LINEAR)
    return image.astype(np.uint8)


def _noise(size: int, rng: np.random.Generator) -> Picture:
    """Noise of several scales."""
    image = np.zeros((size, size, 3), np.float32)
    for cell in (4, 10, 25, 60):  # pixels
        count = size // cell + 2
        rough = rng.normal(0, 1, (count, count, 3)).astype(np.float32)
        image += rng.uniform(0, 1) * cv2.resize(rough, (size, size), interpolation=cv2.INTER_CUBIC)
    # Mean of each channel, and contrast.
    image = rng.uniform(40, 215, 3) + rng.uniform(20, 70) * image
    return np.clip(image, 0, 255).astype(np.uint8)


def _drawn(image: Picture, rng: np.random.Generator) -> Picture:
    """Shapes, lines and text upon an image; some are pairs of eyes without a face."""
    size = image.shape[0]
    image = image.copy()
    for _ in range(rng.integers(2, 14)):
        colour = tuple(map(int, rng.integers(0, 256, 3)))
        x, y = map(int, rng.integers(0, size, 2))
        # Logarithms: small shapes are as frequent as large ones.
        reach = int(np.exp(rng.uniform(np.log(3), np.log(size / 2))))
        thick = int(rng.integers(1, 5)) if rng.random() < 0.5 else cv2.FILLED
        kind = rng.integers(6)
        if kind == 0:
            axes = reach, max(1, int(reach * rng.uniform(0.3, 1)))
            cv2.ellipse(
                image, (x, y), axes, rng.uniform(0, 180), 0, 360, colour, thick, cv2.LINE_AA
            )
        elif kind == 1:
            corner = x + reach, y + max(1, int(reach * rng.uniform(0.2, 2)))
            cv2.rectangle(image, (x, y), corner, colour, thick)
        elif kind == 2:
            ends = rng.integers(0, size, (2, 2)).tolist()
            cv2.line(image, ends[0], ends[1], colour, int(rng.integers(1, 6)), cv2.LINE_AA)
        elif kind == 3:
            text = "".join(rng.choice(_LETTERS, rng.integers(2, 12)))
            font = _FONTS[rng.integers(len(_FONTS))]
            scale, line = rng.uniform(0.3, 1.6), int(rng.integers(1, 3))
            cv2.putText(image, text, (x - size // 4, y), font, scale, colour, line, cv2.LINE_AA)
        elif kind == 4:
            corners = rng.normal(0, reach, (rng.integers(3, 6), 2)) + np.array([x, y])
            cv2.fillPoly(image, [corners.astype(np.int32)], colour, cv2.LINE_AA)
        else:
            # Two discs side by side: a detector that takes any pair of eyes for a face would see
            # one.
            gap, radius = max(3, reach // 2), max(1, reach // 8)
            for side in (-1, 1):
                cv2.circle(image, (x + side * gap, y), radius, colour, thick, cv2.LINE_AA)
    return image
