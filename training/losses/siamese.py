"""The disagreement of two views of a face (Siamese consistency)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from training.network.rcn import SIZE


def seen_from_first(logits: Tensor, between: Tensor, mirror: list[int]) -> Tensor:
    """Maps of second views as they would lie in the first ones.

    Args:
        logits: (P, K, H, W) of the second views; interpolated between pixels, beyond the border
            that of the border.
        between: (P, 2, 3), pixels of the first crop -> pixels of the second. If it mirrors, so
            do the landmarks: the left eye of one view is the right eye of the other.
        mirror: (K,), which landmark each one becomes.

    Returns:
        (P, K, H, W).
    """
    mirrored = torch.det(between[:, :, :2]) < 0  # (P,)
    logits = torch.where(mirrored[:, None, None, None], logits[:, mirror], logits)
    # grid_sample has the picture from -1 to 1, edge to edge: n = (2 x + 1) / SIZE - 1.
    linear, offset = between[:, :, :2], between[:, :, 2:]
    # In these units maps of any resolution lie alike. The crops are of one size: no other scale.
    # Backwards, x = (SIZE n + SIZE - 1) / 2: pixel A x + o of the second view lies at A n and this.
    offset = (2 * (linear.sum(2, keepdim=True) * (SIZE - 1) / 2 + offset) + 1) / SIZE - 1
    # affine_grid wants the way from places of the result to those of its source: first to second.
    theta = torch.cat([linear, offset], dim=2).to(logits.dtype)  # (P, 2, 3)
    grid = F.affine_grid(theta, list(logits.shape), align_corners=False)  # (P, H, W, 2)
    return F.grid_sample(logits, grid, padding_mode="border", align_corners=False)


def disagreement(
    first: Tensor, second: Tensor, between: Tensor, mirror: list[int], beta: float = 1.0
) -> Tensor:
    """Jeffreys' divergence, sum (p - q) log(p / q), of the maps of two views.

    Args:
        first: (P, K, H, W), heatmaps of the first views.
        second: second of the second views.
        between: (P, 2, 3), see `seen_from_first`.
        mirror: (K,).
        beta: beta of the softmax.

    Returns:
        (P, K), zero if the maps agree.
    """
    # Logits are moved and not probabilities: the softmax afterwards makes each map sum to 1 again.
    # Neither view is detached, so both learn.
    moved = seen_from_first(second.float(), between, mirror)
    log_p, log_q = ((beta * maps.float()).flatten(2).log_softmax(-1) for maps in (first, moved))
    return ((log_p.exp() - log_q.exp()) * (log_p - log_q)).sum(-1)
