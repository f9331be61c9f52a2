"""A network of few multiplications, with the inputs and outputs of the recombinator.

`mobile_layers` writes its layers down; here they are modules of torch, and run.
"""

from collections.abc import Mapping

import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from training.network.mobile_layers import HEAD, STRIDE, Conv, Form, Layer, heatmaps_of, layers_of


def convolution(layer: Layer, bias: bool = True) -> nn.Conv2d:
    """The module of one convolution."""
    conv = layer.conv
    return nn.Conv2d(
        layer.inputs,
        conv.channels,
        conv.kernel,
        conv.stride,
        conv.padding,
        groups=conv.groups,
        bias=bias,
    )


def doubled(x: Tensor, bilinear: bool) -> Tensor:
    """(B, C, H, W) -> (B, C, 2H, 2W)."""
    return F.interpolate(x, scale_factor=2, mode="bilinear" if bilinear else "nearest")


def woven(x: Tensor) -> Tensor:
    """(B, 4 K, H, W) -> (B, K, 2H, 2W), as `Interpreter.shuffle`."""
    # Not F.pixel_shuffle, which wants the four pixels of a map side by side: here all K maps of one
    # pixel are, which ONNX's DepthToSpace calls DCR.
    b, c, h, w = x.shape
    x = x.view(b, 2, 2, c // 4, h, w).permute(0, 3, 4, 1, 5, 2)  # (B, K, H, row, W, column)
    return x.reshape(b, c // 4, 2 * h, 2 * w)


class _Run:
    """Runs the modules on tensors."""

    def __init__(self, layers: Mapping[str, nn.Module]) -> None:
        self.layers = layers

    def conv(self, conv: Conv, x: Tensor, plus: Tensor | None = None) -> Tensor:
        y: Tensor = self.layers[conv.name](x)  # normalised, but for the head
        if plus is not None:
            y = y + plus
        return F.relu(y) if conv.act else y

    def double(self, name: str, x: Tensor, bilinear: bool) -> Tensor:
        return doubled(x, bilinear)

    def shuffle(self, name: str, x: Tensor) -> Tensor:
        return woven(x)


class Mobile(nn.Module):
    """Crops -> heatmaps, not normalised.

    Args:
        form: the size and the kind of layers.
        landmarks: K, the number of heatmaps.
    """

    stride = STRIDE

    def __init__(self, form: Form, landmarks: int = 68) -> None:
        super().__init__()
        self.form, self.landmarks = form, landmarks
        layers: dict[str, nn.Module] = {}
        for layer in layers_of(form, landmarks):
            name = layer.conv.name
            # The head has a bias of its own; normalisation would hold back its peaks.
            layers[name] = (
                convolution(layer)
                if name == HEAD
                else nn.Sequential(
                    convolution(layer, bias=False), nn.BatchNorm2d(layer.conv.channels)
                )
            )
        self.layers = nn.ModuleDict(layers)

    def forward(self, crops: Tensor) -> Tensor:
        """(B, 3, 80, 80) float in about [-1, 1], BGR -> (B, K, 40, 40)."""
        return heatmaps_of(self.form, _Run(self.layers), crops, self.landmarks)


def folded(net: Mobile) -> dict[str, nn.Conv2d]:
    """Copies of the convolutions by name, with the normalisation in their weights and biases.

    Args:
        net: in evaluation mode.
    """
    found = {}
    for name, layer in net.layers.items():
        if isinstance(layer, nn.Sequential):
            conv, norm = layer
            assert isinstance(conv, nn.Conv2d)
            assert isinstance(norm, nn.BatchNorm2d)
            found[name] = fuse_conv_bn_eval(conv, norm)
        else:
            assert isinstance(layer, nn.Conv2d)
            found[name] = layer  # the network's own: there is nothing to fold
    return found
