"""The network with batch normalisation after each convolution while it is trained.

The paper's network has none and learns slowly for it. At run time a batch normalisation is a
scale and an offset for each channel of a convolution. Both go into weights and bias, so the file is
that of the plain network.
"""

import torch
from torch import Tensor, nn

from training.network.rcn import RCN, UpConv

# Of the running means: some 50 batches, where torch's 0.1 has 10. Evaluation joins the latest of
# them with the average of the weights, since `AveragedModel` averages no buffers.
MOMENTUM = 0.02


class NormalisedConv(nn.Conv2d):
    """A convolution and the normalisation of its output; arguments are those of `Conv2d`."""

    def __init__(self, channels: int, out: int, kernel: int, padding: int = 0) -> None:
        # With a bias, though the normalisation takes it away again: names and shapes are those of
        # the plain network.
        super().__init__(channels, out, kernel, padding=padding)
        self.norm = nn.BatchNorm2d(out, momentum=MOMENTUM)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, O, H', W')."""
        y: Tensor = self.norm(super().forward(x))
        return y


class NormalisedUpConv(UpConv):
    """`UpConv` with the normalisation of its output."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.conv = NormalisedConv(channels, channels, 5)


class NormalisedRCN(RCN):
    """`RCN`, normalised after every convolution; that of the last scales the heatmaps."""

    # `RCN` makes its layers of these.
    conv = NormalisedConv
    first = NormalisedConv
    upconv = NormalisedUpConv

    def __init__(self, *arguments: object, **keywords: object) -> None:
        super().__init__(*arguments, **keywords)  # type: ignore[arg-type]
        for i in (0, 1):
            # `RCN` has made these two already. To make them again only changes which random weights
            # they start with, and runs of a known seed depend on it.
            plain = self.head[i]
            self.head[i] = NormalisedConv(plain.in_channels, plain.out_channels, 1)  # type: ignore[arg-type]
            nn.init.kaiming_normal_(self.head[i].weight, a=self.slope)  # type: ignore[arg-type]
            nn.init.zeros_(self.head[i].bias)  # type: ignore[arg-type]


def folded(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The state of a normalised network -> that of the plain one with the same output."""
    out = {name: tensor for name, tensor in state.items() if ".norm." not in name}
    for name in state:
        if not name.endswith(".norm.weight"):
            continue
        layer = name.removesuffix(".norm.weight")
        mean, variance = state[f"{layer}.norm.running_mean"], state[f"{layer}.norm.running_var"]
        # gamma (y - mean) / sigma + beta with y = W x + b is gain W x + gain (b - mean) + beta. The
        # constant is that of `BatchNorm2d`.
        gain = state[name] / torch.sqrt(variance + 1e-5)  # (O,)
        out[f"{layer}.weight"] = state[f"{layer}.weight"] * gain[:, None, None, None]
        out[f"{layer}.bias"] = (state[f"{layer}.bias"] - mean) * gain + state[f"{layer}.norm.bias"]
    return out
