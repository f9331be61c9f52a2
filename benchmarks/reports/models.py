"""Blocks on the models: size, error and speed, beside the paper's."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from benchmarks.common.results import Report
from benchmarks.reports.markdown import markdown, origin
from lapland.measure import table as terminal
from lapland.measure.paper import TABLE_3
from lapland.networks import index, loading
from lapland.networks.info import ModelInfo


def headline(report: Report) -> str:
    """Size and speed of the default model, as README.md's first lines have them."""
    row, info, infos = default_row(report), default_info("photo"), shipped()
    least, best = smallest(infos), most_accurate(infos)
    terms = "" if _is_default_family(best) else ", with weights for research only"
    width, height = report["settings"]["size"]
    return (
        f"- **Small models**: {info.bytes / 1e6:.2f} MB by default, with a mean error of "
        f"{info.nmse['common']:.2f} % of the inter-ocular distance on 300-W's\n"
        f"  common set. The smallest has {least.bytes / 1e3:.0f} KB, and the most accurate an "
        f"error of {best.nmse['common']:.2f} %{terms}.\n"
        f"- **Real time on one core**: {row['landmarks']['median']:.1f} ms a face for the "
        f"landmarks by default, and {row['predict']['median']:.1f} ms for a photo\n"
        f"  of {width} x {height} with one face, detection included (one thread of "
        f"{report['header']['cpu']}; `lapland benchmark`)."
    )


def models_short(report: Report) -> str:
    """The models that README.md names: use, size, error, time."""
    infos, photo, video = shipped(), default_info("photo"), default_info("video")
    named = {"the default": photo}
    if video != photo:
        named = {"the default for photos": photo, "the default for video": video}
    named |= {"the smallest file": smallest(infos), "the most accurate": most_accurate(infos)}
    rows = []
    for use, info in named.items():
        row = _row(report, info)
        family = "" if _is_default_family(info) else f', `weights="{_family(info)}"`'
        rows.append(
            [
                f"`{info.width}`, {info.precision}{family}: {use}",
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


def default_row(report: Report) -> Report:
    """The default model's times on one thread, of `lapland benchmark`."""
    return _row(report, default_info("photo"))


def default_info(role: str) -> ModelInfo:
    """The metadata of the default model for `photo` or `video`."""
    return loading.describe(index.path(index.default(role).name))


def smallest(infos: Sequence[ModelInfo]) -> ModelInfo:
    """The model with the smallest file."""
    return min(infos, key=lambda info: info.bytes)


def most_accurate(infos: Sequence[ModelInfo]) -> ModelInfo:
    """The model with the lowest error on 300-W's common set."""
    return min(infos, key=lambda info: info.nmse["common"])


def _family(info: ModelInfo) -> str:
    return next(entry.weights for entry in index.entries() if entry.name == info.name)


def _is_default_family(info: ModelInfo) -> bool:
    return _family(info) == index.default_family()


def _row(report: Report, info: ModelInfo) -> Report:
    """The times of a model, or of the same network with other weights: they take the same time."""
    one = [row for row in report["models"] if row["shipped"] and row["threads"] == 1]
    same = [row for row in one if (row["width"], row["precision"]) == (info.width, info.precision)]
    for row in [*(row for row in same if row["name"] == info.name), *same]:
        found: Report = row
        return found
    raise ValueError(f"benchmark.json lacks {info.name} on one thread")


@cache
def shipped() -> tuple[ModelInfo, ...]:
    """The metadata of the shipped models."""
    return tuple(loading.describe(index.path(name)) for name in index.shipped())
