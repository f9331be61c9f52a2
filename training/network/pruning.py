"""Leaves out channels of the head."""

import torch
from torch import Tensor, nn

from training.network.rcn import RCN

KEPT = 64  # channels: int8 computes 16 at a time, so four more would cost as much as 16


@torch.no_grad()
def prune(net: RCN, crops: Tensor, kept: int = KEPT) -> None:
    """Leaves `kept` channels between each two layers of the head.

    Args:
        net: changed in place.
        crops: (B, 3, 80, 80) normalised, of training faces.
        kept: how many channels stay, up to as many as there are.

    Raises:
        ValueError: `kept` is not between 1 and the number of landmarks.
    """
    if not 1 <= kept <= net.landmarks:
        raise ValueError(f"expected 1 to {net.landmarks} channels to be kept, not {kept}")
    # The second pair is measured without the channels that the first has lost.
    for before, after in ((net.head[0], net.head[1]), (net.head[1], net.head[2])):
        spread, mean = _seen(net, after, crops)  # (I,), behind the activation
        weight = after.weight.flatten(1)  # (O, I)
        # How much the next layer would miss a channel: its spread times the weights that read it.
        order = (spread * weight.norm(dim=0)).argsort()
        gone = order[: len(order) - kept]
        # On average nothing changes: the bias takes over the mean of the channel, and as the layers
        # are 1x1, at the border, too. The exporter leaves out channels that are zero.
        after.bias += weight[:, gone] @ mean[gone]
        after.weight[:, gone] = 0
        before.weight[gone] = 0
        before.bias[gone] = 0


def _seen(net: RCN, layer: nn.Module, crops: Tensor) -> tuple[Tensor, Tensor]:
    """Standard deviation and mean of each channel (I,) that a layer reads."""
    sums: list[Tensor] = []

    def noted(_: nn.Module, inputs: tuple[Tensor]) -> None:
        x = inputs[0].double()  # E x^2 - (E x)^2 loses digits
        sums.append(torch.stack([x.mean((0, 2, 3)), x.square().mean((0, 2, 3))]) * len(x))

    hook = layer.register_forward_pre_hook(noted)
    try:
        for part in crops.split(16):
            net(part)
    finally:
        hook.remove()
    mean, square = sum(sums[1:], sums[0]) / len(crops)  # (I,) each
    return (square - mean**2).clamp_min(0).sqrt().float(), mean.float()
