"""Heatmaps -> location and scale: softargmax and mean absolute deviation, from marginals.

p = softmax(beta h) over all pixels of a map. Location s and, for each axis, scale b:

    s = sum_x p(x) x                 (equation 2 of Laplace Landmark Localization)
    b = sum_x p(x) |x - s|           (section 3.1, alpha = 1)

Both are separable, so the row and column sums of p give them without a second pass over the map.
"""

from typing import Any

import torch
from torch import Tensor


def probabilities(heatmaps: Tensor, beta: float = 1.0) -> Tensor:
    """(B, K, H, W) heatmaps -> p of the same shape, float32 or better, each map summing to 1."""
    # Sums over 6,400 pixels need more than the 8 bits of a bf16 number.
    h = heatmaps.float() if heatmaps.dtype in (torch.bfloat16, torch.float16) else heatmaps
    return (beta * h).flatten(2).softmax(-1).view(h.shape)


def marginals(heatmaps: Tensor, beta: float = 1.0) -> tuple[Tensor, Tensor]:
    """(B, K, H, W) heatmaps -> column sums (B, K, W) and row sums (B, K, H) of p."""
    if heatmaps.device.type == "cpu":
        return _Marginals.apply(heatmaps, beta)
    p = probabilities(heatmaps, beta)
    return p.sum(-2), p.sum(-1)  # over rows, over columns


class _Marginals(torch.autograd.Function):
    """`marginals` one face at a time, so that each map stays in the cache: twice as fast.

    With gx, gy the gradients of the sums, dL/dh = beta p (gx + gy - <px, gx> - <py, gy>).
    """

    @staticmethod
    def forward(ctx: Any, heatmaps: Tensor, beta: float) -> tuple[Tensor, Tensor]:
        b, k, height, width = heatmaps.shape
        dtype = torch.promote_types(heatmaps.dtype, torch.float32)
        px = heatmaps.new_empty((b, k, width), dtype=dtype)
        py = heatmaps.new_empty((b, k, height), dtype=dtype)
        # In the type of the maps: with bf16, the backward pass keeps half the memory.
        kept = torch.empty(heatmaps.shape, dtype=heatmaps.dtype)
        for i in range(b):
            # One map after the other, (K, H W).
            logits = heatmaps[i].to(dtype).contiguous().flatten(1)
            p = logits.mul(beta).softmax(-1).view(k, height, width)
            px[i], py[i], kept[i] = p.sum(1), p.sum(2), p
        ctx.save_for_backward(kept, px, py)
        ctx.beta = beta
        # The gradient has the layout of the maps: the network runs in channels_last.
        ctx.channels_last = heatmaps.is_contiguous(memory_format=torch.channels_last)
        return px, py

    @staticmethod
    def backward(ctx: Any, gx: Tensor, gy: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        kept, px, py = ctx.saved_tensors
        # Everything but p is a term of a column or of a row, so one pass over each map is left.
        inner = (px * gx).sum(-1, keepdim=True) + (py * gy).sum(-1, keepdim=True)  # (B, K, 1)
        gx = ctx.beta * (gx - inner)  # (B, K, W); `inner` once, for the sum of both
        gy = ctx.beta * gy
        layout = torch.channels_last if ctx.channels_last else torch.contiguous_format
        grad = torch.empty_like(kept, memory_format=layout)
        for i in range(len(kept)):
            grad[i] = kept[i] * (gx[i][:, None, :] + gy[i][:, :, None])  # (K, H, W)
        return grad, None


def location_and_scale(px: Tensor, py: Tensor, stride: int = 1) -> tuple[Tensor, Tensor]:
    """Marginals -> locations (B, K, 2) and scales per axis (B, K, 2), x first, crop pixels."""
    s, b = zip(*(_moments(p, stride) for p in (px, py)), strict=True)  # x and y
    return torch.stack(s, -1), torch.stack(b, -1)


def variance(px: Tensor, py: Tensor, stride: int = 1) -> Tensor:
    """Marginals -> v = sum_x p(x) (x - s)^2 per axis, (B, K, 2), square crop pixels."""
    out = []
    for p in (px, py):
        grid = _centres(p, stride)
        s = (p * grid).sum(-1, keepdim=True)  # (B, K, 1)
        out.append((p * (grid - s).square()).sum(-1))  # section 3.1, alpha = 2
    return torch.stack(out, -1)


def coarser(marginal: Tensor, bins: int) -> Tensor:
    """A marginal (..., n) of a finer map as that of a coarser one; n is a multiple of its bins.

    A teacher and a student whose maps differ in resolution meet through this.
    """
    # (..., bins, n / bins): the masses of neighbours add up.
    return marginal.unflatten(-1, (bins, -1)).sum(-1)


def _moments(p: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    grid = _centres(p, stride)
    s = (p * grid).sum(-1)
    # The mean absolute deviation of a Laplace distribution is its scale b.
    return s, (p * (grid - s[..., None]).abs()).sum(-1)


def _centres(p: Tensor, stride: int) -> Tensor:
    """Centres of a map's pixels in the crop: each covers `stride` crop pixels."""
    count = torch.arange(p.shape[-1], dtype=p.dtype, device=p.device)
    # With a stride of 2, pixel 0 covers crop pixels 0 and 1: its centre is 0.5.
    return count * stride + (stride - 1) / 2
