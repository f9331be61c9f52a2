"""The tables of the documents, from `benchmarks/results/`: `python -m benchmarks.report`.

Rewrites each block between lines `<!-- NAME -->` and `<!-- /NAME -->` of the documents below from
the file of results that it belongs to, and draws the plots. Measures nothing; benchmarks/README.md
has the commands that do.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2

from benchmarks.common import results
from benchmarks.peers import report as peers
from benchmarks.reports import answers, finding, models, papers, pictures, poses, running, video
from export.cards.blocks import replace_block
from lapland.base.files import write_text, write_whole
from lapland.measure import plot
from training.common.command import as_program
from training.common.paths import REPOSITORY

__all__ = ["DOCUMENTS", "PLOTS", "main", "regenerated", "replace_block"]

Table = Callable[[results.Report], str]
Plot = Callable[[results.Report], bytes | None]

# Document -> block -> file of results, and function that makes the block.
DOCUMENTS: dict[Path, dict[str, tuple[str, Table]]] = {
    REPOSITORY / "README.md": {
        "headline": ("benchmark", models.headline),
        "models-short": ("benchmark", models.models_short),
        "peers": ("peers", peers.short),
    },
    REPOSITORY / "docs" / "answers.md": {
        "pose-errors": ("head-pose", poses.errors),
        "pose-times": ("head-pose", poses.times),
        "closed-eyes": ("closed-eyes", poses.closed_eyes),
    },
    REPOSITORY / "docs" / "video.md": {"frames": ("tracking", video.frames)},
    REPOSITORY / "docs" / "many-photos.md": {"batch": ("batch", running.batch)},
    REPOSITORY / "docs" / "papers.md": {
        "papers-table-2": ("papers", papers.table_2),
        "papers-table-3": ("papers", papers.table_3),
        "papers-figure-4": ("papers", papers.figure_4),
    },
    REPOSITORY / "benchmarks" / "README.md": {
        "benchmark": ("benchmark", models.benchmark),
        "table-3": ("benchmark", models.table_3),
        "landmarks": ("landmarks", models.landmarks),
        "landmarks-avx2": ("landmarks-avx2", models.landmarks),
        "designs": ("designs", models.designs),
        "predict": ("predict", running.predict),
        "stages": ("stages", running.stages),
        "soak": ("soak", running.soak),
        "threads": ("threads", running.workers),
        "pipeline": ("pipeline", running.pipeline),
        "detection": ("detection", finding.found),
        "detection-points": ("detection", finding.points),
        "detection-turned": ("detection", finding.turned),
        "motions": ("tracking", video.motions),
        "motions-300w": ("tracking-300w", video.motions),
    },
    REPOSITORY / "benchmarks" / "peers" / "README.md": {
        "peers-speed": ("peers", peers.speed),
        "peers-speed-avx2": ("peers-avx2", peers.speed),
        "peers-accuracy": ("peers", peers.accuracy),
        "peers-skipped": ("peers", peers.skipped),
    },
}
# Picture -> file of results, and function that draws it, if there is something to draw.
PLOTS: dict[Path, tuple[str, Plot]] = {
    REPOSITORY / "benchmarks" / "landmarks.png": ("benchmark", plot.draw),
    REPOSITORY / "benchmarks" / "stages.png": ("stages", pictures.draw_stages),
    REPOSITORY / "benchmarks" / "designs.png": ("designs", pictures.draw_designs),
    REPOSITORY / "benchmarks" / "detection.png": ("detection", finding.draw),
    REPOSITORY / "docs" / "papers-figure-4.png": ("papers", papers.draw_figure_4),
    peers.PLOT: ("peers", peers.draw),
}


def regenerated(document: Path) -> str:
    """The text of a document with all its blocks made anew.

    Raises:
        FileNotFoundError: a file of results is missing.
        ValueError: it is no such file, or the document lacks a block.
    """
    text = document.read_text(encoding="utf-8")
    for name, (source, table) in DOCUMENTS[document].items():
        report = results.read(results.FOLDER / f"{source}.json")
        text = replace_block(text, name, table(report))
    return text


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description=__doc__)
    parser.add_argument("--answers", action="store_true", help="draw those of docs/answers.md, too")
    options = parser.parse_args(arguments)
    try:
        texts = {document: regenerated(document) for document in DOCUMENTS}
        drawn = {
            path: draw(results.read(results.FOLDER / f"{source}.json"))
            for path, (source, draw) in PLOTS.items()
        }
    except (FileNotFoundError, ValueError) as error:
        raise SystemExit(
            f"benchmarks.report: {error}; benchmarks/README.md has the commands"
        ) from None
    for document, text in texts.items():
        write_text(document, text)
    for path, picture in drawn.items():
        if picture is not None:
            write_whole(path, picture)
    if options.answers:
        for name, picture in answers.pictures().items():
            data = cv2.imencode(Path(name).suffix, picture)[1].tobytes()
            write_whole(REPOSITORY / "docs" / name, data)


if __name__ == "__main__":
    as_program(main)
