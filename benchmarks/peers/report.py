"""The tables of README.md and of the repository's README, and the plot, from the results."""

import io
from collections.abc import Iterable
from typing import Any

from benchmarks.peers.plan import HERE, LEFT_OUT, PEERS
from benchmarks.reports.markdown import markdown, origin
from lapland.measure.labels import place_labels

Report = dict[str, Any]
ROWS = {row.name: row for peer in PEERS for row in peer.rows}
PLOT = HERE / "peers.png"
_TRAINED = "†"
_PARTS = {"times": "times", "accuracy": "errors"}
_NOT_YET = "Not measured yet."


def speed(report: Report) -> str:
    """Times, sizes and memory of all rows."""
    if "times" not in report:
        return _NOT_YET
    part = report["times"]
    bound = "one thread, one core" if part["one_core"] else "one thread"
    said = (
        f"{origin(part)} Photos of 640 x 480, {bound}: {part['photos']} photos, {part['rounds']} "
        f"rounds, {part['starts']} starts; medians, 95th percentile in brackets."
    )
    head = [
        "",
        "photo, ms",
        "detection, ms",
        "landmarks, ms",
        "import, s",
        "load, s",
        "memory, MB",
        "landmark model, MB",
        "installed, MB",
    ]
    rows = [
        [
            name,
            *(_time(row.get(call)) for call in ("predict", "detect", "landmarks")),
            *(_number(row[key] / 1000, 2) for key in ("import_ms", "load_ms")),
            _number(row["peak_mb"], 0),
            _number(row["model_mb"], 2),
            _number(row["install_mb"], 0),
        ]
        for name, row in part["rows"].items()
    ]
    return f"{said}\n\n{markdown(head, rows)}"


def accuracy(report: Report) -> str:
    """Errors of all rows."""
    if "accuracy" not in report:
        return _NOT_YET
    part = report["accuracy"]
    said = (
        f"{origin(part)} {part['faces']} faces of 300-W's {part['split']} set; all rows found "
        f"{part['by_all']} of them. "
        "NMSE in percent of the distance of the outer corners of the eyes."
    )
    head = [
        "",
        "points",
        "NMSE",
        "missed",
        "NMSE of those that all found",
        "NMSE without the jaw",
        "NMSE on MTCNN's boxes",
        "missed",
        "detection finds, %",
        "extra boxes",
    ]
    rows = []
    for name, row in part["rows"].items():
        own, given, found = (row.get(key, {}) for key in ("predict", "landmarks", "detect"))
        rows.append(
            [
                _marked(name),
                _number(own.get("shared"), 0),
                *(_number(own.get(key), 2) for key in ("nmse",)),
                _number(own.get("missed"), 0),
                *(_number(own.get(key), 2) for key in ("nmse_found_by_all", "nmse_inner")),
                _number(given.get("nmse"), 2),
                _number(given.get("missed"), 0),
                _number(found.get("recall_percent"), 2),
                _number(found.get("extra_boxes"), 0),
            ]
        )
    end = [*_footnote(part["rows"]), *_picture(report, "peers.png")]
    return "\n".join([said, "", markdown(head, rows), *end])


def short(report: Report) -> str:
    """The main columns of the rows that find landmarks."""
    times, errors = _rows(report, "times"), _rows(report, "accuracy")
    head = [
        "",
        "a photo, ms",
        "NMSE, %",
        "missed",
        "landmark model, MB",
        "installed, MB",
        "memory, MB",
    ]
    shown = [
        name
        for name in {**times, **errors}
        if any("predict" in rows.get(name, {}) for rows in (times, errors))
    ]
    rows = []
    for name in shown:
        time, error = times.get(name, {}), errors.get(name, {})
        about = f": {ROWS[name].about}" if name in ROWS else ""
        rows.append(
            [
                f"{_marked(name)}{about}",
                _number(time.get("predict", {}).get("median"), 1),
                _number(error.get("predict", {}).get("nmse"), 2),
                _number(error.get("predict", {}).get("missed"), 0),
                _number((time or error).get("model_mb"), 1),
                _number((time or error).get("install_mb"), 0),
                _number(time.get("peak_mb"), 0),
            ]
        )
    said = [
        f"{name.capitalize()}: {origin(report[part])}"
        for part, name in _PARTS.items()
        if part in report
    ]
    return "\n".join([*said, "", markdown(head, rows), *_footnote(shown)])


def skipped(report: Report) -> str:
    """Packages without figures, and the reasons."""
    reasons = dict(LEFT_OUT)
    for part in _PARTS:
        reasons |= report.get(part, {}).get("skipped", {})
        for peer in PEERS:
            names = {peer.name, *(row.name for row in peer.rows)}
            if part in report and not names & (set(_rows(report, part)) | set(reasons)):
                reasons[peer.name] = f"its {_PARTS[part]} are not measured yet"
    return "\n".join(f"- {name}: {reason}." for name, reason in reasons.items())


def draw(report: Report) -> bytes | None:
    """Time of a photo against error, a bubble for each row as large as its model, as a PNG.

    None if no row has both.
    """
    points = _drawn(report)
    if not points:
        return None
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    sizes = [40 + 40 * megabytes for _, _, megabytes in points.values()]
    for (name, (time, error, _)), size in zip(points.items(), sizes, strict=True):
        colour = "tab:green" if name.startswith("lapland") else "tab:gray"
        axes.scatter(time, error, size, color=colour, alpha=0.5, linewidths=0)
    axes.set(
        xscale="log",
        xlabel="ms a photo of 640 x 480, detection included, one thread (log)",
        ylabel="NMSE on 300-W, %",
        title=report["times"]["header"]["cpu"],
    )
    axes.set_ylim(0, 1.15 * max(error for _, error, _ in points.values()))
    axes.margins(x=0.3)
    axes.grid(alpha=0.3)
    place_labels(
        axes,
        [f"{_marked(name)}, {megabytes:.1f} MB" for name, (*_, megabytes) in points.items()],
        [(time, error) for time, error, _ in points.values()],
        sizes,
    )
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    plt.close(figure)
    return picture.getvalue()


def _rows(report: Report, part: str) -> dict[str, Any]:
    rows: dict[str, Any] = report.get(part, {}).get("rows", {})
    return rows


def _drawn(report: Report) -> dict[str, tuple[float, float, float]]:
    """Milliseconds of a photo, NMSE and megabytes of the model, of the rows that have all."""
    times, errors = _rows(report, "times"), _rows(report, "accuracy")
    return {
        name: (row["predict"]["median"], errors[name]["predict"]["nmse"], row["model_mb"])
        for name, row in times.items()
        if "predict" in row and errors.get(name, {}).get("predict", {}).get("nmse")
    }


def _picture(report: Report, path: str) -> list[str]:
    text = "Milliseconds a photo against error; bubbles as large as the models"
    return ["", f"![{text}]({path})"] if _drawn(report) else []


def _seen(name: str) -> bool:
    return name in ROWS and ROWS[name].trained_on_test


def _marked(name: str) -> str:
    return f"{name} {_TRAINED}" if _seen(name) else name


def _footnote(names: Iterable[str]) -> list[str]:
    text = f"{_TRAINED} Very likely trained on these very faces: its weights learned from 300-W."
    return ["", text] if any(map(_seen, names)) else []


def _time(row: dict[str, float] | None) -> str:
    return "" if row is None else f"{row['median']:.2f} ({row['p95']:.2f})"


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"
