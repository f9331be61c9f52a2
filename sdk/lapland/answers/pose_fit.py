"""The 3D head, moved until its points fall on the landmarks: weighted least squares.

Each landmark counts by its own radius, so a covered part of the face counts little, and by how much
heads and faces differ there.

All that a rigid head needs of the landmarks are weighted sums of products. So arrays are touched
for these sums alone, and each step of Newton's method is a few dozen plain numbers. y is up, and
the picture is the plane of complex numbers: x + iy. Then a head is placed by the two first rows of
its rotation, a + ib, one complex number for each axis of the head, and a further turn in the
picture together with growth is a product with one complex number.
"""

import functools
import math
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .head import Floats, Head
from .rotations import Matrix, Row, nearest_rotation

_PASSES = 6  # at most; each takes the outline of the jaw that the yaw of the one before shows
# A pass that turns and grows the head by less than this, in radians, and shows the outline that it
# took, is the last. With perspective, which comes from the pass before, the bound is lower.
_STILL, _NEAR_STILL = 0.05, 0.005
_JAW = 17
# Centimetres. The outline of the jaw is annotated loosely, and lies on another part of the skin
# than the head says; and no head is another's. On turned copies of open faces yaw and pitch are
# within 0.15 degrees of those of the best pair (`python -m training.pose`).
LOOSENESS = 0.5, 0.8
_FLAT = 0.02  # square centimetres that keep the first guess from a wild depth
_MOST = 0.5  # of one step: radians, and logarithm of the size
_LEAST_SIZE, _LEAST_DEVIATION = 1e-6, 1e-3  # pixels a centimetre, pixels
_NEAREST = 0.1  # least distance from the camera, in that of the middle of the face
_KEEP = 1e-9  # weight of no step, if the landmarks do not determine one
_BENT = 0.8  # most that curvature may take from the slope of a turn; else it does not count
_APART = 2.0  # degrees from one outline of the jaw to the next

Square = tuple[float, float, float, float, float, float]


