"""Rows and tables of `training.evaluate` with several models."""

from itertools import groupby
from pathlib import Path
from typing import Any

from lapland.landmarks.decoders import DEFAULT_DECODER
from lapland.networks.index import shipped
from training.evaluation.conditions import CLEAN

Row = dict[str, Any]


def set_of(row: Row) -> tuple[str, str]:
    """The set of faces of a row: its folder and its split."""
    return row["data"], row["split"]


def name_of(row: Row) -> str:
    """Name of a row's model in tables: with its decoder, if that is not the default."""
    model, decoder = row["model"], row["decoder"]
    return model if decoder == DEFAULT_DECODER else f"{model}, {decoder}"


def table(rows: list[Row]) -> str:
    """The rows for the terminal; failure rates (FR) and AUC at 8 and 10 %."""
    width = max(len(CLEAN), *(len(name_of(row)) for row in rows))  # of the first column
    width = max(width, *(len(row["way"]) for row in rows)) + 2
    head = (
        f"{'faces':>6}{'NMSE %':>8}{'FR 8 %':>8}{'FR 10 %':>9}"
        f"{'of landmarks: 8 %':>19}{'10 %':>7}{'AUC 8':>7}{'AUC 10':>8}"
    )
    lines = []
    for (data, split), part in groupby(rows, key=set_of):  # rows of a set are neighbours
        of_set = list(part)
        lines.append(
            f"{data}, {split}: {of_set[0]['missed']} missed by MTCNN (cropped from labels)"
        )
        lines.append(f"{'':<{width}}{head}")
        for model, group in groupby(of_set, key=name_of):
            hard = list(group)  # one row for each condition
            if len(hard) > 1:
                lines.append(model)
            for row in hard:
                name = f"  {row['way']}" if len(hard) > 1 else model
                lines.append(f"{name:<{width}}{_figures(row)}")
    return "\n".join(lines)


def markdown(rows: list[Row]) -> str:
    """The rows for a document: a line for each condition, a column for each model.

    Each cell has the NMSE, the failure rate of faces and that of landmarks, both at 8 %.
    """
    lines = ["NMSE; faces and landmarks with errors above 8 %; all in percent.", ""]
    for (data, split), part in groupby(rows, key=set_of):
        of = {(row["way"], name_of(row)): row for row in part}
        # Without repeats, in the order of the rows.
        conditions, models = (list(dict.fromkeys(key[i] for key in of)) for i in (0, 1))
        faces = of[conditions[0], models[0]]["faces"]
        lines += [
            f"| {data}, {split}: {faces} faces | {' | '.join(models)} |",
            "|---|" + "---|" * len(models),
        ]
        for condition in conditions:
            cells = (
                "{nmse:.2f}; {failure_rate_8:.1f}; {landmark_failure_rate_8:.1f}".format(
                    **of[condition, model]
                )
                for model in models
            )
            lines.append(f"| {condition} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def _figures(f: Row) -> str:
    return (
        f"{f['faces']:>6}{f['nmse']:>8.3f}{f['failure_rate_8']:>8.2f}{f['failure_rate_10']:>9.2f}"
        f"{f['landmark_failure_rate_8']:>19.2f}{f['landmark_failure_rate_10']:>7.2f}"
        f"{f['auc_8']:>7.3f}{f['auc_10']:>8.3f}"
    )


def _labels(named: list[Path]) -> dict[str, Path]:
    """Names of models in the table: shipped ones by their name, files by folder and name."""
    labels = {}
    for path in named:
        known = str(path) in shipped() or path.is_dir()
        labels[path.name if known else "/".join(path.parts[-2:])] = path
    # Two files of one label would hide each other: then whole paths are shown.
    if len(labels) < len(named):
        labels = {str(path): path for path in named}
    return labels
