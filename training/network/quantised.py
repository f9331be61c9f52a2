"""The network as int8 inference computes it, so that training adapts to its rounding.

Weights are rounded to int8 with one scale for each output channel, activations to uint8 with one
scale for each place; gradients pass the rounding as if it were not there (Jacob et al.,
*Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference*,
CVPR 2018). The largest value that a place can hold is trained with the weights (Esser et al.,
*Learned Step Size Quantization*, ICLR 2020).

A leaky ReLU keeps values below zero too: a convolution gives steps from `lowest` to `largest`, and
a table of 256 entries takes them to those of the activation. ReLU, which lite networks have, needs
no table: it is where uint8 ends. The heatmaps are not rounded: their one use is the softmax.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.network.equalise import equalise
from training.network.rcn import RCN, SLOPE, UpConv, phase_kernels

LEVELS = 255  # of an activation above zero
# Largest weight; a byte could hold 127. Processors without VNNI add pairs of products in 16 bits,
# and 2 * 255 * 64 is the most that always fits.
LARGEST = 64
STORED = 127  # of a 5x5 kernel, which is in the file and never multiplied in this form

PLACES = (
    *(f"joined{i}" for i in range(4)),
    *(f"bottleneck{i}" for i in range(2)),
    *(f"up{i}" for i in range(4)),
    "head0",
    "head1",
)


def rounded(x: Tensor) -> Tensor:
    """round(x), with the gradient of x."""
    return x + (x.round() - x).detach()


def weight_scales(weight: Tensor, largest: int = LARGEST) -> Tensor:
    """(O, ...) -> (O,): the step between neighbouring int8 weights of each output channel."""
    # Detached: the largest weight sets the step, and would get the gradients of all others.
    # Clamped, or a channel of zeros would be 0 / 0.
    return weight.detach().flatten(1).abs().amax(1).clamp_min(1e-8) / largest


def quantised_weight(weight: Tensor, largest: int = LARGEST) -> Tensor:
    """(O, ...) -> the same, rounded to -largest..largest times the scale of each output channel."""
    scales = weight_scales(weight, largest).view(-1, *[1] * (weight.ndim - 1))  # (O, 1, ...)
    return rounded(weight / scales) * scales


def upsampling_kernels(kernel: Tensor) -> Tensor:
    """(O, I, 5, 5) of an `UpConv` -> (O, 2, 2, I, 4, 4): its phases, rounded.

    The 5x5 kernel is rounded too, since the file holds it as int8 (25 numbers; the phases
    have 64), and its phases are rounded when the file is loaded.
    """
    phases = phase_kernels(quantised_weight(kernel, STORED))
    # (4 O, I, 4, 4) for the rounding: each phase has a scale of its own.
    return quantised_weight(phases.flatten(0, 2)).view_as(phases)


@dataclass(frozen=True)
class Steps:
    """Quantisation of the values of one place: value = scale * (byte - zero)."""

    scale: float
    zero: int

    @classmethod
    def between(cls, lowest: float, largest: float) -> "Steps":
        """256 steps from -lowest to largest, one of them exactly 0."""
        scale = float(np.float32((lowest + largest) / LEVELS))  # as the file holds it
        return cls(scale, round(lowest / scale))

    def bytes_of(self, x: Tensor) -> Tensor:
        """The nearest steps, 0..255 in float32."""
        # In float32: bf16 would round the quotient before the steps do.
        return x.float().mul(1 / self.scale).round_().add_(self.zero).clamp_(0, LEVELS)

    def values_of(self, steps: Tensor) -> Tensor:
        """The inverse of `bytes_of`."""
        return steps.sub(self.zero).mul_(self.scale)


class RoundedActivation(torch.autograd.Function):
    """A (leaky) ReLU between the steps of a convolution's output and those of the next one's input.

    Gradients pass if a value is inside; those of values beyond go to the end that cut them off.
    Kept for the backward pass is one byte a value.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, lowest: Tensor, largest: Tensor, slope: float) -> Tensor:
        """Values -> the nearest steps behind the activation."""
        before, after = steps_of(float(lowest), float(largest), slope)
        whole = before.bytes_of(x)  # what the convolution of the graph gives, ReLU included
        ctx.save_for_backward(whole.to(torch.uint8))
        ctx.zero, ctx.slope = before.zero, slope
        if slope:
            # The graph has a table of 256 bytes for this.
            whole = after.bytes_of(F.leaky_relu(before.values_of(whole), slope))
        return after.values_of(whole).to(x.dtype)

    # The ends get nothing from values inside, whose rounding errors Esser et al. count. This is the
    # gradient of PACT (Choi et al., 2018).
    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:  # type: ignore[override]
        """Gradients of the values and of both ends."""
        (kept,) = ctx.saved_tensors
        # In float32: gradients may be bf16, in which long sums stop growing.
        largest = (grad * (kept == LEVELS)).sum(dtype=torch.float32)
        # The lower end is counted downwards, so its gradient has the other sign.
        lowest = (grad * (kept == 0)).sum(dtype=torch.float32) * -ctx.slope
        inside = grad * ((kept > 0) & (kept < LEVELS))
        if ctx.slope:
            inside = torch.where(kept < ctx.zero, inside * ctx.slope, inside)  # below zero
        return inside, lowest, largest, None


def steps_of(lowest: float, largest: float, slope: float) -> tuple[Steps, Steps]:
    """The quantisation steps of a convolution's output, and those behind its activation."""
    if not slope:
        return (Steps.between(0.0, largest),) * 2  # the lower end of the bytes is ReLU
    return Steps.between(lowest, largest), Steps.between(slope * lowest, largest)


