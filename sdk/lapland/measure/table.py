"""The results of `lapland benchmark` as text of 80 columns, also from its JSON file."""

import textwrap
from collections.abc import Sequence
from typing import Any

from . import paper

Row = dict[str, Any]
_COLUMNS = 80


def text(report: dict[str, Any]) -> str:
    """The machine, the models beside the paper's, and a table of times for each number of threads.

    Args:
        report: the result of `Benchmark.run`.
    """
    rows: list[Row] = report["models"]
    threads = list(dict.fromkeys(row["threads"] for row in rows))
    parts = [_machine(report), _sizes([row for row in rows if row["threads"] == threads[0]])]
    for number in threads:
        chosen = [row for row in rows if row["threads"] == number]
        parts.append(_times(report["settings"], number, chosen))
    parts.append(_notes(report))
    return "\n\n".join(parts)


def label(row: Row) -> str:
    """Width and precision of a shipped model, the name of another's file."""
    return f"{row['width']} {row['precision']}" if row["shipped"] else str(row["file"])


def error(row: Row) -> float | None:
    """NMSE in percent on 300-W's common set, if it was measured."""
    found = row["nmse"].get("common")
    return None if found is None else float(found)


def _machine(report: dict[str, Any]) -> str:
    head = report["header"]
    versions = head["versions"]
    load = "" if head["load"] is None else f", load {head['load']:.2f}"
    lines = (
        f"{head['cpu']}, {head['cores']} cores{_instructions(head)}; {head['os']}",
        f"lapland {versions['lapland']}, onnxruntime {versions['onnxruntime']}, OpenCV "
        f"{versions['opencv']}, numpy {versions['numpy']}, Python {versions['python']}",
        f"{head['date']}{load}",
    )
    return "\n".join(textwrap.fill(line, _COLUMNS) for line in lines)


def _instructions(head: dict[str, Any]) -> str:
    """The text behind the processor's name; files of earlier versions lack it."""
    return f" with {head['instructions']}" if "instructions" in head else ""


def _sizes(rows: Sequence[Row]) -> str:
    lines = [
        f"{'':<{_width(rows)}}{'':>12}{'':>11}{'NMSE, %':>10}{'paper of this width':>25}",
        f"{'model':<{_width(rows)}}{'parameters':>12}{'file':>11}{'common':>10}{'MB':>13}{'fps':>12}",
    ]
    for row in rows:
        lines += _family(row, rows)
        nmse = error(row)
        of_300w = row["shipped"] and row.get("weights", "300w") == "300w"
        known = paper.TABLE_3.get(row["width"]) if of_300w else None
        lines.append(
            f"{label(row):<{_width(rows)}}{row['parameters']:>12,}{row['bytes'] / 1e3:>8,.0f} KB"
            f"{'-' if nmse is None else f'{nmse:.2f}':>10}"
            f"{'-' if known is None else f'{known.megabytes:.3f}':>13}"
            f"{'-' if known is None else f'{known.fps:.2f}':>12}"
        )
    return "\n".join(lines)


def _times(settings: dict[str, Any], threads: int, rows: Sequence[Row]) -> str:
    size = "x".join(map(str, settings["size"]))
    first = f"{threads} thread" + ("s" if threads > 1 else "")
    left = f"landmarks, batch of {settings['batch']}"
    right = f"predict, {size}, {_faces(settings['faces'])}"
    columns = f"{'ms':>9}{'p95':>8}{'±':>6}{'fps':>8}"
    lines = [
        f"{first:<{_width(rows)}}{left:>31}{right:>31}",
        f"{'model':<{_width(rows)}}{columns}{columns}",
    ]
    for row in rows:
        lines += _family(row, rows)
        stages = "".join(_stage(row[stage]) for stage in ("landmarks", "predict"))
        lines.append(f"{label(row):<{_width(rows)}}{stages}")
    return "\n".join(lines)


def _family(row: Row, rows: Sequence[Row]) -> list[str]:
    """The line above the first row of a family of weights, if the table has several."""
    families = [other.get("weights") for other in rows]
    family = row.get("weights")
    if len(set(families)) == 1 or row is not rows[families.index(family)]:
        return []
    return ["your own:" if family is None else f'weights="{family}":']


def _stage(times: dict[str, float]) -> str:
    fps, spread = times["fps"], times["spread"]
    return (
        f"{times['median']:>9.2f}{times['p95']:>8.2f}"
        f"{f'{spread:.1%}' if spread < 0.9995 else '>100%':>6}"
        f"{fps:>8,.{0 if fps >= 100 else 1}f}"
    )


def _notes(report: dict[str, Any]) -> str:
    text = (
        "ms: median of calls in turns, each turn after a call that warms up. ±: with 95 % "
        "confidence the median is known so well; calls are repeated until that is "
        f"{report['settings']['spread']:.0%} for all, or the time is over. fps: faces or photos a "
        "second. NMSE: inter-ocular, on 300-W common. Paper: Laplace Landmark Localization, "
        f"ICCV 2019, {paper.SOURCE}; -: not in it."
    )
    return textwrap.fill(text, _COLUMNS)


def _faces(number: int) -> str:
    return "1 face" if number == 1 else f"{number} faces"


def _width(rows: Sequence[Row]) -> int:
    return max(16, *(len(label(row)) + 1 for row in rows))
