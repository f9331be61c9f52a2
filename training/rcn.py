"""The 4-branch Recombinator Network of Laplace Landmark Localization, Table 1, at five widths.

Width w has c = 64 w channels and 452 c^2 + 181 c + 9452 parameters.
"""

from types import MappingProxyType

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIZE = 80  # side of the input and of the heatmaps, pixels
SLOPE = 0.2  # of every leaky ReLU
CHANNELS = MappingProxyType({"1/16": 4, "1/8": 8, "1/4": 16, "1/2": 32, "1": 64})


class RCN(nn.Module):
    """Crops -> heatmaps, not normalised.

    Args:
        width: one of `CHANNELS`.
        landmarks: K, the number of heatmaps.
        dropout: probability; the paper's is 0.2.
    """

    def __init__(self, width: str, landmarks: int = 68, dropout: float = 0.0) -> None:
        super().__init__()
        if width not in CHANNELS:
            raise ValueError(f"width must be one of {', '.join(CHANNELS)}, not {width!r}")
        c = CHANNELS[width]
        self.width, self.landmarks = width, landmarks
        self.dropout = nn.Dropout(dropout)
        self.encoder = nn.ModuleList(nn.Conv2d(i, c, 3, padding=1) for i in (3, c, c, c))
        self.bottleneck = nn.ModuleList(nn.Conv2d(c, c, 3, padding=1) for _ in range(2))
        self.decoder = nn.ModuleList(nn.Conv2d(i, c, 1) for i in (c, 2 * c, 2 * c, 2 * c))
        self.up = nn.ModuleList(UpConv(2 * c) for _ in range(4))
        self.head = nn.ModuleList(nn.Conv2d(i, landmarks, 1) for i in (2 * c, landmarks, landmarks))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                # There is no normalisation layer: the start decides whether signals survive.
                nn.init.kaiming_normal_(module.weight, a=SLOPE)
                nn.init.zeros_(module.bias)

    def forward(self, crops: Tensor) -> Tensor:
        """(B, 3, 80, 80) float in about [-1, 1], BGR -> (B, K, 80, 80) heatmaps."""
        skips = []
        x = crops
        for conv in self.encoder:  # 40, 20, 10, 5
            x = F.max_pool2d(self.dropout(act(conv(x))), 2)
            skips.append(x)
        for conv in self.bottleneck:  # (B, c, 5, 5)
            x = act(conv(x))
        for conv, up in zip(self.decoder, self.up, strict=True):  # 10, 20, 40, 80
            x = torch.cat([self.dropout(act(conv(x))), skips.pop()], dim=1)  # (B, 2c, H, W)
            x = self.dropout(act(up(x)))  # (B, 2c, 2H, 2W)
        x = act(self.head[0](x))
        x = act(self.head[1](x))
        return self.head[2](x)


class UpConv(nn.Module):
    """Bilinear x2, then a 5x5 convolution, with zeros around the map *before* upsampling.

    Padding first makes the pair equal, at every pixel, to four 4x4 convolutions of the small map
    (`phase_kernels`): 64 multiplications where there were 100.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 5)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, 2H, 2W)."""
        x = F.interpolate(F.pad(x, (1, 1, 1, 1)), scale_factor=2, mode="bilinear")
        return self.conv(x)


def phase_kernels(kernel: Tensor) -> Tensor:
    """The 4x4 kernels on the small map that equal bilinear x2 followed by `kernel`.

    Args:
        kernel: (O, I, 5, 5).

    Returns:
        (O, 2, 2, I, 4, 4): for each phase (row, column) of the output. Phase 0 is the odd
        pixel 2j - 1 and phase 1 the even pixel 2j, both from the window j - 2 .. j + 1.
    """
    # Pixel 2i of the upsampled row is (x[i-1] + 3 x[i]) / 4, pixel 2i + 1 is (3 x[i] + x[i+1]) / 4.
    taps = kernel.new_zeros(2, 5, 4)
    for phase in range(2):
        for k in range(5):
            pixel = phase - 1 + k - 2  # relative to pixel 2j
            i, odd = divmod(pixel, 2)
            near, far = i, i + 1 if odd else i - 1
            taps[phase, k, near + 2] += 0.75
            taps[phase, k, far + 2] += 0.25
    return torch.einsum("pka,oikl,qlb->opqiab", taps, kernel, taps)


def act(x: Tensor) -> Tensor:
    """The activation after every layer but the last."""
    return F.leaky_relu(x, SLOPE)


def normalise(crops: Tensor) -> Tensor:
    """(B, 80, 80, 3) uint8 BGR -> (B, 3, 80, 80) float32 in [-1, 1]."""
    return crops.permute(0, 3, 1, 2).float() / 127.5 - 1.0


def parameter_count(width: str, landmarks: int = 68) -> int:
    """Parameters of the network, in closed form."""
    c, k = CHANNELS[width], landmarks
    encoder = 3 * 9 * c + c + 3 * (9 * c * c + c)
    bottleneck = 2 * (9 * c * c + c)
    decoder = c * c + c + 3 * (2 * c * c + c)
    up = 4 * (25 * 4 * c * c + 2 * c)
    head = 2 * c * k + k + 2 * (k * k + k)
    return encoder + bottleneck + decoder + up + head
