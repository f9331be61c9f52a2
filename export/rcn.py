"""Checkpoint -> ONNX graph: `python -m export.rcn runs/NAME/best.safetensors`.

Writes `models/NAME/`, by its recipe `rcn-1-8`, `rcn-1-8-lite`, `rcn-1-8-int8` and so on, with
`model.onnx`, `weights.safetensors`, `README.md` (the card) and its picture. Given the
`weights.safetensors` of a model, it writes the same `model.onnx` and a new card.
The graph takes uint8 crops and gives landmarks and scales in crop pixels, everything between
included, and `heatmaps`, the logits of the softmax: (N, K, S, S) in float32, (N, S, S, K) in
int8 (`lapland.networks.loading.maps_axis` finds which). It is written only if onnxruntime's
landmarks equal torch's on real crops, within 0.01 px in float32.
"""

import argparse
import re
from pathlib import Path

from export.cards.data_terms import data_of
from export.shipping.exporting import export
from export.shipping.naming import name_of
from export.shipping.parity import PHOTO
from lapland.schemes.registry import SCHEMES, is_shipped
from training.common.command import as_program
from training.common.paths import REPOSITORY
from training.recipes.checkpoint import load_weights


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m export.rcn", description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument(
        "--out", type=Path, help="default: models/NAME; NAME beside the checkpoint for own data"
    )
    parser.add_argument("--name", help="of the model (default: by its recipe)")
    parser.add_argument("--licence", help="of the weights, for metadata and card")
    parser.add_argument(
        "--data-name",
        help="training data, for metadata and card; open and research are those of training/lists",
    )
    parser.add_argument("--data", type=Path, help="folder of the photos, for the card's figures")
    parser.add_argument(
        "--common", type=Path, metavar="300W", help="also measure on the common set of this folder"
    )
    parser.add_argument("--photo", type=Path, default=PHOTO, help="of a face, for the comparison")
    options = parser.parse_args(arguments)
    try:
        if options.common is not None and options.data is None:
            raise ValueError("--common: expected --data beside it, which calibrates the model")
        _, recipe, facts = load_weights(options.checkpoint)
        if options.data_name is not None:
            facts = facts | {"data": options.data_name}
        name = options.name or name_of(recipe, data_of(facts).weights)
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", name):
            raise ValueError(f"--name: expected letters, digits, '-', '_', '.', not {name!r}")
        custom = not is_shipped(SCHEMES[recipe.scheme]) or data_of(facts).weights is None
        folder = options.checkpoint.parent if custom else REPOSITORY / "models"
        out = options.out or folder / name
        card = export(
            options.checkpoint,
            out,
            options.data,
            options.photo,
            name=options.name,
            licence=options.licence,
            data_name=options.data_name,
            common=options.common,
        )
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
    as_program(main)
