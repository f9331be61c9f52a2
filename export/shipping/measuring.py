"""Measures a model before it ships: its errors, its limits, its certainty."""

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import onnx

from export.cards.data_terms import shown_split
from export.cards.failures import measure
from lapland.landmarks.network import LandmarkNetwork
from lapland.uncertainty.calibration import Calibration
from training import certainty as trust
from training.calibration.measuring import calibrate
from training.calibration.measuring import measure as measure_calibration
from training.data.readers import read_faces
from training.evaluation.conditions import CLEAN
from training.evaluation.figures import evaluate_file


@dataclass(frozen=True)
class Measured:
    """Results for metadata and card; those of a model that was not measured are empty.

    Attributes:
        figures: split -> report of its evaluation.
        limits: conditions under which the model fails.
        calibration: radii and confidence from its scales.
        certainty: how well these hold.
        unsure: mean scale above which a tracker distrusts a face.
    """

    figures: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, Any] | None = None
    calibration: Calibration | None = None
    certainty: dict[str, Any] | None = None
    unsure: float | None = None

    @property
    def nmse(self) -> dict[str, float]:
        """Split -> percent, of faces that MTCNN finds."""
        return {name: round(report["mtcnn"]["nmse"], 3) for name, report in self.figures.items()}


def measured(
    model: onnx.ModelProto, facts: dict[str, Any], data: Path, common: Path | None
) -> Measured:
    """Evaluates a model on `data`, calibrates it on `data/splits/val.txt` if that exists.

    Args:
        model: without calibration.
        facts: facts of its training run.
        data: folder of photos.
        common: folder of 300-W, for models of other data; see `export`.
    """
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "model.onnx"
        plain.write_bytes(model.SerializeToString())
        figures = figures_on(data, plain)
        if common is not None:
            figures["common"] = evaluate_file(plain, common, common / "splits" / "common.txt")
        shown = shown_split(figures, facts)
        showing = data if common is None or shown != "common" else common
        limits = measure(plain, showing, shown)
        if not (data / "splits" / "val.txt").exists():
            return Measured(figures, limits)
        calibration, _ = calibrate(plain, data)
        if showing is data:
            certainty = measure_calibration(plain, calibration, data, shown)
        else:  # its labels follow another habit than those of the fit
            certainty = measure_calibration(plain, None, data, "val")
            there = measure_calibration(plain, calibration, showing, shown, every=8)
            certainty["elsewhere"] = {shown: there["coverage"][CLEAN]}
        return Measured(figures, limits, calibration, certainty, unsure_of(plain, data))


def figures_on(data: Path, model: Path) -> dict[str, Any]:
    """Evaluates the file on the splits of a folder that it was not trained on: {split: report}."""
    files = sorted((data / "splits").glob("*.txt"))
    splits = {file.stem: file for file in files if file.stem != "train"} or {"all": None}
    return {name: evaluate_file(model, data, file) for name, file in splits.items()}


def unsure_of(model: Path, data: Path) -> float | None:
    """Mean scale above which a tracker distrusts a face, measured on `splits/val.txt`.

    None if no face has good landmarks.
    """
    network = LandmarkNetwork(model, threads=1)
    faces = read_faces(data, network.info.scheme, data / "splits" / "val.txt")
    found = trust.doubts_and_errors(network, faces)
    if not (found["errors"] < trust.GOOD).any():
        return None
    return trust.threshold_of(found)
