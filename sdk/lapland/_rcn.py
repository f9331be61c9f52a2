"""The landmark network: five points of faces -> landmarks and scales in image pixels."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _geometry as geometry
from . import _models as models
from ._texture import texture

# Faces in one run of the graph: enough to share its overhead and, where there are several threads,
# to occupy them. The maps of more no longer fit into the cache, and each face costs more.
_BATCH = 4


class LandmarkNetwork:
    """A landmark model, ready to run.

    Args:
        path: an ONNX file that follows the graph contract.
        threads: threads for one run; None takes one for each core.

    Raises:
        ModelError: the file is missing, damaged or foreign.
    """

    def __init__(self, path: Path, threads: int | None = None) -> None:
        self._session, self.info = models.load(path, threads)

    def locate(
        self, image: NDArray[np.uint8], five_points: NDArray[np.floating[Any]]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Landmarks of faces whose five points are known.

        Args:
            image: (H, W, 3) uint8 BGR.
            five_points: (N, 5, 2), image pixels.

        Returns:
            landmarks (N, K, 2) and scales (N, K), float32, image pixels.
        """
        return self._locate(image, five_points)[:2]

    def measure(
        self, image: NDArray[np.uint8], five_points: NDArray[np.floating[Any]]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32] | None]:
        """`locate`, and the textures (N, 5) of the crops; None for models without calibration."""
        landmarks, scales, crops = self._locate(image, five_points)
        return landmarks, scales, None if self.info.calibration is None else texture(crops)

    def _locate(
        self, image: NDArray[np.uint8], five_points: NDArray[np.floating[Any]]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.uint8]]:
        info = self.info
        if not len(five_points):
            k, size = info.scheme.size, info.size
            nothing = np.zeros((0, size, size, 3), np.uint8)
            return np.zeros((0, k, 2), np.float32), np.zeros((0, k), np.float32), nothing
        matrices = geometry.crop_matrices(
            five_points, factor=info.crop_factor, size=info.size, upright=info.crop_upright
        )
        crops = np.stack([geometry.cut(image, matrix, info.size) for matrix in matrices])
        landmarks, scales = self.run(crops)
        in_image = geometry.to_image(landmarks, matrices)
        return (
            in_image.astype(np.float32),
            (scales * geometry.steps(matrices)[:, None]).astype(np.float32),
            crops,
        )

    def run(self, crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(N, 80, 80, 3) uint8 BGR crops -> landmarks (N, K, 2) and scales (N, K), crop pixels."""
        parts = [
            self._session.run(("landmarks", "scales"), {"crops": crops[start : start + _BATCH]})
            for start in range(0, len(crops), _BATCH)
        ]
        landmarks, scales = (np.concatenate(column) for column in zip(*parts, strict=True))
        return landmarks, scales
