"""Pictures of a run and of an evaluation."""

from itertools import cycle
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from matplotlib import pyplot as plt
from numpy.typing import NDArray

from lapland.base.files import write_whole
from lapland.schemes.scheme import Scheme
from training.common.figures import save_figure
from training.data.faces import AnnotatedFaces
from training.evaluation.metrics import face_errors
from training.evaluation.rows import name_of, set_of


def draw_learning_curve(history: list[dict[str, Any]], path: Path) -> None:
    """Draws training loss and validation NMSE over the epochs into a PNG."""
    figure, left = plt.subplots(figsize=(7, 4), layout="constrained")
    epochs = [row["epoch"] for row in history]
    left.plot(epochs, [row["loss"] for row in history], color="tab:gray")
    left.set(xlabel="epoch", ylabel="training loss", yscale="log")
    right = left.twinx()
    evaluated = [row for row in history if "val_nmse" in row]  # not every pass is evaluated
    values = [row["val_nmse"] for row in evaluated]
    best = min(values)
    right.plot([row["epoch"] for row in evaluated], values, color="tab:blue")
    # The errors of the first passes would flatten the rest of the curve.
    right.set(ylim=(0.9 * best, 2.5 * best))
    right.set_ylabel(f"NMSE on the validation faces, % (lowest {best:.2f})", color="tab:blue")
    save_figure(figure, path)


def draw_ablation(results: list[dict[str, Any]], path: Path) -> None:
    """Draws NMSE and mean spread of the maps of each row of an ablation, as bars, into a PNG."""
    figure, axes = plt.subplots(1, 2, figsize=(10, 0.5 * len(results) + 1.5), layout="constrained")
    names = [result["row"] for result in results]
    for part, key, label in (
        (axes[0], "common", "NMSE on common, %"),
        (axes[1], "spread", "mean spread of a map, px"),
    ):
        bars = part.barh(names, [result[key] for result in results], color="tab:blue")
        part.bar_label(bars, fmt="%.2f", padding=3)
        part.invert_yaxis()  # barh begins at the bottom, tables at the top
        part.margins(x=0.15)  # room for the numbers behind the bars
        part.set_xlabel(label)
    axes[1].set_yticklabels([])  # the names stand beside the first panel
    save_figure(figure, path)


def draw_discretisation(found: dict[tuple[str, str, int], float], path: Path) -> None:
    """Draws the errors of encoding and decoding by the stride of the maps, into a PNG."""
    encodings = list(dict.fromkeys(encoding for encoding, _, _ in found))  # each once, in order
    figure, axes = plt.subplots(
        1, len(encodings), figsize=(9, 3.6), sharey=True, layout="constrained"
    )
    for axis, encoding in zip(axes, encodings, strict=True):
        rows: dict[str, list[tuple[int, float]]] = {}
        for (kind, decoding, stride), error in found.items():
            if kind == encoding:
                rows.setdefault(decoding, []).append((stride, error))
        # Markers come round again: decoders may be of any number.
        for (decoding, points), marker in zip(rows.items(), cycle("osd^v"), strict=False):
            # Pairs of stride and error -> the strides, the errors.
            axis.plot(*zip(*points, strict=True), marker=marker, label=decoding, alpha=0.8)
        axis.set(title=f"drawn about {encoding}", xlabel="crop pixels to a pixel of the maps")
        axis.set_xticks(sorted({stride for _, _, stride in found}))
        axis.grid(alpha=0.3)
    axes[0].set_ylabel("NMSE without a network, %")
    axes[0].legend(title="read by")
    save_figure(figure, path)


def draw_error_curves(curves: dict[str, NDArray[np.floating]], path: Path) -> None:
    """Draws the cumulative distribution of the faces' errors, one curve for each set of errors.

    Args:
        curves: legend -> (N, K) errors of landmarks in percent.
        path: path of the PNG.
    """
    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for name, errors in curves.items():
        faces = np.sort(face_errors(errors))  # (N,)
        # Percent of the faces with at most this error.
        share = np.arange(1, len(faces) + 1) / len(faces) * 100
        axes.step(faces, share, where="post", label=f"{name}: {faces.mean():.2f} %")
    axes.set(xlim=(0, 12), ylim=(0, 100), xlabel="NMSE of a face, %", ylabel="faces below, %")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    save_figure(figure, path)


def draw_reliability(curves: dict[str, Any], path: Path) -> None:
    """Draws the share of landmarks within their radius against the probability of the radius.

    Args:
        curves: legend -> {"nominal": probabilities, "covered": shares}.
        path: path of the PNG.
    """
    figure, axes = plt.subplots(figsize=(5, 4.5), layout="constrained")
    axes.plot([0, 100], [0, 100], color="tab:gray", lw=1)  # a calibration without error
    for name, curve in curves.items():
        points = (100 * np.asarray(curve[key]) for key in ("nominal", "covered"))
        axes.plot(*points, marker=".", label=name)
    axes.set(xlim=(0, 100), ylim=(0, 100))
    axes.set(xlabel="probability asked for, %", ylabel="landmarks within the radius, %")
    axes.grid(alpha=0.3)
    axes.legend(loc="upper left")
    save_figure(figure, path)


