"""Pictures of results."""

import io

from matplotlib.figure import Figure

from benchmarks.common.results import Report

DETECTION, LANDMARKS, REST = "tab:blue", "tab:green", "tab:gray"
# Stages that are sums of others.
_SUMS = ("whole", "detection, all of it")


def draw_stages(report: Report) -> bytes:
    """Draws the stages of one `predict` as bars of time, the longest on top: a PNG."""
    stages: dict[str, float] = report["stages"]
    parts = {name: ms for name, ms in stages.items() if name not in _SUMS}
    colours = {name: LANDMARKS if "landmark" in name else DETECTION for name in parts}
    found = sum(ms for name, ms in parts.items() if colours[name] == DETECTION)
    for name, ms, colour in (
        ("the rest of detection", stages["detection, all of it"] - found, DETECTION),
        (
            "the rest of predict",
            stages["whole"] - stages["detection, all of it"] - (sum(parts.values()) - found),
            REST,
        ),
    ):
        parts[name], colours[name] = max(ms, 0.0), colour
    names = sorted(parts, key=lambda name: parts[name])
    figure = Figure(figsize=(7.5, 0.34 * len(names) + 0.9), layout="constrained")
    axes = figure.add_subplot()
    bars = axes.barh(names, [parts[n] for n in names], color=[colours[n] for n in names])
    shares = [f"{parts[n]:.2f} ms, {parts[n] / stages['whole']:.0%}" for n in names]
    axes.bar_label(bars, shares, padding=3, fontsize=8)
    axes.margins(x=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    photo = f"640 x 480, {report['faces']} face(s), one thread"
    axes.set_xlabel(f"ms of the {stages['whole']:.1f} of a predict: {photo}")
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=110, metadata={"Software": None})
    return out.getvalue()


def draw_designs(report: Report) -> bytes:
    """Error of each design against multiplications and against time: a PNG."""
    figure = Figure(figsize=(10, 4.5), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    rows = report["designs"]
    errors = [row["val_nmse"] for row in rows]
    counts = [1e3 * row["gmac"] for row in rows]
    axes[0].scatter(counts, errors, color=LANDMARKS)
    axes[0].set(xlabel="million multiplications a face", ylabel="NMSE on val, %")
    for precision, colour in (("float32", REST), ("int8", LANDMARKS)):
        times = [row["ms"][precision] for row in rows]
        axes[1].scatter(times, errors, color=colour, label=precision)
    axes[1].set(xlabel=f"ms a face, one thread of {report['header']['cpu']}")
    axes[1].legend()
    for part, places in ((axes[0], counts), (axes[1], [row["ms"]["float32"] for row in rows])):
        part.grid(alpha=0.3)
        part.margins(x=0.12)
        for row, x in zip(rows, places, strict=True):
            place = (x, row["val_nmse"])
            part.annotate(row["design"], place, (5, 4), textcoords="offset points", fontsize=7)
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=110, metadata={"Software": None})
    return out.getvalue()
