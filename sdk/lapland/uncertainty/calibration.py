"""From scales to pixels: how far off a landmark is with a given probability.

A network's scale says which landmarks are surer than others, and no more. On faces whose landmarks
are known, `training.calibrate` fits the mean error,

    error = side of the face * exp(weights . features),

and how the ratio of error to that mean is distributed: the logarithm of each of its quantiles is

    quantile . (1, logarithm of the mean error, spread of the face's scales),

since large errors are more alike than small ones, and if a part of the face is covered, some
landmarks are far off and the others are not. Features are scales, of the landmark, its group and
its face, and the texture of the crop. Both are written into the model's metadata.
Everything is relative to the size of the face: a photo of twice the size has radii of twice the
length.
"""

import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..base.arrays import Floats
from ..schemes.scheme import Scheme
from .border import USUAL, Hidden, ImageSize
from .estimate import Estimate
from .features import FEATURES
from .fitted import Fitted

_MOST = 100  # probabilities; each takes three numbers of every landmark
_MOST_INVERSE_SHAPE = 20.0  # so that radii stay finite with any file
LEAST_GROWTH = 0.1  # of the logarithm of a radius with that of the mean error


@dataclass(frozen=True, eq=False)
class Calibration(Fitted):
    """The meaning of a model's scales, as stored in its metadata: radii and confidence of faces."""

    has_radii = True

    def radii(
        self,
        landmarks: Floats,
        scales: Floats,
        textures: Floats,
        probability: float,
        image_size: ImageSize | None = None,
    ) -> NDArray[np.float32]:
        """Radius that holds each landmark with a probability, in pixels.

        Args:
            landmarks: (N, K, 2), image pixels.
            scales: (N, K), image pixels.
            textures: (N, 5 + K), of `texture`.
            probability: above 0 and below 1. Beyond the probabilities of the fit (1 to 99 %) a
                Weibull distribution continues them.
            image_size: width and height of the photo, beyond which no landmark is seen; None if
                it is not known.

        Returns:
            (N, K) float32.

        Raises:
            OptionError: the probability is not between 0 and 1.
        """
        return self.estimate(landmarks, scales, textures, image_size).radii(probability)

    def confidence(
        self,
        landmarks: Floats,
        scales: Floats,
        textures: Floats,
        image_size: ImageSize | None = None,
    ) -> NDArray[np.float32]:
        """(N,) float32, the probability that the mean error of a face is below 8 % of d.

        d is the distance of the outer corners of the eyes, or, if the scheme has none, the side
        of the square that has the area of the box of the landmarks. `image_size` is that of
        `radii`.
        """
        return self.estimate(landmarks, scales, textures, image_size).confidence()

    def estimate(
        self,
        landmarks: Floats,
        scales: Floats,
        textures: Floats,
        image_size: ImageSize | None = None,
    ) -> Estimate:
        """The common part of `radii` and `confidence` of the same faces; arguments as theirs."""
        return Estimate(self, landmarks, scales, textures, image_size)

    @classmethod
    def from_json(cls, text: str, scheme: Scheme, labels: str = "") -> "Calibration":
        """Reads the text of `to_json`, which does not hold the labels.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        content = json.loads(text)
        if len(content["low"]) != FEATURES:
            raise ValueError(
                f"calibration: expected {FEATURES} features, found {len(content['low'])}, as of "
                "another version of lapland"
            )
        k, count = scheme.size, 1 + FEATURES
        if not 2 <= len(content["probabilities"]) <= _MOST:
            raise ValueError(f"calibration: expected 2 to {_MOST} probabilities")
        weights, levels = np.zeros((k, count)), np.zeros((k, 2))
        quantiles = np.zeros((k, len(content["probabilities"]), 3))
        for name, indices in scheme.groups.items():
            group, of = content["groups"][name], list(indices)
            weights[of, 1:] = group["weights"]
            weights[of, 0] = group["constants"]
            levels[of] = group["levels"]
            quantiles[of] = group["quantiles"]
        scale, inverse_shape = content.get("hidden", (USUAL.scale, USUAL.inverse_shape))
        made = cls(
            scheme,
            np.array(content["low"], np.float64),
            np.array(content["high"], np.float64),
            weights,
            levels,
            np.array(content["probabilities"], np.float64),
            quantiles,
            np.array(content["face"], np.float64),
            float(content["slope"]),
            float(content["shift"]),
            Hidden(float(scale), float(inverse_shape)),
            labels,
        )
        made._check()
        return made

    def to_json(self) -> str:
        """The calibration as one line of JSON, four digits behind the point."""

        def plain(values: Floats) -> Any:
            return np.round(values.astype(np.float64), 4).tolist()

        groups = {}
        for name, indices in self.scheme.groups.items():
            of = list(indices)
            groups[name] = {
                "weights": plain(self.weights[of[0], 1:]),
                "constants": plain(self.weights[of, 0]),
                "levels": plain(self.levels[of[0]]),
                "quantiles": plain(self.quantiles[of[0]]),
            }
        content = {
            "low": plain(self.low),
            "high": plain(self.high),
            "probabilities": plain(self.probabilities),
            "groups": groups,
            "face": plain(self.face),
            "slope": round(self.slope, 4),
            "shift": round(self.shift, 4),
            "hidden": [round(self.hidden.scale, 4), round(self.hidden.inverse_shape, 4)],
        }
        return json.dumps(content, separators=(",", ":"))

    def __reduce__(self) -> tuple[Any, ...]:
        return Calibration.from_json, (self.to_json(), self.scheme, self.labels)

    def _check(self) -> None:
        arrays = (self.low, self.high, self.weights, self.levels, self.quantiles, self.face)
        hidden = (self.hidden.scale, self.hidden.inverse_shape)
        if not all(
            np.isfinite(array).all() for array in (*arrays, self.slope, self.shift, *hidden)
        ):
            raise ValueError("calibration: expected finite numbers")
        if self.low.shape != (FEATURES,) or self.high.shape != (FEATURES,):
            raise ValueError(f"calibration: expected {FEATURES} features, found {self.low.size}")
        if self.face.shape != (FEATURES,):
            raise ValueError(f"calibration: expected {FEATURES} weights of the face")
        p = self.probabilities
        if p[0] <= 0 or p[-1] >= 1 or (np.diff(p) <= 0).any():
            raise ValueError("calibration: expected ascending probabilities between 0 and 1")
        if (self.levels[:, 0] > self.levels[:, 1]).any() or self.slope <= 0:
            raise ValueError("calibration: expected levels that ascend and a slope above 0")
        if min(hidden) <= 0 or self.hidden.inverse_shape > _MOST_INVERSE_SHAPE:
            raise ValueError("calibration: expected errors beyond the border above 0")
        if (self.quantiles[..., 1] < LEAST_GROWTH - 1).any():
            raise ValueError("calibration: expected radii that grow with the mean error")
