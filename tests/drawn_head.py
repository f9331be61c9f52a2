"""A head made by code, with the parts that a real one has, for tests of what turns faces."""

import numpy as np
from numpy.typing import NDArray

from tests.drawn_faces import mean_shape
from training.heads.head import Head, assembled

RADII = np.array([7.0, 9.0, 8.0])  # cm
NOSE = 2.0  # cm that it stands out


def drawn_head(seed: int = 0) -> Head:
    """An ellipsoid with a nose; six smooth modes of identity and two of expression."""
    across, down = 41, 41
    lon, lat = np.meshgrid(
        np.linspace(-0.5 * np.pi, 0.5 * np.pi, across),
        np.linspace(0.46 * np.pi, -0.46 * np.pi, down),
    )
    unit = np.stack([np.sin(lon) * np.cos(lat), np.sin(lat), np.cos(lon) * np.cos(lat)], axis=-1)
    mean = (unit * RADII).reshape(-1, 3)
    mean[:, 2] += NOSE * np.exp(-((mean[:, 0] / 1.2) ** 2 + ((mean[:, 1] + 0.5) / 1.6) ** 2))
    cell = np.arange(down * across).reshape(down, across)
    a, b, c, d = (
        part.ravel() for part in (cell[:-1, :-1], cell[:-1, 1:], cell[1:, :-1], cell[1:, 1:])
    )
    triangles = np.concatenate([np.stack([a, c, b], 1), np.stack([b, c, d], 1)])
    rng = np.random.default_rng(seed)
    modes = np.stack([_smooth(mean, rng, 0.25) for _ in range(6)])
    lips = np.exp(-((mean - [0, -4.2, 7]) ** 2).sum(axis=1) / 8)[:, None]
    brows = np.exp(-((mean - [0, 3.5, 7]) ** 2).sum(axis=1) / 8)[:, None]
    expressions = np.stack([lips * [0, -1.5, 0], brows * [0, 1.0, 0]])
    wanted = mean_shape() * [6.0, -6.0]
    gaps = ((mean[None, :, :2] - wanted[:, None]) ** 2).sum(axis=2)
    landmarks = gaps.argmin(axis=1)
    return assembled(
        mean,
        np.concatenate([modes, expressions]),
        len(modes),
        ("jawOpen", "browUp"),
        triangles,
        landmarks,
    )


def _smooth(
    points: NDArray[np.float64], rng: np.random.Generator, size: float
) -> NDArray[np.float64]:
    waves, phases = rng.normal(0, 0.25, (3, 3)), rng.uniform(0, 2 * np.pi, 3)
    return np.asarray(size * np.sin(points @ waves + phases))


def pose(yaw: float, pitch: float) -> NDArray[np.float64]:
    """(3, 3) head axes -> camera axes; yaw > 0 turns the nose to the left of the picture."""
    a, b = np.deg2rad(-yaw), np.deg2rad(-pitch)
    turn = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    nod = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    return turn @ nod


def seen(
    head: Head, coefficients: NDArray[np.float64], yaw: float, pitch: float, scale: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Skin in camera axes, and its 68 landmarks in a picture of 300 x 300 pixels."""
    skin = head.shape(coefficients) @ pose(yaw, pitch).T
    at = head.outline(skin)
    return skin, (skin[at, :2] * scale) * [1, -1] + 150
