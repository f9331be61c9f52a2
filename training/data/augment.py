"""Augmentation: jitter of a crop before it is cut, and changes of its pixels after."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.occlusion import Texture, cut_by_border, occluded
from training.data.pixels import blurred, coarse, compressed, motion_blurred, noisy


@dataclass(frozen=True)
class Augmentation:
    """Ranges of the random changes; zeros switch a change off.

    Attributes:
        rotation: standard deviation of the rotation, degrees, cut at three of them.
        zoom: standard deviation of the logarithm of the crop's side.
        shift: standard deviation of the crop's centre, in sides of the crop.
        flip: probability of a left-right flip.
        light: strength of random gain, offset, gamma and colour cast.
        grey: probability of a grey picture.
        blur: probability of Gaussian blur, motion blur or low resolution.
        most_blur: largest sigma of Gaussian blur, crop pixels.
        least_pixels: least resolution, in sides of the crop.
        dark: probability of little light, down to 1/16 of it, and the noise that comes with it.
        noise: probability of sensor noise or JPEG blocks.
        occlusion: probability of one or two filled rectangles.
        occluders: probability of hands, masks, glasses, hair and other things before the face.
        border: probability of a face that the border of the photo cuts.
        most_border: largest part of the crop beyond the border, in sides of the crop.
    """

    rotation: float = 0.0
    zoom: float = 0.0
    shift: float = 0.0
    flip: float = 0.0
    light: float = 0.0
    grey: float = 0.0
    blur: float = 0.0
    most_blur: float = 1.8
    least_pixels: float = 0.3
    dark: float = 0.0
    noise: float = 0.0
    occlusion: float = 0.0
    occluders: float = 0.0
    border: float = 0.0
    most_border: float = 0.35


def jitter(
    matrix: NDArray[np.float64], size: int, how: Augmentation, rng: np.random.Generator
) -> tuple[NDArray[np.float64], bool]:
    """A random neighbour of one crop, (2, 3) crop pixels -> image pixels, and whether it flips."""
    middle = (size - 1) / 2  # pixel centres are whole numbers: 0 to size - 1
    angle = np.deg2rad(how.rotation * np.clip(rng.standard_normal(), -3, 3))  # radians
    zoom = np.exp(how.zoom * np.clip(rng.standard_normal(), -3, 3))  # factor of the side
    shift = how.shift * size * np.clip(rng.standard_normal(2), -3, 3)  # (2,) crop pixels
    flip = bool(rng.random() < how.flip)
    # (2, 2): a pixel of the jittered crop -> one of the plain crop, about the middle of both.
    linear = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if flip:
        # Within the crop, before it is turned: the crop's own left and right change places.
        linear = linear @ np.diag([-1.0, 1.0])
    # crop pixel -> jittered crop pixel -> image pixel
    # (2,): takes the middle of the jittered crop to the middle of the plain one, plus the shift.
    offset = middle + shift - linear @ np.full(2, middle)
    moved = np.empty((2, 3))
    # The product of both maps, `matrix` after the jitter: one warp in place of two.
    moved[:, :2] = matrix[:, :2] @ linear
    moved[:, 2] = matrix[:, :2] @ offset + matrix[:, 2]
    return moved, flip


def change_pixels(
    crop: NDArray[np.uint8],
    how: Augmentation,
    rng: np.random.Generator,
    texture: Texture | None = None,
) -> NDArray[np.uint8]:
    """Random light, blur, noise and occlusion: (H, W, 3) uint8 BGR -> the same.

    Args:
        crop: the crop.
        how: ranges of the changes.
        rng: chance.
        texture: makes crops of other photos, for the surfaces of occluders; None takes this crop.
    """
    size = crop.shape[0]  # crops are square
    # In the order of a photo: things before the face, the lens, the light, the sensor, the file.
    # A change that is off draws no number, so that a run learns the same as before it existed.
    if how.occluders and rng.random() < how.occluders:
        crop = occluded(crop, texture or (lambda _: crop), rng)
    if rng.random() < how.occlusion:
        crop = _occlude(crop, rng)
    if rng.random() < how.blur:
        crop = _blur(crop, size, how, rng)
    if how.light:
        crop = _light(crop, how.light, rng)
    # Draws no random number if this is off, so that earlier recipes reproduce bit for bit.
    if how.dark and rng.random() < how.dark:
        crop = _dark(crop, rng)
    if rng.random() < how.grey:
        # Still three channels, as the network expects: grey and back.
        crop = cv2.cvtColor(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    if rng.random() < how.noise:
        crop = _noise(crop, rng)
    if how.border and rng.random() < how.border:  # last: the run time fills with black
        crop = cut_by_border(crop, how.most_border, rng)
    return crop


def _occlude(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    size = crop.shape[0]
    crop = crop.copy()
    for _ in range(rng.integers(1, 3)):  # one or two
        height, width = rng.integers(size // 10, size * 2 // 5, 2)  # a tenth to two fifths
        top, left = rng.integers(0, size - height), rng.integers(0, size - width)
        part = crop[top : top + height, left : left + width]  # a view: filling it changes the crop
        kind = rng.integers(3)
        if kind == 0:
            part[:] = rng.integers(0, 256, 3)  # one colour
        elif kind == 1:
            part[:] = rng.integers(0, 256, part.shape)  # noise
        else:  # another part of the same picture hides a face as a hand or a fringe does
            y, x = rng.integers(0, size - height), rng.integers(0, size - width)
            part[:] = crop[y : y + height, x : x + width].copy()
    return crop


def _blur(
    crop: NDArray[np.uint8], size: int, how: Augmentation, rng: np.random.Generator
) -> NDArray[np.uint8]:
    kind = rng.integers(3)
    if kind == 0:
        return blurred(crop, rng.uniform(0.4, how.most_blur))
    if kind == 1:
        length = int(rng.integers(3, 9))  # 3 to 8 crop pixels
        return motion_blurred(crop, length, rng.uniform(0, np.pi))  # half a turn
    low = int(size * rng.uniform(how.least_pixels, 0.8))  # pixels a side
    return coarse(crop, low, low)


def _light(crop: NDArray[np.uint8], strength: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    ramp = np.linspace(0, 1, 256)[:, None]  # (256, 1)
    # Gain and offset have a part that all channels share and a smaller one of each: the colour
    # cast.
    gamma = np.exp(strength * rng.normal(0, 0.35))
    gain = np.exp(strength * (rng.normal(0, 0.25) + rng.normal(0, 0.08, 3)))  # (3,) per channel
    offset = strength * (rng.normal(0, 0.08) + rng.normal(0, 0.02, 3))  # (3,) of 255
    # A table of 256 entries a channel in place of powers of all pixels.
    table = np.clip(255 * (ramp**gamma * gain + offset), 0, 255).astype(np.uint8)  # (256, 3)
    return cv2.LUT(crop, table[None])  # (1, 256, 3): a column for each channel


def _dark(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    light = 2.0 ** -rng.uniform(0.5, 4.0)  # 0.71 down to 1/16, evenly in stops
    # Noise after the loss of light, which would shrink it: sigma 0.5 to 4 levels.
    return noisy(cv2.convertScaleAbs(crop, alpha=light), rng.uniform(1, 8) / 2, rng)


def _noise(crop: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    if rng.random() < 0.5:
        return noisy(crop, rng.uniform(2, 16), rng)  # sigma in levels of 255
    return compressed(crop, int(rng.integers(15, 70)))
