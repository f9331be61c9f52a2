"""The network as int8 inference computes it, so that training adapts to its rounding.

Weights are rounded to int8 with one scale for each output channel, activations to uint8 with one
scale for each place; gradients pass the rounding as if it were not there (Jacob et al.,
*Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference*,
CVPR 2018). The largest value that a place can hold is trained with the weights (Esser et al.,
*Learned Step Size Quantization*, ICLR 2020).

All activations are ReLU, which costs nothing in int8: it is where uint8 ends. The heatmaps too end
at 0 below, as the softmax over a map does not see what is added to all of it.
"""

import math
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.rcn import RCN, UpConv, phase_kernels

LEVELS = 255  # of an activation above zero
LARGEST = 127  # of a weight; -128 stays unused, so that the range is symmetric
DEPTH = 24.0  # how far below its peak a map is kept at the start: exp(-24) = 4e-11

PLACES = (
    *(f"joined{i}" for i in range(4)),
    *(f"bottleneck{i}" for i in range(2)),
    *(f"up{i}" for i in range(4)),
    "head0",
    "head1",
    "heatmaps",
)


def rounded(x: Tensor) -> Tensor:
    """round(x), with the gradient of x."""
    return x + (x.round() - x).detach()


def weight_scales(weight: Tensor) -> Tensor:
    """(O, ...) -> (O,): the step between neighbouring int8 weights of each output channel."""
    return weight.detach().flatten(1).abs().amax(1).clamp_min(1e-8) / LARGEST


def quantised_weight(weight: Tensor) -> Tensor:
    """(O, ...) -> the same, rounded to int8 times the scale of each output channel."""
    scales = weight_scales(weight).view(-1, *[1] * (weight.ndim - 1))
    return rounded(weight / scales) * scales


def upsampling_kernels(kernel: Tensor) -> Tensor:
    """(O, I, 5, 5) of an `UpConv` -> (O, 2, 2, I, 4, 4): its phases, rounded.

    The 5x5 kernel is rounded too, since the file holds it as int8 (25 numbers where the phases
    have 64), and its phases are rounded when the file is loaded.
    """
    phases = phase_kernels(quantised_weight(kernel))
    return quantised_weight(phases.flatten(0, 2)).view_as(phases)


class _Activation(torch.autograd.Function):
    """ReLU to `largest`, rounded to steps of largest / 255.

    Gradients pass where the value is inside; those of values beyond go to `largest`. Kept for the
    backward pass is one byte a value.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, largest: Tensor) -> Tensor:
        scale = largest.item() / LEVELS
        whole = x.float().mul(1 / scale).clamp_(0, LEVELS).round_()
        kept = whole.to(torch.uint8)
        ctx.save_for_backward(kept)
        return whole.mul_(scale).to(x.dtype)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        (kept,) = ctx.saved_tensors
        beyond = (grad * (kept == LEVELS)).sum(dtype=torch.float32)
        return grad * ((kept > 0) & (kept < LEVELS)), beyond


class QuantisedConv(nn.Conv2d):
    """A convolution with its weights rounded."""

    def forward(self, x: Tensor) -> Tensor:
        """As of `nn.Conv2d`."""
        return F.conv2d(x, quantised_weight(self.weight), self.bias, padding=self.padding)


class QuantisedUpConv(UpConv):
    """`UpConv` as convolutions with the phases of its kernel, rounded."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, 2H, 2W)."""
        with torch.autocast(x.device.type, enabled=False):
            kernels = upsampling_kernels(self.conv.weight).flatten(0, 2)
        bias = self.conv.bias
        assert bias is not None
        y = F.conv2d(x, kernels, bias.repeat_interleave(4), padding=2)
        return F.pixel_shuffle(y, 2)[..., 1:-1, 1:-1]  # the first is pixel -1


class QuantisedRCN(RCN):
    """`RCN` with the rounding of int8 inference; the same parameters and one range for each place.

    Args:
        width: one of `training.rcn.CHANNELS`.
        landmarks: K, the number of heatmaps.
        stride: of the maps.
    """

    conv = QuantisedConv
    upconv = QuantisedUpConv

    def __init__(self, width: str, landmarks: int = 68, *, stride: int = 1) -> None:
        super().__init__(width, landmarks, stride=stride, slope=0.0)
        # Logarithms: a range is positive, and changes by a share of itself.
        self.ranges = nn.ParameterDict({p: nn.Parameter(torch.tensor(1.0)) for p in PLACES})

    def forward(self, crops: Tensor) -> Tensor:
        """(B, 3, 80, 80) float in about [-1, 1], BGR -> (B, K, H, W) heatmaps, 0 or more."""
        return self.act(super().forward(crops), "heatmaps")

    def act(self, x: Tensor, place: str) -> Tensor:
        """ReLU, cut off at the range of the place and rounded to 256 steps."""
        return _Activation.apply(x, self.ranges[place].exp())  # type: ignore[no-any-return]

    @torch.no_grad()
    def calibrate(self, crops: Tensor) -> None:
        """Sets the ranges to the largest values that occur on crops (B, 3, 80, 80), normalised.

        And moves the biases of the last layer so that each map lies in its range by its peak.
        """
        largest: dict[str, float] = {}

        def measured(x: Tensor, place: str) -> Tensor:
            largest[place] = max(largest.get(place, 0.0), float(x.amax()))
            return F.relu(x)

        self.act, act = measured, self.act  # type: ignore[method-assign]
        try:
            heatmaps = RCN.forward(self, crops)
        finally:
            self.act = act  # type: ignore[method-assign]
        self.head[2].bias += DEPTH - heatmaps.amax(dim=(0, 2, 3))
        largest["heatmaps"] = DEPTH
        for place, value in largest.items():
            self.ranges[place].fill_(math.log(max(value, 1e-3)))
