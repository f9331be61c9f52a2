"""Two views of one face, whose heatmaps must agree after one is mapped onto the other.

The Siamese training of *Subpixel Heatmap Regression for Facial Landmark Localization* (Bulat et
al., 2021): an image is changed twice, in place and in light, and the prediction must not
depend on it. It needs no label, so it learns from unlabelled faces as well.
"""

from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

View = tuple[tuple[Tensor, ...], NDArray[np.float64]]


class Viewed(Protocol):
    """Crops that can be had in several views, each with the matrix (2, 3) that it was cut by."""

    def __len__(self) -> int: ...

    def view(self, index: int, which: int) -> View:
        """The parts of an item in view `which`, and crop pixels -> image pixels."""
        ...


class Pairs(Dataset[tuple[Tensor, ...]]):
    """Each face twice: parts of `view`, stacked (2, ...), and the map from one to the other."""

    def __init__(self, crops: Viewed) -> None:
        self.crops = crops

    def __len__(self) -> int:
        return len(self.crops)

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        """The parts, each (2, ...), then (2, 3) float32: pixels of the first crop -> the second."""
        # Both matrices take pixels of their crop to the same photo.
        (first, here), (second, there) = (self.crops.view(index, view) for view in (0, 1))
        # First crop -> photo by `here`, photo -> second crop by the inverse of `there`.
        # (2, 3): the linear part and the offset of `here` at once.
        linear = np.linalg.solve(there[:, :2], here)
        linear[:, 2] -= np.linalg.solve(there[:, :2], there[:, 2])  # less the offset of `there`
        parts = [torch.stack(both) for both in zip(first, second, strict=True)]  # (2, ...) each
        return (*parts, torch.from_numpy(linear.astype(np.float32)))


def side_by_side(batch: list[Any]) -> list[Tensor]:
    """Parts (P, 2, ...) of a batch of pairs -> (2 P, ...), first views first; the map unchanged."""
    # A network then sees one batch of 2 P crops, and its output splits into the views by halves.
    *parts, between = batch
    return [*(part.transpose(0, 1).flatten(0, 1) for part in parts), between]
