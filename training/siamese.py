"""Two views of one face, whose heatmaps must agree once the one is brought to where the other is.

The Siamese training of *Subpixel Heatmap Regression for Facial Landmark Localization* (Bulat et
al., 2021): an image is changed twice, in place and in light, and what the network says must not
depend on it. It needs no label, so it learns from unlabelled faces as well.
"""

from typing import Any, Protocol

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from training.rcn import SIZE

View = tuple[tuple[Tensor, ...], NDArray[np.float64]]


class Viewed(Protocol):
    """Crops that can be had in several views, each with the matrix (2, 3) that it was cut by."""

    def __len__(self) -> int: ...

    def view(self, index: int, which: int) -> View:
        """What an item consists of in view `which`, and crop pixels -> image pixels."""
        ...


class Pairs(Dataset[tuple[Tensor, ...]]):
    """Each face twice: what `view` gives, stacked (2, ...), and the way from one to the other."""

    def __init__(self, crops: Viewed) -> None:
        self.crops = crops

    def __len__(self) -> int:
        return len(self.crops)

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        """The parts, each (2, ...), then (2, 3) float32: pixels of the first crop -> the second."""
        (first, here), (second, there) = (self.crops.view(index, which) for which in (0, 1))
        linear = np.linalg.solve(there[:, :2], here)
        linear[:, 2] -= np.linalg.solve(there[:, :2], there[:, 2])
        parts = [torch.stack(both) for both in zip(first, second, strict=True)]
        return (*parts, torch.from_numpy(linear.astype(np.float32)))


def side_by_side(batch: list[Any]) -> list[Tensor]:
    """Parts (P, 2, ...) of a batch of pairs -> (2 P, ...), first views first; the way as it is."""
    *parts, between = batch
    return [*(part.transpose(0, 1).flatten(0, 1) for part in parts), between]


def seen_from_first(logits: Tensor, between: Tensor, mirror: list[int]) -> Tensor:
    """Maps of second views as they would lie in the first ones.

    Args:
        logits: (P, K, H, W) of the second views; interpolated between pixels, beyond the border
            that of the border.
        between: (P, 2, 3), pixels of the first crop -> pixels of the second. Where it mirrors, so
            do the landmarks: the left eye of one view is the right eye of the other.
        mirror: (K,), which landmark each one becomes.

    Returns:
        (P, K, H, W).
    """
    mirrored = torch.det(between[:, :, :2]) < 0
    logits = torch.where(mirrored[:, None, None, None], logits[:, mirror], logits)
    # grid_sample has the picture from -1 to 1, edge to edge: n = (2 x + 1) / SIZE - 1.
    linear, offset = between[:, :, :2], between[:, :, 2:]
    offset = (2 * (linear.sum(2, keepdim=True) * (SIZE - 1) / 2 + offset) + 1) / SIZE - 1
    theta = torch.cat([linear, offset], dim=2).to(logits.dtype)
    grid = F.affine_grid(theta, list(logits.shape), align_corners=False)
    return F.grid_sample(logits, grid, padding_mode="border", align_corners=False)


def disagreement(
    first: Tensor, second: Tensor, between: Tensor, mirror: list[int], beta: float = 1.0
) -> Tensor:
    """Jeffreys' divergence, sum (p - q) log(p / q), of the maps of two views.

    Args:
        first: (P, K, H, W), heatmaps of the first views.
        second: of the second views.
        between: (P, 2, 3), see `seen_from_first`.
        mirror: (K,).
        beta: of the softmax.

    Returns:
        (P, K), zero where the maps agree.
    """
    moved = seen_from_first(second.float(), between, mirror)
    log_p, log_q = ((beta * maps.float()).flatten(2).log_softmax(-1) for maps in (first, moved))
    return ((log_p.exp() - log_q.exp()) * (log_p - log_q)).sum(-1)
