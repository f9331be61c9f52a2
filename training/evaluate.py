"""Evaluates a network: `python -m training.evaluate MODEL --data FOLDER [--split FILE]`.

MODEL is a checkpoint (`best.safetensors`) or an exported `model.onnx`. Faces are cropped twice:
from MTCNN's five points, as a user's photo would be (from the labels' where MTCNN misses the
face, and how often that was is reported), and from the labels' five points alone. Prints the
figures and writes `figures.json`, the cumulative error curve and a sheet of the best and worst
faces into --out.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lapland import _geometry as geometry
from lapland._rcn import LandmarkNetwork
from lapland._scheme import IBUG68, Scheme
from training import five_points, metrics
from training.checkpoint import load_weights
from training.data import CropSpec, Faces, cut_all, read_folder, read_split
from training.pictures import draw_error_curves, draw_sheet

Predictor = Callable[[NDArray[np.uint8]], tuple[NDArray[np.floating], NDArray[np.floating]]]

# Folders of the official layout -> the subsets that papers report.
SUBSETS = {
    "common": ("helen/testset/", "lfpw/testset/"),
    "challenge": ("ibug/",),
    "full": ("helen/testset/", "lfpw/testset/", "ibug/"),
}


def open_network(path: Path) -> tuple[Predictor, CropSpec]:
    """A checkpoint or an ONNX file as (crops -> landmarks and scales in crop pixels, its crop)."""
    if path.suffix == ".onnx":
        network = LandmarkNetwork(path)
        return network.run, CropSpec(network.info.crop_factor, network.info.crop_upright)
    import torch

    from training.validation import predict

    net, recipe, _ = load_weights(path)

    def run(crops: NDArray[np.uint8]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
        landmarks, scales = predict(net, torch.from_numpy(crops), recipe.beta)
        return landmarks.numpy(), scales.numpy()

    return run, recipe.crop


def landmark_errors(
    run: Predictor, spec: CropSpec, faces: Faces, five: NDArray[np.float64], scheme: Scheme
) -> dict[str, NDArray[np.float64]]:
    """Errors (N, K) in percent, landmarks (N, K, 2) and scales (N, K) in image pixels."""
    matrices = spec.matrices(five)
    landmarks, scales = run(cut_all(faces, matrices).numpy())
    points = geometry.to_image(landmarks.astype(np.float64), matrices)
    errors = metrics.point_errors(points, faces.landmarks, scheme)
    return {
        "errors": errors,
        "landmarks": points,
        "scales": scales * geometry.steps(matrices)[:, None],
        "map_scales": scales.astype(np.float64),
    }


def evaluate(run: Predictor, spec: CropSpec, faces: Faces, scheme: Scheme) -> dict[str, Any]:
    """Every figure for both sources of crops, and per subset where names tell it."""
    if faces.detected is None:
        five_points.detect(faces)
    report: dict[str, Any] = {"faces": len(faces), "missed_by_mtcnn": int(faces.missed.sum())}
    for source, five in (("mtcnn", faces.five_points), ("labels", faces.labelled)):
        found = landmark_errors(run, spec, faces, five, scheme)
        errors = found["errors"]
        figures: dict[str, Any] = metrics.summary(errors, scheme)
        figures["mean_scale_px"] = float(found["map_scales"].mean())
        figures["scale_error_correlation"] = _rank_correlation(found["scales"], errors, faces)
        subsets = {
            name: np.array([n.startswith(folders) for n in faces.names])
            for name, folders in SUBSETS.items()
        }
        figures["subsets"] = {
            name: metrics.summary(errors[chosen], scheme)
            for name, chosen in subsets.items()
            if chosen.any()
        }
        report[source] = figures
    return report


def _rank_correlation(
    scales: NDArray[np.floating], errors: NDArray[np.floating], faces: Faces
) -> float:
    """Spearman's correlation of scale with error over all landmarks, both relative to the face."""
    left, right = IBUG68.eye_corners
    d = np.linalg.norm(faces.landmarks[:, left] - faces.landmarks[:, right], axis=-1)
    ranks = [
        np.argsort(np.argsort(values.ravel())).astype(np.float64)
        for values in (scales / d[:, None], errors)
    ]
    return float(np.corrcoef(*ranks)[0, 1])


def table(report: dict[str, Any]) -> str:
    """The figures of a report for the terminal."""
    rows = [
        f"{report['faces']} faces, {report['missed_by_mtcnn']} missed by MTCNN "
        "(cropped from their labels)",
        f"{'crops from':<22}{'faces':>6}{'NMSE %':>8}{'FR 8 %':>8}{'FR 10 %':>9}"
        f"{'AUC 8':>7}{'AUC 10':>8}",
    ]
    for source in ("mtcnn", "labels"):
        parts = {source: report[source]}
        parts |= {f"  {name}": f for name, f in report[source]["subsets"].items()}
        rows += [
            f"{name:<22}{f['faces']:>6}{f['nmse']:>8.3f}{f['failure_rate_8']:>8.2f}"
            f"{f['failure_rate_10']:>9.2f}{f['auc_8']:>7.3f}{f['auc_10']:>8.3f}"
            for name, f in parts.items()
        ]
        groups = {k[5:]: v for k, v in report[source].items() if k.startswith("nmse_")}
        rows.append("  " + ", ".join(f"{name} {value:.2f}" for name, value in groups.items()))
    rows.append(
        f"mean scale {report['mtcnn']['mean_scale_px']:.2f} px of the map; rank correlation of "
        f"scale with error {report['mtcnn']['scale_error_correlation']:.3f}"
    )
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder in 300-W layout")
    parser.add_argument("--split", type=Path, help="file of names; without it, every photo")
    parser.add_argument("--out", type=Path, help="folder for figures.json and the pictures")
    options = parser.parse_args(arguments)
    try:
        run, spec = open_network(options.model)
        names = read_split(options.split) if options.split else None
        faces = five_points.detect(read_folder(options.data, IBUG68, names))
    except (ValueError, OSError) as error:
        raise SystemExit(f"training.evaluate: {error}") from None
    report = evaluate(run, spec, faces, IBUG68)
    print(table(report))
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        (options.out / "figures.json").write_text(json.dumps(report, indent=1) + "\n")
        found = {
            source: landmark_errors(run, spec, faces, five, IBUG68)
            for source, five in (("MTCNN", faces.five_points), ("labels", faces.labelled))
        }
        curves = {f"crops from {source}": f["errors"] for source, f in found.items()}
        draw_error_curves(curves, options.out / "errors.png")
        shown = found["MTCNN"]
        draw_sheet(faces, shown["landmarks"], shown["errors"], IBUG68, options.out / "faces.jpg")
        print(f"written: {options.out}/figures.json, errors.png, faces.jpg")


if __name__ == "__main__":
    main()
