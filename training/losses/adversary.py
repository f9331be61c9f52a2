"""The discriminator of the semi-supervised branch, and the maps that it is shown as real.

Section 3.2 of Laplace Landmark Localization: D sees an image with K maps stacked on it. Real pairs
are labelled images with maps drawn from their labels, fake ones are unlabelled images with the
generator's maps p.
"""

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.network.rcn import SIZE, SLOPE

NOISE = 0.2  # standard deviation of the noise added before each convolution


class Discriminator(nn.Module):
    """A PatchGAN of four layers: one score for each patch of the picture.

    Gaussian noise before each convolution, batch normalisation but for the first and last layer,
    leaky ReLU but for the last (section 3.4).
    """

    def __init__(self, landmarks: int = 68) -> None:
        super().__init__()
        channels = (landmarks + 3, 64, 128, 256, 1)  # those that pix2pix's PatchGAN begins with
        self.convolutions = nn.ModuleList(
            nn.Conv2d(i, o, 4, stride=2 if layer < 3 else 1, padding=1)
            for layer, (i, o) in enumerate(itertools.pairwise(channels))
        )
        self.normalisations = nn.ModuleList([nn.BatchNorm2d(128), nn.BatchNorm2d(256)])

    def forward(self, images: Tensor, maps: Tensor) -> Tensor:
        """(B, 3, 80, 80) images and (B, K, 80, 80) maps -> (B, 1, 9, 9) logits of "real"."""
        x = torch.cat([images, maps], dim=1)  # (B, 3 + K, 80, 80)
        for layer, convolution in enumerate(self.convolutions):
            if self.training:
                # Real maps are exact formulas: noise hides that.
                x = x + NOISE * torch.randn_like(x)
            x = convolution(x)  # 80 -> 40, 20, 10, 9 pixels
            if layer in (1, 2):
                x = self.normalisations[layer - 1](x)
            if layer < 3:
                x = F.leaky_relu(x, SLOPE)
        return x


def drawn_maps(landmarks: Tensor, scale: float = 1.0) -> Tensor:
    """Maps of the labels: Laplace of the given scale about each landmark, each summing to 1.

    Args:
        landmarks: (B, K, 2), crop pixels.
        scale: b, pixels of the map.

    Returns:
        (B, K, 80, 80). A landmark outside the crop gives the part of its tail that lies inside.
    """
    grid = torch.arange(SIZE, dtype=landmarks.dtype, device=landmarks.device)
    # |dx| + |dy| is a sum, so the map is the product of a column and a row.
    logits = -(grid - landmarks[..., None]).abs() / scale  # (B, K, 2, 80)
    px, py = logits.softmax(-1).unbind(2)  # (B, K, 80) each, the sum 1 over the pixels inside
    return py[..., :, None] * px[..., None, :]


def discriminator_loss(real: Tensor, fake: Tensor) -> Tensor:
    """-log D(real) - log(1 - D(fake)) of equation 5, from logits, which D minimises."""
    # log D = -softplus(-logit), log(1 - D) = -softplus(logit).
    return F.softplus(-real).mean() + F.softplus(fake).mean()


def generator_loss(fake: Tensor) -> Tensor:
    """-log D(fake): the form of log(1 - D(fake)) whose gradient does not vanish where D is sure."""
    return F.softplus(-fake).mean()
