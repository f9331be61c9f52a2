"""Head pose: the 3D head turned so that its points fall on the landmarks, and how sure that is.

Angles, as the viewer sees the picture, in degrees:

| angle | zero | positive |
|---|---|---|
| yaw | the face looks into the camera | the nose points to the left of the picture |
| pitch | the face looks into the camera | the face looks up |
| roll | the eyes are level | the head leans clockwise, the eye on the picture's right is lower |

The rotation is R = Rx(-pitch) Ry(-yaw) Rz(-roll) and takes the head's axes (x to the picture's
right, y up, z to the viewer) to those of the camera. These are the conventions of 300W-LP.

The fit is least squares over position, size, rotation and the coefficients of the head's modes, by
Gauss-Newton. Each landmark counts by its own radius, so a covered part of the face counts little.
The covariance of the solution gives the standard deviation of each angle; it grows with the radii,
and for faces in profile, as networks place hidden landmarks too near.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base.errors import GeometryError, OptionError, shown
from .head import Floats, Head, load_head
from .intervals import half_width

_CHUNK = 64  # faces that are fitted together; more fall out of the processor's caches
_STEPS = 3  # of Gauss-Newton; a fourth moves one angle of a hundred by 0.15 degrees
_JAW = 17
# Centimetres. The outline of the jaw is annotated loosely, and lies on another part of the skin
# than the head says; and no head is another's by its modes alone.
_LOOSE_JAW, _LOOSE = 1.0, 0.8
# Factors of the deviations of yaw, pitch and roll, set on 102 frontal photos of the London set:
# faces are more alike from side to side than from brow to chin.
_HEADS = np.array([0.8, 1.15, 1.0])
# Networks place landmarks that the head hides too near to the others, so poses of turned faces err
# by more than their radii say. Degrees of yaw from which on that counts, and what each further
# degree adds to the deviations of yaw, pitch and roll; chosen on turned copies of 315 open photos.
_SIDEWAYS, _PROFILE = 20.0, np.array([0.6, 0.45, 0.4])
_MOST_TURN, _MOST_GROWTH = 0.5, 0.3  # of one step: radians, and logarithm of the size
_LEAST_DEVIATION = 1e-3  # pixels


@dataclass(frozen=True)
class Pose:
    """Pose of one head; see `Poses` for signs and units.

    Attributes:
        yaw: degrees, positive if the nose points to the left of the picture.
        pitch: degrees, positive if the face looks up.
        roll: degrees, positive if the head leans clockwise on the screen.
        deviations: (3,) float32 degrees, standard deviation of yaw, pitch and roll.
        rotation: (3, 3) float32, head axes -> camera axes (x right, y up, z to the viewer).
        size: pixels per centimetre at the middle of the face.
        distance: centimetres from the camera to the middle of the face; None without `focal`.
    """

    yaw: float
    pitch: float
    roll: float
    deviations: NDArray[np.float32]
    rotation: NDArray[np.float32]
    size: float
    distance: float | None = None

    def radius(self, probability: float) -> NDArray[np.float32]:
        """(3,) degrees: see `Poses.radius`."""
        return (self.deviations * half_width(probability)).astype(np.float32)

    def to_dict(self) -> dict[str, Any]:
        """Plain numbers: angles in degrees, `radius` of 90 %, and the distance if it is known."""
        plain: dict[str, Any] = {
            "yaw": round(self.yaw, 2),
            "pitch": round(self.pitch, 2),
            "roll": round(self.roll, 2),
            "radius_90": [round(float(v), 2) for v in self.radius(0.9)],
        }
        if self.distance is not None:
            plain["distance_cm"] = round(self.distance, 1)
        return plain


@dataclass(frozen=True, eq=False)
class Poses:
    """Poses of N heads. `poses[0]` and iteration give a `Pose`.

    Attributes:
        angles: (N, 3) float32 degrees: yaw (positive: the nose points to the left of the picture),
            pitch (positive: the face looks up), roll (positive: the head leans clockwise on the
            screen). All are 0 for a face that looks into the camera with level eyes.
        deviations: (N, 3) float32 degrees, standard deviations of the angles.
        rotations: (N, 3, 3) float32, head axes -> camera axes (x right, y up, z to the viewer).
        sizes: (N,) float32, pixels per centimetre at the middle of the face.
        distances: (N,) float32 centimetres from the camera to the middle of the face, for a head of
            mean size; None without `focal`.
    """

    angles: NDArray[np.float32]
    deviations: NDArray[np.float32]
    rotations: NDArray[np.float32]
    sizes: NDArray[np.float32]
    distances: NDArray[np.float32] | None = None

    @property
    def yaw(self) -> NDArray[np.float32]:
        """(N,) degrees, positive if the nose points to the left of the picture."""
        return self.angles[:, 0]

    @property
    def pitch(self) -> NDArray[np.float32]:
        """(N,) degrees, positive if the face looks up."""
        return self.angles[:, 1]

    @property
    def roll(self) -> NDArray[np.float32]:
        """(N,) degrees, positive if the head leans clockwise on the screen."""
        return self.angles[:, 2]

    def radius(self, probability: float) -> NDArray[np.float32]:
        """(N, 3) degrees: the true angle lies within this of `angles` with the probability.

        Raises:
            OptionError: the probability is not between 0 and 1.
        """
        return (self.deviations * half_width(probability)).astype(np.float32)

    def __len__(self) -> int:
        return len(self.angles)

    def __getitem__(self, index: int) -> Pose:
        yaw, pitch, roll = self.angles[index].tolist()
        return Pose(
            yaw,
            pitch,
            roll,
            self.deviations[index],
            self.rotations[index],
            float(self.sizes[index]),
            None if self.distances is None else float(self.distances[index]),
        )


def head_poses(
    landmarks: NDArray[Any],
    deviations: NDArray[Any],
    *,
    focal: float | None = None,
    centre: ArrayLike | None = None,
) -> Poses:
    """Poses of heads from 68 landmarks.

    Args:
        landmarks: (N, 68, 2), image pixels.
        deviations: (N, 68), standard deviation of each coordinate, pixels.
        focal: focal length of the camera in pixels; None fits without perspective, and gives no
            distances.
        centre: (x, y) of the optical axis in image pixels, usually the middle of the image. With
            `focal`, angles are those to the camera's axes; None takes the middle of each face,
            which gives the angles to the line of sight.

    Raises:
        OptionError: `focal` is no number above 0.
        GeometryError: `centre` is no point.
    """
    if focal is not None and not 0 < focal < np.inf:
        raise OptionError(f"focal: expected a length in pixels above 0, not {shown(focal)}")
    middle = _checked_centre(centre, focal)
    chunks = [slice(i, i + _CHUNK) for i in range(0, len(landmarks), _CHUNK)] or [slice(0)]
    fits = [_Fit(load_head(), landmarks[c], deviations[c], focal, middle) for c in chunks]
    covariances = np.concatenate([fit.run() for fit in fits])
    rotations = np.concatenate([fit.rotations for fit in fits])
    sizes = np.concatenate([fit.sizes for fit in fits])
    angles = angles_of(rotations)
    spread = _deviations(rotations, angles, covariances)
    return Poses(
        angles.astype(np.float32),
        np.hypot(spread, _unexplained(angles)).astype(np.float32),
        rotations.astype(np.float32),
        sizes.astype(np.float32),
        None if focal is None else (focal / sizes).astype(np.float32),
    )


def angles_of(rotations: Floats) -> Floats:
    """(N, 3) yaw, pitch and roll in degrees of (N, 3, 3) rotations."""
    yaw = np.arcsin(np.clip(-rotations[:, 0, 2], -1, 1))
    pitch = np.arctan2(rotations[:, 1, 2], rotations[:, 2, 2])
    roll = np.arctan2(rotations[:, 0, 1], rotations[:, 0, 0])
    angles: Floats = np.rad2deg(np.stack([yaw, pitch, roll], axis=-1))
    return angles


def rotations_of(angles: Floats) -> Floats:
    """The inverse of `angles_of`."""
    yaw, pitch, roll = np.deg2rad(-np.asarray(angles, np.float64)).T
    axes = np.eye(3)
    x, y, z = (
        exponential(angle[:, None] * axis)
        for angle, axis in zip((pitch, yaw, roll), axes, strict=True)
    )
    turned: Floats = x @ y @ z
    return turned


def exponential(vectors: Floats) -> Floats:
    """(N, 3) rotation vectors in radians -> (N, 3, 3) rotations, by Rodrigues' formula."""
    length = np.linalg.norm(vectors, axis=-1)[:, None, None]
    axis = _cross(vectors / np.maximum(length[..., 0], 1e-12))
    turned: Floats = np.eye(3) + np.sin(length) * axis + (1 - np.cos(length)) * (axis @ axis)
    return turned


