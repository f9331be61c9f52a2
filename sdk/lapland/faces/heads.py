"""Heads, eyes and mouths of faces: the turn of a head, and how far eyes and mouth are open."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..base.once import once
from ..schemes.ibug68 import expect_68
from .certainty import FacesCertainty

if TYPE_CHECKING:  # the methods import these when they are called
    from ..answers.openness import Eyes, Mouth
    from ..answers.poses import Poses


class FacesHeads(FacesCertainty):
    """Pose, eyes and mouth of N faces."""

    def pose(self, focal: float | None = None, centre: ArrayLike | None = None) -> "Poses":
        """Where each head turns, and how sure that is.

        Yaw is positive if the nose points to the left of the picture, pitch if the face looks up,
        roll if the head leans clockwise on the screen; all are 0 for a face that looks into the
        camera.

        Args:
            focal: focal length of the camera in pixels, for distances.
            centre: (x, y) of the optical axis in image pixels, usually the middle of the image:
                angles are then those to the camera's axes, not to the line of sight.

        Raises:
            OptionError: the landmarks are not the 68 of `IBUG68`, or `focal` is no length.
        """
        from ..answers.pose import head_poses

        expect_68(self.scheme, "pose")
        if focal is None and centre is None:
            return self._poses
        return head_poses(self.landmarks, self._deviations, focal=focal, centre=centre)

    @property
    def eyes(self) -> "Eyes":
        """How far each eye is open, and the probability that it is closed; arrays (N, 2).

        Raises:
            OptionError: the landmarks are not the 68 of `IBUG68`.
        """
        from ..answers.openness import eyes_of

        expect_68(self.scheme, "eyes")
        return eyes_of(self.landmarks, self._deviations, self._poses, self._labels)

    @property
    def mouth(self) -> "Mouth":
        """How far each mouth is open; arrays (N,).

        Raises:
            OptionError: the landmarks are not the 68 of `IBUG68`.
        """
        from ..answers.openness import mouths_of

        expect_68(self.scheme, "mouth")
        return mouths_of(self.landmarks, self._deviations, self._poses, self._labels)

    def _answer_columns(self, *, pose: bool, eyes: bool) -> dict[str, NDArray[np.float32]]:
        """Name -> (N,) column of a table; the names that `lapland track` gives in its CSV."""
        columns: dict[str, NDArray[Any]] = {}
        if pose:
            poses, names = self.pose(), ("yaw", "pitch", "roll")
            columns |= dict(zip(names, poses.angles.T, strict=True))
            radii = poses.radius(0.9).T
            columns |= {f"{n}_radius_90": row for n, row in zip(names, radii, strict=True)}
        if eyes:
            found = self.eyes
            columns |= dict(zip(("left_eye", "right_eye"), found.openness.T, strict=True))
            columns |= dict(zip(("left_closed", "right_closed"), found.closed.T, strict=True))
            columns["mouth"] = np.asarray(self.mouth.openness, np.float32)
        return columns

    @property
    def _labels(self) -> str:
        return "" if self.calibration is None else self.calibration.labels

    @once
    def _poses(self) -> "Poses":
        """To the line of sight."""
        from ..answers.pose import head_poses

        return head_poses(self.landmarks, self._deviations)
