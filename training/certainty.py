"""When to trust landmarks: `python -m training.certainty MODEL --data FOLDER [--split FILE]`.

MODEL is an exported `model.onnx`, or the width of a shipped one. A tracker crops at a face's last
place; it must notice when the crop no longer fits. So this command crops the faces of a split,
`val` by default, from their annotation, and shifts, scales and turns the crops more and more. It
compares the doubt of the landmarks (their mean scale, in pixels of the 80 x 80 crop) with their
error. It does the same without a face: in photos reassembled from their quarters, which tears the
faces apart.

Prints the doubt above 98 % of the good landmarks (error below 8 %), the value for
`Tracker(unsure=...)`, and how many of the bad ones (above 10 %) lie above it.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lapland.base.files import write_text
from lapland.landmarks.network import LandmarkNetwork
from lapland.networks import index
from lapland.video.portrait import portrait_pixel
from training.common.command import as_program
from training.data.faces import AnnotatedFaces
from training.data.readers import read_faces
from training.evaluation import metrics

# How far off the crops are: largest shift in sides of the crop; 1.5 times as many radians of roll
# and 1.2 times as much in the logarithm of the size.
AMOUNTS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
# Errors between the two count as neither.
GOOD, BAD = 8.0, 10.0  # percent
KEPT = 0.98  # of the good landmarks, which the threshold trusts


def moved(
    five: NDArray[np.float64], amount: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Five points (5, 2) of a face, shifted, scaled and turned at random by up to an amount."""
    # The roll in radians, and the factor of the size.
    angle, size = 1.5 * amount * rng.uniform(-1, 1), np.exp(1.2 * amount * rng.uniform(-1, 1))
    # (2, 2): rotation times size.
    turn = size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    side = 3 * np.ptp(five, axis=0).max()  # of the crop of factor 3, image pixels
    # The shift has any direction, and any length up to the amount.
    angle = rng.uniform(0, 2 * np.pi)
    shift = amount * side * rng.uniform() * np.array([np.cos(angle), np.sin(angle)])
    centre = five.mean(axis=0)
    return (five - centre) @ turn.T + centre + shift  # about the middle of the points


