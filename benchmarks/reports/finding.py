"""Blocks and plot on face detection: faces found and missed, points, turned faces, times."""

import io
from typing import Any

from matplotlib.figure import Figure

from benchmarks.common.results import Report
from benchmarks.reports.markdown import markdown, origin


def found(report: Report) -> str:
    """Missed faces, by folder and by size, and boxes without a face."""
    kinds = _kinds(report)
    rows = [
        [f"{name}, {row['faces']} faces", *(str(row[kind]["missed"]) for kind in kinds)]
        for name, row in report["sets"].items()
    ]
    rows += [
        [f"pasted at {px} px, {row['faces']} faces", *(str(row[kind]) for kind in kinds)]
        for px, row in report["sizes"].items()
    ]
    false = report["false"]
    rows.append([f"boxes in {false['views']} views without", *(str(false[k]) for k in kinds)])
    return f"{origin(report)}\n\n{markdown(['missed', *kinds], rows)}"


def points(report: Report) -> str:
    """Error and jitter of landmarks in crops about the points of each detector."""
    kinds = _kinds(report)
    groups = {name: row for name, row in report["points"].items() if name != "model"}
    rows = [
        [f"{name}, {row['faces']} faces: {figure}", *(f"{row[figure][kind]:.3f}" for kind in kinds)]
        for name, row in groups.items()
        for figure in ("error", "jitter")
    ]
    return f"Landmarks of `{report['points']['model']}`.\n\n{markdown(['%', *kinds], rows)}"


def turned(report: Report) -> str:
    """Right, wrong, and wrong but confident results of `predict`, by size and angle."""
    kinds = _kinds(report)
    rows = []
    for name, row in report["turned"].items():
        cells = [
            f"{row[kind].get('right', 0)} / {row[kind].get('wrong', 0)} / "
            f"{row[kind].get('wrong, confident', 0)}"
            for kind in kinds
        ]
        rows.append([f"{name} degrees", *cells])
    count = next(iter(report["turned"].values()))["faces"]
    head = f"right / wrong / wrong and confident, of {count} faces"
    return markdown([head, *kinds], rows)


def draw(report: Report) -> bytes:
    """Draws the time of a call against the width of the photo and the number of faces: a PNG."""
    figure = Figure(figsize=(9, 3.6), layout="constrained")
    axes = figure.subplots(1, 2)
    for part, name, title, scale in (
        (axes[0], "width", "width of the photo, pixels; one face", "log"),
        (axes[1], "faces", "faces of 80 pixels in 640 x 480", "linear"),
    ):
        rows: dict[str, dict[str, float]] = report["time"][name]
        for kind in _kinds(report):
            part.plot([int(key) for key in rows], [row[kind] for row in rows.values()], "o-")
        part.set(xlabel=title, ylabel="ms", yscale=scale, xscale=scale)
        part.set_xticks([int(key) for key in rows], list(rows))
        part.minorticks_off()
        part.grid(alpha=0.3)
    axes[0].legend(_kinds(report))
    axes[1].set_ylim(bottom=0)
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=110, metadata={"Software": None})
    return out.getvalue()


def _kinds(report: Report) -> list[str]:
    """The detectors, in their order."""
    first: dict[str, Any] = next(iter(report["time"]["px"].values()))
    return list(first)