class QuantisedConv(nn.Conv2d):
    """A convolution with its weights rounded."""

    def forward(self, x: Tensor) -> Tensor:
        """As of `nn.Conv2d`."""
        return F.conv2d(x, quantised_weight(self.weight), self.bias, padding=self.padding)


class QuantisedFirst(QuantisedConv):
    """The first convolution, which sees pixels as bytes.

    Their zero is 127.5, which is no byte: it takes 128, around the border too, and the bias makes
    up for the half.
    """

    def forward(self, x: Tensor) -> Tensor:
        """As of `nn.Conv2d`, with values of (byte - 127.5) / 127.5."""
        # (byte - 127.5) / 127.5 = (byte - 128) / 127.5 + half, and a constant goes into the bias.
        half, weight = 0.5 / 127.5, quantised_weight(self.weight)
        assert self.bias is not None
        bias = self.bias + half * weight.sum((1, 2, 3))
        return F.conv2d(x - half, weight, bias, padding=self.padding)


class QuantisedUpConv(UpConv):
    """`UpConv` as convolutions with the phases of its kernel, rounded."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, 2H, 2W)."""
        # bf16 would round the phases before int8 does, and otherwise.
        with torch.autocast(x.device.type, enabled=False):
            kernels = upsampling_kernels(self.conv.weight).flatten(0, 2)  # (4 C, C, 4, 4)
        bias = self.conv.bias
        assert bias is not None
        # (B, 4 C, H + 1, W + 1), the four phases of a channel side by side.
        y = F.conv2d(x, kernels, bias.repeat_interleave(4), padding=2)
        return F.pixel_shuffle(y, 2)[..., 1:-1, 1:-1]  # the first is pixel -1


class QuantisedRCN(RCN):
    """`RCN` with the rounding of int8 inference: the same parameters, and the ends of each place.

    Args:
        width: one of `training.network.rcn.CHANNELS`.
        landmarks: K, the number of heatmaps.
        stride: stride of the maps.
        slope: slope of the activations below zero.
    """

    conv = QuantisedConv
    upconv = QuantisedUpConv
    first = QuantisedFirst

    def __init__(
        self, width: str, landmarks: int = 68, *, stride: int = 1, slope: float = SLOPE
    ) -> None:
        super().__init__(width, landmarks, stride=stride, slope=slope)
        # Logarithms: the ends are positive, and change by a share of themselves.
        self.largest = nn.ParameterDict({p: nn.Parameter(torch.tensor(1.0)) for p in PLACES})
        below = PLACES if slope else ()
        self.lowest = nn.ParameterDict({p: nn.Parameter(torch.tensor(1.0)) for p in below})

    def act(self, x: Tensor, place: str) -> Tensor:
        """The activation, from the steps of a place to those behind it."""
        lowest, largest = self.ends(place)
        return RoundedActivation.apply(x, lowest, largest, self.slope)  # type: ignore[no-any-return]

    def ends(self, place: str) -> tuple[Tensor, Tensor]:
        """How far the values of a place reach below and above zero."""
        largest = self.largest[place].exp()
        if place in self.lowest:
            return self.lowest[place].exp(), largest
        return torch.zeros_like(largest), largest

    @torch.no_grad()
    def prepare(self, crops: Tensor, tail: float) -> None:
        """Makes of weights that were trained in float32 those that int8 begins with.

        Args:
            crops: (B, 3, 80, 80), normalised, of training faces.
            tail: share of the values beyond each end of a place.
        """
        # Equalised without rounding: the ranges to round by follow from the equalised weights.
        plain = RCN(self.width, self.landmarks, stride=self.stride, slope=self.slope)
        own = self.state_dict()
        plain.load_state_dict({name: own[name] for name in plain.state_dict()})
        equalise(plain, crops)
        self.load_state_dict(plain.state_dict(), strict=False)
        self.set_ranges(crops, tail)

    @torch.no_grad()
    def set_ranges(self, crops: Tensor, tail: float) -> None:
        """Sets the ends so that all but `tail` of the values on crops (B, 3, 80, 80) lie between.

        And moves the biases of the last layer so that the peaks of each map lie about 0, which does
        not change the softmax: the graph computes exp without subtracting the maximum.
        """
        # A forward pass with rounded weights and plain activations, as the ends are not known yet.
        # Noted is what comes before the activation: these are the ends of a convolution's output.
        values: dict[str, list[Tensor]] = {place: [] for place in PLACES}

        def noted(x: Tensor, place: str) -> Tensor:
            values[place].append(x.flatten())  # twice for a place of two maps that are concatenated
            return RCN.act(self, x, place)

        self.act = noted  # type: ignore[method-assign]
        try:
            heatmaps = RCN.forward(self, crops)
        finally:
            del self.act  # the method again
        peaks = heatmaps.amax(dim=(2, 3))  # (B, K)
        self.head[2].bias -= (peaks.amin(0) + peaks.amax(0)) / 2  # (K,)
        for place, parts in values.items():
            # Not the extremes: a single outlier would make the steps of all values coarser.
            lowest, largest = np.quantile(torch.cat(parts).numpy(), [tail, 1 - tail])
            # A place that is silent on these crops has a range all the same.
            self.largest[place].fill_(math.log(max(largest, 1e-3)))
            if place in self.lowest:
                self.lowest[place].fill_(math.log(max(-lowest, 1e-3)))
