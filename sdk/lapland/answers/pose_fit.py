"""The 3D head, moved until its points fall on the landmarks: least squares by Gauss-Newton.

The unknowns are position, size, rotation and the coefficients of the head's modes. Each landmark
counts by its own radius, so a covered part of the face counts little.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .head import Floats, Head
from .rotations import GENERATORS, exponential

_STEPS = 3  # of Gauss-Newton; a fourth moves one angle of a hundred by 0.15 degrees
_JAW = 17
# Centimetres. The outline of the jaw is annotated loosely, and lies on another part of the skin
# than the head says; and no head is another's by its modes alone. On turned copies of open faces
# yaw and pitch are within 0.15 degrees of those of the best pair (`python -m training.pose`).
_LOOSE_JAW, _LOOSE = 1.0, 0.8
_MOST_TURN, _MOST_GROWTH = 0.5, 0.3  # of one step: radians, and logarithm of the size
_LEAST_DEVIATION = 1e-3  # pixels
_MODES = 6  # the first of the unknowns that belongs to a mode


class PoseFit:
    """The state of the least squares: rotations, sizes (px/cm), places (px), coefficients."""

    def __init__(
        self,
        head: Head,
        landmarks: NDArray[Any],
        deviations: NDArray[Any],
        focal: float | None,
        centre: Floats | None,
        looseness: tuple[float, float] = (_LOOSE_JAW, _LOOSE),
    ) -> None:
        self._head = head
        flipped = np.asarray(landmarks, np.float64) * [1, -1]  # y up
        self._seen = np.ascontiguousarray(flipped.transpose(0, 2, 1))  # (N, 2, 68)
        self._variances = np.maximum(np.asarray(deviations, np.float64), _LEAST_DEVIATION) ** 2
        self._focal = focal
        self._centre = None if centre is None else centre * [1, -1]
        jaw, every = looseness
        loose = np.where(np.arange(68) < _JAW, jaw, 0.0)
        self._loose = head.spreads**2 + loose**2 + every**2
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
        self.coefficients = np.zeros((len(seen), self._head.modes.shape[1]))

    def run(self) -> Floats:
        """Takes the steps; returns the covariances (N, 3, 3) of the rotation vector."""
        count = self.coefficients.shape[1]
        normal = np.zeros((len(self._seen), 6 + count, 6 + count))
        prior = np.diag([1e-9] * _MODES + [1.0] * count)
        for _ in range(_STEPS):
            slopes, residuals, weights = self._linear()
            flat = slopes.reshape(len(slopes), _MODES + count, 136)
            weighted = flat * weights
            normal = np.asarray(weighted @ flat.transpose(0, 2, 1) + prior, np.float64)
            pull = weighted @ residuals.reshape(len(flat), 136, 1)
            pull[:, _MODES:, 0] -= self.coefficients
            self._move(np.asarray(np.linalg.solve(normal, pull)[..., 0], np.float64))
        return np.asarray(np.linalg.inv(normal)[:, :3, :3], np.float64)

    def _linear(self) -> tuple[Floats, Floats, Floats]:
        """Slopes (N, 6 + M, 2, 68), residuals (N, 2, 68) and weights (N, 1, 136) at the state.

        The unknowns are three of rotation, two of place, size, and M coefficients.
        """
        yaw = np.rad2deg(np.arctan2(self.rotations[:, 0, 2], self.rotations[:, 2, 2]))
        points, modes = self._head.at(yaw)
        n, count = modes.shape[:2]
        shape = points + np.einsum("nm,nmck->nck", self.coefficients, modes)
        turned = self.rotations @ shape
        moves = np.zeros((n, _MODES + count, 3, 68))  # centimetres, by each unknown but the place
        moves[:, :3] = GENERATORS @ turned[:, None]
        moves[:, _MODES - 1] = turned
        moves[:, _MODES:] = self.rotations[:, None] @ modes
        sizes = self.sizes[:, None, None]
        slopes = sizes[..., None] * moves[:, :, :2]
        slopes[:, 3, 0] = slopes[:, 4, 1] = 1.0
        centre = self.places if self._centre is None else self._centre[None]
        seen = (self.places - centre)[..., None] + sizes * turned[:, :2]  # (N, 2, 68)
        if self._focal is not None:
            bend = sizes / self._focal
            near = 1 / np.maximum(1 - bend * turned[:, 2:], 0.1)  # parts nearer to the camera grow
            seen = seen * near
            places = slopes[:, 3:5].copy()
            slopes += (seen * bend)[:, None] * moves[:, :, 2:]
            slopes *= near[:, None]
            if self._centre is None:  # the axis moves with the face
                slopes[:, 3:5] = places
        residuals = self._seen - centre[..., None] - seen
        weights = 1 / (self._variances + sizes[:, 0] ** 2 * self._loose)
        return slopes, residuals, np.tile(weights, 2)[:, None]

    def _move(self, step: Floats) -> None:
        turn = np.clip(step[:, :3], -_MOST_TURN, _MOST_TURN)
        self.rotations = exponential(turn) @ self.rotations
        self.places = self.places + step[:, 3:5]
        growth = np.clip(step[:, _MODES - 1], -_MOST_GROWTH, _MOST_GROWTH)
        self.sizes = self.sizes * np.exp(growth)
        self.coefficients = self.coefficients + step[:, _MODES:]
