"""Annotated faces in the layout of 300-W, held in memory, as a set of crops to train on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset

from lapland import _geometry as geometry
from lapland._scheme import Scheme
from training.augment import Augmentation, change_pixels, jitter
from training.pts import read_pts
from training.rcn import SIZE

SUFFIXES = (".jpg", ".jpeg", ".png")


@dataclass
class Faces:
    """Photos with one annotated face each.

    Attributes:
        names: what the photo is called, `afw/1051618982_1`.
        images: (H, W, 3) uint8 BGR each; sizes differ.
        landmarks: (N, K, 2) float64, image pixels.
        labelled: (N, 5, 2), the five points that follow from the landmarks.
        detected: (N, 5, 2), the five points that MTCNN found, NaN where it missed the face; None
            until `training.five_points.detect` has run.
    """

    names: list[str]
    images: list[NDArray[np.uint8]]
    landmarks: NDArray[np.float64]
    labelled: NDArray[np.float64]
    detected: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.names)

    @property
    def missed(self) -> NDArray[np.bool_]:
        """(N,), where MTCNN did not find the annotated face."""
        if self.detected is None:
            raise ValueError("MTCNN has not run on these faces")
        return np.isnan(self.detected).any(axis=(1, 2))

    @property
    def five_points(self) -> NDArray[np.float64]:
        """(N, 5, 2): MTCNN's, and where it missed the face those of the landmarks."""
        if self.detected is None:
            return self.labelled
        return np.where(self.missed[:, None, None], self.labelled, self.detected)


def read_folder(root: Path, scheme: Scheme, names: Sequence[str] | None = None) -> Faces:
    """Reads photos and their `.pts` files below a folder.

    Args:
        root: a folder in the layout of 300-W: `<subset>/.../<photo>.jpg` beside `<photo>.pts`.
        scheme: the annotation scheme that every file must have.
        names: relative paths without suffix, or the ends of such paths (`afw/12_1` also names
            `afw/trainset/12_1`); None reads every photo that has a `.pts` file.

    Raises:
        FileNotFoundError: there is no folder, or no photo of a name.
        ValueError: a photo cannot be decoded, or a `.pts` file has another number of points.
    """
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: there is no such folder; expected one in 300-W layout")
    found = {path.relative_to(root).with_suffix("").as_posix(): path for path in photos(root)}
    if names is None:
        names = sorted(name for name, path in found.items() if path.with_suffix(".pts").exists())
    else:
        names = [_resolve(name, found, root) for name in names]
    if not names:
        raise FileNotFoundError(f"{root}: found no photo with a .pts file beside it")
    images, landmarks = [], []
    for name in names:
        path = found[name]
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
        if image is None:
            raise ValueError(f"{path}: cannot be decoded as an image")
        points = read_pts(path.with_suffix(".pts"))
        if points.shape != (scheme.size, 2):
            raise ValueError(
                f"{path.with_suffix('.pts')}: {len(points)} points, but the scheme "
                f"{scheme.name} has {scheme.size}"
            )
        images.append(image)
        landmarks.append(points)
    stacked = np.stack(landmarks)
    return Faces(list(names), images, stacked, five_from_landmarks(stacked, scheme))


def read_split(file: Path) -> list[str]:
    """The names in a split file, one a line."""
    return [line.strip() for line in file.read_text().splitlines() if line.strip()]


def five_from_landmarks(landmarks: NDArray[np.float64], scheme: Scheme) -> NDArray[np.float64]:
    """(N, K, 2) landmarks -> (N, 5, 2) eyes, nose and corners of the mouth."""
    return np.stack([landmarks[:, list(group)].mean(axis=1) for group in scheme.five], axis=1)


def photos(root: Path) -> list[Path]:
    """Every photo below a folder, in order."""
    return sorted(path for path in root.rglob("*") if path.suffix.lower() in SUFFIXES)


def _resolve(name: str, found: dict[str, Path], root: Path) -> str:
    if name in found:
        return name
    head, _, stem = name.rpartition("/")
    matches = [key for key in found if key.startswith(head) and key.endswith("/" + stem)]
    if len(matches) != 1:
        raise FileNotFoundError(f"{root}: {len(matches)} photos match {name!r}, expected one")
    return matches[0]


@dataclass(frozen=True)
class CropSpec:
    """How a crop follows from five points; written into the model, since it must not change."""

    factor: float = 3.0
    upright: bool = True

    def matrices(self, five_points: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, 5, 2) -> (N, 2, 3), crop pixels -> image pixels."""
        return geometry.crop_matrices(
            five_points, factor=self.factor, size=SIZE, upright=self.upright
        )


class TrainingCrops(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Crops with jitter and changed pixels; the same (seed, epoch, index) gives the same crop.

    Half of the crops start from MTCNN's five points and half from those of the landmarks, so
    that the network sees how both err.
    """

    def __init__(
        self, faces: Faces, scheme: Scheme, spec: CropSpec, how: Augmentation, seed: int = 0
    ) -> None:
        self.faces, self.how, self.seed = faces, how, seed
        self.epoch = 0
        self.mirror = list(scheme.mirror)
        self.matrices = np.stack([spec.matrices(faces.five_points), spec.matrices(faces.labelled)])

    def __len__(self) -> int:
        return len(self.faces)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """(80, 80, 3) uint8 BGR crop, and (K, 2) float32 landmarks in crop pixels."""
        rng = np.random.default_rng((self.seed, self.epoch, index))
        matrix = self.matrices[rng.integers(2) if self.how.shift else 0, index]
        matrix, flipped = jitter(matrix, SIZE, self.how, rng)
        crop = change_pixels(geometry.cut(self.faces.images[index], matrix, SIZE), self.how, rng)
        target = geometry.to_crop(self.faces.landmarks[index][None], matrix[None])[0]
        if flipped:
            target = target[self.mirror]
        return torch.from_numpy(crop), torch.from_numpy(target.astype(np.float32))


def cut_all(faces: Faces, matrices: NDArray[np.float64]) -> torch.Tensor:
    """(N, 80, 80, 3) uint8: one crop of each face."""
    crops = [geometry.cut(i, m, SIZE) for i, m in zip(faces.images, matrices, strict=True)]
    return torch.from_numpy(np.stack(crops))