@dataclass(frozen=True)
class Camera:
    """Perspective.

    Attributes:
        focal: focal length, pixels.
        axis: point of the picture on the optical axis, (x, y) pixels with y up; None for the middle
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
        covariance: covariance of a further rotation vector, square radians, row by row.
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
        self._products = products(head)
        self._loose, self._even = variances(head, looseness), even_sums(head, looseness)

    def run(self, landmarks: NDArray[Any], deviations: NDArray[Any]) -> list[Placed]:
        """The head of each of N faces: landmarks (N, 68, 2), deviations (N, 68), pixels."""
        seen = np.ones((len(landmarks), 3, landmarks.shape[1]))  # ones, x, y
        seen[:, 1], seen[:, 2] = landmarks[..., 0], -landmarks[..., 1]
        own = np.maximum(deviations, _LEAST_DEVIATION)
        return [self._fit(*face) for face in zip(seen, own * own, strict=True)]

    def _fit(self, seen: Floats, own: Floats) -> Placed:
        """Seen: (3, 68); own variances: (68,) square pixels."""
        camera, still = self._camera, _STILL if self._camera is None else _NEAR_STILL
        turn, size, row, place = self._start(seen)
        for _ in range(_PASSES):
            flat = seen
            if camera is not None:
                flat = _flat(seen, turn[2] @ self._products[row, 1:4], size, place, camera)
            sums = _Sums.of(self._products[row], flat * (1 / (own + size * size * self._loose)))
            before = size
            turn, size, slopes, change = sums.step(turn, size)
            place = sums.place(turn, size)
            taken, row = row, _nearest_row(turn, len(self._products))
            if row == taken and change < still:
                break
        return Placed(turn, size, (place.real, place.imag), slopes.covariance(before))

    def _start(self, seen: Floats) -> tuple[Matrix, float, int, complex]:
        """Rotation, size, outline and place if all landmarks were equally sure.

        These sums need no weights of their own, so they cost little.
        """
        even = self._even
        turn, size = nearest_rotation(*seen[1:].dot(even.affine).tolist())
        row = _nearest_row(turn, len(self._products))
        (a, b, c, x), (d, e, f, y) = seen[1:].dot(even.maps[row]).tolist()
        across = complex(a, d), complex(b, e), complex(c, f)
        sums = _Sums(even.middles[row], complex(x, y), even.squares[row], across)
        turn, size, *_ = sums.step(turn, max(size, _LEAST_SIZE))
        return turn, size, _nearest_row(turn, len(self._products)), sums.place(turn, size)


class _Sums(NamedTuple):
    """Weighted sums over landmarks of points X of the head (cm) and U = x + iy of the picture.

    Attributes:
        middle, centre: mean of X (3) and of U.
        square: sum of X X' about the mean: xx, xy, xz, yy, yz, zz.
        across: sum of X times U about the means.
    """

    middle: Row
    centre: complex
    square: Square
    across: tuple[complex, complex, complex]

    @classmethod
    def of(cls, products: Floats, weighted: Floats) -> "_Sums":
        """The sums of products (10, P) of points, and of ones, x and y (3, P) times weights."""
        (
            (w, u, v),
            (x, xu, xv),
            (y, yu, yv),
            (z, zu, zv),
            (xx, _, _), (xy, _, _), (xz, _, _), (yy, _, _), (yz, _, _), (zz, _, _),
        ) = products.dot(weighted.T).tolist()  # fmt: skip
        mx, my, mz, centre = x / w, y / w, z / w, complex(u, v) / w
        return cls(
            (mx, my, mz),
            centre,
            (xx - mx * x, xy - mx * y, xz - mx * z, yy - my * y, yz - my * z, zz - mz * z),
            (
                complex(xu, xv) - x * centre,
                complex(yu, yv) - y * centre,
                complex(zu, zv) - z * centre,
            ),
        )

    def place(self, turn: Matrix, size: float) -> complex:
        """Place of the origin of X in the picture."""
        (x, y, z), ((a, b, c), (d, e, f), _) = self.middle, turn
        return self.centre - size * complex(a * x + b * y + c * z, d * x + e * y + f * z)

    def step(self, turn: Matrix, size: float) -> "tuple[Matrix, float, _Slopes, float]":
        """Rotation and size after a step of Newton's method, its slopes, and how large it was.

        A step adds growth * p + lean * c to p = a + ib, where a, b, c are the rows of the rotation.
        The imaginary part of growth is the turn in the picture, lean the turn out of it.
        """
        (a1, a2, a3), (b1, b2, b3), (c1, c2, c3) = turn
        p1, p2, p3 = complex(a1, b1), complex(a2, b2), complex(a3, b3)
        q1, q2, q3 = complex(a1, -b1), complex(a2, -b2), complex(a3, -b3)
        xx, xy, xz, yy, yz, zz = self.square
        h1, h2, h3 = self.across
        # The matrix times p, and the rest, which the step explains.
        m1, m2, m3 = (
            xx * p1 + xy * p2 + xz * p3,
            xy * p1 + yy * p2 + yz * p3,
            xz * p1 + yz * p2 + zz * p3,
        )
        r1, r2, r3 = h1 / size - m1, h2 / size - m2, h3 / size - m3
        # The normal equations: flat * growth + mixed' * lean = q . r, mixed * growth + deep * lean
        # = c . r, where ' is the conjugate.
        flat = (q1 * m1 + q2 * m2 + q3 * m3).real
        mixed = c1 * m1 + c2 * m2 + c3 * m3
        deep = xx + yy + zz - flat
        slope = mixed / flat
        growth = (q1 * r1 + q2 * r2 + q3 * r3) / flat
        lean = c1 * r1 + c2 * r2 + c3 * r3 - mixed * growth
        stiff = max(deep - abs(mixed) * abs(slope), _KEEP * deep)
        # Without growth: stiff * lean = the rest of c . r. As a lean also bends the head's place,
        # Newton's method has firm * lean + bent * lean' instead.
        bent, firm = (p1 * r1 + p2 * r2 + p3 * r3) / 2, stiff + growth.real * flat / 2
        if abs(bent) < _BENT * firm:
            lean = (firm * lean - bent * lean.conjugate()) / (firm * firm - abs(bent) ** 2)
        else:
            lean /= stiff
        lean = _held(lean)
        growth = _held(growth - slope.conjugate() * lean)
        more = 1 + growth
        p1, p2, p3 = more * p1 + lean * c1, more * p2 + lean * c2, more * p3 + lean * c3
        found, grown = nearest_rotation((p1.real, p2.real, p3.real), (p1.imag, p2.imag, p3.imag))
        grown = max(size * grown, _LEAST_SIZE)
        return found, grown, _Slopes(flat, slope, stiff), abs(growth) + abs(lean)


class _Slopes(NamedTuple):
    """The weights of the equations of a step, for a head of size 1.

    Attributes:
        flat: weight of a turn in the picture, and of growth.
        mixed: how much of these a lean brings with it.
        stiff: weight of a lean that is free of both.
    """

    flat: float
    mixed: complex
    stiff: float

    def covariance(self, size: float) -> Matrix:
        """Covariance of a rotation vector, square radians: the inverse of the equations."""
        square = size * size
        lean = 1 / (square * self.stiff + _KEEP)
        xz, yz = self.mixed.real * lean, self.mixed.imag * lean
        about = 1 / (square * self.flat + _KEEP) + self.mixed.real * xz + self.mixed.imag * yz
        return (lean, 0.0, xz), (0.0, lean, yz), (xz, yz, about)


def outlines(head: Head) -> Floats:
    """(Y, 3, 68) points of a head, cm, at each yaw from -90 to 90 degrees."""
    points, _ = head.at(np.arange(-90.0, 90.0 + _APART / 2, _APART))
    return points


@functools.lru_cache(maxsize=4)
def products(head: Head) -> Floats:
    """(Y, 10, 68) products of any two of these: 1, x, y, z, xx, xy, xz, yy, yz, zz."""
    points = outlines(head)
    rows = np.concatenate([np.ones_like(points[:, :1]), points], axis=1)
    first, second = np.triu_indices(4)
    found: Floats = rows[:, first] * rows[:, second]
    return found


@functools.lru_cache(maxsize=32)
def variances(head: Head, looseness: tuple[float, float]) -> Floats:
    """(68,) square centimetres: how far heads and labels differ from a head, each coordinate."""
    jaw, every = looseness
    modes = (head.modes**2).sum(axis=1).mean(axis=(0, 1))
    found: Floats = head.spreads**2 + modes + every**2
    found[:_JAW] += jaw**2
    return found


@dataclass(frozen=True, eq=False)
class EvenSums:
    """Sums over landmarks that are all equally sure, for each of Y outlines.

    Attributes:
        middles, squares: as in `_Sums`.
        maps: (Y, 68, 4): x and y (2, 68) of landmarks times it are `across` and `centre`.
        affine: (68, 3): likewise rows of the affine map from the frontal head without its jaw.
    """

    middles: list[Row]
    squares: list[Square]
    maps: Floats
    affine: Floats


@functools.lru_cache(maxsize=32)
def even_sums(head: Head, looseness: tuple[float, float]) -> EvenSums:
    """The sums of a head, by least squares with the variances of heads alone."""
    points, weights = outlines(head), 1 / variances(head, looseness)
    middles, squares, maps = _moments(points, weights)
    without_jaw = np.where(np.arange(68) < _JAW, 0, weights)
    _, (square,), (frontal,) = _moments(points[len(points) // 2][None], without_jaw)
    upper = np.triu_indices(3)
    affine = np.linalg.solve(square + _FLAT * np.eye(3), frontal[:, :3].T).T.copy()
    return EvenSums(
        [tuple(row) for row in middles.tolist()],
        [tuple(row) for row in squares[:, upper[0], upper[1]].tolist()],
        maps,
        affine,
    )


def _moments(points: Floats, weights: Floats) -> tuple[Floats, Floats, Floats]:
    """Middles (Y, 3), squares (Y, 3, 3) and maps (Y, 68, 4) of points (Y, 3, 68)."""
    weights = weights / weights.sum()
    middles = points @ weights
    around = points - middles[:, :, None]
    squares = (around * weights) @ around.transpose(0, 2, 1)
    centre = np.ones((len(points), 1, 68))
    maps = (np.concatenate([around, centre], axis=1) * weights).transpose(0, 2, 1)
    return middles, squares, np.ascontiguousarray(maps)


def _nearest_row(turn: Matrix, count: int) -> int:
    """The row of the tables for the yaw of a rotation."""
    yaw = math.degrees(math.atan2(turn[0][2], turn[2][2]))
    return min(max(round((yaw + 90) / _APART), 0), count - 1)


def _flat(seen: Floats, depth: Floats, size: float, place: complex, camera: Camera) -> Floats:
    """Ones, x and y (3, 68) without perspective, by depths (68,) in centimetres."""
    near = np.maximum(1 - size / camera.focal * depth, _NEAREST)
    axis = np.array([[0.0], [place.real], [place.imag]])
    if camera.axis is not None:
        axis[1:, 0] = camera.axis
    flat: Floats = axis + (seen - axis) * near
    flat[0] = 1
    return flat


def _held(step: complex) -> complex:
    length = abs(step)
    return step if length <= _MOST else step * (_MOST / length)
