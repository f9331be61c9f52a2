"""Faces -> crops, plain or augmented."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from lapland.crop import square
from lapland.schemes.scheme import Scheme
from training.data.augment import Augmentation, change_pixels, jitter
from training.data.faces import AnnotatedFaces
from training.network.rcn import SIZE


@dataclass(frozen=True)
class CropSpec:
    """How a crop follows from five points; written into the model, since it must not change."""

    # The paper's words allow 2 and 3. Crops of factor 2 leave 9.1 % of the landmarks of 300-W's
    # training faces outside, crops of 3 leave 0.08 %, and a softargmax cannot point outside its
    # map.
    factor: float = 3.0
    # Crops turn with the face, so that the network need not learn rotation: the error of width 1/8
    # after six passes was 8.5 % with it and 10.0 % without.
    upright: bool = True

    def matrices(self, five_points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, 5, 2) -> (N, 2, 3), crop pixels -> image pixels."""
        return square.crop_matrices(
            five_points, factor=self.factor, size=SIZE, upright=self.upright
        )


class TrainingCrops(Dataset[tuple[torch.Tensor, ...]]):
    """Crops with jitter and changed pixels; the same (seed, epoch, index) gives the same crop.

    Half of the crops start from MTCNN's five points and half from those of the landmarks, so
    that the network sees how both err.
    """

    def __init__(
        self,
        faces: AnnotatedFaces,
        scheme: Scheme,
        spec: CropSpec,
        how: Augmentation,
        seed: int = 0,
    ) -> None:
        self.faces, self.how, self.seed = faces, how, seed
        self.epoch = 0  # part of the seed; the loop raises it, so that each pass has other crops
        self.mirror = list(scheme.mirror)  # (K,) index of each landmark's counterpart
        self.weights = faces.weights  # (N, K) or None
        # (2, N, 2, 3): by MTCNN's five points, and by those of the labels.
        self.matrices = np.stack([spec.matrices(faces.five_points), spec.matrices(faces.labelled)])

    def __len__(self) -> int:
        return len(self.faces)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, ...]:
        """A training crop and its labels.

        Returns:
            (80, 80, 3) uint8 BGR crop; (K, 2) float32 landmarks in crop pixels, or NaN; and, if the
            faces have weights, (K,) float32 of each landmark.
        """
        return self.view(index, 0)[0]

    def view(self, index: int, which: int) -> tuple[tuple[torch.Tensor, ...], NDArray[np.float64]]:
        """One of the views of a face, the first being the item, and the matrix it was cut by."""
        # The first view has the seed of a run with one view, and so the same crop.
        rng = np.random.default_rng((self.seed, self.epoch, index, *[which] * (which > 0)))
        # Without shifts, as in the paper's recipe, all crops start from MTCNN's points.
        matrix = self.matrices[rng.integers(2) if self.how.shift else 0, index]
        # Jittered before it is cut: a finished crop would be sampled twice, and show its border.
        matrix, flipped = jitter(matrix, SIZE, self.how, rng)
        crop = square.cut(self.faces.images[index], matrix, SIZE)  # (80, 80, 3)
        crop = change_pixels(crop, self.how, rng, self._texture)  # places stay
        target = square.to_crop(self.faces.landmarks[index][None], matrix[None])[0]  # (K, 2)
        # The left eye of a face is the right eye of its mirror image.
        order = self.mirror if flipped else slice(None)
        labels = [target[order].astype(np.float32)]
        if self.weights is not None:
            labels.append(self.weights[index][order])
        return (torch.from_numpy(crop), *map(torch.from_numpy, labels)), matrix

    def _texture(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """The crop of some other face, for the surface of an occluder."""
        other = int(rng.integers(len(self)))  # in rare cases the same face
        return square.cut(self.faces.images[other], self.matrices[1, other], SIZE)


def cut_all(faces: AnnotatedFaces, matrices: NDArray[np.float64]) -> torch.Tensor:
    """(N, 80, 80, 3) uint8: one crop of each face."""
    crops = [square.cut(i, m, SIZE) for i, m in zip(faces.images, matrices, strict=True)]
    return torch.from_numpy(np.stack(crops))
