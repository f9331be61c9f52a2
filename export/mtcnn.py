"""The weights of the PyPI package ``mtcnn`` -> three ONNX graphs, without TensorFlow.

    python -m export.mtcnn [--out models/mtcnn]

Keras keeps images as (N, H, W, C) and kernels as (kh, kw, in, out); ONNX wants (N, C, H, W) and
(out, in, kh, kw). The graphs take images of OpenCV, (N, H, W, 3) in BGR order with values 0..255,
and do the rest inside: the transposition is a node, while the channel order and the normalisation
(x - 127.5) / 128 are folded into the first convolution, exactly, since none pads its input.

Each graph ends in ``scores``, the probability of a face, and ``offsets``, the regression of the
box; the O-Net gives ``points`` too. Zhang et al., "Joint Face Detection and Alignment Using
Multitask Cascaded Convolutional Networks", IEEE Signal Processing Letters 23 (10), 2016.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from export.graph.mtcnn import NETS, convert
from export.shipping import hashes
from training.common.command import as_program


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the three files and prints their SHA-256."""
    parser = argparse.ArgumentParser(
        prog="python -m export.mtcnn", description="The MTCNN weights as three ONNX files"
    )
    default = hashes.MODELS / "mtcnn"
    parser.add_argument("--out", type=Path, default=default, help="folder of the three files")
    hashes.write(parser.parse_args(arguments).out, {net: convert(net) for net in NETS})


if __name__ == "__main__":
    as_program(main)
