"""Results as Markdown, a function for each generated block of a document."""

import math
import statistics
from typing import Any

from benchmarks.common import results
from lapland.measure import table as terminal
from lapland.measure.paper import TABLE_3
from lapland.networks import index, loading
from lapland.networks.info import ModelInfo

Report = dict[str, Any]

TRACKED = ("detect", "light")  # detection alone, and tracking with the default smoothing
MOTIONS = {"error": "error, %", "missed": "frames without the face", "false": "false faces"}


def origin(report: Report) -> str:
    """A line on where figures come from."""
    head = report["header"]
    commit = f", commit {head['commit']}" if head["commit"] else ""
    load = "" if head["load"] is None else f", load {head['load']:.1f}"
    return f"*{results.processor(head)}; {head['date'][:10]}{commit}{load}.*"


def markdown(head: list[str], rows: list[list[str]], words: int = 1) -> str:
    """A table; so many columns are of words, the others of figures."""
    marks = ["---"] * words + ["---:"] * (len(head) - words)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, marks, *rows))


def headline(report: Report) -> str:
    """Size and speed of the default model, as README.md's first lines have them."""
    row = default_row(report)
    infos = shipped()
    least = min(infos, key=lambda info: info.bytes)
    info = next(i for i in infos if i.name == row["name"])
    width, height = report["settings"]["size"]
    return (
        f"- **Small models**: from {min(i.parameters for i in infos):,} parameters; the smallest "
        f"file has {least.bytes / 1e3:.0f} KB. By\n"
        f"  default {info.bytes / 1e6:.2f} MB, with a mean error of {info.nmse['common']:.2f} % of "
        "the inter-ocular distance on 300-W's common set.\n"
        f"- **Real time on one core**: {row['landmarks']['median']:.1f} ms a face for the "
        f"landmarks by default, and {row['predict']['median']:.1f} ms for a photo\n"
        f"  of {width} x {height} with one face, detection included (one thread of "
        f"{report['header']['cpu']}; `lapland benchmark`)."
    )


def models_short(report: Report) -> str:
    """The four models that README.md names: use, size, error, time."""
    infos = shipped()
    by_name = {info.name: info for info in infos}
    named = {
        "the default for photos": by_name[index.default("photo").name],
        "the default for video": by_name[index.default("video").name],
        "the smallest file": min(infos, key=lambda info: info.bytes),
        "the most accurate": min(infos, key=lambda info: info.nmse["common"]),
    }
    rows = []
    for use, info in named.items():
        row = _row(report, info.name)
        rows.append(
            [
                f"`{info.width}`, {info.precision}: {use}",
                f"{info.bytes / 1e3:,.0f} KB",
                f"{info.nmse['common']:.2f}",
                *(f"{row[part]['median']:.1f}" for part in ("landmarks", "predict")),
            ]
        )
    head = ["width, precision", "file", "NMSE, %", "landmarks, ms a face", "`predict`, ms a photo"]
    legend = (
        "NMSE: mean error in percent of the distance of the outer eye corners, on 300-W's common "
        f"set.\nTimes: one thread of {report['header']['cpu']}."
    )
    return f"{markdown(head, rows)}\n\n{legend}"


def benchmark(report: Report) -> str:
    """The table that `lapland benchmark` prints."""
    return f"```text\n{terminal.text(report)}\n```"


