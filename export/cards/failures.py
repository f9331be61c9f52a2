"""The section "Where it fails" of a model card."""

import textwrap
from pathlib import Path
from typing import Any

import numpy as np

from training.data import detected
from training.data.readers import read_faces
from training.evaluation.conditions import CLEAN, changed_crops, pictures
from training.evaluation.corruptions import CARD_CORRUPTIONS, NOISE
from training.evaluation.figures import figures_of_faces
from training.evaluation.predictions import errors_of, open_network
from training.evaluation.strata import yaws

MOST = 150  # faces that are corrupted: each is run once for every corruption
PROFILE = 60  # degrees; least yaw of a face seen from the side
COLUMNS = ("", "count", "NMSE %", "FR 8 %", "mean scale %", "correlation")

PICTURE = """\
What `lapland.Detector` makes, with the `model.onnx` of this folder, of a corrupted photo and of \
a face seen from the side. Green: the network is sure, relative to the face as it finds it; yellow \
to red: less so. "off": mean distance from the landmarks of the clean photo; "scale": mean scale; \
both in percent of d, {normaliser}. "not found": MTCNN misses the face, and the picture shows it \
by the five points of the clean photo. Photos: Eileen Collins, NASA, public domain; \
Lav Varshney, CC0."""

FACES = """\
Faces of `{split}`, cropped from MTCNN's five points. Mean scale in percent of d, as the error; \
correlation: of the ranks of the landmarks' scales and errors. Corrupted photos, {which}: \
the corruption changes only the picture that the crop is cut from, at twice the crop's resolution; \
the points for the crop stay those of the clean photo, so that the landmark network is measured \
and not the detector. "Face of 15 px": from brows to chin, enlarged again; "covered": by a grey \
block; noise: a standard deviation of {noise} of 255 levels."""

YAW = """\
Yaw is estimated from the annotation: the tip of the nose lies beside the middle of the outer \
corners of the eyes by tan(yaw) times half their distance."""


def measure(model: Path, data: Path, split: str) -> dict[str, Any]:
    """The figures of a model on corrupted crops of at most `MOST` faces of a folder.

    Args:
        model: an ONNX file or a checkpoint.
        data: folder of annotated photos.
        split: name of a split file in its `splits/`; without it, every photo counts.

    Returns:
        "step": one in so many faces counts; "yaw": the largest, degrees, None if the
        scheme or the annotation lacks it; "degraded": {name: figures}, those of the
        clean crops first.
    """
    run, spec, scheme = open_network(model)
    file = data / "splits" / f"{split}.txt"
    every = detected.add_detected(read_faces(data, scheme, file if file.exists() else None))
    turned = yaws(every.landmarks, scheme)
    step = -(-len(every) // MOST)
    faces = every.every(step)
    matrices = spec.matrices(faces.five_points)
    fine, places = pictures(faces, matrices)
    changes = {CLEAN: lambda picture, place, rng: picture}
    changes |= {degradation.name: degradation.change for degradation in CARD_CORRUPTIONS}
    figures = {}
    for name, change in changes.items():
        found = errors_of(run(changed_crops(fine, places, change)), matrices, faces)
        figures[name] = figures_of_faces(found, faces.sizes, scheme)
    seen = turned is not None and not np.isnan(turned).all()
    return {
        "step": step,
        "yaw": float(np.nanmax(turned)) if seen else None,
        "degraded": figures,
    }


def captioned(drawn: dict[str, str], picture: str) -> str:
    """The picture in Markdown, with the captions of its cells as its text."""
    caption = "; ".join(f"{name}: {text}" for name, text in drawn.items())
    return wrapped(f"![{caption}]({picture})")


def section(
    picture: str,
    drawn: dict[str, str],
    normaliser: str,
    split: str,
    report: dict[str, Any],
    limits: dict[str, Any] | None,
) -> str:
    """The card's section: the picture, the table, and the conspicuous figures in words.

    Args:
        picture: name of the picture's file.
        drawn: the result of `draw_limits`: cell -> its caption.
        normaliser: the length d in words.
        split: the name of the evaluated split.
        report: figures of the split by `training.evaluate`, from MTCNN's crops.
        limits: the result of `measure`; None if nothing was measured.
    """
    parts = [captioned(drawn, picture)]
    parts.append(f"*{wrapped(PICTURE.format(normaliser=normaliser), 98)}*")
    if limits is None:
        return "\n\n".join([*parts, "Not measured on annotated faces."])
    step, strata, degraded = limits["step"], report["strata"], limits["degraded"]
    which = "all of them" if step == 1 else f"one in {step}"
    text = FACES.format(split=split, which=which, noise=NOISE)
    parts.append(wrapped(f"{text} {YAW}" if limits["yaw"] is not None else text))
    rows = [_row(COLUMNS), _row(["---"] * len(COLUMNS)), _figures(f"all of `{split}`", report)]
    rows += [_figures(name, figures) for name, figures in (strata | degraded).items()]
    parts.append("\n".join(rows))
    parts.append(wrapped(" ".join(_sentences(strata, limits))))
    return "\n\n".join(parts)


def _sentences(strata: dict[str, Any], limits: dict[str, Any]) -> list[str]:
    """The conspicuous figures, in sentences."""
    degraded = dict(limits["degraded"])
    clean = degraded.pop(CLEAN)
    cost = {name: f["nmse"] / clean["nmse"] for name, f in degraded.items()}
    warning = {name: f["mean_scale"] / clean["mean_scale"] for name, f in degraded.items()}
    *others, least = sorted(cost, key=lambda name: -cost[name])
    most = "; ".join(f"{name}, {cost[name]:.1f} times" for name in others[:3])
    said = [f"The error grows most with {most}; least with {least}, {cost[least]:.1f} times."]
    turned = [(name, f["nmse"]) for name, f in strata.items() if "yaw" in name]
    if len(turned) > 1:
        (first, low), (last, high) = turned[0], turned[-1]
        said.append(
            f"On clean photos it is {low:.2f} % for faces of {first} and {high:.2f} % for those of "
            f"{last}."
        )
    if limits["yaw"] is not None:
        profiles = "; no profile is among them" * (limits["yaw"] < PROFILE)
        said.append(f"The largest yaw is some {limits['yaw']:.0f}°{profiles}.")
    # If the error outgrows the scale most, the scale warns least.
    silent = max(cost, key=lambda name: cost[name] / warning[name])
    grown = sum(w > 1 for w in warning.values())
    said.append(
        f"The mean scale grows with {'all' if grown == len(cost) else f'{grown} of the'} "
        f"{len(cost)} changes; it warns least of {silent}: the error is {cost[silent]:.1f} times "
        f"and the mean scale {warning[silent]:.1f} times that of clean photos."
    )
    return said


def wrapped(text: str, width: int = 100) -> str:
    """Lines of a card, which may not break a name."""
    return textwrap.fill(text, width, break_on_hyphens=False, break_long_words=False)


def _figures(name: str, f: dict[str, Any]) -> str:
    cells = [f"{f['nmse']:.2f}", f"{f['failure_rate_8']:.1f}", f"{f['mean_scale']:.2f}"]
    return _row([name, f["faces"], *cells, f"{f['scale_error_correlation']:.2f}"])


def _row(cells: list[Any] | tuple[Any, ...]) -> str:
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
