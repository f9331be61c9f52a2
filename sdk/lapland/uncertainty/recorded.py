"""Confidence and radii that a file holds, in the place of the calibration they came from.

The textures of such faces are the record itself: a row is the confidence, then the radii of all
landmarks in pixels, at each of `RECORDED` in turn.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..base.arrays import Floats
from ..base.errors import ModelError
from ..schemes.scheme import Scheme
from .calibration import Calibration
from .estimate import Estimate
from .weibull import weibull_place

RECORDED = (0.5, 0.9)  # probabilities of the radii in a file
_LEAST = 1e-4  # pixels; files hold thousandths
_MOST = 20.0  # logarithm of pixels, so that radii stay finite with any file


@dataclass(frozen=True, eq=False)
class Recorded:
    """Reads radii and confidence out of rows of numbers, as `Calibration` estimates them.

    Attributes:
        scheme: the annotation scheme.
        has_radii: whether the rows hold radii; files of the first versions of lapland do not.
        labels: the training data, as a calibration names it. Files of earlier versions do not name
            it; then it is that of the default models.
    """

    scheme: Scheme
    has_radii: bool
    labels: str = "open"

    @property
    def columns(self) -> int:
        """How many numbers a row has."""
        return 1 + len(RECORDED) * self.scheme.size * self.has_radii

    def estimate(
        self, landmarks: Floats, scales: Floats, textures: Floats, *_: object
    ) -> "Written":
        """Radii and confidence of faces, by the rows that are their textures."""
        return Written(self, textures)


@dataclass(frozen=True, eq=False)
class Written:
    """Radii and confidence of the faces of N rows.

    Attributes:
        of: the layout of the rows.
        rows: (N, `of.columns`).
    """

    of: Recorded
    rows: Floats

    def radii(self, probability: float) -> NDArray[np.float32]:
        """(N, K) float32 pixels: those of the file at 50 and 90 %.

        Others lie on the Weibull distribution through these two. From 50 to 95 % they differ from
        the calibration's by some 2 %, 5 % at most; at 99 % by some 9 %.

        Raises:
            OptionError: the probability is not between 0 and 1.
            ModelError: the file holds no radii.
        """
        place = weibull_place(probability)
        if not self.of.has_radii:
            raise ModelError(
                "expected faces with radii; these were read from a line without `radius_50` and "
                "`radius_90`, as earlier versions wrote them: predict the photo again"
            )
        written = self.rows[:, 1:].reshape(len(self.rows), len(RECORDED), self.of.scheme.size)
        low, high = np.moveaxis(np.log(np.maximum(written, _LEAST, dtype=np.float64)), 1, 0)
        first, last = map(weibull_place, RECORDED)
        part = (place - first) / (last - first)
        logs = np.minimum(low + (high - low) * part, _MOST)
        radii: NDArray[np.float32] = np.exp(logs).astype(np.float32)
        return radii

    def confidence(self) -> NDArray[np.float32]:
        """(N,) float32, as written."""
        return self.rows[:, 0].astype(np.float32)


AnyCalibration = Calibration | Recorded
AnyEstimate = Estimate | Written
