"""Smoothing of landmarks over time: less for moving ones, more for unsure ones.

The One Euro filter (G. Casiez, N. Roussel and D. Vogel, "1 € Filter: A Simple Speed-based Low-pass
Filter for Noisy Input in Interactive Systems", CHI 2012): a low-pass filter whose cut-off rises
with the speed of its signal, so that a still landmark is smoothed much and a moving one hardly
lags. Three things are added. Speeds are in radii of the face, so that near and far faces behave
alike; the cut-off falls with the square of the landmark's scale, as the weight of a measurement
does with its variance; and the motion that most landmarks share has a filter of its own, so that
those of a face that moves as a whole are smoothed as those of a still one are.

Size and roll of the face apart gave no more. Landmarks are complex numbers, x + iy, so that speed
has one size in all directions.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.errors import OptionError, shown

FRAME = 1 / 30  # duration of a frame in seconds if its time is not known
# Largest scale of a landmark, in radii of its face, that `Strength` alone smooths: the scale that
# most landmarks of a sharp, well lit face have.
_SURE = 0.05
# Hz, for the speeds that decide the cut-offs. The paper's 1 Hz notices motion so late that lips
# lag by half as much again.
_SPEED_CUTOFF = 3.0


@dataclass(frozen=True)
class Strength:
    """How much is smoothed.

    Attributes:
        cutoff: cutoff of a landmark that is still, Hz.
        gain: increase of the cutoff for a speed of one radius of the face a second, Hz.
    """

    cutoff: float
    gain: float


STRENGTHS: dict[str, Strength | None] = {
    "off": None,
    "light": Strength(cutoff=0.5, gain=40.0),
    "strong": Strength(cutoff=0.3, gain=15.0),
}


def strength_named(name: object) -> Strength | None:
    """The strength that `smoothing=` names, None for "off".

    Raises:
        OptionError: there is none of that name.
    """
    if not isinstance(name, str) or name not in STRENGTHS:
        known = ", ".join(f'"{known}"' for known in STRENGTHS)
        raise OptionError(f"smoothing must be one of {known}, not {shown(name)}")
    return STRENGTHS[name]


class Smoother:
    """Smooths the landmarks of one face, frame after frame.

    Args:
        strength: one of `STRENGTHS`; None leaves landmarks unchanged.
    """

    def __init__(self, strength: Strength | None) -> None:
        self._strength = strength
        self._places: NDArray[np.complex128] | None = None  # (K,)
        self._speeds: Any = 0.0  # (K,), pixels a second
        self._last: Any = None  # (K,), the last landmarks before smoothing
        self._velocity = 0j  # of the face, pixels a second

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
            seconds: time since the frame before; 1/30 if it is not above 0.

        Returns:
            (K, 2) float32, pixels.
        """
        if self._strength is None:
            return landmarks.astype(np.float32)
        new = np.ascontiguousarray(landmarks, np.float64).view(np.complex128)[:, 0]
        old, last = self._places, self._last
        self._last = new
        if old is None:
            self._places = new
            return landmarks.astype(np.float32)
        seconds = seconds if seconds > 0 else FRAME
        from_centre = new - new.mean()
        radius = max(math.sqrt(np.vdot(from_centre, from_centre).real / len(new)), 1e-6)
        certainty = np.minimum(1.0, _SURE * radius / np.maximum(scales, 1e-6)) ** 2  # (K,)
        rate, gain = _share(_SPEED_CUTOFF, seconds), self._strength.gain / radius
        motion = _middle(new - last)
        self._velocity += rate * (motion / seconds - self._velocity)
        cutoff = self._strength.cutoff + gain * abs(self._velocity)
        old = old + _share(float(certainty.mean()) * cutoff, seconds) * motion
        step = new - old
        self._speeds = self._speeds + rate * (step / seconds - self._speeds)
        cutoff = self._strength.cutoff + gain * np.abs(self._speeds)
        self._places = old + _share(certainty * cutoff, seconds) * step
        return self._places[:, None].view(np.float64).astype(np.float32)


def _middle(steps: NDArray[np.complex128]) -> complex:
    """How most landmarks move: the median of each coordinate, which a mouth does not change."""
    half = len(steps) // 2
    return complex(np.partition(steps.real, half)[half], np.partition(steps.imag, half)[half])


def _share(cutoff: Any, seconds: float) -> Any:
    """Weight of a new value in a low-pass filter with a cut-off in Hz, 0 to 1."""
    turns = 2 * math.pi * cutoff * seconds
    return turns / (1 + turns)
