"""The card of a landmark model: what it is, what it was trained on, how good it is, its limits."""

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

from training.recipes import RECIPES, Recipe

TEMPLATE = """\
# {name}

68 facial landmarks (iBUG/300-W scheme) with a Laplace scale for each, from a square 80x80 crop of
a face. Recombinator Network of *Laplace Landmark Localization* (Robinson et al., ICCV 2019) at
width {width}.

| file | bytes | SHA-256 |
|---|---|---|
{files}

Parameters: {parameters:,}. Input `crops` uint8 (N, 80, 80, 3) BGR; outputs `landmarks` (N, 68, 2)
and `scales` (N, 68), float32, crop pixels, and `heatmaps` (N, 68, 80, 80). The crop is a square of
{factor} times the longer side of the rectangle around MTCNN's five points{upright}.

## Data and licence

Trained on {training_faces} faces of the 300-W training images (AFW, HELEN, LFPW; original iBUG
annotations), which is 57 % of the official 3148: part of HELEN could not be had, and 200 faces
were kept for validation. **300-W allows research use and excludes commercial use, and so do
these weights.** The code is MIT. Cite Sagonas et al., *300 Faces in-the-Wild Challenge*, ICCVW
2013, and Robinson et al., *Laplace Landmark Localization*, ICCV 2019.

## Recipe

    python -m training.train --data 300w --recipe {recipe_name}{settings} --out runs/{name}
    python -m export.rcn runs/{name}/best.safetensors --data 300w

Commit {commit}; epoch {epoch} of {epochs}, chosen by NMSE on the validation faces alone;
{minutes} minutes of training on {hardware}.

## Figures

NMSE in percent of the inter-ocular distance (outer corners of the eyes), fp32 `model.onnx` as
shipped; failure rate (FR) and area under the cumulative error curve (AUC) at 8 %. "MTCNN": cropped
from MTCNN's five points, as a user's photo is, and from the labels' where MTCNN misses the face.
"labels": cropped from five points that follow from the annotation. `common` was not used for any
choice.

{header}
{figures}

Mean scale on `common`: {mean_scale}; rank correlation of a landmark's scale with its error:
{correlation}.
Largest difference of a landmark or scale between onnxruntime and torch: {parity:.6f} px on
{parity_crops} crops.

## Limits

- Profiles (yaw beyond some 60 degrees), heavy occlusion and blur: the landmarks that cannot be seen
  are guessed, and their scales say so.
- Faces below some 40 px are enlarged to the crop and lose accuracy with their detail.
- The training photos show mostly adult faces from Flickr and Google image search of about 2010;
  accuracy on other groups of people was not measured.
- Not for identifying people, and not for decisions about them.
"""

GROUPS = ["jaw", "brows", "nose", "eyes", "mouth"]
COLUMNS = ["faces", "crops", "count", "missed by MTCNN", "NMSE %", "FR 8 %", "AUC 8", *GROUPS]


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """Writes README.md beside `model.onnx` and `weights.safetensors`."""
    recipe: Recipe = card["recipe"]
    facts, figures = card["facts"], card["figures"]
    common = figures.get("common", {}).get("mtcnn", {})
    (folder / "README.md").write_text(
        TEMPLATE.format(
            name=folder.name,
            width=recipe.width,
            files="\n".join(_file_row(folder / n) for n in ("model.onnx", "weights.safetensors")),
            parameters=facts["parameters"],
            factor=recipe.crop.factor,
            upright=", turned with the face" if recipe.crop.upright else "",
            training_faces=facts["training_faces"],
            recipe_name=recipe.name,
            settings="".join(f" --set {s}" for s in settings_of(recipe)),
            commit=facts["commit"],
            epoch=facts["epoch"],
            epochs=recipe.epochs,
            minutes=round(facts["seconds"] / 60),
            hardware=facts.get("hardware", "2 CPU threads"),
            header="\n".join(_row(cells) for cells in (COLUMNS, ["---"] * len(COLUMNS))),
            figures="\n".join(_figure_rows(figures))
            or _row(["not measured", *[""] * (len(COLUMNS) - 1)]),
            mean_scale=f"{common['mean_scale_px']:.2f} px of the map" if common else "not measured",
            correlation=f"{common['scale_error_correlation']:.3f}" if common else "not measured",
            parity=card["parity_px"],
            parity_crops=card["parity_crops"],
        )
    )


def settings_of(recipe: Recipe) -> list[str]:
    """The `key=value` settings that turn the named recipe into this one."""

    def differences(now: Any, named: Any, prefix: str) -> list[str]:
        out = []
        for field in dataclasses.fields(now):
            a, b = getattr(now, field.name), getattr(named, field.name)
            if dataclasses.is_dataclass(a):
                out += differences(a, b, f"{prefix}{field.name}.")
            elif a != b:
                out.append(f"{prefix}{field.name}={str(a).lower() if isinstance(a, bool) else a}")
        return out

    return differences(recipe, RECIPES[recipe.name], "")


def _file_row(path: Path) -> str:
    data = path.read_bytes()
    return f"| `{path.name}` | {len(data)} | `{hashlib.sha256(data).hexdigest()}` |"


def _figure_rows(figures: dict[str, Any]) -> list[str]:
    rows = []
    for split, report in figures.items():
        for source, label in (("mtcnn", "MTCNN"), ("labels", "labels")):
            f = report[source]
            cells = [
                split,
                label,
                report["faces"],
                report["missed_by_mtcnn"] if source == "mtcnn" else "",
                f"{f['nmse']:.3f}",
                f"{f['failure_rate_8']:.2f}",
                f"{f['auc_8']:.3f}",
                *(f"{f['nmse_' + group]:.2f}" for group in GROUPS),
            ]
            rows.append(_row(cells))
    return rows


def _row(cells: list[Any]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
