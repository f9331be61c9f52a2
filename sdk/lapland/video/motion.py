"""The motion of one face: its five points now, their velocity, and a forecast."""

import cmath
import math
from dataclasses import dataclass, field, replace

import numpy as np

from ..crop.five_points import as_complex, as_points, fits
from .matching import Points

_VELOCITY_TIME = 0.1  # time constant of the mean velocity, seconds
# Least motion in a frame that is extrapolated, in longer sides of the five points; and least change
# of size (its logarithm) and roll (radians), more than a mouth that opens makes. They exceed the
# noise of landmarks, which is the same for frames of any duration.
_STEADY, _STEADY_TURN = 0.03, 0.04
# Longest forecast in seconds; or the time of a frame, if that is longer.
_FORESEEN = 0.1


def extent(five_points: Points) -> float:
    """Longer side of the rectangle of five points (5, 2), pixels."""
    return float((five_points.max(axis=0) - five_points.min(axis=0)).max())


def _no_motion() -> Points:
    return np.zeros(2)


@dataclass(frozen=True, eq=False)
class Motion:
    """Place and speed of a face in one frame.

    Attributes:
        five_points: (5, 2), image pixels; the next crop comes from them.
        velocity: (2,) image pixels a second, from the last frame to this one.
        steady: True if the motion keeps its direction and is large enough to extrapolate.
        turn: growth (real part, of the logarithm of its size) and roll (imaginary part, radians) a
            second, from the last frame to this one.
        turning: True if the turn keeps its direction and is large enough to extrapolate.
        mean_velocity: (2,) image pixels a second, over some frames.
        seconds: from the last frame to this one.
    """

    five_points: Points
    velocity: Points = field(default_factory=_no_motion)
    steady: bool = False
    turn: complex = 0j
    turning: bool = False
    mean_velocity: Points = field(default_factory=_no_motion)
    seconds: float = 0.0

    def foreseen(self, seconds: float) -> Points:
        """(5, 2), the expected five points of the next frame: a steady motion continues."""
        time = min(seconds, max(_FORESEEN, self.seconds))
        five: Points = self.five_points + self.velocity * time if self.steady else self.five_points
        if self.turning:
            centre = five.mean(axis=0)
            further = as_complex(five - centre) * cmath.exp(self.turn * time)
            five = centre + as_points(further)
        return five

    def moved_to(self, five_points: Points, seconds: float) -> "Motion":
        """The motion in the next frame, whose five points (5, 2) are these."""
        velocity = (five_points - self.five_points).mean(axis=0) / seconds
        # Motion needs two large enough steps in about one direction: shaking cannot be
        # extrapolated, and noise must not move a still face.
        long = math.sqrt(velocity @ velocity)
        agree = velocity @ self.velocity > 0.5 * long * math.sqrt(self.velocity @ self.velocity)
        size, before = fits(np.stack([five_points, self.five_points])).tolist()
        turn = cmath.log(size / before) / seconds if size and before else 0j
        along = (turn * self.turn.conjugate()).real > 0.5 * abs(turn) * abs(self.turn)
        share = 1 - math.exp(-seconds / _VELOCITY_TIME)
        return Motion(
            five_points,
            velocity,
            bool(agree) and long * seconds > _STEADY * extent(five_points),
            turn,
            along and abs(turn) * seconds > _STEADY_TURN,
            self.mean_velocity + share * (velocity - self.mean_velocity),
            seconds,
        )

    def corrected(self, five_points: Points) -> "Motion":
        """The same motion at better five points (5, 2) of this frame: the face did not jump."""
        return replace(self, five_points=five_points)

    def at_rest(self) -> "Motion":
        """No motion, at the same place."""
        return Motion(self.five_points)
