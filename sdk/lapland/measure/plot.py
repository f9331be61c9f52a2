"""Speed against accuracy of models, drawn by matplotlib, which is imported when needed."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from ..formats.extras import extra
from .labels import place_labels
from .table import error, label

_COLOURS = {"float32": "tab:gray", "int8": "tab:green"}


def check_installed() -> None:
    """Sees before the timing that there is something to draw with.

    Raises:
        MissingExtraError: there is no matplotlib.
    """
    with extra("matplotlib", "--plot", "plot"):
        import matplotlib  # noqa: F401


def draw(report: dict[str, Any]) -> bytes:
    """A dot for each model with a known error, as large as its file, into a PNG.

    Args:
        report: the result of `Benchmark.run`; its first number of threads is drawn.

    Raises:
        MissingExtraError: there is no matplotlib.
    """
    check_installed()
    from matplotlib.figure import Figure

    threads = report["models"][0]["threads"]
    rows = [row for row in report["models"] if row["threads"] == threads]
    known = [row for row in rows if error(row) is not None]
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.add_subplot()
    for precision, colour in _COLOURS.items():
        _scatter(axes, [row for row in known if row["precision"] == precision], precision, colour)
    axes.set(
        xscale="log",
        xlabel=f"ms a face, landmark stage, {threads} thread{'s' if threads > 1 else ''} (log)",
        ylabel="NMSE on 300-W common, %",
        title=report["header"]["cpu"],
    )
    axes.grid(alpha=0.3)
    axes.legend()
    names, places = [_name(row) for row in known], [_place(row) for row in known]
    place_labels(axes, names, places, [_size(row) for row in known])
    data = BytesIO()
    figure.savefig(data, format="png", dpi=110)
    return data.getvalue()


def _scatter(axes: Any, rows: Sequence[dict[str, Any]], precision: str, colour: str) -> None:
    if rows:
        places, sizes = [_place(row) for row in rows], [_size(row) for row in rows]
        axes.scatter(*zip(*places, strict=True), sizes, color=colour, alpha=0.6, label=precision)


def _place(row: dict[str, Any]) -> tuple[float, float]:
    nmse = error(row)
    assert nmse is not None
    return 1e3 / row["landmarks"]["fps"], nmse


def _size(row: dict[str, Any]) -> float:
    """Area of its dot, square points."""
    return float(20 + row["bytes"] / 8000)


def _name(row: dict[str, Any]) -> str:
    name = row["width"] if row["shipped"] else label(row)
    return name + (" open" if row.get("weights") == "open" else "")
