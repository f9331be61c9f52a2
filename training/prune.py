"""Leaves out channels of the head: `python -m training.prune CHECKPOINT --data 300w`.

Processors compute the output channels of an int8 convolution in blocks of 16, and the four that 68
has beyond 64 cost as much as 16. Of the channels between the layers of the head, those go that the
next layer would miss least: the spread of their values on training faces times the weights that
read them. What such a channel gives on average goes into the biases, its weights become zero, and
the exporter leaves it out. The checkpoint keeps its form.
"""

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from lapland._scheme import SCHEMES
from training.checkpoint import load_weights, save_weights
from training.data import cut_all
from training.rcn import RCN, normalise
from training.readers import read_faces

KEPT = 64  # channels
FACES = 128  # on which the channels are seen


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
    for before, after in ((net.head[0], net.head[1]), (net.head[1], net.head[2])):
        spread, mean = _seen(net, after, crops)
        weight = after.weight.flatten(1)  # (O, I)
        order = (spread * weight.norm(dim=0)).argsort()
        gone = order[: len(order) - kept]
        after.bias += weight[:, gone] @ mean[gone]
        after.weight[:, gone] = 0
        before.weight[gone] = 0
        before.bias[gone] = 0


def _seen(net: RCN, layer: nn.Module, crops: Tensor) -> tuple[Tensor, Tensor]:
    """Standard deviation and mean of each channel (I,) that a layer reads."""
    sums: list[Tensor] = []

    def noted(_: nn.Module, inputs: tuple[Tensor]) -> None:
        x = inputs[0].double()
        sums.append(torch.stack([x.mean((0, 2, 3)), x.square().mean((0, 2, 3))]) * len(x))

    hook = layer.register_forward_pre_hook(noted)
    try:
        for part in crops.split(16):
            net(part)
    finally:
        hook.remove()
    mean, square = sum(sums[1:], sums[0]) / len(crops)
    return (square - mean**2).clamp_min(0).sqrt().float(), mean.float()


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.prune", description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder of the training photos")
    parser.add_argument("--keep", type=int, default=KEPT, help=f"channels, default {KEPT}")
    parser.add_argument("--out", type=Path, help="default: pruned.safetensors beside CHECKPOINT")
    options = parser.parse_args(arguments)
    try:
        net, recipe, facts = load_weights(options.checkpoint)
        split = options.data / "splits" / "train.txt"
        faces = read_faces(options.data, SCHEMES[recipe.scheme], split if split.exists() else None)
        chosen = slice(None, None, -(-len(faces) // FACES))
        crops = cut_all(faces, recipe.crop.matrices(faces.labelled))[chosen]
        prune(net, normalise(crops), options.keep)
    except (ValueError, OSError) as error:
        raise SystemExit(f"training.prune: {error}") from None
    out = options.out or options.checkpoint.with_name("pruned.safetensors")
    save_weights(out, net.state_dict(), recipe, facts | {"head_channels": options.keep})
    print(f"{out}: {options.keep} of {net.landmarks} channels between the layers of the head")


if __name__ == "__main__":
    main()
