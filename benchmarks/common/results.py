"""Files of results: figures under a header with command, date, commit and machine."""

import json
from pathlib import Path
from typing import Any

from lapland.base.files import write_text
from lapland.measure import machine
from training.common.paths import REPOSITORY

FOLDER = REPOSITORY / "benchmarks" / "results"

Report = dict[str, Any]


def header(name: str) -> Report:
    """The header of a benchmark, with the machine at this moment: see `lapland.measure.machine`.

    Args:
        name: name of its module.
    """
    return machine.header(f"python -m benchmarks.{name}")


def machine_line(head: Report) -> str:
    """The processor and the load, as every command says them."""
    load = "" if head["load"] is None else f"; load {head['load']:.1f}"
    return f"{processor(head)}{load}"


def processor(head: Report) -> str:
    """Its name, cores and instructions; files of earlier versions lack the last."""
    instructions = f", {head['instructions']}" if "instructions" in head else ""
    return f"{head['cpu']}, {head['cores']} cores{instructions}"


def write(path: Path, head: Report, figures: Report) -> None:
    """Writes figures under their header, whole or not at all."""
    text = json.dumps({"header": head, **figures}, indent=1) + "\n"
    write_text(path, text)


def read(path: Path) -> Report:
    """Reads a file of `write`, or of `lapland benchmark --json`.

    Raises:
        ValueError: it is no file of results.
    """
    report = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(report, dict) or not {"command", "date", "cpu"} <= {
        *report.get("header", {})
    }:
        raise ValueError(f"{path}: expected a file that a benchmark wrote by --json")
    return report