def table_3(report: Report) -> str:
    """The paper's Table 3, ours beside it: sizes from the models' files, speed from the results."""
    names = {entry.name for entry in index.entries() if entry.weights == "300w"}
    fps = {
        (row["width"], row["precision"]): row["landmarks"]["fps"]
        for row in report["models"]
        if row["shipped"] and row["name"] in names and row["threads"] == 1
    }
    infos = {(info.width, info.precision): info for info in shipped() if info.name in names}
    lacking = {width for width, precision in infos if (width, precision) not in fps}
    if lacking:
        raise ValueError(f"benchmark.json lacks {', '.join(sorted(lacking))} on one thread")
    rows = []

    def add(name: str, published: Any, ours: Any, of: tuple[str, str] = ("", "")) -> None:
        cells = [published(TABLE_3[width]) for width in TABLE_3]
        rows.append([f"{name}{of[0]}, paper", *cells])
        for precision in index.PRECISIONS:
            cells = [ours(width, precision) for width in TABLE_3]
            rows.append([f"{name}{of[1]}, {precision}", *cells])

    add(
        "parameters, millions",
        lambda paper: f"{paper.parameters:.4f}",
        lambda *key: f"{infos[key].parameters / 1e6:.4f}",
    )
    add(
        "storage, MB",
        lambda paper: f"{paper.megabytes:.3f}",
        lambda *key: f"{infos[key].bytes / 1e6:.3f}",
    )
    add(
        "NMSE, %",
        lambda paper: f"{paper.nmse:.2f}",
        lambda *key: f"{infos[key].nmse['common']:.2f}",
        of=(" of the full set", " of the common set"),
    )
    add(
        "frames/s",
        lambda paper: f"{paper.fps:.2f}",
        lambda *key: f"{fps[key]:,.0f}" if fps[key] >= 100 else f"{fps[key]:.1f}",
    )
    return f"{origin(report)}\n\n{markdown(['width', *TABLE_3], rows)}"


def landmarks(report: Report) -> str:
    """Every model beside its plain export and the processor's peak."""
    head = ["width", "precision", "KB", "NMSE, %", "GMAC", "ms", "p95", "plain export, ms"]
    rows = [
        [
            row["width"],
            row["precision"],
            f"{row['bytes'] / 1000:,.0f}",
            "" if row["nmse"] is None else f"{row['nmse']:.2f}",
            f"{row['gmac']:.3f}",
            f"{row['ms']:.2f}",
            f"{row['ms_p95']:.2f}",
            f"{row['plain_ms']:.2f}",
            f"{row['plain_ms'] / row['ms']:.1f}",
            f"{row['share_of_peak']:.0%}",
            *(f"{ms:.2f} ({ms / row['ms']:.2f})" for ms in row["ms_decoders"].values()),
        ]
        for row in report["models"]
    ]
    decoders = [f"{name}, ms (times)" for name in report["models"][0]["ms_decoders"]]
    peaks = report["peak_gmac_s"]
    return (
        f"{origin(report)} One thread; peak {peaks['float32']:.0f} GMAC/s in float32, "
        f"{peaks['int8']:.0f} in int8.\n\n"
        + markdown([*head, "times as fast", "share of peak", *decoders], rows, words=2)
    )


def designs(report: Report) -> str:
    """Designs of the cheap network, least error first, and shipped models for comparison."""
    head = ["design", "parameters", "GMAC", "NMSE on val, %", "float32, ms", "int8, ms"]
    rows = [
        [
            row["design"],
            f"{row['parameters']:,}",
            f"{row['gmac']:.4f}",
            f"{row['val_nmse']:.2f}",
            *(f"{row['ms'][precision]:.2f}" for precision in index.PRECISIONS),
        ]
        for row in sorted(report["designs"], key=lambda row: float(row["val_nmse"]))
    ]
    beside = ", ".join(f"`{name}` {ms:.2f} ms" for name, ms in report["beside"].items())
    passes = {row["passes"] for row in report["designs"]}
    return (
        f"{origin(report)} One thread, minima of calls in turns; errors after "
        f"{' or '.join(map(str, sorted(passes)))} passes.\n\n{markdown(head, rows)}\n\n"
        f"In the same run: {beside}."
    )


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


def default_row(report: Report) -> Report:
    """The default model's times on one thread, of `lapland benchmark`."""
    return _row(report, index.default("photo").name)


def _row(report: Report, name: str) -> Report:
    for row in report["models"]:
        if row["shipped"] and (row["name"], row["threads"]) == (name, 1):
            found: Report = row
            return found
    raise ValueError(f"benchmark.json lacks {name} on one thread")


def shipped() -> list[ModelInfo]:
    """The metadata of the shipped models."""
    return [loading.describe(index.path(name)) for name in index.shipped()]


def threads(number: int) -> str:
    """One thread, 2 threads."""
    return counted(number, "thread")


def counted(number: int, noun: str) -> str:
    """1 photo, 2 photos, 10,000 photos."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
