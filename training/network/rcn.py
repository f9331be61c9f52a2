"""The 4-branch Recombinator Network of Laplace Landmark Localization, Table 1, at five widths.

Width w has c = 64 w channels and 452 c^2 + 181 c + 9452 parameters. With a stride of 2, the lite
form, the last branch does not upsample and the maps stay at half the crop's resolution, where
most of the arithmetic would be: 388 c^2 + 181 c + 9452 parameters.
"""

from types import MappingProxyType

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIZE = 80  # side of the input, pixels
SLOPE = 0.2  # of every leaky ReLU of the paper
CHANNELS = MappingProxyType({"1/16": 4, "1/8": 8, "1/4": 16, "1/2": 32, "1": 64})  # c of each width


class UpConv(nn.Module):
    """Bilinear x2, then a 5x5 convolution, with zeros around the map *before* upsampling.

    Padding first makes the pair equal, at every pixel, to four 4x4 convolutions of the small map
    (`phase_kernels`): 64 multiplications instead of 100.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.conv = nn.Conv2d(channels, channels, 5)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, 2H, 2W)."""
        x = F.interpolate(F.pad(x, (1, 1, 1, 1)), scale_factor=2, mode="bilinear")
        return self.conv(x)  # of (B, C, 2H + 4, 2W + 4); the kernel takes 2 from each side


class RCN(nn.Module):
    """Crops -> heatmaps, not normalised.

    Args:
        width: one of `CHANNELS`.
        landmarks: K, the number of heatmaps.
        dropout: probability; the paper's is 0.2.
        stride: crop pixels from one pixel of the maps to the next, 1 (the paper's) or 2.
        slope: slope of the activations below zero; 0 makes them ReLU.
    """

    # Subclasses put rounded or normalised layers in their places; the forward pass stays this one.
    conv: type[nn.Conv2d] = nn.Conv2d
    first: type[nn.Conv2d] = nn.Conv2d
    upconv: type[UpConv] = UpConv

    def __init__(
        self,
        width: str,
        landmarks: int = 68,
        dropout: float = 0.0,
        *,
        stride: int = 1,
        slope: float = SLOPE,
    ) -> None:
        super().__init__()
        if width not in CHANNELS:
            raise ValueError(f"width must be one of {', '.join(CHANNELS)}, not {width!r}")
        if stride not in (1, 2):
            raise ValueError(f"stride must be 1 or 2, not {stride!r}")
        c = CHANNELS[width]
        self.width, self.landmarks, self.stride, self.slope = width, landmarks, stride, slope
        self.dropout = nn.Dropout(dropout)
        # By the names of Table 1: E1 to E4; the bottleneck; D4 to D1 (D4 reads one map, the others
        # two); D_F; the output. The table has neither the bottleneck nor one layer of the head:
        # with them all five published counts of parameters come out.
        more = [self.conv(c, c, 3, padding=1) for _ in range(3)]
        self.encoder = nn.ModuleList([self.first(3, c, 3, padding=1), *more])
        self.bottleneck = nn.ModuleList(self.conv(c, c, 3, padding=1) for _ in range(2))
        self.decoder = nn.ModuleList(self.conv(i, c, 1) for i in (c, 2 * c, 2 * c, 2 * c))
        last = self.upconv(2 * c) if stride == 1 else self.conv(2 * c, 2 * c, 3, padding=1)
        self.up = nn.ModuleList([*(self.upconv(2 * c) for _ in range(3)), last])
        self.head = nn.ModuleList(self.conv(i, landmarks, 1) for i in (2 * c, landmarks, landmarks))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                # There is no normalisation layer: the start decides whether signals survive.
                nn.init.kaiming_normal_(module.weight, a=slope)
                nn.init.zeros_(module.bias)

    def forward(self, crops: Tensor) -> Tensor:
        """(B, 3, 80, 80) float in about [-1, 1], BGR -> (B, K, 80 / stride, 80 / stride)."""
        skips = []
        x = crops
        for i, conv in enumerate(self.encoder):  # 40, 20, 10, 5
            x = F.max_pool2d(self.dropout(self.act(conv(x), f"joined{i}")), 2)
            skips.append(x)
        for i, conv in enumerate(self.bottleneck):  # (B, c, 5, 5)
            x = self.act(conv(x), f"bottleneck{i}")
        for i, conv, up in zip((3, 2, 1, 0), self.decoder, self.up, strict=True):
            x = self.dropout(self.act(conv(x), f"joined{i}"))
            # Coarse maps know which landmark, fine ones know where: they recombine here.
            x = torch.cat([x, skips.pop()], dim=1)  # (B, 2c, H, W)
            x = self.dropout(self.act(up(x), f"up{i}"))  # (B, 2c, 2H, 2W): 10, 20, 40, 80
        # No dropout here, where Table 1 has one.
        x = self.act(self.head[0](x), "head0")  # (B, K, 80 / stride, 80 / stride)
        x = self.act(self.head[1](x), "head1")
        return self.head[2](x)

    def act(self, x: Tensor, place: str) -> Tensor:
        """The activation after every layer but the last.

        Args:
            x: output of a convolution.
            place: name of the values; those that are concatenated share a name.
        """
        return F.leaky_relu(x, self.slope) if self.slope else F.relu(x)


def phase_kernels(kernel: Tensor) -> Tensor:
    """The 4x4 kernels on the small map that equal bilinear x2 followed by `kernel`.

    Args:
        kernel: (O, I, 5, 5).

    Returns:
        (O, 2, 2, I, 4, 4): for each phase (row, column) of the output. Phase 0 is the odd
        pixel 2j - 1 and phase 1 the even pixel 2j, both from the window j - 2 .. j + 1.
    """
    # Pixel 2i of the upsampled row is (x[i-1] + 3 x[i]) / 4, pixel 2i + 1 is (3 x[i] + x[i+1]) / 4.
    taps = kernel.new_zeros(2, 5, 4)  # (phase, tap of the 5, pixel of the window)
    for phase in range(2):
        for k in range(5):
            pixel = phase - 1 + k - 2  # relative to pixel 2j
            i, odd = divmod(pixel, 2)
            near, far = i, i + 1 if odd else i - 1  # the pixels that the upsampled one lies between
            taps[phase, k, near + 2] += 0.75  # the window begins at j - 2
            taps[phase, k, far + 2] += 0.25
    # Bilinear upsampling is separable: rows by the first factor, columns by the last.
    return torch.einsum("pka,oikl,qlb->opqiab", taps, kernel, taps)


def normalise(crops: Tensor) -> Tensor:
    """(B, 80, 80, 3) uint8 BGR -> (B, 3, 80, 80) float32 in [-1, 1]."""
    return crops.permute(0, 3, 1, 2).float() / 127.5 - 1.0


def parameter_count(width: str, landmarks: int = 68, stride: int = 1) -> int:
    """Parameters of the network, in closed form."""
    c, k = CHANNELS[width], landmarks
    encoder = 3 * 9 * c + c + 3 * (9 * c * c + c)
    bottleneck = 2 * (9 * c * c + c)
    decoder = c * c + c + 3 * (2 * c * c + c)
    up = (3 * 25 + (25 if stride == 1 else 9)) * 4 * c * c + 4 * 2 * c
    head = 2 * c * k + k + 2 * (k * k + k)
    return encoder + bottleneck + decoder + up + head
