"""Checkpoint -> ONNX graph: `python -m export.rcn runs/NAME/best.safetensors`.

Writes `models/NAME/`, by its recipe `rcn-1-8`, `rcn-1-8-lite`, `rcn-1-8-int8` and so on, with
`model.onnx`, `weights.safetensors`, `README.md` (the card) and its picture. Given the
`weights.safetensors` of a model, it writes the same `model.onnx` and a new card.
The graph takes uint8 crops and gives landmarks and scales in crop pixels, everything between
included, and `heatmaps`, of which the softmax is taken: (N, K, S, S) in float32, (N, S, S, K) in
int8, which `lapland._models.maps_axis` tells apart. It is written only if onnxruntime's landmarks
equal torch's on real crops, within 0.01 px in float32.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import torch
from onnx import helper

from export import hashes
from export.card import data_of, shown_split, write_card
from export.float32 import build_float32
from export.int8 import build_int8
from export.limits import measure
from export.limits_picture import NAME, draw_limits
from lapland import _geometry as geometry
from lapland._calibration import Calibration
from lapland._image import load_image
from lapland._models import SCHEMA, load_mtcnn
from lapland._mtcnn import Mtcnn
from lapland._scheme import IBUG68, SCHEMES
from training import five_points
from training.augment import Augmentation, jitter
from training.calibrate import calibrate
from training.calibrate import measure as measure_calibration
from training.checkpoint import load_weights, save_weights
from training.data import cut_all
from training.evaluate import evaluate_file
from training.files import REPOSITORY, write_whole
from training.quantised import QuantisedRCN
from training.rcn import RCN, SIZE
from training.readers import read_faces
from training.recipes import Recipe
from training.validation import predict

# Crop pixels, of landmarks and scales from torch's: the largest in float32, the mean in int8. There
# a sum that lies between two steps is rounded to either, and the layers behind make more of it.
TOLERANCE = {"float32": 0.01, "int8": 0.2}
PHOTO = REPOSITORY / "examples" / "astronaut.png"


def build_graph(net: RCN, recipe: Recipe, metadata: dict[str, str]) -> onnx.ModelProto:
    """The graph contract: uint8 crops in, landmarks, scales and heatmaps out."""
    if isinstance(net, QuantisedRCN):
        return build_int8(net, recipe.beta, metadata)
    return build_float32(net, recipe.beta, metadata)


def difference(model: onnx.ModelProto, net: RCN, recipe: Recipe, crops: torch.Tensor) -> float:
    """How far landmarks and scales are from torch's, crop pixels; see `TOLERANCE`."""
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    found = session.run(["landmarks", "scales"], {"crops": crops.numpy()})
    summary = np.max if recipe.precision == "float32" else np.mean
    return max(
        float(summary(np.abs(here - there.numpy())))
        for here, there in zip(found, predict(net, crops, recipe.beta), strict=True)
    )


def metadata_of(
    net: RCN,
    recipe: Recipe,
    facts: dict[str, Any],
    nmse: dict[str, float],
    calibration: Calibration | None = None,
) -> dict[str, str]:
    """What the runtime and a reader need to know, as the file carries it."""
    told = {} if calibration is None else {"lapland.calibration": calibration.to_json()}
    return told | {
        "lapland.schema": SCHEMA,
        "lapland.name": name_of(recipe),
        "lapland.width": recipe.label,
        "lapland.precision": recipe.precision,
        "lapland.parameters": str(sum(p.numel() for p in net.parameters())),
        "lapland.scheme": recipe.scheme,
        "lapland.size": str(SIZE),
        "lapland.crop_factor": repr(recipe.crop.factor),
        "lapland.crop_upright": json.dumps(recipe.crop.upright),
        "lapland.nmse": json.dumps(nmse),
        "lapland.licence": data_of(facts).licence,
        "lapland.training": json.dumps({"recipe": json.loads(recipe.to_json()), **facts}),
    }


