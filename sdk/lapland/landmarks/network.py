"""The landmark network: five points of faces -> landmarks and scales in image pixels."""

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..base.errors import ModelError
from ..crop import square
from ..crop.halves import Photo
from ..crop.texture import TEXTURE, texture
from ..networks import loading
from ..schemes.five_points import five_of
from .decoders import DECODERS, DEFAULT_DECODER
from .mirroring import averaged, check_pairs, with_mirror_images

# Faces in one run of the graph: enough to share its overhead and, if there are several threads,
# to occupy them. The maps of more no longer fit into the cache, and each face costs more.
_BATCH = 4


class Located(NamedTuple):
    """The landmarks and scales of N faces.

    Attributes:
        landmarks: (N, K, 2) float32, image pixels.
        scales: (N, K) float32, image pixels.
        steps: (N,), image pixels from a crop pixel to the next.
        textures: (N, 5 + K) float32, textures of the crops; None if they were not asked for,
            or the model is not calibrated.
    """

    landmarks: NDArray[np.float32]
    scales: NDArray[np.float32]
    steps: NDArray[np.float64]
    textures: NDArray[np.float32] | None = None


class LandmarkNetwork:
    """A landmark model, ready to run.

    Args:
        path: an ONNX file that follows the graph contract.
        threads: threads for one run; None takes one for each core.
        decoder: how landmarks are read from heatmaps, one of `DECODERS`.
        looks: how many crops of each face are averaged: 1; 2, with the mirror image; or 4, with a
            crop about the landmarks of these two, and its mirror image.

    Raises:
        ModelError: the file is missing, damaged or foreign, or has no heatmaps for the decoder.
        OptionError: several looks, and a scheme that does not say what changes places in a mirror.
    """

    def __init__(
        self,
        path: Path,
        threads: int | None = None,
        decoder: str = DEFAULT_DECODER,
        *,
        looks: int = 1,
    ) -> None:
        self._looks = looks
        self._session, self.info = loading.load(path, threads)
        if looks > 1:
            check_pairs(self.info.scheme)
        self.decode = DECODERS[decoder]
        if self.decode is not None:
            self._maps_axis = loading.maps_axis(self._session, self.info)

    def locate(
        self,
        image: Photo,
        five_points: NDArray[np.floating[Any]],
        *,
        textured: bool = False,
    ) -> Located:
        """Landmarks of faces whose five points are known.

        Args:
            image: (H, W, 3) uint8 BGR, or with its halves.
            five_points: (N, 5, 2), image pixels.
            textured: whether a calibration is to be used, which wants the textures of the crops.

        Raises:
            ModelError: the model gives numbers that are not finite.
        """
        found = self._in_crops(image, five_points, textured and self.info.calibration is not None)
        if self._looks < 4:
            return found
        again = self._in_crops(image, five_of(self.info.scheme, found.landmarks), False)
        half = np.float32(0.5)
        return found._replace(
            landmarks=half * (found.landmarks + again.landmarks),
            scales=half * (found.scales + again.scales),
        )

    def _in_crops(
        self, image: Photo, five_points: NDArray[np.floating[Any]], textured: bool
    ) -> Located:
        info = self.info
        k = info.scheme.size
        if not len(five_points):
            zeros = np.zeros((0, k, 2), np.float32), np.zeros((0, k), np.float32), np.zeros(0)
            return Located(*zeros, np.zeros((0, TEXTURE + k), np.float32) if textured else None)
        matrices = square.crop_matrices(
            five_points, factor=info.crop_factor, size=info.size, upright=info.crop_upright
        )
        parts, textures = [], []
        for start in range(0, len(matrices), _BATCH):  # crops of thousands would fill the memory
            few = matrices[start : start + _BATCH]
            crops = np.stack([square.cut(image, one, info.size) for one in few])
            points, spread = self.run(crops)
            if not math.isfinite(float(points.sum()) + float(spread.sum())):
                raise ModelError(f"{info.path}: gave NaN or infinity for a landmark; it is damaged")
            parts.append((points, spread))
            if textured:
                textures.append(texture(crops, points))
        landmarks, scales = (np.concatenate(column) for column in zip(*parts, strict=True))
        steps = square.steps(matrices)
        return Located(
            square.to_image(landmarks, matrices).astype(np.float32),
            (scales * steps[:, None]).astype(np.float32),
            steps,
            np.concatenate(textures) if textured else None,
        )

    def run(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(N, 80, 80, 3) uint8 BGR crops -> landmarks (N, K, 2) and scales (N, K), crop pixels."""
        if self._looks > 1:
            found = self._in_parts(with_mirror_images(crops))
            return averaged(found, self.info.scheme, self.info.size)
        return self._in_parts(crops)

    def _in_parts(
        self, crops: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        if len(crops) <= _BATCH:
            return self._run(crops)
        parts = [self._run(crops[start : start + _BATCH]) for start in range(0, len(crops), _BATCH)]
        landmarks, scales = (np.concatenate(column) for column in zip(*parts, strict=True))
        return landmarks, scales

    def _run(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        if self.decode is None:
            landmarks, scales = self._session.run(("landmarks", "scales"), {"crops": crops})
            return landmarks, scales
        maps, scales = self._session.run(("heatmaps", "scales"), {"crops": crops})
        if self._maps_axis == 3:
            maps = maps.transpose(0, 3, 1, 2)
        return self.decode(maps, self.info.size // maps.shape[-1]), scales
