"""Things before the face cover a part of it, and the border leaves black."""

import numpy as np
import pytest

from training.data.augment import Augmentation, change_pixels
from training.data.occlusion import SHAPES, cut_by_border, occluded

SIZE = 80


@pytest.mark.parametrize("shape", range(len(SHAPES)))
def test_every_shape_covers_a_part(shape):
    draw, _ = SHAPES[shape]
    shares = [draw(SIZE, np.random.default_rng(seed)).mean() for seed in range(40)]
    assert min(shares) >= 0
    assert 0.01 < np.mean(shares) < 0.4
    assert max(shares) < 0.75
    assert np.std(shares) > 0


def test_the_surface_comes_from_another_photo():
    rng = np.random.default_rng(0)
    crop = np.full((SIZE, SIZE, 3), 200, np.uint8)
    other = np.zeros((SIZE, SIZE, 3), np.uint8)
    other[..., 0] = np.arange(SIZE)  # blue alone
    taken = 0
    for _ in range(40):
        out = occluded(crop, lambda _: other, rng)
        assert out.shape == crop.shape
        assert out.dtype == np.uint8
        covered = (out != 200).any(axis=2)
        assert covered.any()
        blue = covered & (out[..., 1] < 30) & (out[..., 2] < 30)
        taken += blue.sum() > 0.3 * covered.sum()
    assert taken > 10  # half of the surfaces, and every hand


def test_the_border_leaves_black_beyond_it():
    crop = np.full((SIZE, SIZE, 3), 200, np.uint8)
    shares, sides = [], set()
    for seed in range(60):
        out = cut_by_border(crop, 0.35, np.random.default_rng(seed))
        black = (out == 0).all(axis=2)
        assert ((out == 200).all(axis=2) | black).all()
        shares.append(black.mean())
        y, x = np.nonzero(black)
        offset = np.array([x.mean(), y.mean()]) - (SIZE - 1) / 2
        sides.add((int(np.abs(offset).argmax()), float(np.sign(offset[np.abs(offset).argmax()]))))
        assert not black[SIZE // 2, SIZE // 2]
    assert 0.05 < np.mean(shares) < 0.35
    assert len(sides) == 4


def test_changes_that_are_off_draw_no_chance():
    crop = np.random.default_rng(0).integers(0, 256, (SIZE, SIZE, 3)).astype(np.uint8)
    old = Augmentation(light=0.4, blur=0.5, noise=0.5, occlusion=0.5)
    for seed in range(5):
        states = []
        for texture in (None, lambda _: crop):
            rng = np.random.default_rng(seed)
            first = change_pixels(crop, old, rng, texture)
            states.append((first.tobytes(), rng.random()))
        assert states[0] == states[1]


def test_both_are_switched_by_the_recipe():
    crop = np.full((SIZE, SIZE, 3), 120, np.uint8)
    plain = change_pixels(crop, Augmentation(), np.random.default_rng(0))
    assert (plain == crop).all()
    for how in (Augmentation(occluders=1.0), Augmentation(border=1.0)):
        changed = change_pixels(crop, how, np.random.default_rng(0))
        assert (changed != crop).any()
