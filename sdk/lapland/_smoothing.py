"""Smoothing of landmarks over time: less where the face moves, more where the network is unsure.

A One Euro filter (G. Casiez, N. Roussel and D. Vogel, "1 € Filter: A Simple Speed-based Low-pass
Filter for Noisy Input in Interactive Systems", CHI 2012) is a low-pass filter whose cut-off rises
with the speed of its signal: a still signal is smoothed much, a moving one hardly lags.

Here it runs on pose and shape apart. The pose (where the face is, how large, how turned) is one
similarity that follows from all landmarks, so its noise is small and its speed well known; the
shape is what remains. A pan of the camera moves the pose alone: the shape stays still, so it is
smoothed much without any lag of the face as a whole. Landmarks are complex numbers, x + iy, for
which a similarity is z * shape + centre.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ._errors import OptionError

Complex = NDArray[np.complex128]

# Scale of a landmark relative to the radius of its face at which it is smoothed as `Strength` says:
# the median of 300-W's validation faces. At twice the scale the cut-off is half as high.
TYPICAL = 0.05
_SPEED_CUTOFF = 1.0  # Hz, for the speeds that decide the cut-offs; the paper's value
FRAME = 1 / 30  # seconds: what a frame takes where its time is not known


@dataclass(frozen=True)
class Strength:
    """How much is smoothed.

    Attributes:
        pose: cut-off of a face that stands still, Hz.
        pose_gain: what each unit of speed (one radius of the face a second) adds to it, Hz.
        shape: cut-off of a landmark that keeps its place in the face, Hz.
        shape_gain: what each unit of speed adds to it, Hz.
    """

    pose: float
    pose_gain: float
    shape: float
    shape_gain: float


STRENGTHS: dict[str, Strength | None] = {
    "off": None,
    "light": Strength(pose=2.0, pose_gain=12.0, shape=1.5, shape_gain=12.0),
    "strong": Strength(pose=0.8, pose_gain=8.0, shape=0.5, shape_gain=6.0),
}


def strength_named(name: object) -> Strength | None:
    """The strength that `smoothing=` names, None for "off".

    Raises:
        OptionError: there is none of that name.
    """
    if not isinstance(name, str) or name not in STRENGTHS:
        known = ", ".join(f'"{known}"' for known in STRENGTHS)
        raise OptionError(f"smoothing must be one of {known}, not {name!r}")
    return STRENGTHS[name]


class Smoother:
    """Smooths the landmarks of one face, frame after frame.

    Args:
        strength: one of `STRENGTHS`; None passes landmarks on as they are.
    """

    def __init__(self, strength: Strength | None) -> None:
        self._strength = strength
        self._reference: Complex | None = None  # the shape of the first frame, of radius 1

    def __call__(
        self,
        landmarks: NDArray[np.floating[Any]],
        scales: NDArray[np.floating[Any]],
        seconds: float = FRAME,
    ) -> NDArray[np.float32]:
        """Smooths one frame.

        Args:
            landmarks: (K, 2), pixels.
            scales: (K,), pixels.
            seconds: time since the frame before; where it is not above 0, 1/30.

        Returns:
            (K, 2) float32, pixels.
        """
        if self._strength is None:
            return landmarks.astype(np.float32)
        points = np.ascontiguousarray(landmarks, np.float64).view(np.complex128)[:, 0]
        weights = 1 / np.maximum(scales, 1e-3).astype(np.float64) ** 2
        weights /= weights.sum()
        centre = complex(weights @ points)
        shape = points - centre
        if self._reference is None:
            # The face's own first shape, whatever it is: pose is relative to it from here on.
            radius = math.sqrt(float(weights @ (shape.real**2 + shape.imag**2))) or 1.0
            self._reference = shape / radius
            self._radius = complex(radius)
            self._centre = _OneEuro(centre)
            self._turn = _OneEuro(self._radius)
            self._shape = _OneEuro(self._reference)
            return landmarks.astype(np.float32)
        reference = self._reference
        # The similarity of least squares that takes the reference to these landmarks.
        norm = float(weights @ (reference.real**2 + reference.imag**2)) or 1.0
        turn = complex((weights * reference.conj()) @ shape) / norm
        radius = max(abs(turn), 1e-6)
        seconds = seconds if seconds > 0 else FRAME
        how = self._strength
        certainty = np.minimum(1.0, TYPICAL * radius / np.maximum(scales, 1e-3))  # (K,)
        shape = self._shape(
            shape / (turn or 1e-6), seconds, how.shape * certainty, how.shape_gain * certainty
        )
        turn = self._turn(turn, seconds, how.pose, how.pose_gain / radius)
        centre = self._centre(centre, seconds, how.pose, how.pose_gain / radius)
        smooth = shape * turn + centre
        return smooth[:, None].view(np.float64).astype(np.float32)


class _OneEuro:
    """The filter of the paper for a complex number, or an array of them, each on its own."""

    def __init__(self, first: Any) -> None:
        self._value = first
        self._speed: Any = 0 * first

    def __call__(self, value: Any, seconds: float, cutoff: Any, gain: Any) -> Any:
        speed = (value - self._value) / seconds
        self._speed = self._speed + _share(_SPEED_CUTOFF, seconds) * (speed - self._speed)
        share = _share(cutoff + gain * abs(self._speed), seconds)
        self._value = self._value + share * (value - self._value)
        return self._value


def _share(cutoff: Any, seconds: float) -> Any:
    """What a new value counts in a low-pass filter of that cut-off in Hz, 0 to 1."""
    turns = 2 * math.pi * cutoff * seconds
    return turns / (1 + turns)
