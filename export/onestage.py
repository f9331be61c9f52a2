"""The network that finds small faces, out of a run of `training.detector` -> one ONNX graph.

    python -m export.onestage RUN/weights.safetensors [--turned] [--out models/onestage]

The file is loaded and compared with the network on random images before it is written.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from export.graph.onestage import convert
from export.shipping import hashes
from lapland.networks.session import Session
from training.common.command import as_program
from training.finding.checkpoint import load_weights
from training.finding.network import LEVELS, VALUES, OneStage

SIZE = 96  # pixels of the images of the comparison
MOST = 1e-3  # difference that is allowed, pixels
METADATA = {
    "schema_version": "1",
    "name": "onestage",
    "origin": "training.detector of lapland, on open photos of faces alone",
    "licence": "Apache-2.0",
}


def read(path: Path) -> tuple[OneStage, dict[str, Any]]:
    """A trained network in evaluation mode, and the facts of its run.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is not of `training.detector`.
    """
    weights, facts = load_weights(path)
    net = OneStage()
    net.load_state_dict(weights)
    return net.eval(), facts


@torch.no_grad()
def difference(net: OneStage, model: bytes, images: NDArray[np.uint8]) -> float:
    """The largest difference between network and graph on images (N, H, W, 3)."""
    outputs = net(torch.from_numpy(images.transpose(0, 3, 1, 2).astype(np.float32)))
    expected = []
    for level, output in zip(LEVELS, outputs, strict=True):
        values = output[:, :VALUES].flatten(2).transpose(1, 2).numpy()
        rates = np.ones(VALUES, np.float32)
        rates[1:3] = level.stride
        shift = np.zeros(VALUES, np.float32)
        shift[3] = np.log(level.stride)
        expected.append(values * rates + shift)
    (found,) = Session(model, name="onestage", threads=1).run(["cells"], {"images": images})
    return float(np.abs(np.concatenate(expected, axis=1) - found).max())


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the ONNX file and prints its SHA-256."""
    parser = argparse.ArgumentParser(
        prog="python -m export.onestage", description=__doc__.splitlines()[0]
    )
    parser.add_argument("checkpoint", type=Path, help="weights of training.detector")
    default = hashes.MODELS / "onestage"
    parser.add_argument("--out", type=Path, default=default, help="folder of the file")
    parser.add_argument("--turned", action="store_true", help="it knows faces at any angle")
    options = parser.parse_args(arguments)
    name = "turned" if options.turned else "onestage"
    try:
        net, facts = read(options.checkpoint)
    except (OSError, ValueError) as error:
        raise SystemExit(f"export.onestage: {error}") from None
    model = convert(net, {**METADATA, "name": name, "facts": json.dumps(facts)})
    images = np.random.default_rng(0).integers(0, 256, (2, SIZE, 2 * SIZE, 3), dtype=np.uint8)
    off = difference(net, model, images)
    if off > MOST:
        raise SystemExit(f"export.onestage: the graph differs by {off}; expected at most {MOST}")
    print(f"differs by {off:.1e} from the network")
    hashes.write(options.out, {name: model})


if __name__ == "__main__":
    as_program(main)
