"""Leaves out channels of the head: `python -m training.prune CHECKPOINT --data 300w`.

Processors compute the output channels of an int8 convolution in blocks of 16, and the four that 68
has beyond 64 cost as much as 16. Of the channels between the layers of the head, those go that the
next layer would miss least: the spread of their values on training faces times the weights that
read them. The average of such a channel goes into the biases, its weights become zero, and
the exporter leaves it out. The checkpoint keeps its form.
"""

import argparse
from pathlib import Path

from lapland.schemes.registry import SCHEMES
from training.common.command import as_program
from training.data.crops import cut_all
from training.data.readers import read_faces
from training.network.pruning import KEPT, prune
from training.network.rcn import RCN, normalise
from training.recipes.checkpoint import load_weights, save_weights

FACES = 128  # for measuring the channels


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
        if not isinstance(net, RCN):
            raise ValueError(f"{options.checkpoint}: only the recombinator has such a head")
        split = options.data / "splits" / "train.txt"
        faces = read_faces(options.data, SCHEMES[recipe.scheme], split if split.exists() else None)
        # At most FACES of them, evenly: the division rounds up.
        chosen = slice(None, None, -(-len(faces) // FACES))
        # From the labels: training faces need no detector here.
        crops = cut_all(faces, recipe.crop.matrices(faces.labelled))[chosen]
        prune(net, normalise(crops), options.keep)  # changes `net`
    except (ValueError, OSError) as error:
        raise SystemExit(f"training.prune: {error}") from None
    out = options.out or options.checkpoint.with_name("pruned.safetensors")
    save_weights(out, net.state_dict(), recipe, facts | {"head_channels": options.keep})
    print(f"{out}: {options.keep} of {net.landmarks} channels between the layers of the head")


if __name__ == "__main__":
    as_program(main)
