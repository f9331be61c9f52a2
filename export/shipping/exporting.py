"""A checkpoint -> model file, metadata, card."""

import tempfile
from pathlib import Path
from typing import Any

import torch
from onnx import helper

from export.cards.card import write_card
from export.cards.data_terms import KNOWN, shown_split
from export.cards.failures import measure
from export.cards.failures_picture import NAME, draw_limits
from export.shipping import hashes
from export.shipping.metadata import metadata_of
from export.shipping.parity import TOLERANCE, build_graph, crops_of_photo, difference
from lapland.base.files import write_whole
from lapland.landmarks.network import LandmarkNetwork
from lapland.schemes.registry import SCHEMES
from training import certainty as trust
from training.calibration.measuring import calibrate
from training.calibration.measuring import measure as measure_calibration
from training.data import detected
from training.data.crops import cut_all
from training.data.readers import read_faces
from training.evaluation.conditions import CLEAN
from training.evaluation.figures import evaluate_file
from training.recipes.checkpoint import load_weights, save_weights


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


def export(
    checkpoint: Path,
    out: Path,
    data: Path | None,
    photo: Path,
    *,
    name: str | None = None,
    licence: str | None = None,
    data_name: str | None = None,
    common: Path | None = None,
) -> dict[str, Any]:
    """Writes `model.onnx`, `weights.safetensors` and the card with its picture into `out`.

    Args:
        checkpoint: `best.safetensors` of a training run.
        out: folder of the model; made if need be.
        data: folder of photos whose splits other than `train` the file is evaluated on, and on
            whose `splits/val.txt` its scales are calibrated; None leaves both out.
        photo: photo of a face; torch and onnxruntime are compared on crops of it, and on those of
            `data/splits/val.txt` if it exists.
        name: name of the model; None follows from the recipe.
        licence: terms of the weights; None follows from the data.
        data_name: name of the training data, for metadata and card; "open" and "research" name
            those of `export.cards.data_terms`; None follows from the run.
        common: folder of 300-W, whose `splits/common.txt` the file is evaluated on, too, for models
            of other data.

    Returns:
        The content of the card.

    Raises:
        ValueError: onnxruntime's landmarks differ from torch's by more than `TOLERANCE`; nothing
            is written then.
    """
    net, recipe, facts = load_weights(checkpoint)
    if data_name is not None:
        known = KNOWN.get(data_name)
        facts = facts | {"data": data_name if known is None else known.name}
    if licence is not None:
        facts = facts | {"licence": licence}
    terms: dict[str, Any] = {"name": name, "licence": licence}
    crops = [crops_of_photo(photo, recipe)]
    if data is not None and (data / "splits" / "val.txt").exists():
        faces = read_faces(data, SCHEMES[recipe.scheme], data / "splits" / "val.txt")
        crops.append(cut_all(faces, recipe.crop.matrices(detected.add_detected(faces).five_points)))
    model = build_graph(net, recipe, metadata_of(net, recipe, facts, {}, **terms))
    sample = torch.cat(crops)
    parity = difference(model, net, recipe, sample)
    allowed = TOLERANCE[recipe.precision]
    if not parity <= allowed:
        raise ValueError(
            f"onnxruntime's landmarks differ from torch's by {parity:.4f} px, more than "
            f"{allowed}; nothing was written"
        )
    out.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = {}
    limits: dict[str, Any] | None = None
    certainty: dict[str, Any] | None = None
    if data is not None:
        with tempfile.TemporaryDirectory() as folder:
            plain = Path(folder) / "model.onnx"
            plain.write_bytes(model.SerializeToString())
            figures = figures_on(data, plain)
            if common is not None:
                split = common / "splits" / "common.txt"
                figures["common"] = evaluate_file(plain, common, split)
            shown = shown_split(figures, facts)
            showing = data if common is None or shown != "common" else common
            limits = measure(plain, showing, shown)
            calibration = None
            if (data / "splits" / "val.txt").exists():
                calibration, _ = calibrate(plain, data)
                if showing is data:
                    certainty = measure_calibration(plain, calibration, data, shown)
                else:  # its labels follow another habit than those of the fit
                    certainty = measure_calibration(plain, None, data, "val")
                    there = measure_calibration(plain, calibration, showing, shown, every=8)
                    certainty["elsewhere"] = {shown: there["coverage"][CLEAN]}
                terms["unsure"] = unsure_of(plain, data)
        nmse = {name: round(report["mtcnn"]["nmse"], 3) for name, report in figures.items()}
        helper.set_model_props(model, metadata_of(net, recipe, facts, nmse, calibration, **terms))
    write_whole(out / "model.onnx", model.SerializeToString())
    if checkpoint.resolve() != (out / "weights.safetensors").resolve():
        # Written anew, the same weights and facts may be other bytes.
        weights = {name: tensor.clone() for name, tensor in net.state_dict().items()}
        save_weights(out / "weights.safetensors", weights, recipe, facts)
    card = {
        "parity_px": parity,
        "parity_crops": len(sample),
        "figures": figures,
        "limits": limits,
        "certainty": certainty,
        "recipe": recipe,
        "facts": facts | {"parameters": sum(p.numel() for p in net.parameters())},
    }
    if out.resolve().parent == hashes.MODELS:
        hashes.record()
    card["drawn"] = draw_limits(out / "model.onnx", out / NAME)
    write_card(out, card)
    return card
