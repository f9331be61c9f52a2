"""Unlabelled faces: a folder of photos, cropped once around MTCNN's five points and cached."""

import hashlib
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset
from tqdm import tqdm

from lapland import ImageError
from lapland.base.files import replacing
from lapland.crop import square
from lapland.detection.registry import load_detector
from lapland.image.loading import load_image
from lapland.networks.loading import load_mtcnn
from training.common.paths import CACHE as CACHE_ROOT
from training.data.augment import Augmentation, change_pixels, jitter
from training.data.crops import CropSpec
from training.data.detected import MIN_FACE
from training.data.readers import photos
from training.network.rcn import SIZE

CACHE = CACHE_ROOT / "unlabelled"
MARGIN = 20  # extra crop pixels beyond each side, so that jitter has room
FINE = 2  # kept pixels to a crop pixel, so that cutting a second time does not blur
WIDE = FINE * (SIZE + 2 * MARGIN)  # 240, side of the stored crop
# The last term takes the centre of a crop pixel to the middle of its FINE x FINE kept ones.
INNER = np.array([[1.0, 0.0, MARGIN], [0.0, 1.0, MARGIN]]) * FINE + [0.0, 0.0, (FINE - 1) / 2]
"""Crop pixels -> pixels of the stored crop, (2, 3)."""


def crop_folder(root: Path, spec: CropSpec, cache: Path | None = None) -> NDArray[np.uint8]:
    """Crops the face nearest to the middle of every photo below a folder.

    Args:
        root: a folder of photos; those without a face for MTCNN are omitted.
        spec: how crops follow from five points.
        cache: folder of the crops, named by the photos' names and sizes, the crop and the detector;
            None takes `CACHE`.

    Returns:
        (N, 240, 240, 3) uint8 BGR: crops of 80 x 80 with 20 pixels more on each side, twice as
        fine. Mapped from the file, so that more faces than fit into memory can be used.

    Raises:
        FileNotFoundError: there is no photo below the folder, or no face in any.
    """
    files = photos(root)
    if not files:
        raise FileNotFoundError(f"{root}: expected a folder with photos, found none")
    networks = load_mtcnn()
    cache = CACHE if cache is None else cache
    path = cache / f"{_key(files, root, spec, networks)}.npy"
    if path.exists():
        return np.load(path, mmap_mode="r")  # pages are read when crops are used
    cache.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:  # a killed run leaves no half file under the name
        _write_crops(files, root, spec, networks, part)
    return np.load(path, mmap_mode="r")


def _write_crops(
    files: list[Path], root: Path, spec: CropSpec, networks: tuple[bytes, bytes, bytes], path: Path
) -> None:
    mtcnn = load_detector("mtcnn", min_face=MIN_FACE)
    raw = path.with_suffix(".raw")  # the number of crops is known when all have been cut
    count = 0
    try:
        with raw.open("wb") as out:
            for file in tqdm(files, desc=f"MTCNN, {root.name}", unit="photo", mininterval=2.0):
                try:
                    image = load_image(file)
                except ImageError:
                    continue  # a damaged photo costs one face
                boxes, _, points = mtcnn.detect(image)
                if len(boxes):
                    # (n, 2): from the centre of the photo to those of the boxes. shape[1::-1] is
                    # (W, H).
                    middle = (boxes[:, :2] + boxes[:, 2:]) / 2 - np.array(image.shape[1::-1]) / 2
                    nearest = np.linalg.norm(middle, axis=1).argmin()
                    five = points[nearest : nearest + 1].astype(np.float64)  # (1, 5, 2)
                    crop = square.cut(image, _widened(spec.matrices(five)[0]), WIDE)
                    out.write(crop.tobytes())  # (240, 240, 3) uint8, without a header
                    count += 1
        if not count:
            raise FileNotFoundError(f"{root}: MTCNN finds no face in any of {len(files)} photos")
        shape = (count, WIDE, WIDE, 3)
        # One crop after the other into an .npy file, as all of them may not fit into memory.
        kept = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
        for i, crop in enumerate(np.memmap(raw, np.uint8, mode="r", shape=shape)):
            kept[i] = crop
        kept.flush()
    finally:
        raw.unlink(missing_ok=True)


class UnlabelledCrops(Dataset[torch.Tensor]):
    """Crops with jitter and changed pixels; the same (seed, epoch, index) gives the same crop."""

    def __init__(self, crops: NDArray[np.uint8], how: Augmentation, seed: int = 0) -> None:
        self.crops, self.how, self.seed = crops, how, seed
        self.epoch = 0

    def __len__(self) -> int:
        return len(self.crops)

    def __getitem__(self, index: int) -> torch.Tensor:
        """(80, 80, 3) uint8 BGR."""
        return self.view(index, 0)[0][0]

    def view(self, index: int, which: int) -> tuple[tuple[torch.Tensor], NDArray[np.float64]]:
        """One of the views of a face, the first being the item, and the matrix it was cut by."""
        # The 1 makes these numbers others than those of the labelled face of the same index.
        rng = np.random.default_rng((self.seed, self.epoch, index, 1, *[which] * (which > 0)))
        matrix, _ = jitter(INNER, SIZE, self.how, rng)  # a flip moves no label here
        crop = square.cut(np.asarray(self.crops[index]), matrix, SIZE)
        crop = change_pixels(crop, self.how, rng, self._texture)
        return (torch.from_numpy(crop),), matrix

    def _texture(self, rng: np.random.Generator) -> NDArray[np.uint8]:
        """The crop of some other face, for the surface of an occluder."""
        other = int(rng.integers(len(self)))
        return square.cut(np.asarray(self.crops[other]), INNER, SIZE)


def _widened(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Crop pixels -> image pixels becomes kept pixels -> image pixels."""
    # `matrix` after the inverse of INNER, which takes a kept pixel k to (k - c) / FINE.
    moved = matrix.copy()
    moved[:, :2] /= FINE
    moved[:, 2] -= moved[:, :2] @ INNER[:, 2]
    return moved


def _key(files: list[Path], root: Path, spec: CropSpec, networks: tuple[bytes, ...]) -> str:
    # Names and sizes stand for the contents: photos are not read when their crops are known.
    digest = hashlib.sha256(f"{spec} {MARGIN} {FINE} {MIN_FACE}".encode())
    for file in files:
        digest.update(f"{file.relative_to(root)} {file.stat().st_size}\n".encode())
    for network in networks:
        digest.update(network)
    return digest.hexdigest()[:16]