def name_of(recipe: Recipe) -> str:
    """`rcn-1-8`, `rcn-1-8-lite`, `rcn-1-8-aflw19` of another scheme, `rcn-1-8-int8` in int8."""
    parts = ["rcn", recipe.label.replace("/", "-")]
    if recipe.scheme != IBUG68.name:
        parts.append(recipe.scheme)
    if recipe.precision != "float32":
        parts.append(recipe.precision)
    return "-".join(parts)


def figures_on(data: Path, model: Path) -> dict[str, Any]:
    """Evaluates the file on the splits of a folder that it was not trained on: {split: report}."""
    files = sorted((data / "splits").glob("*.txt"))
    splits = {file.stem: file for file in files if file.stem != "train"} or {"all": None}
    return {name: evaluate_file(model, data, file) for name, file in splits.items()}


def crops_of_photo(photo: Path, recipe: Recipe, count: int = 64) -> torch.Tensor:
    """(count, 80, 80, 3) uint8: jittered crops of the first face of a photo."""
    image = load_image(photo)
    _, _, points = Mtcnn(*load_mtcnn()).detect(image)
    if not len(points):
        raise ValueError(f"{photo}: expected a photo of a face, MTCNN finds none")
    rng = np.random.default_rng(0)
    matrix = recipe.crop.matrices(points[:1].astype(np.float64))[0]
    how = Augmentation(rotation=15.0, zoom=0.15, shift=0.05, flip=0.5)
    crops = [geometry.cut(image, jitter(matrix, SIZE, how, rng)[0], SIZE) for _ in range(count)]
    return torch.from_numpy(np.stack(crops))


def export(checkpoint: Path, out: Path, data: Path | None, photo: Path) -> dict[str, Any]:
    """Writes `model.onnx`, `weights.safetensors` and the card with its picture into `out`.

    Args:
        checkpoint: `best.safetensors` of a training run.
        out: folder of the model; made if need be.
        data: folder of photos whose splits other than `train` the file is evaluated on, and on
            whose `splits/val.txt` its scales are calibrated; None leaves both out.
        photo: of a face; torch and onnxruntime are compared on crops of it, and on those of
            `data/splits/val.txt` where there is one.

    Returns:
        What the card says.

    Raises:
        ValueError: onnxruntime's landmarks differ from torch's by more than `TOLERANCE`; nothing
            is written then.
    """
    net, recipe, facts = load_weights(checkpoint)
    crops = [crops_of_photo(photo, recipe)]
    if data is not None and (data / "splits" / "val.txt").exists():
        faces = read_faces(data, SCHEMES[recipe.scheme], data / "splits" / "val.txt")
        crops.append(cut_all(faces, recipe.crop.matrices(five_points.detect(faces).five_points)))
    model = build_graph(net, recipe, metadata_of(net, recipe, facts, {}))
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
            shown = shown_split(figures, facts)
            limits = measure(plain, data, shown)
            calibration = None
            if (data / "splits" / "val.txt").exists():
                calibration, _ = calibrate(plain, data)
                certainty = measure_calibration(plain, calibration, data, shown)
        nmse = {name: round(report["mtcnn"]["nmse"], 3) for name, report in figures.items()}
        helper.set_model_props(model, metadata_of(net, recipe, facts, nmse, calibration))
    write_whole(out / "model.onnx", lambda part: part.write_bytes(model.SerializeToString()))
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


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m export.rcn", description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, help="default: models/NAME")
    parser.add_argument("--data", type=Path, help="folder of the photos, for the card's figures")
    parser.add_argument("--photo", type=Path, default=PHOTO, help="of a face, for the comparison")
    options = parser.parse_args(arguments)
    try:
        recipe = load_weights(options.checkpoint)[1]
        out = options.out or REPOSITORY / "models" / name_of(recipe)
        card = export(options.checkpoint, out, options.data, options.photo)
    except (ValueError, OSError) as error:
        raise SystemExit(f"export.rcn: {error}") from None
    print(
        f"{out}: difference from torch {card['parity_px']:.6f} px on {card['parity_crops']} crops"
    )
    for name, report in card["figures"].items():
        print(
            f"NMSE on {name}: {report['mtcnn']['nmse']:.3f} %, "
            f"{report['labels']['nmse']:.3f} % from the labels' crops"
        )


if __name__ == "__main__":
    main()