def torn(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The photo with its quarters exchanged, so that a face in its middle lies in the corners."""
    height, width = image.shape[:2]
    return np.roll(image, (height // 2, width // 2), axis=(0, 1))


def doubts_and_errors(
    network: LandmarkNetwork, faces: AnnotatedFaces, seed: int = 0
) -> dict[str, NDArray[np.float64]]:
    """Doubts (A, N) and errors (A, N) for each of A amounts, and doubts (N,) without a face."""
    rng = np.random.default_rng(seed)

    pixel = portrait_pixel(network.info)  # as `Tracker` has doubts: in pixels of the portrait

    def run(image: NDArray[np.uint8], five: NDArray[np.float64]) -> tuple[NDArray[Any], Any]:
        landmarks, scales, steps, _ = network.locate(image, five)
        return landmarks, scales.mean(axis=1) / (steps * pixel)  # image pixels -> portrait pixels

    doubts, errors, nowhere = [], [], []
    for i, image in enumerate(faces.images):
        five = np.stack([moved(faces.labelled[i], amount, rng) for amount in AMOUNTS])  # (A, 5, 2)
        landmarks, doubt = run(image, five)  # (A, K, 2), (A,)
        true = np.repeat(faces.landmarks[i : i + 1], len(AMOUNTS), axis=0)  # (A, K, 2)
        sizes = np.repeat(faces.sizes[i], len(AMOUNTS))
        doubts.append(doubt)
        # (A,), percent of d.
        errors.append(metrics.face_errors(metrics.point_errors(landmarks, true, sizes)))
        # The same light, noise and colours, and no face at this place.
        # The doubt of the one crop; its landmarks mean nothing.
        nowhere.append(run(torn(image), faces.labelled[i : i + 1])[1][0])
    return {
        "doubts": np.stack(doubts, axis=1),  # (A, N)
        "errors": np.stack(errors, axis=1),
        "nowhere": np.array(nowhere),
    }


def threshold_of(found: dict[str, NDArray[np.float64]]) -> float:
    """The doubt below which `KEPT` of the good landmarks lie."""
    return float(np.quantile(found["doubts"][found["errors"] < GOOD], KEPT))


def figures_of(found: dict[str, NDArray[np.float64]]) -> dict[str, Any]:
    """The threshold and its effect."""
    doubts, errors = found["doubts"], found["errors"]
    good, bad = doubts[errors < GOOD], doubts[errors > BAD]  # flat: all amounts together
    threshold = threshold_of(found)
    # Probability that a bad one has the larger doubt.
    # (bad,): how many good ones have less doubt.
    ranks = np.searchsorted(np.sort(good), bad)
    return {
        "faces": doubts.shape[1],
        "threshold": threshold,
        "bad_above": float((bad > threshold).mean()),
        "bad_above_20": float((doubts[errors > 20] > threshold).mean()),
        "nowhere_above": float((found["nowhere"] > threshold).mean()),
        # `Tracker` admits new faces up to 1.2 times the threshold.
        "nowhere_above_admitted": float((found["nowhere"] > 1.2 * threshold).mean()),
        "separation": float(ranks.mean() / len(good)),  # the area under the ROC curve
        "amounts": [
            {
                "amount": amount,
                "error": float(np.median(errors[row])),
                "doubt_5_50_95": np.quantile(doubts[row], (0.05, 0.5, 0.95)).tolist(),
                "trusted": float((doubts[row] <= threshold).mean()),
            }
            for row, amount in enumerate(AMOUNTS)
        ],
    }


def draw(found: dict[str, NDArray[np.float64]], threshold: float, path: Path) -> None:
    """Draws doubt against error into a PNG."""
    from matplotlib import pyplot as plt

    from training.common.figures import save_figure

    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    axes.scatter(found["errors"], found["doubts"], s=5, alpha=0.5, linewidths=0, label="crops")
    nowhere = found["nowhere"]
    # Places without a face have no error: they stand to the right of all others.
    axes.scatter(np.full(len(nowhere), 300), nowhere, s=5, c="tab:red", label="no face")
    axes.axhline(threshold, color="tab:gray", lw=1)
    axes.annotate(f"{threshold:.2f}", (320, threshold), va="bottom", ha="right")
    axes.set(xscale="log", xlabel="error, %", ylabel="doubt: mean scale, pixels of the crop")
    axes.set_ylim(0.9, float(np.quantile(found["doubts"], 0.998)))  # without the few largest
    axes.legend(frameon=False, loc="upper left")
    save_figure(figure, path)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.certainty", description=__doc__)
    parser.add_argument("model", help="an ONNX file, or the name of a shipped one, such as rcn-1-8")
    parser.add_argument("--data", type=Path, required=True, help="folder of the photos")
    parser.add_argument("--split", type=Path, help="split file (default: splits/val.txt of --data)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw doubt against error")
    options = parser.parse_args()
    is_file = options.model.endswith(".onnx")
    network = LandmarkNetwork(Path(options.model) if is_file else index.path(options.model))
    split = options.split or options.data / "splits" / "val.txt"
    found = doubts_and_errors(network, read_faces(options.data, network.info.scheme, split))
    figures = figures_of(found)
    # The table, a line for each amount.
    print(
        f"{'crops off by up to':<22}{'error, %':>9}{'doubt: 5 %':>12}{'half':>7}{'95 %':>7}", end=""
    )
    print(f"{'trusted, %':>12}")
    for row in figures["amounts"]:
        low, middle, high = row["doubt_5_50_95"]
        print(
            f"{row['amount']:<22}{row['error']:>9.1f}{low:>12.2f}{middle:>7.2f}{high:>7.2f}", end=""
        )
        print(f"{100 * row['trusted']:>12.0f}")
    print(
        f"unsure = {figures['threshold']:.2f} trusts {100 * KEPT:.0f} % of the good landmarks; "
        f"above it lie {100 * figures['bad_above']:.1f} % of those with errors above {BAD:.0f} %, "
        f"{100 * figures['bad_above_20']:.1f} % above 20 %, and "
        f"{100 * figures['nowhere_above']:.1f} % without a face "
        f"({100 * figures['nowhere_above_admitted']:.1f} % above 1.2 times as much); "
        f"separation {figures['separation']:.3f}"
    )
    if options.json:
        text = json.dumps(figures, indent=1) + "\n"
        write_text(options.json, text)
    if options.plot:
        draw(found, figures["threshold"], options.plot)


if __name__ == "__main__":
    as_program(main)
