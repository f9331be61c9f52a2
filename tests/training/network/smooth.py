"""Crops of smooth noise, and networks without training whose maps have peaks on them."""

from copy import deepcopy
from functools import cache

import torch

from training.network.mobile import Mobile
from training.network.mobile_layers import HEAD, Form
from training.network.quantised_mobile import QuantisedMobile
from training.network.rcn import normalise


def crops(count: int = 6) -> torch.Tensor:
    """(count, 80, 80, 3) uint8: a network sees gradients and blobs in them."""
    generator = torch.Generator().manual_seed(0)
    small = torch.rand((count, 3, 10, 10), generator=generator) * 255
    large = torch.nn.functional.interpolate(small, (80, 80), mode="bicubic").clamp(0, 255)
    return large.permute(0, 2, 3, 1).to(torch.uint8).contiguous()


def peaked(form: Form, images: torch.Tensor) -> Mobile:
    """A network in evaluation mode, its statistics those of the images."""
    return deepcopy(_peaked(form, images.shape, images.numpy().tobytes()))


@cache  # most of the time of a test that only looks at one
def _peaked(form: Form, shape: torch.Size, pixels: bytes) -> Mobile:
    images = torch.frombuffer(bytearray(pixels), dtype=torch.uint8).view(shape)
    torch.manual_seed(0)
    net = Mobile(form)
    with torch.no_grad():
        for _ in range(20):
            net.train()(normalise(images))
        net.layers[HEAD].weight.mul_(12)  # type: ignore[operator]
    return net.eval()


def rounded_form(net: Mobile, images: torch.Tensor) -> QuantisedMobile:
    """The network with int8's rounding, its ranges those of the images."""
    out = QuantisedMobile(net.form, net.landmarks)
    out.begin_with(net)
    out.prepare(normalise(images), 1e-4)
    return out.eval()


def held_values(net: QuantisedMobile, images: torch.Tensor) -> dict[str, torch.Tensor]:
    """The rounded values of every place, from one run of the network."""
    values = {}
    held = net.held

    def noted(x, place, act):
        values[place] = held(x, place, act)
        return values[place]

    net.held = noted
    with torch.no_grad():
        net(normalise(images))
    return values
