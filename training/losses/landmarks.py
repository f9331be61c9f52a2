"""Losses between predicted and annotated landmarks, in pixels of the 80x80 map.

Each takes decoded heatmaps and the annotation, and returns one value per landmark.
"""

import math

import torch
from torch import Tensor


def laplace_kl(
    location: Tensor, scale: Tensor, target: Tensor, target_scale: float = 1.0
) -> Tensor:
    """LaplaceKL: KL(Laplace(s, b) || Laplace(t, b0)), summed over both axes.

    With d = |s - t|, in closed form (equation 3 of Laplace Landmark Localization):

        log(b0 / b) + (b exp(-d / b) + d) / b0 - 1

    Args:
        location: s, (B, K, 2).
        scale: b, (B, K, 2), positive.
        target: t, (B, K, 2).
        target_scale: b0; the paper's is 1 pixel.

    Returns:
        (B, K), zero if s = t and b = b0.
    """
    d = (location - target).abs()  # (B, K, 2): the axes are independent, divergences add up
    # A map with all its mass on one pixel has b = 0 in float32.
    b = scale.clamp_min(1e-6)
    kl = torch.log(target_scale / b) + (b * torch.exp(-d / b) + d) / target_scale - 1
    return kl.sum(-1)


def gaussian_kl(location: Tensor, variance: Tensor, target: Tensor) -> Tensor:
    """GaussianKL: KL(N(s, v) || N(t, 1)), summed over both axes; the paper's ablation.

    Args:
        location: s, (B, K, 2).
        variance: v, (B, K, 2), positive.
        target: t, (B, K, 2).

    Returns:
        (B, K), zero if s = t and v = 1.
    """
    v = variance.clamp_min(1e-6)  # a map of one pixel has none
    return 0.5 * (v + (location - target).square() - 1 - v.log()).sum(-1)


def softargmax(location: Tensor, target: Tensor) -> Tensor:
    """SAM, the paper's baseline (equation 1): |s - t|_2, (B, K)."""
    return torch.linalg.vector_norm(location - target, dim=-1)


def narrowness(scale: Tensor, floor: float) -> Tensor:
    """How far a map is below a floor of its spread: max(0, log(floor / b)), summed over both axes.

    A loss that reads p alone cannot widen a map that has become one pixel: its gradient there is
    p (F - <p, F>) = 0. The gradient of a logarithm of b does not vanish with b.

    Args:
        scale: b, (B, K, 2).
        floor: crop pixels.

    Returns:
        (B, K), zero where both axes are as wide as the floor.
    """
    # Far below the clamps of the KL losses: maps as narrow as this are those that must come back. A
    # difference of logarithms, since the gradient of a quotient has b^2, which float32 has not.
    return (math.log(floor) - scale.clamp_min(1e-30).log()).clamp_min(0).sum(-1)


def distillation(
    student: tuple[Tensor, Tensor], teacher: tuple[Tensor, Tensor], least: float = 1e-12
) -> Tensor:
    """KL(teacher || student) between marginals of their maps, summed over both axes.

    The row and column sums of a map hold its location and its spread, and cost a small part of
    the whole maps.

    Args:
        student: column sums (B, K, W) and row sums (B, K, H) of the student's p.
        teacher: those of the teacher's p.
        least: probabilities below it count as it, so that logarithms stay finite.

    Returns:
        (B, K), zero if the marginals agree.
    """
    # Both are clamped alike, so that pixels that both call empty cost nothing.
    axes = [
        (p * (p.clamp_min(least).log() - q.clamp_min(least).log())).sum(-1)
        for p, q in zip(teacher, student, strict=True)
    ]
    return axes[0] + axes[1]
