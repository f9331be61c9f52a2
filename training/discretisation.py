"""The cost of pixels: `python -m training.discretisation --data FOLDER [--split val] [--out PNG]`.

Landmarks are drawn as heatmaps and read back, with no network between: the remaining error is
that of encoding and decoding alone (*Subpixel Heatmap Regression for Facial Landmark
Localization*, Bulat et al., 2021). Printed for maps of three resolutions, in percent of the faces'
sizes, like NMSE: the centre of maps (the nearest pixel, as often, or the
coordinate itself) and their decoding (the largest pixel, or the decoders of `lapland`).
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from lapland.crop import square
from lapland.landmarks.decoders import DECODERS
from lapland.schemes.ibug68 import IBUG68
from training.common.command import as_program
from training.data import detected
from training.data.crops import CropSpec
from training.data.faces import AnnotatedFaces
from training.data.readers import read_faces
from training.evaluation import metrics
from training.evaluation.robustness import split_files
from training.losses.heatmaps import location_and_scale, marginals
from training.losses.wasserstein import laplace_target
from training.network.rcn import SIZE
from training.reports.pictures import draw_discretisation

STRIDES = (1, 2, 4)  # maps of 80 x 80, 40 x 40 and 20 x 20

Encoding = Callable[[NDArray[np.float64], int], NDArray[np.float64]]
Decoding = Callable[[NDArray[np.float32], int], NDArray[np.floating]]


def rounded(landmarks: NDArray[np.float64], stride: int) -> NDArray[np.float64]:
    """The centre of the nearest pixel, crop pixels."""
    half = (stride - 1) / 2  # the centre of a map's first pixel, crop pixels
    # Crop pixels -> map pixels, rounded and kept on the map -> crop pixels.
    return np.clip(np.round((landmarks - half) / stride), 0, SIZE // stride - 1) * stride + half


def exact(landmarks: NDArray[np.float64], stride: int) -> NDArray[np.float64]:
    """The coordinates themselves."""
    return landmarks


def drawn(landmarks: NDArray[np.float64], stride: int) -> NDArray[np.float32]:
    """(N, K, 2), crop pixels -> logits (N, K, H, W) of Laplace distributions about them."""
    # (N, K, 2, side): the masses along x and along y.
    mass = laplace_target(torch.from_numpy(landmarks), 1.0, SIZE // stride, float(stride)).log()
    x, y = mass.unbind(2)  # (N, K, side) each
    # The map is the outer product of both: logits are sums of logarithms, (N, K, side, side).
    return (y[..., :, None] + x[..., None, :]).float().numpy()


def largest_pixel(logits: NDArray[np.float32], stride: int) -> NDArray[np.floating]:
    """Argmax: the centre of the pixel with the largest value."""
    side = logits.shape[-1]
    row, column = np.divmod(logits.reshape(*logits.shape[:2], -1).argmax(-1), side)  # (N, K) each
    # (N, K, 2), x first, crop pixels.
    return np.stack([column, row], axis=-1) * stride + (stride - 1) / 2


def softargmax(logits: NDArray[np.float32], stride: int) -> NDArray[np.floating]:
    """The mean over all of the map, as the graph computes it."""
    return location_and_scale(*marginals(torch.from_numpy(logits)), stride)[0].numpy()


ENCODINGS: dict[str, Encoding] = {"the nearest pixel": rounded, "the coordinate": exact}
# The SDK's softargmax is None, as the graph computes it; here it has a function.
DECODINGS: dict[str, Decoding] = {"argmax": largest_pixel, "softargmax": softargmax} | {
    name: decode for name, decode in DECODERS.items() if decode is not None
}


def errors(faces: AnnotatedFaces) -> dict[tuple[str, str, int], float]:
    """NMSE in percent by (encoding, decoding, stride)."""
    matrices = CropSpec().matrices(faces.five_points)  # (N, 2, 3)
    landmarks = square.to_crop(faces.landmarks, matrices)  # (N, K, 2) crop pixels
    # A landmark beyond the crop has no map: its error comes from the crop and not from pixels.
    # With a margin of 8 pixels, as the border also cuts the distribution of one that is near to it.
    inside = ((landmarks > 8) & (landmarks < SIZE - 9)).all(axis=-1, keepdims=True)
    found = {}
    for stride in STRIDES:
        for encoding, encode in ENCODINGS.items():
            # Those outside get any place here, and NaN below.
            logits = drawn(encode(np.where(inside, landmarks, SIZE / 2), stride), stride)
            for decoding, decode in DECODINGS.items():
                # Errors are those in the photo, as for a network.
                points = square.to_image(decode(logits, stride).astype(np.float64), matrices)
                annotated = np.where(inside, faces.landmarks, np.nan)
                off = metrics.point_errors(points, annotated, faces.sizes)
                found[encoding, decoding, stride] = metrics.nmse(off)
    return found


def table(found: dict[tuple[str, str, int], float]) -> str:
    """Markdown: a row for each encoding and decoding, a column for each resolution."""
    sides = [SIZE // stride for stride in STRIDES]
    head = " | ".join(f"{side} x {side}" for side in sides)
    lines = [f"| drawn about | read by | {head} |", "|---|---|" + "---|" * len(sides)]
    lines += [
        f"| {encoding} | {decoding} | "
        + " | ".join(f"{found[encoding, decoding, stride]:.2f}" for stride in STRIDES)
        + " |"
        for encoding in ENCODINGS
        for decoding in DECODINGS
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.discretisation", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the photos")
    parser.add_argument("--split", default="val", help="split file, or its name in splits/")
    parser.add_argument("--out", type=Path, help="PNG to draw")
    options = parser.parse_args(arguments)
    try:
        ((folder, file),) = split_files([options.data], [options.split])
        faces = detected.add_detected(read_faces(folder, IBUG68, file))
    except (ValueError, OSError) as error:
        raise SystemExit(f"training.discretisation: {error}") from None
    found = errors(faces)
    print(table(found))
    if options.out:
        draw_discretisation(found, options.out)
        print(f"written: {options.out}")


if __name__ == "__main__":
    as_program(main)
