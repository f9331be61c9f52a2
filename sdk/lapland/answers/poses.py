"""Results of `Faces.pose`: angles, how sure they are, and rotations, of one head or of N.

Angles, as the viewer sees the picture, in degrees:

| angle | zero | positive |
|---|---|---|
| yaw | the face looks into the camera | the nose points to the left of the picture |
| pitch | the face looks into the camera | the face looks up |
| roll | the eyes are level | the head leans clockwise, the eye on the picture's right is lower |
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .intervals import half_width


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
    """Poses of N heads; the arrays are read-only. `poses[0]` and iteration give a `Pose`.

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
