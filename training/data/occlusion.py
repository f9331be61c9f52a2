"""Occluders of faces: things of any shape before them, and the border of the photo.

An occluder is a mask and a texture. Masks are drawn by chance: hands, medical masks, glasses,
strands of hair, rods, sheets and lumps. Textures are cut from other photos at hand, or drawn. All
sizes are in sides of the crop; an upright face spans some 0.6 about its middle.
"""

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Mask = NDArray[np.float32]
Texture = Callable[[np.random.Generator], Picture]
"""Chance -> a crop (S, S, 3) of some other photo."""

FINE = 4  # bits of a pixel that shapes are drawn to
EYES, MOUTH = 0.40, 0.60  # heights in an upright crop of factor 3, from its top


def occluded(crop: Picture, texture: Texture, rng: np.random.Generator) -> Picture:
    """The crop (S, S, 3) uint8 BGR with one thing, sometimes two, before the face."""
    out = crop.astype(np.float32)  # (S, S, 3)
    for _ in range(1 + (rng.random() < 0.25)):  # a second one in a quarter of the crops
        draw, skin = SHAPES[rng.choice(len(SHAPES), p=_CHANCES)]
        size = crop.shape[0]
        mask = draw(size, rng)  # (S, S), 0 or 1
        mask = cv2.GaussianBlur(mask, (0, 0), rng.uniform(0.3, 1.2))  # a soft edge, as of a lens
        if draw is _glasses and rng.random() < 0.5:
            # Tinted glass, with the eyes behind it.
            mask *= rng.uniform(0.3, 0.9)
        # mask * surface + (1 - mask) * out.
        out += (_surface(size, texture, skin, rng) - out) * mask[..., None]
    return np.clip(np.round(out), 0, 255).astype(np.uint8)


def cut_by_border(crop: Picture, most: float, rng: np.random.Generator) -> Picture:
    """The crop as if the photo ended in it: black beyond one border, or beyond two of a corner.

    Args:
        crop: (S, S, 3) uint8 BGR.
        most: largest part of the crop beyond one border, in sides of the crop.
        rng: random numbers of side, depth and roll.
    """
    size = crop.shape[0]
    roll = np.deg2rad(15) * rng.standard_normal()  # of the photo against the upright crop
    y, x = np.mgrid[:size, :size] - (size - 1) / 2  # (S, S) each, from the middle
    first = rng.integers(4)  # 0 right, 1 bottom, 2 left, 3 top
    keep = np.ones((size, size), bool)
    # The next side is at a right angle: both make a corner of the photo, in one case of five.
    for side in (first, first + 1)[: 1 + (rng.random() < 0.2)]:
        angle = roll + side * np.pi / 2
        depth = size * rng.uniform(0.05, most)
        # Crops are upright and photos need not be, so the border is turned by the roll.
        keep &= x * np.cos(angle) + y * np.sin(angle) < size / 2 - depth  # a half-plane
    return np.where(keep[..., None], crop, 0).astype(np.uint8)


def _surface(size: int, texture: Texture, skin: bool, rng: np.random.Generator) -> Mask:
    """(S, S, 3): the look of the occluder."""
    # Skin is that of a photo. Of other surfaces half are, a quarter is plain, a quarter patterned.
    kind = rng.random()
    if skin or kind < 0.5:
        picture = texture(rng)
        # A small part of it, enlarged: the middle of a face is skin.
        part = int(size * (rng.uniform(0.15, 0.3) if skin else rng.uniform(0.2, 0.9)))  # pixels
        top, left = (size - part) // 2, (size - part) // 2  # the middle, for skin
        if not skin:
            top, left = rng.integers(0, size - part + 1, 2)
        patch = picture[top : top + part, left : left + part]
        surface = cv2.resize(patch, (size, size)).astype(np.float32)  # (S, S, 3)
    else:
        surface = np.broadcast_to(rng.uniform(0, 255, 3), (size, size, 3)).astype(np.float32)
        if kind > 0.75:  # stripes or a print
            coarse = rng.integers(2, 14)  # stripes, or cells a side
            # One row of values makes upright stripes, a square of them a check.
            shape = (1, coarse, 1) if rng.random() < 0.5 else (coarse, coarse, 1)
            print_ = rng.uniform(-80, 80, shape).astype(np.float32)
            wide = cv2.resize(print_, (size, size), interpolation=cv2.INTER_NEAREST)
            surface = surface + wide[..., None]  # cv2.resize drops an axis of length 1
    # Light falls from one side.
    y, x = np.mgrid[:size, :size] / size - 0.5  # -0.5 to 0.5
    angle = rng.uniform(0, 2 * np.pi)
    shade = 1 + rng.uniform(0, 0.5) * (x * np.cos(angle) + y * np.sin(angle))
    gain = rng.uniform(0.6, 1.2)
    return np.clip(surface * gain * shade[..., None], 0, 255).astype(np.float32)


