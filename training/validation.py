"""What a network predicts on crops, and its error on the validation faces."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lapland import _geometry as geometry
from lapland._decoders import DECODERS, DEFAULT_DECODER
from training import metrics
from training.data import Faces, cut_all
from training.heatmaps import location_and_scale, marginals
from training.rcn import SIZE, normalise
from training.recipes import Recipe

BATCH = 8  # faces; on a CPU the maps of more leave its cache, and each takes a quarter longer


def predict(
    net: nn.Module, crops: Tensor, beta: float, batch: int = BATCH
) -> tuple[Tensor, Tensor]:
    """(N, 80, 80, 3) uint8 crops -> landmarks (N, K, 2) and scales (N, K), crop pixels."""
    landmarks, scales = decoded(net, crops, beta, (DEFAULT_DECODER,), batch)
    return landmarks[DEFAULT_DECODER], scales


@torch.inference_mode()
def decoded(
    net: nn.Module, crops: Tensor, beta: float, decoders: Sequence[str], batch: int = BATCH
) -> tuple[dict[str, Tensor], Tensor]:
    """What several decoders read from the same heatmaps.

    Args:
        net: the network.
        crops: (N, 80, 80, 3) uint8.
        beta: of the softmax.
        decoders: how landmarks are read from heatmaps, some of `lapland._decoders.DECODERS`.
        batch: faces at a time.

    Returns:
        Landmarks (N, K, 2) of each decoder, and scales (N, K), crop pixels.
    """
    device = next(net.parameters()).device
    scales = []
    others = {name: DECODERS[name] for name in decoders if name != DEFAULT_DECODER}
    landmarks: dict[str, list[Tensor]] = {decoder: [] for decoder in decoders}
    for part in crops.split(batch):
        heatmaps = net(normalise(part.to(device)))
        px, py = marginals(heatmaps, beta)
        stride = SIZE // px.shape[-1]
        location, scale = location_and_scale(px, py, stride)
        logits = (beta * heatmaps).cpu().numpy() if others else None
        for decoder, found in landmarks.items():
            decode = others.get(decoder)
            found.append(torch.from_numpy(decode(logits, stride)) if decode else location.cpu())
        scales.append(scale.mean(-1).cpu())
    return {decoder: torch.cat(found) for decoder, found in landmarks.items()}, torch.cat(scales)


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
