"""What `pytest --noise` does to the pictures of tests."""

import numpy as np

SEED = 0  # 0 leaves pictures as they are
REFUSED = False  # pytest --without=noise


def seed():
    """The seed of noise, for a picture or a film that changes with it."""
    if REFUSED:
        raise RuntimeError("--without=noise")
    return SEED


def grained(image):
    """A picture with pixels changed by one grey value, or none."""
    if not (start := seed()):
        return image
    steps = np.random.default_rng(start).integers(-1, 2, image.shape)
    return np.clip(image + steps, 0, 255).astype(np.uint8)
