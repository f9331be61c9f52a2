"""The network that finds small faces: one pass over the photo, a score and five points a cell.

Depthwise separable convolutions in the manner of W. Wu, H. Peng and S. Yu, "YuNet: A Tiny
Millisecond-level Face Detector", Machine Intelligence Research 20, 2023, without its anchors. The
stem has a stride of 2: with 4, places were off by two pixels, however large the face. All numbers
of channels are multiples of 16, which suits onnxruntime's blocked convolutions.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

VALUES = 14  # of a cell: logit of a face, middle, logarithm of its side, five points
# The mean face, five points from its middle, in sides. Points start there.
MEAN = ((-0.15, -0.1), (0.15, -0.1), (0.0, 0.08), (-0.135, 0.262), (0.135, 0.262))
_MOST = 5.0  # of the logarithm of a side, in cells: a wild value makes no infinite loss
CHANNELS = 16  # of a head; the last two are not used


@dataclass(frozen=True)
class Level:
    """The cells of one size.

    Attributes:
        stride: pixels of a cell.
        least: side of the smallest face that they find, pixels.
        most: side of the largest.
    """

    stride: int
    least: float
    most: float


# Between 40 and 52 pixels cells of both levels learn a face: none falls between the two.
LEVELS = (Level(8, 12, 52), Level(16, 40, 150))


class Convolution(nn.Sequential):
    """A convolution without bias, its normalisation, and a ReLU if it is active."""

    def __init__(
        self, before: int, after: int, size: int, stride: int = 1, *, deep: bool, active: bool
    ) -> None:
        layers: list[nn.Module] = [
            nn.Conv2d(
                before,
                after,
                size,
                stride,
                padding=size // 2,
                groups=before if deep else 1,
                bias=False,
            ),
            nn.BatchNorm2d(after),
        ]
        super().__init__(*layers, *([nn.ReLU()] if active else []))


def separable(before: int, after: int, stride: int = 1) -> nn.Sequential:
    """3 x 3 within each channel, then 1 x 1 across them."""
    return nn.Sequential(
        Convolution(before, before, 3, stride, deep=True, active=True),
        Convolution(before, after, 1, deep=False, active=True),
    )


class OneStage(nn.Module):
    """(N, 3, H, W), BGR in 0..255, H and W multiples of 16 -> cells of both levels.

    Beyond its border an image is black.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = Convolution(3, 16, 3, 2, deep=False, active=True)  # (N, 16, H / 2, W / 2)
        self.quarter = separable(16, 32, 2)  # (N, 32, H / 4, W / 4)
        # (N, 64, H / 8, W / 8).
        self.fine = nn.Sequential(separable(32, 64, 2), *(separable(64, 64) for _ in range(3)))
        # (N, 96, H / 16, W / 16).
        self.coarse = nn.Sequential(separable(64, 96, 2), *(separable(96, 96) for _ in range(3)))
        self.lateral = Convolution(96, 64, 1, deep=False, active=False)  # ReLU follows the sum
        self.heads = nn.ModuleList(
            nn.Sequential(separable(width, width), nn.Conv2d(width, CHANNELS, 1))
            for width in (64, 96)
        )
        for head in self.heads:
            # Small weights: all cells begin with the values of the biases.
            nn.init.normal_(head[1].weight, std=0.01)
            nn.init.zeros_(head[1].bias)
            head[1].bias.data[0] = -4.0  # a score of 0.018: few cells hold a face
            head[1].bias.data[4:VALUES] = torch.tensor(MEAN).flatten()

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """(N, 16, H / 8, W / 8) and (N, 16, H / 16, W / 16)."""
        fine = self.fine(self.quarter(self.stem(images / 255)))
        coarse = self.coarse(fine)
        # Fine cells see too little around a face; coarse ones add the surroundings.
        # (N, 64, H / 8, W / 8).
        above = functional.interpolate(self.lateral(coarse), scale_factor=2.0, mode="nearest")
        return self.heads[0](torch.relu(fine + above)), self.heads[1](coarse)


def places(level: Level, at: Tensor, values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The face that each cell describes.

    The five points count from the middle in sides, so that a large face and a small one of the
    same shape have the same values.

    Args:
        level: that of the cells.
        at: (N, 2), their centres, pixels.
        values: (N, 16), the network's.

    Returns:
        middles (N, 2), sides (N, 1) and five points (N, 5, 2), pixels.
    """
    middle = at + level.stride * values[:, 1:3]  # offsets count in cells
    side = level.stride * torch.exp(values[:, 3:4].clamp(max=_MOST))
    return middle, side, middle[:, None] + side[:, None] * values[:, 4:VALUES].reshape(-1, 5, 2)


def cells(level: Level, height: int, width: int) -> Tensor:
    """Centres (h, w, 2), x and y, of a level's cells in an image, pixels."""
    # Scenes count pixels from the centre of the first one, these from its edge. The network learns
    # the half pixel between the two, and the run time adds it.
    y = (torch.arange(height // level.stride) + 0.5) * level.stride
    x = (torch.arange(width // level.stride) + 0.5) * level.stride
    return torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)
