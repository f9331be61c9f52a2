"""How sure faces are: radii of landmarks, and confidence."""

import numpy as np
from numpy.typing import NDArray

from ..base.arrays import Float32
from ..base.errors import ModelError
from ..base.once import once
from ..schemes.scheme import Scheme
from ..uncertainty.border import ImageSize
from ..uncertainty.recorded import AnyCalibration, AnyEstimate

# Half of the landmarks lie within 1.18 standard deviations of their coordinates.
_HALF = float(np.sqrt(2 * np.log(2)))
_UNCALIBRATED = 0.8  # deviations in Laplace scales, about the mean of the shipped models


class FacesCertainty:
    """Radii and confidence of N faces, and the arrays behind all answers."""

    landmarks: Float32
    scales: Float32
    scheme: Scheme
    textures: Float32 | None
    calibration: AnyCalibration | None
    image_size: ImageSize | None

    def radius(self, probability: float) -> Float32:
        """How far from each landmark its true place lies at most, with a probability.

        Half of the landmarks lie within `radius(0.5)`, nine in ten within `radius(0.9)`: measured
        on annotated faces that the network was not trained on, sharp ones and corrupted ones. The
        true place is the annotation, which has errors of its own. Landmarks at the border of the
        photo and beyond have radii of landmarks that are not seen.

        Args:
            probability: above 0 and below 1. 1 to 99 % were measured; beyond,
                a Weibull distribution continues them.

        Returns:
            (N, K) float32, image pixels: the radius of a circle about each landmark.

        Raises:
            OptionError: the probability is not between 0 and 1.
            ModelError: the faces come from a model without calibration.
        """
        return self._estimate.radii(probability)

    @property
    def confidence(self) -> Float32:
        """(N,) float32, 0 to 1: the probability that the landmarks of a face are good.

        Good is a mean error below 8 % of the distance of the outer corners of the eyes (of the side
        of the face, for schemes without these). `faces[faces.confidence > 0.5]` leaves out the
        faces that are probably not good.

        Raises:
            ModelError: the faces come from a model without calibration.
        """
        return self._estimate.confidence()

    # The arrays of faces do not change, so the common part of several answers is computed once.
    @once
    def _estimate(self) -> AnyEstimate:
        """Radii and confidence.

        Raises:
            ModelError: the faces come from a model without calibration.
        """
        if self.calibration is None or self.textures is None:
            raise ModelError(
                "expected faces of a calibrated model; these come from a model without "
                "calibration; `python -m export.rcn WEIGHTS --data FOLDER` calibrates a model"
            )
        faces = self.landmarks, self.scales, self.textures
        return self.calibration.estimate(*faces, self.image_size)

    @once
    def _deviations(self) -> NDArray[np.float64]:
        """(N, K) standard deviation of each coordinate, pixels; from scales if uncalibrated."""
        if self.calibration is None or not self.calibration.has_radii:
            return self.scales.astype(np.float64) * _UNCALIBRATED
        return self._estimate.radii(0.5).astype(np.float64) / _HALF
