"""The 3D head, moved until its points fall on the landmarks: least squares by Gauss-Newton.

The unknowns are position, size, rotation and the coefficients of the head's modes. Each landmark
counts by its own radius, so a covered part of the face counts little.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .head import Floats, Head
from .rotations import exponential

_STEPS = 3  # of Gauss-Newton; a fourth moves one angle of a hundred by 0.15 degrees
_JAW = 17
# Centimetres. The outline of the jaw is annotated loosely, and lies on another part of the skin
# than the head says; and no head is another's by its modes alone.
_LOOSE_JAW, _LOOSE = 1.0, 0.8
_MOST_TURN, _MOST_GROWTH = 0.5, 0.3  # of one step: radians, and logarithm of the size
_LEAST_DEVIATION = 1e-3  # pixels


class PoseFit:
    """The state of the least squares: rotations, sizes (px/cm), places (px), coefficients."""

    def __init__(
        self,
        head: Head,
        landmarks: NDArray[Any],
        deviations: NDArray[Any],
        focal: float | None,
        centre: Floats | None,
    ) -> None:
        self._head = head
        flipped = np.asarray(landmarks, np.float64) * [1, -1]  # y up
        self._seen = np.ascontiguousarray(flipped.transpose(0, 2, 1))  # (N, 2, 68)
        self._variances = np.maximum(np.asarray(deviations, np.float64), _LEAST_DEVIATION) ** 2
        self._focal = focal
        self._centre = None if centre is None else centre * [1, -1]
        loose = np.where(np.arange(68) < _JAW, _LOOSE_JAW, 0.0)
        self._loose = head.spreads**2 + loose**2 + _LOOSE**2
        self._start()

    def _start(self) -> None:
        """Rotation, size and place of the affine map from the frontal head, without the jaw."""
        points, seen = self._head.frontal[:, _JAW:], self._seen[..., _JAW:]
        weights = 1 / self._variances[:, _JAW:]
        weights = weights / weights.sum(axis=1, keepdims=True)
        middle = weights @ points.T  # (N, 3)
        self.places = (seen @ weights[..., None])[..., 0]
        around = points - middle[..., None]  # (N, 3, 51)
        weighted = (around * weights[:, None]).transpose(0, 2, 1)
        # Two hundredths of a square centimetre keep flat sets of points from a wild depth.
        square = around @ weighted + 0.02 * np.eye(3)
        maps = (seen - self.places[..., None]) @ weighted @ np.linalg.inv(square)  # (N, 2, 3)
        u, stretch, v = np.linalg.svd(maps, full_matrices=False)
        rows = u @ v
        third = np.cross(rows[:, 0], rows[:, 1])
        self.rotations: Floats = np.concatenate([rows, third[:, None]], axis=1)
        self.sizes: Floats = np.maximum(stretch.mean(axis=1), 1e-6)
        self.places = self.places - self.sizes[:, None] * (rows @ middle[..., None])[..., 0]
        self.coefficients = np.zeros((len(seen), self._head.modes.shape[2]))

    def run(self) -> Floats:
        """Takes the steps; returns the covariances (N, 3, 3) of the rotation vector."""
        count = self.coefficients.shape[1]
        prior = np.diag(np.concatenate([np.full(6, 1e-9), np.ones(count)]))
        normal: Floats = np.broadcast_to(np.eye(6 + count), (len(self._seen), 6 + count, 6 + count))
        for _ in range(_STEPS):
            slopes, residuals, weights = self._linear()
            weighted = slopes * weights[:, None]
            normal = np.asarray(weighted @ slopes.transpose(0, 2, 1) + prior, np.float64)
            pull = (weighted @ residuals[..., None])[..., 0]
            pull[:, 6:] -= self.coefficients
            self._move(np.asarray(np.linalg.solve(normal, pull[..., None])[..., 0], np.float64))
        return np.asarray(np.linalg.inv(normal)[:, :3, :3], np.float64)

    def _linear(self) -> tuple[Floats, Floats, Floats]:
        """Slopes (N, 6 + M, 136), residuals (N, 136) and weights (N, 136) at the state.

        The 136 coordinates are 68 x, then 68 y.
        """
        n = len(self._seen)
        yaw = np.rad2deg(np.arctan2(self.rotations[:, 0, 2], self.rotations[:, 2, 2]))
        points, modes = self._head.at(yaw)
        count = modes.shape[2]
        shape = points + (self.coefficients[:, None, None] @ modes)[:, :, 0]
        turned = self.rotations @ shape  # (N, 3, 68)
        turned_modes = (self.rotations @ modes.reshape(n, 3, count * 68)).reshape(n, 3, count, 68)
        sizes = self.sizes[:, None, None]
        bend = 0.0 if self._focal is None else sizes / self._focal
        near = 1 / np.maximum(1 - bend * turned[:, 2:], 0.1)  # parts nearer to the camera grow
        centre = self.places if self._centre is None else self._centre[None]
        flat = ((self.places - centre)[..., None] + sizes * turned[:, :2]) * near  # (N, 2, 68)
        slopes = np.empty((n, 6 + count, 2, 68))
        x, y, z = turned[:, 0], turned[:, 1], turned[:, 2]
        none = np.zeros_like(x)
        for i, (dx, dy, dz) in enumerate(((none, -z, y), (z, none, -x), (-y, x, none))):
            slopes[:, i, 0], slopes[:, i, 1] = dx, dy
            slopes[:, i] = near * (sizes * slopes[:, i] + flat * bend * dz[:, None])
        slopes[:, 3] = near * (sizes * turned[:, :2] + flat * bend * turned[:, 2:])
        slopes[:, 4:6] = np.eye(2)[..., None]
        if self._centre is not None:
            slopes[:, 4:6] *= near[:, None]
        slopes[:, 6:] = sizes[..., None] * turned_modes[:, :2].transpose(0, 2, 1, 3)
        if self._focal is not None:
            slopes[:, 6:] += (flat * bend)[:, None] * turned_modes[:, 2, :, None]
            slopes[:, 6:] *= near[:, None]
        residuals = self._seen - centre[..., None] - flat
        weights = 1 / (self._variances + self.sizes[:, None] ** 2 * self._loose)
        return slopes.reshape(n, 6 + count, 136), residuals.reshape(n, 136), np.tile(weights, 2)

    def _move(self, step: Floats) -> None:
        turn = np.clip(step[:, :3], -_MOST_TURN, _MOST_TURN)
        self.rotations = exponential(turn) @ self.rotations
        self.sizes = self.sizes * np.exp(np.clip(step[:, 3], -_MOST_GROWTH, _MOST_GROWTH))
        self.places = self.places + step[:, 4:6]
        self.coefficients = self.coefficients + step[:, 6:]