def _filled(size: int, *parts: NDArray[np.floating]) -> Mask:
    """A mask of polygons (n, 2) in sides of the crop."""
    mask = np.zeros((size, size), np.float32)
    for part in parts:
        points = np.round(part * size * (1 << FINE)).astype(np.int32)  # 1/16 pixel
        cv2.fillPoly(mask, [points], 1.0, cv2.LINE_8, FINE)
    return mask


def _anywhere(rng: np.random.Generator) -> NDArray[np.float64]:
    # (2,): the face is in the middle of a crop.
    return np.asarray(0.5 + 0.2 * rng.standard_normal(2).clip(-2, 2))


def _round_shape(centre: NDArray[np.floating], radii: NDArray[np.floating]) -> NDArray[np.floating]:
    # Without the end point, which would be the first point once more.
    angles = np.linspace(0, 2 * np.pi, len(radii), endpoint=False)
    return centre + radii[:, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _lump(size: int, rng: np.random.Generator) -> Mask:
    """A closed curve with bays: cups, phones, heads before the face."""
    angles = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    radii = np.ones(40)  # a circle, before the waves
    for wave in range(1, 6):
        # Amplitudes fall with the frequency, so the outline stays smooth.
        radii += rng.normal(0, 0.35 / wave) * np.cos(wave * angles + rng.uniform(0, 2 * np.pi))
    # The least radius keeps the curve from crossing its centre.
    return _filled(size, _round_shape(_anywhere(rng), rng.uniform(0.08, 0.24) * radii.clip(0.3)))


def _sheet(size: int, rng: np.random.Generator) -> Mask:
    """A rectangle, turned: paper, a phone, a book."""
    half = rng.uniform(0.07, 0.25, 2)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * half
    return _filled(size, _anywhere(rng) + corners @ _turned(rng.uniform(0, np.pi)))


def _rod(size: int, rng: np.random.Generator) -> Mask:
    """A bar from the border to a round end, or right across: microphones, poles, arms."""
    mask = np.zeros((size, size), np.float32)
    end = _anywhere(rng)
    angle = rng.uniform(0, 2 * np.pi)
    far = end + 1.5 * np.array([np.cos(angle), np.sin(angle)])  # outside of the crop at any angle
    width = max(1, round(size * rng.uniform(0.02, 0.14)))
    ends = [tuple(np.round(p * size).astype(int).tolist()) for p in (end, far)]
    cv2.line(mask, ends[0], ends[1], 1.0, width)
    if rng.random() < 0.5:
        cv2.circle(mask, ends[0], round(width * rng.uniform(0.6, 1.4)), 1.0, -1)
    return mask


def _hand(size: int, rng: np.random.Generator) -> Mask:
    """A palm with fingers, coming from below or from a side."""
    mask = np.zeros((size, size), np.float32)
    at = np.array([0.5, 0.62]) + rng.normal(0, 0.16, 2)  # of the palm, below the middle of the face
    # y points down, so -pi to 0 is upwards: most hands come from below.
    towards = rng.uniform(-np.pi, 0) if rng.random() < 0.8 else rng.uniform(-np.pi, np.pi)
    palm = rng.uniform(0.09, 0.16)
    pixels = lambda p: tuple(np.round(p * size).astype(int).tolist())  # noqa: E731
    # Behind the palm, in most cases outside of the crop: the arm reaches the border.
    wrist = at - 1.2 * np.array([np.cos(towards), np.sin(towards)])
    cv2.line(mask, pixels(at), pixels(wrist), 1.0, max(1, round(1.3 * palm * size)))
    cv2.circle(mask, pixels(at), round(palm * size), 1.0, -1)
    spread = rng.uniform(0.08, 0.35)  # radians from one finger to the next
    for finger in range(int(rng.integers(1, 6))):
        # The fifth is the thumb, which stands apart.
        angle = towards + spread * (finger - 2) + (0.9 if finger == 4 else 0)
        root = at + palm * 0.8 * np.array([np.cos(angle), np.sin(angle)])  # on the rim of the palm
        tip = root + palm * rng.uniform(0.6, 1.7) * np.array([np.cos(angle), np.sin(angle)])
        cv2.line(mask, pixels(root), pixels(tip), 1.0, max(1, round(0.4 * palm * size)))
    return mask


def _medical_mask(size: int, rng: np.random.Generator) -> Mask:
    """Cloth from the nose to the chin."""
    top, bottom = rng.uniform(0.46, 0.56), rng.uniform(0.72, 0.85)
    wide, low = rng.uniform(0.22, 0.30), rng.uniform(0.10, 0.17)
    middle = 0.5 + rng.normal(0, 0.02)
    shape = [
        # x from the middle of the face, y from the top of the crop: the upper edge, then the chin.
        (-wide, top + rng.uniform(0, 0.05)), (-0.1, top), (0, top - rng.uniform(0, 0.05)),
        (0.1, top), (wide, top + rng.uniform(0, 0.05)), (wide * 0.95, 0.68), (low, bottom),
        (-low, bottom), (-wide * 0.95, 0.68),
    ]  # fmt: skip
    return _filled(size, np.array(shape) + np.array([middle, 0]))


def _glasses(size: int, rng: np.random.Generator) -> Mask:
    """Two lenses, a bridge and bows."""
    # From the middle of the face to that of a lens; half the width of a lens.
    apart, wide = rng.uniform(0.135, 0.165), rng.uniform(0.09, 0.13)
    tall = wide * rng.uniform(0.6, 1.0)
    middle = np.array([0.5, EYES + 0.01]) + rng.normal(0, 0.012, 2)
    power = rng.uniform(2, 6)  # 2 are ellipses, more are rectangles
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    # A superellipse: |x / wide|^power + |y / tall|^power = 1.
    c, s = np.cos(angles), np.sin(angles)
    lens = np.stack(
        [
            wide * np.sign(c) * np.abs(c) ** (2 / power),
            tall * np.sign(s) * np.abs(s) ** (2 / power),
        ],
        axis=1,
    )
    mask = _filled(size, *(lens + middle + np.array([sign * apart, 0]) for sign in (-1, 1)))
    if rng.random() < 0.3:  # frames alone
        mask -= cv2.erode(mask, np.ones((3, 3), np.uint8))  # a rim of one pixel
    y = round(float(middle[1] - tall * 0.3) * size)  # the bows are above the middle of the lenses
    # Across the lenses, too: there it is the bridge.
    cv2.line(mask, (round(size * 0.2), y), (round(size * 0.8), y), 1.0, 1)
    return mask


def _hair(size: int, rng: np.random.Generator) -> Mask:
    """Strands from above, or along one side of the face."""
    mask = np.zeros((size, size), np.float32)
    side, lean = rng.choice([-1, 0, 1]), rng.uniform(-0.25, 0.25)  # 0 is a fringe, which is shorter
    steps = np.linspace(0, 1, 8)
    for _ in range(int(rng.integers(6, 30))):
        start = np.array([0.5 + 0.25 * side + rng.normal(0, 0.10), rng.uniform(0.0, 0.2)])
        length = rng.uniform(0.15, 0.75 if side else 0.4)
        bend = rng.normal(0, 0.1)
        x = start[0] + steps * lean * length + bend * steps**2  # (8,): a parabola over the way down
        line = np.stack([x, start[1] + steps * length], axis=1) * size  # (8, 2) pixels
        cv2.polylines(mask, [np.round(line).astype(np.int32)], False, 1.0, int(rng.integers(1, 4)))
    return mask


def _turned(angle: float) -> NDArray[np.float64]:
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, -s], [s, c]])


SHAPES: tuple[tuple[Callable[[int, np.random.Generator], Mask], bool], ...] = (
    (_hand, True),
    (_medical_mask, False),
    (_glasses, False),
    (_hair, False),
    (_rod, False),
    (_sheet, False),
    (_lump, False),
)
"""How each kind is drawn, and whether its texture is skin."""
_CHANCES = np.array([0.25, 0.08, 0.12, 0.12, 0.13, 0.12, 0.18])  # in the order of SHAPES
