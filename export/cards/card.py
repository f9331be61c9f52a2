"""The card of a landmark model: description, data, figures, limits."""

import dataclasses
import hashlib
import math
from pathlib import Path
from typing import Any

import onnx

from export.cards.data_terms import OFFICIAL, data_of, shown_split
from export.cards.failures import section, wrapped
from export.cards.failures_picture import NAME
from lapland.base.files import write_text
from lapland.schemes.registry import SCHEMES
from lapland.schemes.scheme import Scheme
from training.calibration.reliability import COVERED, REFUSED, worst
from training.evaluation.conditions import CLEAN
from training.recipes.families import FAMILIES
from training.recipes.recipe import RECIPES, Recipe

TEMPLATE = """\
# {name}

{k} facial landmarks ({scheme} scheme) with a Laplace scale for each, from a square 80x80 crop of
a face. {network}.

| file | bytes | SHA-256 |
|---|---|---|
{files}

Parameters: {parameters:,}. Input `crops` uint8 (N, 80, 80, 3) BGR; outputs `landmarks` (N, {k}, 2)
and `scales` (N, {k}), float32, crop pixels, and `heatmaps` ({maps}). The crop is
a square of {factor} times the longer side of the rectangle around MTCNN's five points{upright}.

## Data and licence

Trained on {training_faces} faces {data}

## Recipe

    python -m training.train --data {folders} --recipe {recipe_name}{settings} --out runs/{name}
{pruning}    python -m export.rcn runs/{name}/{checkpoint}.safetensors --data {folder}

Commit {commit}; epoch {epoch} of {epochs}, chosen by NMSE on the validation faces alone;
{minutes} minutes ({hours} hours) of training on {hardware}.

## Figures

NMSE in percent of {normaliser}, {precision}
`model.onnx` as shipped; failure rate (FR) and area under the cumulative error curve (AUC) at 8
and 10 %. "MTCNN": cropped from MTCNN's five points, as a user's photo is, and from the labels'
where MTCNN misses the face. "labels": cropped from five points that follow from the annotation.
{held_out}

{header}
{figures}

Mean scale on `{shown}`: {mean_scale}; rank correlation of a landmark's scale with its error:
{correlation}.
{summary} difference of landmarks or scales between onnxruntime and torch: {parity:.6f} px on
{parity_crops} crops.

## Where it fails

{limits}

## How sure

{certainty}

## Limits

- Landmarks that cannot be seen {unseen}.
- {people}
- Not for identifying people, and not for decisions about them.
"""
GIVEN = ("train", "val", "start", "teacher")  # options of `training.train`, in the facts of a run
COLUMNS = (
    *("faces", "crops", "count", "missed by MTCNN", "NMSE %"),
    *("FR 8 %", "FR 10 %", "AUC 8", "AUC 10"),
)


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """Writes README.md beside `model.onnx` and `weights.safetensors`."""
    recipe: Recipe = card["recipe"]
    facts, figures = card["facts"], card["figures"]
    scheme, data = SCHEMES[recipe.scheme], data_of(facts)
    columns = [*COLUMNS, *scheme.groups]
    shown = shown_split(figures, facts)
    sample = figures.get(shown, {}).get("mtcnn", {})
    normaliser = (
        "the inter-ocular distance (outer corners of the eyes)"
        if scheme.eye_corners
        else "the square root of the area of the face's box"
    )
    k = scheme.size
    kept = facts.get("head_channels")
    prune = f"    python -m training.prune runs/{folder.name}/best.safetensors --data {data.folder}"
    helpers = "".join(f" --{o} {facts[o]}" for o in GIVEN if o in facts)
    helpers += " --unlabelled FOLDER" * bool(recipe.adversary)
    text = TEMPLATE.format(
        name=folder.name,
        k=k,
        scheme={"ibug68": "iBUG/300-W", "aflw19": "AFLW"}.get(scheme.name, scheme.name),
        network=FAMILIES[recipe.family].describe(recipe) + _arithmetic(recipe),
        maps=_shape_of_maps(folder / "model.onnx"),
        precision=recipe.precision,
        files="\n".join(_file_row(folder / n) for n in ("model.onnx", "weights.safetensors")),
        parameters=facts["parameters"],
        factor=recipe.crop.factor,
        upright=", turned with the face" if recipe.crop.upright else "",
        training_faces=facts["training_faces"],
        data=data.text.format(share=facts["training_faces"] / OFFICIAL),
        folder=data.folder,
        folders=facts.get("folders", data.training or data.folder),
        normaliser=normaliser,
        held_out=data.held_out,
        shown=shown,
        unseen=data.unseen,
        people=data.people,
        pruning="" if kept is None else f"{prune} --keep {kept}\n",
        checkpoint="best" if kept is None else "pruned",
        recipe_name=recipe.name,
        settings="".join(f" --set {s}" for s in settings_of(recipe)) + helpers,
        commit=facts["commit"],
        epoch=facts["epoch"],
        epochs=recipe.epochs,
        minutes=round(facts["seconds"] / 60),
        hours=f"{facts['seconds'] / 3600:.1f}",
        hardware=facts["hardware"],
        header="\n".join(_row(cells) for cells in (columns, ["---"] * len(columns))),
        figures="\n".join(_figure_rows(figures, scheme))
        or _row(["not measured", *[""] * (len(columns) - 1)]),
        mean_scale=f"{sample['mean_scale_px']:.2f} px of the map" if sample else "not measured",
        correlation=f"{sample['scale_error_correlation']:.3f}" if sample else "not measured",
        summary="Largest" if recipe.precision == "float32" else "Mean",
        parity=card["parity_px"],
        parity_crops=card["parity_crops"],
        certainty=_certainty(card["certainty"], shown),
        limits=section(NAME, card["drawn"], normaliser, shown, sample, card["limits"]),
    )
    write_text(folder / "README.md", text)


