"""Faces of random numbers, for tests that need their form alone."""

import numpy as np

from lapland import IBUG68, Faces

SHAPES = {"boxes": (4,), "scores": (), "five_points": (5, 2), "landmarks": (68, 2), "scales": (68,)}


def made_up(n, scheme=IBUG68):
    """N faces with boxes that have a size."""
    rng = np.random.default_rng(n)
    shapes = SHAPES | {"landmarks": (scheme.size, 2), "scales": (scheme.size,)}
    arrays = {name: rng.uniform(0, 100, (n, *shape)) for name, shape in shapes.items()}
    arrays["boxes"][:, 2:] += 150
    arrays["scores"] /= 100
    return Faces(**arrays, scheme=scheme)
