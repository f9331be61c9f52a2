"""Measures errors under every condition, fits the calibration to them, and checks it."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lapland.base.boxes import around
from lapland.base.files import write_whole
from lapland.crop import square
from lapland.crop.texture import texture
from lapland.detection.base import FaceDetector
from lapland.detection.registry import load_detector
from lapland.schemes.scheme import Scheme
from lapland.uncertainty.calibration import Calibration
from training.calibration import reliability
from training.calibration.fit import FORM, FORMS, ErrorSample, Floats, fit, isotonic_radii
from training.calibration.hidden import with_hidden
from training.calibration.reliability import COVERED
from training.data import detected
from training.data.crops import CropSpec
from training.data.faces import AnnotatedFaces
from training.data.readers import read_faces
from training.evaluation.conditions import CLEAN, Condition, conditions_of
from training.evaluation.corruptions import CORRUPTIONS
from training.evaluation.predictions import Predictor, cached, open_network

FOLDS = 5
GRID = tuple(np.round(np.arange(0.05, 1, 0.05), 2).tolist())  # of the curves


Parts = list[tuple[NDArray[np.bool_], Calibration]]
"""Faces (N,) and the calibration that judges them; each face belongs to one part."""


def predictions_under(
    run: Predictor, faces: AnnotatedFaces, conditions: list[Condition], scheme: Scheme
) -> ErrorSample:
    """The predictions of a model for all faces under each of some conditions."""
    rows = []
    for condition in conditions:
        landmarks, scales = run(condition.crops)  # crop pixels
        # (N, K, 2), image pixels.
        points = square.to_image(landmarks.astype(np.float64), condition.matrices)
        steps = square.steps(condition.matrices)[:, None]  # (N, 1), image pixels for a crop pixel
        errors = np.linalg.norm(points - faces.landmarks, axis=-1)  # (N, K), NaN if not visible
        rows.append((points, scales * steps, texture(condition.crops, landmarks), errors))
    # (C, N, ...) each.
    arrays = (np.stack(column).astype(np.float64) for column in zip(*rows, strict=True))
    return ErrorSample(scheme, *arrays, faces.sizes)


def calibrate(model: Path, data: Path, split: str = "val") -> tuple[Calibration, ErrorSample]:
    """Fits the calibration of an ONNX file or checkpoint, on `splits/SPLIT.txt` of a folder.

    Without such a file, on every photo of the folder.
    """
    run, spec, scheme = _open(model)
    faces = _faces(data, scheme, split)
    # Shifted crops have no part in the fit; `measure` reports them beside the others.
    sample = predictions_under(run, faces, list(conditions_of(faces, spec, perturb=False)), scheme)
    return with_hidden(fit(sample), run, spec, faces), sample


def cross_validated(
    sample: ErrorSample, folds: int = FOLDS, seed: int = 0
) -> dict[str, dict[str, Any]]:
    """Every form of the calibration, measured on faces that it was not fitted on.

    The folds part the faces, so that no face is in the fit under another condition.

    Returns:
        Name of the form -> `reliability.coverage_figures` of it.
    """
    # (N,): fold of each face; folds differ by a face at most.
    fold = np.random.default_rng(seed).permutation(len(sample.sizes)) % folds
    forms = [*FORMS, "isotonic in scale", f"{FORM}, fitted on {CLEAN}"]
    # (P, C, N, K) each.
    radii = {form: np.zeros((len(COVERED), *sample.errors.shape)) for form in forms}
    for held in (fold == f for f in range(folds)):
        rest, out = sample.of(~held), sample.of(held)
        for form in forms:
            if form.startswith("isotonic"):
                # Scales alone: shows the worth of the other features.
                found = [isotonic_radii(rest, out, p) for p in COVERED]
            elif form in FORMS:
                found = radii_of(fit(rest, form), out)
            else:
                # Fitted on the clean condition alone: shows the worth of corruptions in the fit.
                found = radii_of(fit(sample.of(~held, slice(1))), out)
            radii[form][:, :, held] = found
    return {form: reliability.coverage_figures(r, sample) for form, r in radii.items()}


def radii_of(
    calibration: Calibration, sample: ErrorSample, probabilities: tuple[float, ...] = COVERED
) -> list[Floats]:
    """(C, N, K) radii of each probability, pixels."""
    found = (calibration.radii(*sample.flat, p) for p in probabilities)
    return [r.reshape(sample.scales.shape).astype(np.float64) for r in found]


def joined(
    parts: Parts, sample: ErrorSample, probabilities: tuple[float, ...] = COVERED
) -> list[Floats]:
    """(C, N, K) radii of each probability, pixels; each face by the calibration of its part."""
    found = [np.empty_like(sample.scales) for _ in probabilities]
    for faces, calibration in parts:
        for whole, some in zip(
            found, radii_of(calibration, sample.of(faces), probabilities), strict=True
        ):
            whole[:, faces] = some  # every face belongs to one part
    return found


def confidences_of(parts: Parts, sample: ErrorSample) -> Floats:
    """(C, N), each face by the calibration of its part."""
    found = np.empty(sample.textures.shape[:2])
    for faces, calibration in parts:
        some = sample.of(faces)
        found[:, faces] = calibration.confidence(*some.flat).reshape(some.textures.shape[:2])
    return found


def by_folder(
    faces: AnnotatedFaces, sample: ErrorSample, radii: list[Floats]
) -> dict[str, dict[str, Any]]:
    """{first folder of the name: number of its faces and shares within each of the radii}."""
    # The first folder names the source: 300-W's are afw, helen, ibug and lfpw.
    folders = np.array([name.split("/")[0] if "/" in name else "" for name in faces.names])
    report = {}
    for folder in np.unique(folders):
        those = folders == folder
        # The first condition alone, the clean one: (P,).
        shares = reliability.coverages([r[:, those] for r in radii], sample.of(those))[0]
        report[str(folder)] = {"faces": int(those.sum()), "shares": shares.tolist()}
    return report


def fitted_apart(sample: ErrorSample, folds: int = FOLDS, seed: int = 0) -> Parts:
    """Parts of the faces, each with a calibration that was fitted on all other parts."""
    fold = np.random.default_rng(seed).permutation(len(sample.sizes)) % folds
    return [(fold == f, fit(sample.of(fold != f))) for f in np.unique(fold)]


def measure(
    model: Path, calibration: Calibration | None, data: Path, split: str = "common", every: int = 1
) -> dict[str, Any]:
    """How well a calibration holds on the faces of a split.

    Args:
        model: an ONNX file or a checkpoint.
        calibration: its calibration; None measures on the faces of the fit: each of `FOLDS` parts
            is judged by a calibration that was fitted on the others, and `every` is 1.
        data: folder of annotated photos.
        split: name of a split file in its `splits/`; without it, every photo counts.
        every: one in so many faces is corrupted.

    Returns:
        "coverage": {condition: shares within the radii of `COVERED`}; "corruptions": the corrupting
        conditions; "refusal": `reliability.refusals` of clean photos, and of these together with
        the corrupted ones; "curves": nominal and covered shares of the same two; "folders": for
        each folder of clean photos, the number of faces and the shares within the radii.
    """
    run, spec, scheme = _open(model)
    faces = _faces(data, scheme, split)
    some = faces.every(every)
    mtcnn = load_detector("mtcnn", threads=1)
    conditions = list(conditions_of(some, spec))  # clean, corruptions, shifts
    # All faces under the clean condition, which is cheap; `every` thins the corrupted ones alone.
    clean = [next(conditions_of(faces, spec, corrupt=False, perturb=False))]
    apart = 1 + sum(len(strengths) for strengths in CORRUPTIONS.values())  # then come the shifts
    seen, hard = (
        predictions_under(run, faces, clean, scheme),
        predictions_under(run, some, conditions, scheme),
    )
    # A calibration that was fitted on other faces judges all; without one, each fold has its own.
    parts: Parts = [(np.ones(len(faces), np.bool_), calibration)] if calibration else []
    parts = parts or fitted_apart(hard.of(slice(None), slice(apart)))
    here = [(part[::every], fitted) for part, fitted in parts]  # the parts of the thinned faces
    radii = joined(parts, seen)
    shares = {clean[0].name: reliability.coverages(radii, seen)[0].tolist()}
    covered = reliability.coverages(joined(here, hard), hard)
    for condition, row in zip(conditions[1:], covered[1:], strict=True):
        shares[condition.name] = row.tolist()
    report: dict[str, Any] = {
        "faces": len(faces),
        "hard_faces": len(some),
        "coverage": shares,
        "corruptions": [condition.name for condition in conditions[1:apart]],
        "folders": by_folder(faces, seen, radii),
        "refusal": {},
        "curves": {},
    }
    # The curves and the refusal twice: for clean photos, and for these with the corruptions,
    # without shifts.
    for name, part, sample, of, judges in (
        (CLEAN, clean, seen, faces, parts),
        (
            "these and corrupted ones",
            conditions[:apart],
            hard.of(slice(None), slice(apart)),
            some,
            here,
        ),
    ):
        covered = reliability.coverages(joined(judges, sample, GRID), sample)  # (C, P of GRID)
        report["curves"][name] = {"nominal": GRID, "covered": covered.mean(axis=0).tolist()}
        scores = {
            "confidence": confidences_of(judges, sample),
            "the detector's score": np.stack(
                [detector_scores(mtcnn, condition, of) for condition in part]
            ),
        }
        report["refusal"][name] = reliability.refusals(scores, sample.failures)
    return report


def detector_scores(mtcnn: FaceDetector, condition: Condition, faces: AnnotatedFaces) -> Floats:
    """(N,) scores of MTCNN's last network, in the crops, for the boxes of the landmarks."""
    boxes = around(square.to_crop(faces.landmarks, condition.matrices))  # crop pixels
    return np.array(
        [mtcnn.five_points(c, b[None])[0][0] for c, b in zip(condition.crops, boxes, strict=True)],
        np.float64,
    )


def write_into(model: Path, out: Path, calibration: Calibration) -> None:
    """Copies an ONNX file with the calibration in its metadata."""
    import onnx

    graph = onnx.load(model)
    # `set_model_props` replaces all entries, so the others come along.
    metadata = {entry.key: entry.value for entry in graph.metadata_props}
    metadata["lapland.calibration"] = calibration.to_json()
    onnx.helper.set_model_props(graph, metadata)
    write_whole(out, graph.SerializeToString())


def _open(model: Path) -> tuple[Predictor, CropSpec, Scheme]:
    run, spec, scheme = open_network(model)
    # Checkpoints are not cached: the key is that of a graph.
    return (cached(run, model) if model.suffix == ".onnx" else run), spec, scheme


def _faces(data: Path, scheme: Scheme, split: str) -> AnnotatedFaces:
    file = data / "splits" / f"{split}.txt"
    return detected.add_detected(read_faces(data, scheme, file if file.exists() else None))
