"""Texture of a crop: blur, noise, little light, covers."""

import numpy as np
import pytest

from lapland.crop.texture import TEXTURE, texture


def test_texture_tells_blur_noise_and_little_light(image):
    import cv2

    crop = image[60:220, 140:300][::2, ::2]
    rng = np.random.default_rng(0)
    noisy = np.clip(crop + rng.normal(0, 20, crop.shape), 0, 255).astype(np.uint8)
    dark, blurred = crop // 8, cv2.GaussianBlur(crop, (0, 0), 2)
    moved = cv2.blur(crop, (7, 1))
    anywhere = rng.uniform(0, 79, (5, 68, 2))
    found = texture(np.stack([crop, noisy, blurred, dark, moved]), anywhere)
    assert found.shape == (5, TEXTURE + 68)
    assert found.dtype == np.float32
    sharp, grainy, soft, dim, streaked = found[:, :TEXTURE]
    assert grainy[0] > sharp[0] + 0.1 > soft[0] + 0.3
    assert dim[3] < sharp[3] - 1
    assert streaked[4] > sharp[4] + 0.3
    assert np.isfinite(texture(np.zeros((1, 80, 80, 3), np.uint8), anywhere[:1])).all()
    none = texture(np.zeros((0, 80, 80, 3), np.uint8), anywhere[:0])
    assert none.shape == (0, TEXTURE + 68)


def test_texture_tells_what_is_covered(image):
    crop = image[60:220, 140:300][::2, ::2].copy()
    places = np.array([[[20.0, 60.0], [55.0, 20.0], [50.0, 60.0], [-30.0, 500.0]]])
    before = texture(crop[None], places)[0, TEXTURE:]
    crop[50:70, 10:30] = 128
    after = texture(crop[None], places)[0, TEXTURE:]
    assert after[0] < before[0] - 1
    assert (after[1:] > before[1:]).all()  # told relative to the others
    assert after.mean() == pytest.approx(0, abs=1e-5)
