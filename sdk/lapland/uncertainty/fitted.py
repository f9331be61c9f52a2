"""The numbers of a calibration: `calibration.py` has their meaning."""

from dataclasses import dataclass

from ..base.arrays import Floats
from ..base.once import once
from ..crop.texture import TEXTURE
from ..schemes.scheme import Scheme
from .border import USUAL, Hidden
from .features import Columns, columns_of


@dataclass(frozen=True, eq=False)
class Fitted:
    """The numbers that a calibration has fitted, and others that follow from them alone.

    Attributes:
        scheme: the annotation scheme.
        low: (F,) least value of each feature in the fit; smaller values count as this.
        high: (F,) largest value likewise.
        weights: (K, 1 + F), a constant and one for each feature, of each landmark.
        levels: (K, 2), least and largest logarithm of the mean error, in sides of the face, between
            which the distribution of the ratio changes with it.
        probabilities: (P,), ascending, at which that distribution was measured.
        quantiles: (K, P, 3), of the natural logarithm of error / mean error: a constant, and a
            weight each of that logarithm and of the spread.
        face: (F,), a constant and one for each feature but the first, whose mean over the landmarks
            counts, of the logarithm of the mean error of a face relative to its side.
        slope: slope of the logistic curve from this logarithm to `confidence`, above 0.
        shift: how far above ln(8 %) the curve has its middle.
        hidden: errors of the landmarks beyond the border of the photo.
        labels: the training data, which decides how the network draws lids and lips; "" if unknown.
    """

    scheme: Scheme
    low: Floats
    high: Floats
    weights: Floats
    levels: Floats
    probabilities: Floats
    quantiles: Floats
    face: Floats
    slope: float
    shift: float
    hidden: Hidden = USUAL
    labels: str = ""

    @property
    def columns(self) -> int:
        """How many numbers the texture of a face has."""
        return TEXTURE + self.scheme.size

    @once
    def places(self) -> Columns:
        """Columns of the features of a face in its row."""
        return columns_of(self.scheme)

    @once
    def row_limits(self) -> tuple[Floats, Floats]:
        """`low` and `high` of each column."""
        return self.places.values(self.low), self.places.values(self.high)

    @once
    def row_weights(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Weights of the columns: own (K,), detail (K,), shared (S, K), and the constants (K,)."""
        constant, own, *_, detail = self.weights.T.copy()
        return own, detail, self.places.weights(self.weights[:, 1:]), constant
