"""Blocks on running programs: start, stages, long runs, threads, processes."""

import statistics

from benchmarks.common.results import Report
from benchmarks.reports.markdown import counted, markdown, origin, threads


def predict(report: Report) -> str:
    """The steps of a program, from import to the later photos."""
    setting, figures = report["settings"], report["figures"]
    names = {
        "import": "`import lapland`",
        "load": "`Detector()`",
        "first": "first `predict`",
        "later": "later ones",
        "later_p95": "later ones, 95th percentile",
    }
    rows = [[name, f"{figures[key]:.1f} ms"] for key, name in names.items()]
    if "peak_mb" in figures:
        rows.append(["resident memory at most", f"{figures['peak_mb']:.0f} MB"])
    rest = (
        f"{setting['photo']}, {figures['faces']:.0f} face; width {setting['width']}, "
        f"{threads(setting['threads'])}; medians of {setting['starts']} starts"
    )
    return f"{origin(report)} {rest}.\n\n{markdown(['step', 'median'], rows)}"


def stages(report: Report) -> str:
    """The time of each stage of a call."""
    rows = [[name, f"{ms:.3f}"] for name, ms in report["stages"].items()]
    rows.append(["whole, without the stopwatch", f"{report['whole']:.3f}"])
    crowd = report["crowd"]
    after = (
        f"With {crowd['faces']} faces in the photo {crowd['ms']:.1f} ms, "
        f"{crowd['ms'] / crowd['faces']:.2f} ms a face."
    )
    return f"{origin(report)}\n\n{markdown(['stage', 'ms'], rows)}\n\n{after}"


def soak(report: Report) -> str:
    """Growth of memory and threads over many calls."""
    slopes = report["slopes"]
    rows = []
    for name, title, unit in (
        ("resident_mb", "resident memory", "MB"),
        ("ms", "processor time of a call", "ms"),
    ):
        fit = slopes[name]
        rows.append(
            [
                title,
                f"{statistics.median(report[name]):.2f} {unit}",
                f"{fit['per_10000']:+.3f} {unit}",
                f"{fit['low']:+.3f} to {fit['high']:+.3f}",
            ]
        )
    for name in report["open_first"]:
        first, last = (report[f"open_{when}"][name] for when in ("first", "last"))
        rows.append([f"open {name}", str(first), f"{last - first:+d} in all", ""])
    calls = counted(report["calls"][-1], "call")
    head = [calls, "median", "growth in 10,000 calls", "95 % confidence"]
    return f"{origin(report)} Width {report['width']}.\n\n{markdown(head, rows)}"


def workers(report: Report) -> str:
    """Photos a second of threads and processes."""
    rates = report["photos_per_second"]
    alone = rates["one thread"]
    rows = [[name, f"{rate:.0f}", f"{rate / alone:.2f}"] for name, rate in rates.items()]
    return f"{origin(report)}\n\n{markdown(['', 'photos/s', 'times one thread'], rows)}"


def batch(report: Report) -> str:
    """Photos a second of `lapland predict` by number of processes."""
    rows = [[jobs, f"{rate:.0f}"] for jobs, rate in report["photos_per_second"].items()]
    width, height = report["pixels"]
    peak = report["peak_mb"]
    memory = "" if peak is None else f" The largest process took {peak:.0f} MB."
    photos = f"{counted(report['photos'], 'photo')} of some {width} x {height} pixels"
    table = markdown(["`--jobs`", "photos/s"], rows)
    return f"{origin(report)} {photos}.{memory}\n\n{table}"


def pipeline(report: Report) -> str:
    """Pipeline files beside `Detector.predict`, a column for each model."""
    setting, figures = report["settings"], report["figures"]
    rows: dict[str, list[str]] = {}
    for found in figures.values():
        turned, ms = found["turned"], found["ms"]
        cells = {
            "file, MB": f"{found['bytes'] / 1e6:.2f}",
            "faces that both find": f"{found['faces']:.0f}",
            "faces of `predict` alone, of the file alone": _alone(found),
            "the same for turned photos": f"{turned['faces']:.0f}; {_alone(turned)}",
            "mean difference of the landmarks": f"{found['mean']:.3f}",
            "within 0.1": f"{found['close']:.1f} %",
            "99 % within, largest": f"{found['p99']:.2f}, {found['max']:.2f}",
            "faces with the same five points": f"{found['same_five_points']:.1f} %",
            "largest difference of the confidence": f"{found['confidence']:.3f}",
            "a photo by `predict`, ms": f"{ms['detector']:.1f}",
            "with radii at 50 and 90 % and the confidence, ms": f"{ms['answers']:.1f}",
            "a photo by the file, with all of these, ms": f"{ms['pipeline']:.1f}",
            "to load the file, ms": f"{found['load']:.0f}",
        }
        for size, mosaic in found["mosaics"].items():
            each = (f"{mosaic['ms'][name]:.1f}" for name in ("detector", "answers", "pipeline"))
            mean = f"mean of {mosaic['photos']}"
            cells[f"{size} photos in one, the same three, ms, {mean}"] = ", ".join(each)
        for name, cell in cells.items():
            rows.setdefault(name, [name]).append(cell)
    frame = f"{setting['width']} x {setting['height']}"
    text = (
        f"{origin(report)} {counted(setting['photos'], 'photo')} in frames of {frame}. Differences "
        "are in pixels of the crop, which has 80 on a side. Times are those of the processor, one "
        f"thread: the least of {setting['repeats']} calls in turns, averaged over "
        f"{counted(setting['timed'], 'photo')}."
    )
    return f"{text}\n\n{markdown(['', *(f'`{name}`' for name in figures)], list(rows.values()))}"


def _alone(found: Report) -> str:
    return f"{found['only_detector']:.0f}, {found['only_pipeline']:.0f}"
