"""What a network predicts on crops, and its error on the validation faces."""

import torch
from torch import Tensor, nn

from lapland import _geometry as geometry
from lapland._decoders import DECODERS
from training import metrics
from training.data import Faces, cut_all
from training.heatmaps import location_and_scale, marginals
from training.rcn import SIZE, normalise
from training.recipes import Recipe


@torch.inference_mode()
def predict(
    net: nn.Module, crops: Tensor, beta: float, batch: int = 50, decoder: str = "softargmax"
) -> tuple[Tensor, Tensor]:
    """(N, 80, 80, 3) uint8 crops -> landmarks (N, K, 2) and scales (N, K), crop pixels.

    Args:
        net: the network.
        crops: of faces.
        beta: of the softmax.
        batch: faces at a time.
        decoder: how landmarks are read from heatmaps, one of `lapland._decoders.DECODERS`.
    """
    decode = DECODERS[decoder]
    device = next(net.parameters()).device
    landmarks, scales = [], []
    for part in crops.split(batch):
        heatmaps = net(normalise(part.to(device)))
        px, py = marginals(heatmaps, beta)
        stride = SIZE // px.shape[-1]
        location, scale = location_and_scale(px, py, stride)
        if decode is not None:
            location = torch.from_numpy(decode((beta * heatmaps).cpu().numpy(), stride))
        landmarks.append(location.cpu())
        scales.append(scale.mean(-1).cpu())
    return torch.cat(landmarks), torch.cat(scales)


class Validation:
    """The validation faces, cropped once from the five points that a user's photo would give."""

    def __init__(self, faces: Faces, recipe: Recipe) -> None:
        self.faces, self.beta = faces, recipe.beta
        self.matrices = recipe.crop.matrices(faces.five_points)
        self.crops = cut_all(faces, self.matrices)

    def nmse(self, net: nn.Module) -> float:
        """NMSE in percent of the faces' sizes."""
        landmarks, _ = predict(net, self.crops, self.beta)
        points = geometry.to_image(landmarks.double().numpy(), self.matrices)
        return metrics.nmse(metrics.point_errors(points, self.faces.landmarks, self.faces.sizes))
