"""The tables and the plot of docs/papers.md: the papers' experiments, ours beside them."""

import io
from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from benchmarks.common.experiments import BETAS, FIGURE_4, SCALES, TABLE_2, TABLE_3, Row
from benchmarks.common.results import Report
from benchmarks.reports.markdown import markdown
from training.reports.ablation_tables import with_range

Runs = list[dict[str, Any]]
NOT_RUN = "not run"
WIDTH = "1/8"  # of Table 2 and Figure 4 here
PARTS = (("beta", BETAS), ("b", SCALES))


def _longest(report: Report, row: str, width: str = WIDTH) -> Runs:
    """The runs of a row with the most passes that it has, one for each seed."""
    runs = [run for run in report["rows"] if (run["row"], run["width"]) == (row, width)]
    most = max((run["passes"] for run in runs), default=0)
    return [run for run in runs if run["passes"] == most]


def _mean(runs: Runs, key: str, digits: int = 2) -> str:
    return with_range([run[key] for run in runs], digits)


def _of_paper(row: Row) -> list[str]:
    if row.paper is None:
        return ["-", "-"]
    name, common, full = row.paper
    beside = "" if name in (row.title, f"{row.title.split('+')[0]}+D(300W)") else f" ({name})"
    return ["-" if common is None else f"{common:.2f}{beside}", f"{full:.2f}{beside}"]


def table_2(report: Report) -> str:
    """The rows of Table 2 at one width, and those with a discriminator on fewer faces."""
    head = ["", "paper: common", "paper: full", "ours: common", "ours: val", "spread, px"]
    head += ["passes", "seeds", "minutes a run"]
    lines = []
    for name, row in TABLE_2.items():
        runs = _longest(report, name)
        cells = [NOT_RUN, *["-"] * 5]
        if runs:
            cells = [_mean(runs, key) for key in ("common", "val", "spread")]
            cells += [str(runs[0]["passes"]), str(len(runs)), _mean(runs, "minutes", 0)]
        lines.append([row.title, *_of_paper(row), *cells])
    return markdown(head, lines)


def table_3(report: Report) -> str:
    """Table 3's errors by width: the paper's of the full set, ours of common."""
    widths = list(TABLE_3["LaplaceKL"])
    ours = {
        "softargmax": "softargmax",
        "softargmax+D(70K)": "softargmax+13000",
        "LaplaceKL": "laplace_kl",
        "LaplaceKL+D(70K)": "laplace_kl+13000",
    }
    lines = []
    for title, published in TABLE_3.items():
        lines.append([f"{title}, paper, full", *(f"{published[width]:.2f}" for width in widths)])
        row = TABLE_2[ours[title]].title
        cells = [_with_passes(_longest(report, ours[title], width)) for width in widths]
        lines.append([f"{row}, ours, common", *cells])
    return markdown(["width", *widths], lines)


def _with_passes(runs: Runs) -> str:
    return f"{_mean(runs, 'common')} ({runs[0]['passes']} passes)" if runs else NOT_RUN


def _points(report: Report, part: str, values: Iterable[float]) -> dict[float, Runs]:
    """Value -> runs, all with as many passes as the longest run of the figure."""
    rows = [run for run in report["rows"] if run["row"] in FIGURE_4 and run["width"] == WIDTH]
    passes = max((run["passes"] for run in rows), default=0)
    names = {value: "laplace_kl" if value == 1 else f"{part}={value:g}" for value in values}
    return {
        value: [
            run
            for run in report["rows"]
            if (run["row"], run["width"], run["passes"]) == (name, WIDTH, passes)
        ]
        for value, name in names.items()
    }


def figure_4(report: Report) -> str:
    """Error and spread by beta and by the target's scale."""
    lines, passes = [], 0
    for part, values in PARTS:
        for value, runs in _points(report, part, values).items():
            passes = max([passes, *(run["passes"] for run in runs)])
            cells = [_mean(runs, key) for key in ("common", "val", "spread")] if runs else []
            lines.append([f"{part} = {value:g}", *(cells or [NOT_RUN, "-", "-"])])
    head = f"after {passes} passes" if passes else ""
    return markdown([head, "NMSE %, common", "val", "spread, px"], lines)


def draw_figure_4(report: Report) -> bytes | None:
    """NMSE by beta and by the target's scale, a panel each: a PNG; None if nothing was run."""
    parts = [_points(report, part, values) for part, values in PARTS]
    if not any(runs for points in parts for runs in points.values()):
        return None
    figure = Figure(figsize=(8, 3.4), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    labels = ("beta, factor of the maps before the softmax", "b, scale of the targets, px")
    for axes, points, label in zip(panels, parts, labels, strict=True):
        known = {value: runs for value, runs in points.items() if runs}
        for key, style in (("common", "o-"), ("val", "s--")):
            means = [np.mean([run[key] for run in runs]) for runs in known.values()]
            axes.plot(list(known), means, style, label=key)
        axes.set(xscale="log", xlabel=label)
        axes.set_xticks(list(points), [f"{value:g}" for value in points])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    panels[0].set_ylabel("NMSE, %")
    panels[0].legend()
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=110, metadata={"Software": None})
    return out.getvalue()
