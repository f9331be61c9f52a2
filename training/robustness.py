"""Several models on several sets of faces, as they are and made hard: `training.evaluate`'s tables.

The protocol is that of *2D Wasserstein Loss for Robust Facial Landmark Detection* (Yan et al.,
2020) in its parts: failures are counted by landmark as well as by face, photos are corrupted, and
a model is tried on the faces of other data sets than its own.
"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from lapland._decoders import DEFAULT_DECODER
from lapland._models import shipped
from training import five_points, metrics
from training.hardship import hardships
from training.predictions import errors_of, open_decoders, path_of_model
from training.readers import read_faces

Row = dict[str, Any]


def split_files(data: list[Path], splits: list[str] | None) -> list[tuple[Path, Path | None]]:
    """Each folder with each split: a file, or the name of one in the folder's `splits/`.

    Raises:
        ValueError: there is no such split.
    """
    if not splits:
        return [(folder, None) for folder in data]
    sets = []
    for folder in data:
        for split in splits:
            named = folder / "splits" / f"{split}.txt"
            file = named if named.is_file() else Path(split)
            if not file.is_file():
                raise ValueError(f"{split}: expected a split file, or one named {named}")
            sets.append((folder, file))
    return sets


def compare(
    named: list[Path],
    sets: list[tuple[Path, Path | None]],
    *,
    corrupt: bool = False,
    perturb: bool = False,
    decoders: Sequence[str] = (DEFAULT_DECODER,),
    every: int = 1,
) -> list[Row]:
    """Figures of every model on every set, in every way that is asked for.

    Args:
        named: models, as `path_of_model` takes them.
        sets: folders of photos, each with a split file or None for all of it.
        corrupt: with the photos corrupted, too.
        perturb: with five points and boxes that are shifted.
        decoders: each model is read by every one of them.
        every: one in so many faces is taken.

    Returns:
        One row for each: "model", "decoder", "data", "split", "kind" and "way" of `Hardship`,
        "missed" by MTCNN (cropped from their labels), and what `metrics.summary` tells.

    Raises:
        ValueError: a model or folder cannot be used, or the one has other points than the other.
    """
    networks = {
        label: open_decoders(path_of_model(path), decoders)
        for label, path in _labels(named).items()
    }
    rows = []
    for folder, file in sets:
        schemes = {scheme.name: scheme for _, _, scheme in networks.values()}
        for scheme in schemes.values():
            faces = five_points.detect(read_faces(folder, scheme, file)).every(every)
            mine = {label: n for label, n in networks.items() if n[2] is scheme}
            for spec in dict.fromkeys(spec for _, spec, _ in mine.values()):
                for way in hardships(faces, spec, corrupt=corrupt, perturb=perturb):
                    for label, (run, own, _) in mine.items():
                        for decoder, found in run(way.crops).items() if own == spec else ():
                            errors = errors_of(found, way.matrices, faces)["errors"]
                            rows.append(
                                {
                                    "model": label,
                                    "decoder": decoder,
                                    "data": folder.name,
                                    "split": file.stem if file else "all",
                                    "kind": way.kind,
                                    "way": way.name,
                                    "missed": int(faces.missed.sum()),
                                    **metrics.summary(errors, scheme),
                                }
                            )
    labels, order = list(networks), list(decoders)
    return sorted(
        rows,
        key=lambda row: (set_of(row), labels.index(row["model"]), order.index(row["decoder"])),
    )


def set_of(row: Row) -> tuple[str, str]:
    """The set of faces of a row: its folder and its split."""
    return row["data"], row["split"]


def name_of(row: Row) -> str:
    """What the model of a row is called in tables: with its decoder, if that is another one."""
    model, decoder = row["model"], row["decoder"]
    return model if decoder == DEFAULT_DECODER else f"{model}, {decoder}"


def table(rows: list[Row]) -> str:
    """The rows for the terminal; failure rates (FR) and AUC at 8 and 10 %."""
    width = max(len("photos as they are"), *(len(name_of(row)) for row in rows))
    width = max(width, *(len(row["way"]) for row in rows)) + 2
    head = (
        f"{'faces':>6}{'NMSE %':>8}{'FR 8 %':>8}{'FR 10 %':>9}"
        f"{'of landmarks: 8 %':>19}{'10 %':>7}{'AUC 8':>7}{'AUC 10':>8}"
    )
    lines = []
    for (data, split), part in groupby(rows, key=set_of):
        of = list(part)
        lines.append(f"{data}, {split}: {of[0]['missed']} missed by MTCNN (cropped from labels)")
        lines.append(f"{'':<{width}}{head}")
        for model, ways in groupby(of, key=name_of):
            hard = list(ways)
            if len(hard) > 1:
                lines.append(model)
            for row in hard:
                name = f"  {row['way']}" if len(hard) > 1 else model
                lines.append(f"{name:<{width}}{_figures(row)}")
    return "\n".join(lines)


def markdown(rows: list[Row]) -> str:
    """The rows for a document: a line for each way, a column for each model.

    Each cell has the NMSE, the failure rate of faces and that of landmarks, both at 8 %.
    """
    lines = ["NMSE; faces and landmarks with errors above 8 %; all in percent.", ""]
    for (data, split), part in groupby(rows, key=set_of):
        of = {(row["way"], name_of(row)): row for row in part}
        ways, models = (list(dict.fromkeys(key[i] for key in of)) for i in (0, 1))
        faces = of[ways[0], models[0]]["faces"]
        lines += [
            f"| {data}, {split}: {faces} faces | {' | '.join(models)} |",
            "|---|" + "---|" * len(models),
        ]
        for way in ways:
            cells = (
                "{nmse:.2f}; {failure_rate_8:.1f}; {landmark_failure_rate_8:.1f}".format(
                    **of[way, model]
                )
                for model in models
            )
            lines.append(f"| {way} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def _figures(f: Row) -> str:
    return (
        f"{f['faces']:>6}{f['nmse']:>8.3f}{f['failure_rate_8']:>8.2f}{f['failure_rate_10']:>9.2f}"
        f"{f['landmark_failure_rate_8']:>19.2f}{f['landmark_failure_rate_10']:>7.2f}"
        f"{f['auc_8']:>7.3f}{f['auc_10']:>8.3f}"
    )


def _labels(named: list[Path]) -> dict[str, Path]:
    """What models are called in the table: shipped ones by their name, files by folder and name."""
    labels = {}
    for path in named:
        known = str(path) in shipped() or path.is_dir()
        labels[path.name if known else "/".join(path.parts[-2:])] = path
    if len(labels) < len(named):
        labels = {str(path): path for path in named}
    return labels
