"""Predictions of a network on crops, with any decoder."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lapland.landmarks.decoders import DECODERS, DEFAULT_DECODER
from training.losses.heatmaps import location_and_scale, marginals
from training.network.rcn import SIZE, normalise

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
    """Landmarks of several decoders from the same heatmaps.

    Args:
        net: the network.
        crops: (N, 80, 80, 3) uint8.
        beta: factor of the logits before the softmax.
        decoders: names of decoders, from `lapland.landmarks.decoders.DECODERS`.
        batch: faces at a time.

    Returns:
        Landmarks (N, K, 2) of each decoder, and scales (N, K), crop pixels.
    """
    device = next(net.parameters()).device  # crops follow the network
    scales = []
    # softargmax follows from the marginals, which scales need as well.
    others = {name: DECODERS[name] for name in decoders if name != DEFAULT_DECODER}
    landmarks: dict[str, list[Tensor]] = {decoder: [] for decoder in decoders}
    for part in crops.split(batch):  # (B, 80, 80, 3)
        heatmaps = net(normalise(part.to(device)))  # (B, K, H, W)
        px, py = marginals(heatmaps, beta)  # (B, K, W) and (B, K, H)
        stride = SIZE // px.shape[-1]  # 2 for maps of 40 x 40
        location, scale = location_and_scale(px, py, stride)  # (B, K, 2) each, equation 2
        # The other decoders are numpy; one copy serves all of them.
        logits = (beta * heatmaps).cpu().numpy() if others else None
        for decoder, found in landmarks.items():
            decode = others.get(decoder)
            found.append(torch.from_numpy(decode(logits, stride)) if decode else location.cpu())
        # One scale a landmark, the mean of both axes, as the exported graph gives it.
        scales.append(scale.mean(-1).cpu())
    return {decoder: torch.cat(found) for decoder, found in landmarks.items()}, torch.cat(scales)