def _certainty(report: dict[str, Any] | None, shown: str) -> str:
    """Quality of the calibration: coverage of the radii, and the gain of refusing faces."""
    if report is None:
        return "Not calibrated: `faces.radius` and `faces.confidence` are an error."
    names, shares = worst(report)
    clean = report["coverage"][CLEAN]
    rows = [["", *(f"within {100 * p:.0f} %" for p in COVERED)], ["---"] * 3]
    rows.append([f"{CLEAN} ({report['faces']})", *(f"{100 * share:.1f} %" for share in clean)])
    rows.append(
        [f"worst of {len(report['corruptions'])} corruptions ({report['hard_faces']} each)"]
        + [f"{100 * share:.1f} %: {name}" for name, share in zip(names, shares, strict=True)]
    )
    apart = "elsewhere" in report
    if apart:
        rows[3:3] = [
            [
                f"of them, `{folder}` ({part['faces']})",
                *(f"{100 * s:.1f} %" for s in part["shares"]),
            ]
            for folder, part in report["folders"].items()
        ]
    refused = next(reversed(report["refusal"].values()))
    rates = [refused["all"], refused["confidence"]["kept"], refused["the detector's score"]["kept"]]
    kept = " to ".join(f"{rate['10']:.2f} %" for rate in rates[:2])
    areas = [refused[name]["area"] for name in ("confidence", "the detector's score", "oracle")]
    text = f"""\
`faces.radius(p)` should hold the landmark with probability p. It was fitted on the validation \
faces, clean and corrupted; on `{"val" if apart else shown}` the share of landmarks it \
holds is{", each fifth of the faces judged by a fit to the others" if apart else ""}:"""
    together = f"""\
Of all these faces together, leaving out the {100 * REFUSED:.0f} % of lowest `faces.confidence` \
lowers the failure rate at 10 % from {kept} ({rates[2]["10"]:.2f} % by the detector's score). \
Area under the risk-coverage curve, % mean error: {areas[0]:.3f}; by the detector's score \
{areas[1]:.3f}, by the errors themselves {areas[2]:.3f}."""
    table = "\n".join(map(_row, rows))
    paragraphs = [wrapped(text), table, *map(wrapped, _elsewhere(report)), wrapped(together)]
    return "\n\n".join(paragraphs)


def _elsewhere(report: dict[str, Any]) -> list[str]:
    """How the radii hold for labels of another habit, if that was measured."""
    return [
        f"A radius is meant for the places that the labels of the training have. On `{name}`, "
        "where people drew by another habit, the radii hold "
        + " and ".join(f"{100 * share:.1f} %" for share in shares)
        + ": the difference of the habits is no part of them."
        for name, shares in report.get("elsewhere", {}).items()
    ]


def _shape_of_maps(model: Path) -> str:
    """The shape of the output `heatmaps`, as the file announces it."""
    outputs = {value.name: value for value in onnx.load(model).graph.output}
    sides = outputs["heatmaps"].type.tensor_type.shape.dim
    return ", ".join(side.dim_param or str(side.dim_value) for side in sides)


def _arithmetic(recipe: Recipe) -> str:
    """The addition to the description of a network that computes in int8."""
    if recipe.precision != "int8":
        return ""
    return ",\nin int8: weights and maps of a byte a number, fine-tuned with that rounding"


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


def _figure_rows(figures: dict[str, Any], scheme: Scheme) -> list[str]:
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
                *(f"{f[f'failure_rate_{at}']:.2f}" for at in (8, 10)),
                *(f"{f[f'auc_{at}']:.3f}" for at in (8, 10)),
                # A group that no face shows has no figure.
                *(f"{f.get('nmse_' + group, math.nan):.2f}" for group in scheme.groups),
            ]
            rows.append(_row(cells))
    return rows


def _row(cells: list[Any]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
