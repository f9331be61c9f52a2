"""The motion of one face: where its five points are, how they move, where they will be."""

import cmath
import math
from dataclasses import dataclass, field

import numpy as np

from ..crop.five_points import as_complex, as_points, fits
from .matching import Points

_VELOCITY_RATE = 0.3
# Least motion in a frame that is extrapolated, in longer sides of the five points; and least change
# of size (its logarithm) and roll (radians), more than a mouth that opens makes.
_STEADY, _STEADY_TURN = 0.03, 0.04
_FORESEEN = 0.1  # seconds for which motion is expected to continue


def extent(five_points: Points) -> float:
    """Longer side of the rectangle of five points (5, 2), pixels."""
    return float((five_points.max(axis=0) - five_points.min(axis=0)).max())


def _zeros() -> Points:
    return np.zeros(2)


@dataclass(eq=False)
class Motion:
    """Place and speed of a face.

    Attributes:
        five_points: (5, 2), image pixels; the next crop comes from them.
        velocity: (2,) image pixels a second, from the last frame to this one.
        steady: True if the motion keeps its direction and is large enough to extrapolate.
        turn: growth (real part, of the logarithm of its size) and roll (imaginary part, radians) a
            second, from the last frame to this one.
        turning: True if the turn keeps its direction and is large enough to extrapolate.
        mean_velocity: (2,) image pixels a second, over some frames.
    """

    five_points: Points
    velocity: Points = field(default_factory=_zeros)
    steady: bool = False
    turn: complex = 0j
    turning: bool = False
    mean_velocity: Points = field(default_factory=_zeros)

    def foreseen(self, seconds: float) -> Points:
        """(5, 2), the expected five points of the next frame: a steady motion continues."""
        time = min(seconds, _FORESEEN)
        five: Points = self.five_points + self.velocity * time if self.steady else self.five_points
        if self.turning:
            centre = five.mean(axis=0)
            further = as_complex(five - centre) * cmath.exp(self.turn * time)
            five = centre + as_points(further)
        return five

    def moved_to(self, five_points: Points, seconds: float) -> None:
        """Takes the five points of the next frame, and the speed that follows."""
        velocity = (five_points - self.five_points).mean(axis=0) / seconds
        # Two steps of a size that matters, in about one direction: shaking is no motion to
        # extrapolate, and a still face must not inherit the noise of its speed.
        long = math.sqrt(velocity @ velocity)
        agree = velocity @ self.velocity > 0.5 * long * math.sqrt(self.velocity @ self.velocity)
        self.steady = bool(agree) and long * seconds > _STEADY * extent(five_points)
        self.velocity = velocity
        size, before = fits(np.stack([five_points, self.five_points])).tolist()
        turn = cmath.log(size / before) / seconds if size and before else 0j
        agree = (turn * self.turn.conjugate()).real > 0.5 * abs(turn) * abs(self.turn)
        self.turning = agree and abs(turn) * seconds > _STEADY_TURN
        self.turn = turn
        self.mean_velocity = self.mean_velocity + _VELOCITY_RATE * (velocity - self.mean_velocity)
        self.five_points = five_points

    def corrected(self, five_points: Points) -> None:
        """Takes better five points of this frame. The speed stays: the face did not jump."""
        self.five_points = five_points

    def rest(self) -> None:
        """Forgets the speed."""
        self.velocity = self.mean_velocity = _zeros()
        self.turn, self.steady, self.turning = 0j, False, False
