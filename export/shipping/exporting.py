"""A checkpoint -> model file, metadata, card: checked, measured, written, described."""

from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import helper
from torch import nn

from export.cards.card import write_card
from export.cards.data_terms import KNOWN
from export.cards.failures_picture import NAME, draw_limits
from export.shipping import hashes
from export.shipping.measuring import Measured, measured
from export.shipping.metadata import metadata_of
from export.shipping.parity import TOLERANCE, build_graph, crops_of_photo, difference
from lapland.base.files import write_whole
from lapland.schemes.registry import SCHEMES
from training.data import detected
from training.data.crops import cut_all
from training.data.readers import read_faces
from training.recipes.checkpoint import load_weights, save_weights
from training.recipes.recipe import Recipe


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
    facts = facts | _stated(data_name, licence)
    terms: dict[str, Any] = {"name": name, "licence": licence}
    model = build_graph(net, recipe, metadata_of(net, recipe, facts, {}, **terms))
    crops = _crops(photo, data, recipe)
    parity = _checked(model, net, recipe, crops)
    out.mkdir(parents=True, exist_ok=True)
    found = Measured()
    if data is not None:
        found = measured(model, facts, data, common)
        terms["unsure"] = found.unsure
        properties = metadata_of(net, recipe, facts, found.nmse, found.calibration, **terms)
        helper.set_model_props(model, properties)
    write_whole(out / "model.onnx", model.SerializeToString())
    if checkpoint.resolve() != (out / "weights.safetensors").resolve():
        # Written anew, the same weights and facts may be other bytes.
        weights = {name: tensor.clone() for name, tensor in net.state_dict().items()}
        save_weights(out / "weights.safetensors", weights, recipe, facts)
    if out.resolve().parent == hashes.MODELS:
        hashes.record()
    card = {
        "parity_px": parity,
        "parity_crops": len(crops),
        "figures": found.figures,
        "limits": found.limits,
        "certainty": found.certainty,
        "recipe": recipe,
        "facts": facts | {"parameters": sum(p.numel() for p in net.parameters())},
        "drawn": draw_limits(out / "model.onnx", out / NAME),
    }
    write_card(out, card)
    return card


def _stated(data_name: str | None, licence: str | None) -> dict[str, str]:
    """Facts that the caller states; they take the place of those of the run."""
    stated = {}
    if data_name is not None:
        known = KNOWN.get(data_name)
        stated["data"] = data_name if known is None else known.name
    if licence is not None:
        stated["licence"] = licence
    return stated


def _crops(photo: Path, data: Path | None, recipe: Recipe) -> torch.Tensor:
    """Crops for the comparison of torch and onnxruntime."""
    crops = [crops_of_photo(photo, recipe)]
    if data is not None and (data / "splits" / "val.txt").exists():
        faces = read_faces(data, SCHEMES[recipe.scheme], data / "splits" / "val.txt")
        crops.append(cut_all(faces, recipe.crop.matrices(detected.add_detected(faces).five_points)))
    return torch.cat(crops)


def _checked(model: onnx.ModelProto, net: nn.Module, recipe: Recipe, crops: torch.Tensor) -> float:
    """The largest difference from torch, crop pixels; raises ValueError if it is too large."""
    parity = difference(model, net, recipe, crops)
    allowed = TOLERANCE[recipe.precision]
    if not parity <= allowed:
        raise ValueError(
            f"onnxruntime's landmarks differ from torch's by {parity:.4f} px, more than "
            f"{allowed}; nothing was written"
        )
    return parity
