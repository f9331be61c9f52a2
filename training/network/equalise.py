"""Gives the channels of every layer one range, so that the steps of int8 suit them all.

A map has one scale for all its channels, and the range of the widest is wasted on the others.
Activations with one slope below zero and one above pass positive factors on: dividing an output
channel by its range, and multiplying the weights that read it by the same, changes nothing in
float32 (Nagel et al., *Data-Free Quantization Through Weight Equalization and Bias Correction*,
ICCV 2019; here the ranges are those of the maps, seen on crops). The halves of a concatenation,
each with its own convolution before it, get one range, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from training.network.rcn import RCN, UpConv

TAIL = 1e-3  # share of a channel's values beyond each end of its range
# How much a value below zero counts: a leaky ReLU leaves a fifth of it. 0.25 and 1 are no better.
BELOW = 0.5
# Largest ratio of two channels' ranges that is equalised. A channel that is all but dead would
# otherwise be blown up to the range of the others.
WIDEST = 16.0


@dataclass(frozen=True)
class _Reader:
    """A layer that reads channels, and the first of its input channels that are theirs."""

    layer: nn.Module
    first: int = 0


def joints(net: RCN) -> Iterator[tuple[nn.Module, list[_Reader]]]:
    """Every layer but the last, with the layers that read its output."""
    # Between two layers lie activations, pooling and upsampling, which pass a positive factor on.
    c = net.encoder[0].out_channels
    after_encoder = [*net.encoder[1:], net.bottleneck[0]]
    for i, (layer, after) in enumerate(zip(net.encoder, after_encoder, strict=True)):
        # In the concatenation they stand behind the c channels of the decoder.
        yield layer, [_Reader(after), _Reader(net.up[3 - i], c)]
    yield net.bottleneck[0], [_Reader(net.bottleneck[1])]
    yield net.bottleneck[1], [_Reader(net.decoder[0])]
    for decoder, up, after in zip(
        net.decoder, net.up, [*net.decoder[1:], net.head[0]], strict=True
    ):
        yield decoder, [_Reader(up)]
        yield up, [_Reader(after)]
    yield net.head[0], [_Reader(net.head[1])]
    yield net.head[1], [_Reader(net.head[2])]


@torch.no_grad()
def equalise(net: RCN, crops: Tensor) -> None:
    """Brings the channels of each map to one range; the outputs of the network stay the same.

    Args:
        net: changed in place; in float32.
        crops: (B, 3, 80, 80) normalised, for measuring the ranges.
    """
    maps: dict[nn.Module, Tensor] = {}  # (B, C, H, W) of each layer, before its activation
    pairs = list(joints(net))
    hooks = [
        layer.register_forward_hook(lambda layer, _, output: maps.__setitem__(layer, output))
        for layer, _ in pairs
    ]
    try:
        net(crops)
    finally:
        for hook in hooks:
            hook.remove()
    # All maps were measured before any weight changed, and stay true: what a layer gets from those
    # before it has been divided, its own weights multiplied, so its output is as it was.
    for layer, readers in pairs:
        # The maps are those before the activation, and ReLU leaves nothing below zero.
        ratios = ranges(maps[layer], BELOW if net.slope else 0.0)  # (C,)
        ratios /= ratios.max()  # the widest channel stays, the others grow to its range
        conv = _conv(layer)
        conv.weight /= ratios.view(-1, 1, 1, 1)  # (O, I, k, k): its outputs
        assert conv.bias is not None
        conv.bias /= ratios
        for reader in readers:
            theirs = slice(reader.first, reader.first + len(ratios))
            _conv(reader.layer).weight[:, theirs] *= ratios.view(1, -1, 1, 1)  # their inputs


def ranges(output: Tensor, below: float) -> Tensor:
    """(B, C, H, W) -> (C,), at least 1 / `WIDEST` of the largest."""
    values = output.transpose(0, 1).flatten(1).numpy()  # (C, B H W)
    # By numpy: torch.quantile takes at most 16 million values.
    lowest, largest = np.quantile(values, [TAIL, 1 - TAIL], axis=1)
    # The end that reaches farther decides, the lower one at a discount.
    found = torch.from_numpy(np.maximum(largest, -below * lowest)).to(output.dtype)
    return found.clamp_min(float(found.max()) / WIDEST)


def _conv(layer: nn.Module) -> nn.Conv2d:
    conv = layer.conv if isinstance(layer, UpConv) else layer
    assert isinstance(conv, nn.Conv2d)
    return conv
