"""The 3D head, moved until its points fall on the landmarks: weighted least squares.

Each landmark counts by its own radius, so a covered part of the face counts little, and by how much
heads and faces differ there.

All that a rigid head needs of the landmarks are weighted sums of products: the first guess is an
affine map made orthogonal, and each step of Gauss-Newton has a closed form. So arrays are touched
for these sums alone, and a face costs few calls of numpy. y is up.
"""

import functools
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .head import Floats, Head
from .rotations import Matrix, Row, nearest_rotation, turned_by

_PASSES = 2  # each takes the outline of the jaw that the yaw of the one before shows
_NEAR_PASSES = 6  # with perspective, which is that of the pass before
_STEPS = 2  # of Gauss-Newton in each pass
_JAW = 17
# Centimetres. The outline of the jaw is annotated loosely, and lies on another part of the skin
# than the head says; and no head is another's. On turned copies of open faces yaw and pitch are
# within 0.15 degrees of those of the best pair (`python -m training.pose`).
LOOSENESS = 0.5, 0.8
_FLAT = 0.02  # square centimetres that keep flat sets of points from a wild depth
_MOST_TURN, _MOST_GROWTH = 0.5, 0.3  # of one step: radians, and logarithm of the size
_LEAST_SIZE, _LEAST_DEVIATION = 1e-6, 1e-3  # pixels a centimetre, pixels
_NEAREST = 0.1  # least distance from the camera, in that of the middle of the face
_KEEP = 1e-9  # weight of no step, for what the landmarks say nothing of
_UP = np.array([[1.0], [-1.0]])
_APART = 2.0  # degrees from one outline of the jaw to the next


@dataclass(frozen=True)
class Camera:
    """Perspective.

    Attributes:
        focal: focal length, pixels.
        axis: where the optical axis meets the picture, (x, y) pixels with y up; None for the middle
            of the face.
    """

    focal: float
    axis: tuple[float, float] | None


class Placed(NamedTuple):
    """A head in the picture.

    Attributes:
        rotation: from the head's axes to those of the camera, row by row.
        size: pixels a centimetre.
        place: middle of the face, (x, y) pixels with y up.
        covariance: of a further rotation vector, square radians, row by row.
    """

    rotation: Matrix
    size: float
    place: tuple[float, float]
    covariance: Matrix