def draw_robustness(rows: list[dict[str, Any]], path: Path) -> None:
    """Draws the NMSE of each model under each condition into a PNG.

    Args:
        rows: rows of `training.evaluation.robustness.compare`; each set of faces is a panel.
        path: path of the PNG.
    """
    sets = list(dict.fromkeys(map(set_of, rows)))
    conditions = list(dict.fromkeys(row["way"] for row in rows))
    size = (7 * len(sets), 0.28 * len(conditions) + 2)
    figure, places = plt.subplots(1, len(sets), figsize=size, layout="constrained", sharey=True)
    # For a single panel subplots gives no array.
    for axes, of in zip(np.atleast_1d(places), sets, strict=True):
        part = [row for row in rows if set_of(row) == of]
        for number, model in enumerate(dict.fromkeys(map(name_of, part))):
            mine = [row for row in part if name_of(row) == model]
            for kind in dict.fromkeys(row["kind"] for row in mine):  # no line from one to the next
                errors = [row["nmse"] for row in mine if row["kind"] == kind]
                at = [conditions.index(row["way"]) for row in mine if row["kind"] == kind]
                label = model if kind == mine[0]["kind"] else None
                # A model has one colour, and one name in the legend: that of its first line.
                axes.plot(errors, at, marker="o", lw=0.8, color=f"C{number % 10}", label=label)
        axes.set(title=", ".join(of), xlabel="NMSE, %", xlim=(0, None))
        axes.set_yticks(range(len(conditions)), conditions)
        axes.margins(y=0.02)
        axes.grid(alpha=0.3)
    columns = 3 if len(sets) > 1 else 2  # no wider than the picture
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper center", ncols=columns)
    axes.invert_yaxis()  # once: panels share the axis
    save_figure(figure, path)


def draw_refusal(refusals: dict[str, Any], path: Path) -> None:
    """Draws the mean error of the faces left against their share, for each score.

    Args:
        refusals: title -> result of `training.calibration.reliability.refusals`.
        path: path of the PNG.
    """
    figure, places = plt.subplots(1, len(refusals), figsize=(10, 4), layout="constrained")
    for axes, (title, refusal) in zip(np.atleast_1d(places), refusals.items(), strict=True):
        for name, score in refusal.items():
            if name not in ("faces", "all"):
                kept = np.arange(1, len(score["curve"]) + 1)  # percent, as curves have 100 places
                axes.plot(kept, score["curve"], label=f"{name}: {score['area']:.2f}")
        # From all faces on the left to few on the right.
        axes.set(title=title, xlim=(100, 0), ylim=(0, None), xlabel="faces kept, %")
        axes.set_ylabel("mean error of these, %")
        axes.grid(alpha=0.3)
        axes.legend(title="area", loc="lower left")
    save_figure(figure, path)


def draw_sheet(
    faces: AnnotatedFaces,
    landmarks: NDArray[np.float64],
    errors: NDArray[np.float64],
    scheme: Scheme,
    path: Path,
    columns: int = 8,
) -> None:
    """Draws the best faces and then the worst: annotation red, prediction white.

    Args:
        faces: N annotated photos.
        landmarks: (N, K, 2) predicted, image pixels.
        errors: (N, K) percent; NaN if a landmark is not visible.
        scheme: whose contours are drawn.
        path: path of the JPEG.
        columns: faces a row; there are one row of the best and three of the worst.
    """
    means = face_errors(errors)
    order = np.argsort(means)  # best first
    shown = [*order[:columns], *order[::-1][: 3 * columns]]  # then from the worst on
    tiles = [
        _tile(faces.images[i], faces.landmarks[i], landmarks[i], means[i], scheme) for i in shown
    ]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % columns)  # up to whole rows
    rows = [np.hstack(tiles[i : i + columns]) for i in range(0, len(tiles), columns)]
    jpeg = cv2.imencode(".jpg", np.vstack(rows), [cv2.IMWRITE_JPEG_QUALITY, 88])[1]
    write_whole(path, jpeg.tobytes())


def _tile(
    image: NDArray[np.uint8],
    annotated: NDArray[np.float64],
    predicted: NDArray[np.float64],
    error: float,
    scheme: Scheme,
    side: int = 220,
) -> NDArray[np.uint8]:
    low, high = np.nanmin(annotated, axis=0), np.nanmax(annotated, axis=0)
    seen = np.flatnonzero(~np.isnan(annotated).any(axis=1)).tolist()  # indices of visible landmarks
    # Landmarks that a line goes through; the others are dots.
    joined = {i for indices, _ in scheme.contours for i in indices}
    # Tile pixels for a photo pixel; a face of a single point has no size, and counts 1 pixel.
    zoom = side / (1.5 * max((high - low).max(), 1.0))
    offset = side / 2 - zoom * (low + high) / 2  # (2,): the face into the middle
    matrix = np.array([[zoom, 0, offset[0]], [0, zoom, offset[1]]])
    tile = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_LINEAR)  # photo -> tile
    # Colours in BGR; the prediction lies on top.
    for points, colour in ((annotated, (60, 60, 255)), (predicted, (255, 255, 255))):
        places = (points * zoom + offset) * 16  # of OpenCV's fixed point
        for indices, closed in scheme.contours:
            line = [places[i].round().astype(np.int32) for i in indices if i in seen]
            if line:
                cv2.polylines(tile, [np.array(line)], closed, colour, 1, cv2.LINE_AA, 4)
        for i in seen:
            if i not in joined:  # as the chin of AFLW, which no line goes through
                x, y = places[i].round().astype(int).tolist()
                # The radius is 1.5 pixels, in the same fixed point.
                cv2.circle(tile, (x, y), 24, colour, cv2.FILLED, cv2.LINE_AA, 4)
    text = f"{error:.1f} %"
    cv2.putText(tile, text, (6, side - 8), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 255, 255), 1)
    return tile
