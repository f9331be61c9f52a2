"""Blocks on tracking: the time of a frame, errors by motion."""

import math

from benchmarks.common.results import Report
from benchmarks.reports.markdown import counted, markdown, origin, threads

TRACKED = ("detect", "light")  # detection alone, and tracking with the default smoothing
MOTIONS = {"error": "error, %", "missed": "frames without the face", "false": "false faces"}


def frames(report: Report) -> str:
    """Times of a frame: tracked, and searched."""
    rows = []
    for width, methods in report["times"].items():
        rate = methods["detect"]["median"] / methods["track"]["median"]
        for method, name in (("track", "tracking"), ("detect", "`predict` on every frame")):
            times = (f"{methods[method][key]:.2f}" for key in ("median", "p95", "worst"))
            rows.append([width, name, *times, f"{rate:.1f}" if method == "track" else ""])
    head = [
        "width",
        "a frame of 640 x 480, one face",
        "median, ms",
        "p95",
        "worst",
        "times as fast",
    ]
    table = markdown(head, rows, words=2)
    return f"{origin(report)} {threads(report['threads'])}.\n\n{table}"


def motions(report: Report) -> str:
    """Errors of tracking and of detecting every frame, motion by motion."""
    lows = [methods["light"].get("low", math.nan) for methods in report["motions"].values()]
    several = not any(math.isnan(low) for low in lows)  # faces, that an interval is known from
    head = ["motion"]
    for key, title in MOTIONS.items():
        head += [f"{title}: detecting", "tracking"]
        if key == "error" and several:
            head.append("difference (95 %)")
    rows = []
    for name, methods in report["motions"].items():
        cells = [name]
        for key in MOTIONS:
            for method in TRACKED:
                value = methods[method][key]
                digits = 2 if key == "error" else 0
                cells.append("-" if math.isnan(value) else f"{value:.{digits}f}")
            if key == "error" and several:
                gap = methods["light"]
                spread = f"{gap['low']:+.2f} to {gap['high']:+.2f}"
                cells.append(f"{gap['difference']:+.2f} ({spread})")
        rows.append(cells)
    still = report["motions"].get("still")
    jitter = ""
    if still is not None and not any(math.isnan(still[method]["jitter"]) for method in TRACKED):
        jitter = (
            f"\n\nA still face jitters by {still['light']['jitter']:.2f} % of the distance of its "
            f"eyes; detected in every frame, by {still['detect']['jitter']:.2f} %."
        )
    who = "The photo of the examples"
    if report["data"]:
        who = f"{counted(report['persons'], 'face')} of 300-W's {report['split']} set"
    table = f"{markdown(head, rows)}{jitter}{_coverage(report) if several else ''}"
    return f"{origin(report)} {who}, width {report['width']}.\n\n{table}"


def _coverage(report: Report) -> str:
    """How many landmarks lie within their radii, over all motions."""
    shares_of = []
    for method, name in (("light", "tracked (smoothing light)"), ("detect", "detected")):
        methods = [motion[method] for motion in report["motions"].values()]
        total = sum(figures["compared"] for figures in methods)
        shares = [
            100 * sum(w[key] * w["compared"] for w in methods if w["compared"]) / total
            for key in ("within_50", "within_90")
        ]
        shares_of.append(f"{shares[0]:.0f} and {shares[1]:.0f} % of those {name}")
    return f"\n\nWithin `radius(0.5)` and `radius(0.9)` lie {' and '.join(shares_of)}."
