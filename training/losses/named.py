"""Losses on labels by name: a row each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from torch import Tensor

from training.losses import landmarks
from training.losses.heatmaps import variance
from training.losses.wasserstein import wasserstein


@dataclass(frozen=True)
class Maps:
    """Maps of a network and their labels.

    Attributes:
        heatmaps: (B, K, 80 / stride, 80 / stride).
        sums: marginals (B, K, 80 / stride), twice, of the maps.
        location: (B, K, 2), mean of the maps, crop pixels.
        scale: (B, K, 2), Laplace scale of the maps, crop pixels.
        target: (B, K, 2), crop pixels.
        beta: factor of the logits.
        stride: crop pixels from one pixel of the maps to the next.
        target_scale: scale of the distribution about a label, crop pixels.
    """

    heatmaps: Tensor
    sums: tuple[Tensor, Tensor]
    location: Tensor
    scale: Tensor
    target: Tensor
    beta: float
    stride: int
    target_scale: float


def _laplace_kl(maps: Maps) -> Tensor:
    return landmarks.laplace_kl(maps.location, maps.scale, maps.target, maps.target_scale)


def _gaussian_kl(maps: Maps) -> Tensor:
    return landmarks.gaussian_kl(maps.location, variance(*maps.sums, maps.stride), maps.target)


def _softargmax(maps: Maps) -> Tensor:
    return landmarks.softargmax(maps.location, maps.target)


def _wasserstein(maps: Maps) -> Tensor:
    # Of the whole maps: the others need no more than their row and column sums.
    value = wasserstein(maps.heatmaps, maps.target, maps.beta, maps.stride, maps.target_scale)
    # Half of the target's spread: maps that learn well never come there, and none collapses.
    return value + landmarks.narrowness(maps.scale, maps.target_scale / 2)


LOSSES: Mapping[str, Callable[[Maps], Tensor]] = MappingProxyType(
    {
        "laplace_kl": _laplace_kl,
        "gaussian_kl": _gaussian_kl,
        "softargmax": _softargmax,
        "wasserstein": _wasserstein,
    }
)
"""Name in recipes -> (B, K), the loss of each landmark."""
