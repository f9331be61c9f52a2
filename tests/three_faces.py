"""The arrays of three faces, of random numbers."""

import numpy as np

SHAPES = {
    "boxes": (3, 4),
    "scores": (3,),
    "five_points": (3, 5, 2),
    "landmarks": (3, 68, 2),
    "scales": (3, 68),
}


def arrays(seed=0):
    rng = np.random.default_rng(seed)
    return {name: rng.uniform(0, 100, shape) for name, shape in SHAPES.items()}
