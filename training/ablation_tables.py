"""The tables of `training.ablation`: means over the seeds, and how far these lie apart."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

import numpy as np

from training.hardship import CLEAN
from training.robustness import Row

RATES = ("failure_rate_8", "landmark_failure_rate_8")


def losses_table(results: list[dict[str, Any]]) -> str:
    """The table of the rows; half of the range of its seeds behind each mean."""
    lines = [
        "| loss | NMSE %, val | NMSE %, common | spread of a map, px | minutes | one of its runs |",
        "|---|---|---|---|---|---|",
    ]
    for rows in by_row(results).values():
        val, common = (_with_range([r[name] for r in rows]) for name in ("val", "common"))
        spread, minutes = (np.mean([r[name] for r in rows]) for name in ("spread", "minutes"))
        command = f"`python -m training.train {rows[0]['command']}`"
        lines.append(
            f"| {rows[0]['row']} | {val} | {common} | {spread:.2f} | {minutes:.0f} | {command} |"
        )
    return "\n".join(lines) + "\n"


def by_row(results: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The results of each row, of all its seeds."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for result in results:
        rows.setdefault(result["row"], []).append(result)
    return rows


def means(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The mean of each row over its seeds."""
    return [
        {"row": row, **{key: float(np.mean([r[key] for r in of])) for key in ("common", "spread")}}
        for row, of in by_row(results).items()
    ]


def over_seeds(rows: list[Row]) -> list[Row]:
    """The mean NMSE of the rows that differ in nothing but their seed."""
    same: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        key = row["data"], row["split"], row["model"], row["decoder"], row["way"]
        same.setdefault(key, []).append(row)
    return [of[0] | {"nmse": float(np.mean([row["nmse"] for row in of]))} for of in same.values()]


def robustness_tables(rows: list[Row]) -> str:
    """A table for each set of faces: a line for each loss and decoder, means over the seeds.

    The last columns are means over the strengths of a corruption.
    """
    kinds = [kind for kind in dict.fromkeys(row["kind"] for row in rows) if kind != CLEAN]
    head = ["NMSE", "faces", "landmarks", "all corruptions", "faces", *kinds]
    lines = [
        "NMSE, and faces and landmarks with errors above 8 %: of the photos as they are, then as "
        "means of corrupted ones; all in percent; ± half of the range of the seeds.",
        "",
    ]
    for (data, split), part in groupby(sorted(rows, key=_set_of_faces), key=_set_of_faces):
        lines += [f"| {data}, {split} | {' | '.join(head)} |", "|---|" + "---|" * len(head)]
        runs: dict[tuple[str, str], dict[int, list[Row]]] = {}
        for row in part:
            seeds = runs.setdefault((row["model"], row["decoder"]), {})
            seeds.setdefault(row["seed"], []).append(row)
        for (model, decoder), of_run in runs.items():
            seeds = [_by_kind(of) for of in of_run.values()]
            cells = [
                _with_range([seed[CLEAN]["nmse"] for seed in seeds]),
                *(f"{np.mean([s[CLEAN][rate] for s in seeds]):.1f}" for rate in RATES),
                _with_range([np.mean([seed[k]["nmse"] for k in kinds]) for seed in seeds]),
                f"{np.mean([seed[k][RATES[0]] for seed in seeds for k in kinds]):.1f}",
                *(f"{np.mean([seed[kind]['nmse'] for seed in seeds]):.2f}" for kind in kinds),
            ]
            lines.append(f"| {model}, {decoder} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def _set_of_faces(row: Row) -> tuple[str, str]:
    return row["data"], row["split"]


def _by_kind(rows: list[Row]) -> dict[str, dict[str, float]]:
    """Means over the strengths of each kind of corruption."""
    kinds: dict[str, list[Row]] = {}
    for row in rows:
        kinds.setdefault(row["kind"], []).append(row)
    return {
        kind: {key: float(np.mean([row[key] for row in of])) for key in ("nmse", *RATES)}
        for kind, of in kinds.items()
    }


def _with_range(values: Sequence[float]) -> str:
    half = (max(values) - min(values)) / 2
    return f"{np.mean(values):.2f}" + (f" ± {half:.2f}" if len(values) > 1 else "")
