"""Figures of one model on one set of faces."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lapland.schemes.scheme import Scheme
from training.data import detected
from training.data.crops import CropSpec
from training.data.faces import AnnotatedFaces
from training.data.readers import read_faces
from training.evaluation import habit, metrics
from training.evaluation.predictions import Predictor, landmark_errors, open_network
from training.evaluation.strata import strata

# Folders of the official layout -> the subsets that papers report.
SUBSETS = {
    "common": ("helen/testset/", "lfpw/testset/"),
    "challenge": ("ibug/",),
    "full": ("helen/testset/", "lfpw/testset/", "ibug/"),
}


def evaluate(
    run: Predictor, spec: CropSpec, faces: AnnotatedFaces, scheme: Scheme
) -> dict[str, Any]:
    """Every figure for both sources of crops, and per subset if the names show it."""
    return figures_of(run_on(run, spec, faces), faces, scheme)


def run_on(
    run: Predictor, spec: CropSpec, faces: AnnotatedFaces, again: Scheme | None = None
) -> dict[str, dict[str, NDArray[np.float64]]]:
    """`landmark_errors` for each source of crops: "mtcnn" and "labels"."""
    if faces.detected is None:
        detected.add_detected(faces)
    return {
        # "labels" leaves out the error that MTCNN's points add.
        source: landmark_errors(run, spec, faces, five, again)
        for source, five in (("mtcnn", faces.five_points), ("labels", faces.labelled))
    }


def figures_of(
    results: dict[str, dict[str, NDArray[np.float64]]], faces: AnnotatedFaces, scheme: Scheme
) -> dict[str, Any]:
    """The figures of the predictions of `run_on`."""
    report: dict[str, Any] = {"faces": len(faces), "missed_by_mtcnn": int(faces.missed.sum())}
    for source, found in results.items():
        errors = found["errors"]  # (N, K) percent of d
        figures = figures_of_faces(found, faces.sizes, scheme)
        shown = faces.landmarks
        # Offsets are measured along the line of the eyes, so each face must show it.
        if scheme.eye_corners and not np.isnan(shown[:, scheme.eye_corners]).any():
            figures["without_offsets"] = habit.figures(
                found["landmarks"], shown, faces.sizes, scheme
            )
        figures["strata"] = {
            name: figures_of_faces(
                {key: values[chosen] for key, values in found.items()}, faces.sizes[chosen], scheme
            )
            for name, chosen in strata(faces.landmarks, faces.sizes, scheme, faces.images).items()
        }
        subsets = {
            name: np.array([n.startswith(folders) for n in faces.names])  # (N,)
            for name, folders in SUBSETS.items()
        }
        # A subset with a missing folder is not the one that papers report.
        figures["subsets"] = {
            name: metrics.summary(errors[chosen], scheme)
            for name, chosen in subsets.items()
            if all(any(n.startswith(folder) for n in faces.names) for folder in SUBSETS[name])
        }
        report[source] = figures
    return report


def figures_of_faces(
    found: dict[str, NDArray[np.float64]], sizes: NDArray[np.float64], scheme: Scheme
) -> dict[str, Any]:
    """The figures of one set of faces: `metrics.summary` of their errors, and how scales compare.

    Args:
        found: the result of `landmark_errors` for them.
        sizes: (N,), the length d in image pixels that their errors are divided by.
        scheme: the annotation scheme.
    """
    errors = found["errors"]
    seen = ~np.isnan(errors)  # (N, K)
    scales = 100 * found["scales"] / sizes[:, None]  # percent of d
    return metrics.summary(errors, scheme) | {
        "mean_scale_px": float(found["map_scales"][seen].mean()),
        "mean_scale": float(scales[seen].mean()),  # percent, as the errors
        "scale_error_correlation": _rank_correlation(scales[seen], errors[seen]),
    }


def evaluate_file(path: Path, data: Path, split: Path | None) -> dict[str, Any]:
    """`evaluate` of a checkpoint or ONNX file on the faces of a folder."""
    run, spec, scheme = open_network(path)
    return evaluate(run, spec, detected.add_detected(read_faces(data, scheme, split)), scheme)


def _rank_correlation(scales: NDArray[np.floating], errors: NDArray[np.floating]) -> float:
    """Spearman's correlation of scale with error, both relative to the face."""
    # The place of each value in the order of all: argsort twice.
    ranks = [np.argsort(np.argsort(values)).astype(np.float64) for values in (scales, errors)]
    return float(np.corrcoef(*ranks)[0, 1])  # Spearman's is Pearson's, of ranks
