"""The cheap network with the rounding of int8 inference, by the rules of `training.quantised`.

Normalisation is part of the weights. The value of every convolution lies in a byte, before and
after the sum with another map; the heatmaps are not rounded.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.network.mobile import Mobile, convolution, doubled, folded, woven
from training.network.mobile_layers import (
    HEAD,
    STEM,
    STRIDE,
    Conv,
    Form,
    heatmaps_of,
    layers_of,
)
from training.network.quantised import RoundedActivation, Steps, quantised_weight

HALF = 0.5 / 127.5  # the zero of the pixels is 127.5; the graph takes 128, and a bias makes up

Hold = Callable[[Tensor, str, bool], Tensor]  # value, place, whether ReLU comes first


def places_of(form: Form) -> dict[str, bool]:
    """Every place whose values lie in bytes -> whether ReLU comes before it."""
    places = {}
    for layer in layers_of(form):
        conv = layer.conv
        if conv.name == HEAD:
            continue
        # Before a sum no ReLU: onnxruntime adds maps of bytes, and ReLU is in the steps of the sum.
        places[conv.name] = conv.act and not layer.summed
        if layer.summed:
            places[f"{conv.name}_sum"] = conv.act
    return places


class _Run:
    """Runs convolutions with rounded weights; `hold` brings each value to the steps of a place."""

    def __init__(self, layers: Mapping[str, nn.Module], hold: Hold, *, whole: bool) -> None:
        self.layers, self.hold, self.whole = layers, hold, whole

    def conv(self, conv: Conv, x: Tensor, plus: Tensor | None = None) -> Tensor:
        layer = self.layers[conv.name]
        assert isinstance(layer, nn.Conv2d)
        assert layer.bias is not None
        weight = quantised_weight(layer.weight) if self.whole else layer.weight
        bias: Tensor = layer.bias
        if conv.name == STEM:  # around the map, too, zero is the byte 128
            x, bias = x - HALF, bias + HALF * weight.sum((1, 2, 3))
        y = F.conv2d(x, weight, bias, conv.stride, conv.padding, groups=conv.groups)
        if conv.name == HEAD:  # logits in float32, for the softmax
            return y
        if plus is None:
            return self.hold(y, conv.name, conv.act)
        # Rounded twice, as in the graph: by the convolution, and by the addition.
        return self.hold(self.hold(y, conv.name, False) + plus, f"{conv.name}_sum", conv.act)

    def double(self, name: str, x: Tensor, bilinear: bool) -> Tensor:
        return doubled(x, bilinear)  # repeated bytes are of the same steps

    def shuffle(self, name: str, x: Tensor) -> Tensor:
        return woven(x)


class QuantisedMobile(nn.Module):
    """`Mobile` with the rounding of int8 inference, and the ends of each place.

    Args:
        form: form of the network; its upsampling repeats pixels.
        landmarks: K, the number of heatmaps.

    Raises:
        ValueError: the form upsamples bilinearly, which int8 inference here does not do.
    """

    stride = STRIDE
    slope = 0.0

    def __init__(self, form: Form, landmarks: int = 68) -> None:
        super().__init__()
        if form.bilinear:
            raise ValueError("int8 wants a form that repeats pixels: bilinear=False")
        self.form, self.landmarks = form, landmarks
        layers = layers_of(form, landmarks)
        self.layers = nn.ModuleDict({layer.conv.name: convolution(layer) for layer in layers})
        self.places = places_of(form)
        # Logarithms: the ends are positive, and change by a share of themselves.
        self.largest = nn.ParameterDict({p: nn.Parameter(torch.tensor(1.0)) for p in self.places})
        # Behind ReLU nothing is below zero: the lower end is 0, and not learned.
        below = [place for place, act in self.places.items() if not act]
        self.lowest = nn.ParameterDict({p: nn.Parameter(torch.tensor(1.0)) for p in below})

    def forward(self, crops: Tensor) -> Tensor:
        """(B, 3, 80, 80) float in about [-1, 1], BGR -> (B, K, 40, 40)."""
        run = _Run(self.layers, self.held, whole=True)
        return heatmaps_of(self.form, run, crops, self.landmarks)

    def held(self, x: Tensor, place: str, act: bool) -> Tensor:
        """Brings the values of a place to its steps, through ReLU if `act`."""
        lowest, largest = self.ends(place)
        slope = 0.0 if act else 1.0  # a slope of 1 changes nothing below zero
        return RoundedActivation.apply(x, lowest, largest, slope)  # type: ignore[no-any-return]

    def ends(self, place: str) -> tuple[Tensor, Tensor]:
        """How far the values of a place reach below and above zero."""
        largest = self.largest[place].exp()
        if place in self.lowest:
            return self.lowest[place].exp(), largest
        return torch.zeros_like(largest), largest

    def steps(self, place: str) -> Steps:
        """The steps of the values of a place."""
        lowest, largest = (float(end.detach()) for end in self.ends(place))
        return Steps.between(lowest, largest)

    @torch.no_grad()
    def begin_with(self, net: Mobile) -> None:
        """Takes the weights of a network that was trained in float32, in evaluation mode."""
        for name, conv in folded(net).items():
            layer = self.layers[name]
            assert isinstance(layer, nn.Conv2d)
            layer.load_state_dict(conv.state_dict())

    @torch.no_grad()
    def prepare(self, crops: Tensor, tail: float) -> None:
        """Sets the ends of each place, and moves the biases of the head.

        All but a share `tail` of the values lie between the ends. The peaks of each map lie about
        0, which the softmax does not see: the graph takes e to the power of the maps.

        Args:
            crops: (B, 3, 80, 80), normalised, of training faces.
            tail: share of the values beyond each end of a place.
        """
        values: dict[str, list[Tensor]] = {place: [] for place in self.places}
        peaks = []

        def noted(x: Tensor, place: str, act: bool) -> Tensor:
            # Some 200,000 of a batch do for a quantile; all values would fill the memory.
            values[place].append(x.flatten()[:: max(1, x.numel() // 200_000)])
            return F.relu(x) if act else x

        # Neither weights nor values are rounded yet: the network as float32 learned it.
        run = _Run(self.layers, noted, whole=False)
        for part in crops.split(16):
            heatmaps = heatmaps_of(self.form, run, part, self.landmarks)
            peaks.append(heatmaps.amax(dim=(2, 3)))
        peak = torch.cat(peaks)  # (B, K)
        middle = (peak.amin(0) + peak.amax(0)) / 2  # (K,)
        head = self.layers[HEAD]
        assert isinstance(head, nn.Conv2d)
        assert head.bias is not None
        # A head that shuffles has K biases for each of four pixels, one pixel after the other.
        head.bias -= middle.repeat(len(head.bias) // len(middle))
        for place, parts in values.items():
            lowest, largest = np.quantile(torch.cat(parts).numpy(), [tail, 1 - tail])
            # A place that is silent on these crops has a range all the same.
            self.largest[place].fill_(math.log(max(largest, 1e-3)))
            if place in self.lowest:
                self.lowest[place].fill_(math.log(max(-lowest, 1e-3)))