def _cross(vectors: Floats) -> Floats:
    """(..., 3) -> (..., 3, 3), the matrix v x."""
    x, y, z = np.moveaxis(vectors, -1, 0)
    zero = np.zeros_like(x)
    rows = ((zero, -z, y), (z, zero, -x), (-y, x, zero))
    crossed: Floats = np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)
    return crossed


class _Fit:
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


def _deviations(rotations: Floats, angles: Floats, covariances: Floats) -> Floats:
    """(N, 3) degrees: standard deviations of the angles, from those of the rotation vector."""
    least = 1e-4
    turns = np.repeat(least * np.eye(3)[None], len(rotations), axis=0)  # (N, 3, 3)
    moved = [angles_of(exponential(turns[:, i]) @ rotations) for i in range(3)]
    slopes = np.stack([_wrapped(there - angles) / least for there in moved], axis=-1)
    variances = np.einsum("nij,njk,nik->ni", slopes, covariances, slopes)
    spread: Floats = np.sqrt(np.maximum(variances, 0)) * _HEADS
    return spread


def _wrapped(degrees: Floats) -> Floats:
    wrapped: Floats = (degrees + 180) % 360 - 180
    return wrapped


def _unexplained(angles: Floats) -> Floats:
    """(N, 3) degrees: deviation by what neither radii nor modes know, growing in profile."""
    beyond: Floats = np.maximum(np.abs(angles[:, :1]) - _SIDEWAYS, 0)
    return np.asarray(beyond * _PROFILE, np.float64)


def _checked_centre(centre: ArrayLike | None, focal: float | None) -> Floats | None:
    if centre is None:
        return None
    try:
        point = np.asarray(centre, np.float64)
    except (TypeError, ValueError) as error:
        raise GeometryError(f"centre: expected (x, y) in pixels, not {shown(centre)}") from error
    if point.shape != (2,) or not np.isfinite(point).all():
        raise GeometryError(f"centre: expected (x, y) in finite pixels, not {shown(centre)}")
    if focal is None:
        raise OptionError("centre: expected `focal` beside it, the focal length in pixels")
    return point
