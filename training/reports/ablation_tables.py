"""The tables of `training.ablation`: means over the seeds, and how far these lie apart."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from training.evaluation.conditions import CLEAN
from training.evaluation.rows import Row, set_of

RATES = ("failure_rate_8", "landmark_failure_rate_8")


def losses_table(results: list[dict[str, Any]]) -> str:
    """The table of the rows; half of the range of its seeds behind each mean."""
    lines = [
        "| loss | NMSE %, val | NMSE %, common | spread of a map, px | minutes | one of its runs |",
        "|---|---|---|---|---|---|",
    ]
    for rows in _grouped(results, "row").values():  # the seeds of one row
        val, common = (with_range([r[name] for r in rows]) for name in ("val", "common"))
        spread, minutes = (np.mean([r[name] for r in rows]) for name in ("spread", "minutes"))
        command = f"`python -m training.train {rows[0]['command']}`"
        lines.append(
            f"| {rows[0]['row']} | {val} | {common} | {spread:.2f} | {minutes:.0f} | {command} |"
        )
    return "\n".join(lines) + "\n"


def means(results: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The mean of each row over its seeds."""
    return [
        {"row": row, **{key: float(np.mean([r[key] for r in of])) for key in ("common", "spread")}}
        for (row,), of in _grouped(results, "row").items()
    ]


def over_seeds(rows: list[Row]) -> list[Row]:
    """The mean NMSE of the rows that differ in nothing but their seed."""
    same = _grouped(rows, "data", "split", "model", "decoder", "way").values()
    return [of[0] | {"nmse": float(np.mean([row["nmse"] for row in of]))} for of in same]


def robustness_tables(rows: list[Row]) -> str:
    """A table for each set of faces: a line for each loss and decoder, means over the seeds.

    The last columns are means over the strengths of a corruption.
    """
    # Without repeats, in the order of the rows.
    kinds = [kind for kind in dict.fromkeys(row["kind"] for row in rows) if kind != CLEAN]
    head = ["NMSE", "faces", "landmarks", "all corruptions", "faces", *kinds]
    lines = [
        "NMSE, and faces and landmarks with errors above 8 %: of the clean photos, then as "
        "means of corrupted ones; all in percent; ± half of the range of the seeds.",
        "",
    ]
    # Sorted, because groupby joins neighbours alone.
    for (data, split), part in groupby(sorted(rows, key=set_of), key=set_of):
        lines += [f"| {data}, {split} | {' | '.join(head)} |", "|---|" + "---|" * len(head)]
        for (model, decoder), of_run in _grouped(part, "model", "decoder").items():
            # For each seed the means of each kind.
            seeds = [_by_kind(of) for of in _grouped(of_run, "seed").values()]
            cells = [
                # Clean photos with the range of the seeds, then rates, then the mean of all
                # corruptions.
                with_range([seed[CLEAN]["nmse"] for seed in seeds]),
                *(f"{np.mean([s[CLEAN][rate] for s in seeds]):.1f}" for rate in RATES),
                # Each kind counts once, whatever its strengths.
                with_range([np.mean([seed[k]["nmse"] for k in kinds]) for seed in seeds]),
                f"{np.mean([seed[k][RATES[0]] for seed in seeds for k in kinds]):.1f}",
                *(f"{np.mean([seed[kind]['nmse'] for seed in seeds]):.2f}" for kind in kinds),
            ]
            lines.append(f"| {model}, {decoder} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)


def _by_kind(rows: list[Row]) -> dict[str, dict[str, float]]:
    """Means over the strengths of each kind of corruption."""
    return {
        kind: {key: float(np.mean([row[key] for row in of])) for key in ("nmse", *RATES)}
        for (kind,), of in _grouped(rows, "kind").items()
    }


def _grouped(rows: Iterable[Row], *keys: str) -> dict[tuple[Any, ...], list[Row]]:
    """The rows that have the same values of some keys, in their order."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return groups


def with_range(values: Sequence[float], digits: int = 2) -> str:
    """A mean over seeds, with half of their range."""
    half = (max(values) - min(values)) / 2
    return f"{np.mean(values):.{digits}f}" + (f" ± {half:.{digits}f}" if len(values) > 1 else "")