class PoseFit:
    """Fits a head to faces."""

    def __init__(
        self,
        head: Head,
        camera: Camera | None = None,
        looseness: tuple[float, float] = LOOSENESS,
    ) -> None:
        self._camera = camera
        self._rows, self._loose = outlines(head), variances(head, looseness)

    def run(self, landmarks: NDArray[Any], deviations: NDArray[Any]) -> list[Placed]:
        """The head of each of N faces: landmarks (N, 68, 2), deviations (N, 68), pixels."""
        seen = np.asarray(landmarks, np.float64).transpose(0, 2, 1) * _UP
        own = np.maximum(deviations, _LEAST_DEVIATION, dtype=np.float64) ** 2
        return [self._fit(*face) for face in zip(seen, own, strict=True)]

    def _fit(self, seen: Floats, own: Floats) -> Placed:
        """Seen: (2, 68) pixels with y up; own variances: (68,) square pixels."""
        front = self._rows[len(self._rows) // 2]
        sums = _Sums.of(front[:, _JAW:], seen[:, _JAW:], 1 / own[_JAW:])
        turn, size = sums.affine()
        place, camera = sums.place(turn, size), self._camera
        covariance = turn
        for _ in range(_PASSES if camera is None else _NEAR_PASSES):
            row = self._rows[_nearest_row(turn, len(self._rows))]
            flat = seen if camera is None else _flat(seen, turn[2] @ row[1:], size, place, camera)
            sums = _Sums.of(row, flat, 1 / (own + size * size * self._loose))
            for _ in range(_STEPS):
                turn, size, covariance = sums.step(turn, size)
            place = sums.place(turn, size)
        return Placed(turn, size, place, covariance)


class _Sums(NamedTuple):
    """Weighted sums over landmarks of points X of the head (cm) and the picture U (pixels).

    Attributes:
        middle, centre: mean of X (3) and of U (2).
        square: sum of X X' about the mean, row by row.
        right, up: sums of X times x and y of U about the means.
    """

    middle: Row
    centre: tuple[float, float]
    square: Matrix
    right: Row
    up: Row
    weight: float

    @classmethod
    def of(cls, points: Floats, seen: Floats, weights: Floats) -> "_Sums":
        """The sums of points (4, P), whose first row is ones, and seen (2, P)."""
        both = np.concatenate([points, seen])
        ones, xs, ys, zs = ((points * weights) @ both.T).tolist()
        total, x, y, z, u, v = ones
        mx, my, mz = x / total, y / total, z / total
        xy, xz, yz = xs[2] - mx * y, xs[3] - mx * z, ys[3] - my * z
        return cls(
            (mx, my, mz),
            (u / total, v / total),
            ((xs[1] - mx * x, xy, xz), (xy, ys[2] - my * y, yz), (xz, yz, zs[3] - mz * z)),
            (xs[4] - mx * u, ys[4] - my * u, zs[4] - mz * u),
            (xs[5] - mx * v, ys[5] - my * v, zs[5] - mz * v),
            total,
        )

    def affine(self) -> tuple[Matrix, float]:
        """Rotation and size of the affine map from X to U that is best by least squares."""
        (xx, xy, xz), (_, yy, yz), (_, _, zz) = self.square
        flat = _FLAT * self.weight
        xx, yy, zz = xx + flat, yy + flat, zz + flat
        # The inverse of this matrix, times its determinant.
        ixx, iyy, izz = yy * zz - yz * yz, xx * zz - xz * xz, xx * yy - xy * xy
        ixy, ixz, iyz = xz * yz - xy * zz, xy * yz - xz * yy, xy * xz - xx * yz
        scale = 1 / (xx * ixx + xy * ixy + xz * ixz)
        (a, b, c), (d, e, f) = (
            (ixx * x + ixy * y + ixz * z, ixy * x + iyy * y + iyz * z, ixz * x + iyz * y + izz * z)
            for x, y, z in (self.right, self.up)
        )
        turn, size = nearest_rotation((a, b, c), (d, e, f))
        return turn, max(scale * size, _LEAST_SIZE)

    def place(self, turn: Matrix, size: float) -> tuple[float, float]:
        """Where the origin of X lies in the picture."""
        (x, y, z), (u, v) = self.middle, self.centre
        (a, b, c), (d, e, f), _ = turn
        return u - size * (a * x + b * y + c * z), v - size * (d * x + e * y + f * z)

    def step(self, turn: Matrix, size: float) -> tuple[Matrix, float, Matrix]:
        """Rotation and size after a step, and the covariance of a rotation vector."""
        (a1, a2, a3), (b1, b2, b3), (c1, c2, c3) = turn
        (xx, xy, xz), (_, yy, yz), (_, _, zz) = self.square
        k = size
        # Products of the matrix with the rows of the rotation.
        ma1, ma2, ma3 = (
            xx * a1 + xy * a2 + xz * a3,
            xy * a1 + yy * a2 + yz * a3,
            xz * a1 + yz * a2 + zz * a3,
        )
        mb1, mb2, mb3 = (
            xx * b1 + xy * b2 + xz * b3,
            xy * b1 + yy * b2 + yz * b3,
            xz * b1 + yz * b2 + zz * b3,
        )
        mc1, mc2, mc3 = (
            xx * c1 + xy * c2 + xz * c3,
            xy * c1 + yy * c2 + yz * c3,
            xz * c1 + yz * c2 + zz * c3,
        )
        (u1, u2, u3), (v1, v2, v3) = self.right, self.up
        r1, r2, r3 = u1 - k * ma1, u2 - k * ma2, u3 - k * ma3
        s1, s2, s3 = v1 - k * mb1, v2 - k * mb2, v3 - k * mb3
        # The normal equations of turns about x, y, z and of growth: n 0 -q -r, 0 n -r q,
        # -q -r m 0, -r q 0 m. Their inverse has a closed form.
        n = k * k * (c1 * mc1 + c2 * mc2 + c3 * mc3) + _KEEP
        m = k * k * (a1 * ma1 + a2 * ma2 + a3 * ma3 + b1 * mb1 + b2 * mb2 + b3 * mb3) + _KEEP
        q = k * k * (c1 * ma1 + c2 * ma2 + c3 * ma3) / m
        r = k * k * (c1 * mb1 + c2 * mb2 + c3 * mb3) / m
        loss = 1 / max(n - (q * q + r * r) * m, _KEEP)
        x = -k * (c1 * s1 + c2 * s2 + c3 * s3)
        y = k * (c1 * r1 + c2 * r2 + c3 * r3)
        z = k * (a1 * s1 + a2 * s2 + a3 * s3 - b1 * r1 - b2 * r2 - b3 * r3) / m
        g = k * (a1 * r1 + a2 * r2 + a3 * r3 + b1 * s1 + b2 * s2 + b3 * s3) / m
        x, y = loss * (x + m * (q * z + r * g)), loss * (y + m * (r * z - q * g))
        z, g = z + q * x + r * y, g + r * x - q * y
        covariance = (
            (loss, 0.0, loss * q),
            (0.0, loss, loss * r),
            (loss * q, loss * r, 1 / m + loss * (q * q + r * r)),
        )
        turned = turned_by(turn, _held(x, _MOST_TURN), _held(y, _MOST_TURN), _held(z, _MOST_TURN))
        return turned, size * math.exp(_held(g, _MOST_GROWTH)), covariance


@functools.lru_cache(maxsize=4)
def outlines(head: Head) -> Floats:
    """(Y, 4, 68) ones and the points of a head, cm, at each yaw from -90 to 90 degrees."""
    yaws = np.arange(-90.0, 90.0 + _APART / 2, _APART)
    points, _ = head.at(yaws)
    return np.concatenate([np.ones((len(yaws), 1, 68)), points], axis=1)


@functools.lru_cache(maxsize=32)
def variances(head: Head, looseness: tuple[float, float]) -> Floats:
    """(68,) square centimetres: how far heads and labels differ from a head, each coordinate."""
    jaw, every = looseness
    modes = (head.modes**2).sum(axis=1).mean(axis=(0, 1))
    found: Floats = head.spreads**2 + modes + every**2
    found[:_JAW] += jaw**2
    return found


def _nearest_row(turn: Matrix, count: int) -> int:
    """The row of the tables for the yaw of a rotation."""
    yaw = math.degrees(math.atan2(turn[0][2], turn[2][2]))
    return min(max(round((yaw + 90) / _APART), 0), count - 1)


def _flat(
    seen: Floats, depth: Floats, size: float, place: tuple[float, float], camera: Camera
) -> Floats:
    """Where landmarks (2, 68) would be seen without perspective, by depths (68,) in centimetres."""
    near = np.maximum(1 - size / camera.focal * depth, _NEAREST)
    axis = np.array(camera.axis or place)[:, None]
    return np.asarray(axis + (seen - axis) * near)


def _held(value: float, most: float) -> float:
    return min(max(value, -most), most)
