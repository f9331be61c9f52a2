"""Evaluates networks: `python -m training.evaluate MODEL ... --data FOLDER ... [--split ...]`.

MODEL is a checkpoint (`best.safetensors`), an exported `model.onnx`, a folder with either, or the
name of a shipped model. With one model and folder, the report is detailed. Faces are cropped twice:
from MTCNN's five points, as a user's photo would be (from the labels' where MTCNN misses the
face, and how often that was is reported), and from the labels' five points alone. Prints the
figures and writes `figures.json`, the cumulative error curve and a sheet of the best and worst
faces into --out.

Several models, decoders or folders give a table: each model on each folder, and on each split of
it. With --corrupt and --perturb every model is also tried on photos that are corrupted, at several
strengths, and on crops from boxes and five points that are shifted: see
`training.evaluation.conditions`.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from lapland.base.files import write_text
from lapland.landmarks.decoders import DECODERS
from lapland.options import LOOKS
from training.common.command import as_program
from training.data import detected
from training.data.readers import read_faces
from training.evaluation import robustness
from training.evaluation import rows as rows_module
from training.evaluation.figures import figures_of, run_on
from training.evaluation.predictions import open_network, path_of_model
from training.reports.pictures import draw_error_curves, draw_robustness, draw_sheet


def table(report: dict[str, Any]) -> str:
    """The figures of a report for the terminal."""
    rows = [
        f"{report['faces']} faces, {report['missed_by_mtcnn']} missed by MTCNN "
        "(cropped from their labels)",
        f"{'crops from':<30}{'faces':>6}{'NMSE %':>8}{'FR 8 %':>8}{'FR 10 %':>9}"
        f"{'AUC 8':>7}{'AUC 10':>8}",
    ]
    for source in ("mtcnn", "labels"):
        parts = {source: report[source]}  # all faces, then subsets and strata
        parts |= {
            f"  {name}": f
            for kind in ("subsets", "strata")
            for name, f in report[source][kind].items()
        }
        rows += [
            f"{name:<30}{f['faces']:>6}{f['nmse']:>8.3f}{f['failure_rate_8']:>8.2f}"
            f"{f['failure_rate_10']:>9.2f}{f['auc_8']:>7.3f}{f['auc_10']:>8.3f}"
            for name, f in parts.items()
        ]
        # "nmse_jaw" -> "jaw".
        groups = {k[5:]: v for k, v in report[source].items() if k.startswith("nmse_")}
        rows.append("  " + ", ".join(f"{name} {value:.2f}" for name, value in groups.items()))
        if plain := report[source].get("without_offsets"):
            rows.append(
                f"  without a constant offset of each landmark {plain['nmse']:.3f}, "
                f"and without the jaw {plain['nmse_inner']:.3f}"
            )
    rows.append(
        f"mean scale {report['mtcnn']['mean_scale_px']:.2f} px of the map; rank correlation of "
        f"scale with error {report['mtcnn']['scale_error_correlation']:.3f}"
    )
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    parser.add_argument("model", type=Path, nargs="+", help="file, folder or name of a shipped one")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders of the photos")
    parser.add_argument(
        "--split", nargs="+", help="split files, or names of those in splits/; default: every photo"
    )
    parser.add_argument("--corrupt", action="store_true", help="with corrupted photos, too")
    parser.add_argument(
        "--untrained", action="store_true", help="with kinds of corruption that are not trained on"
    )
    parser.add_argument("--perturb", action="store_true", help="with shifted boxes and five points")
    parser.add_argument(
        "--decoder",
        nargs="+",
        choices=DECODERS,
        default=["softargmax"],
        help="decoder of the heatmaps; several are compared",
    )
    parser.add_argument(
        "--looks",
        type=int,
        default=1,
        choices=LOOKS,
        help="crops of a face that are averaged, as `Detector(looks=...)` does; 4 for one model",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    parser.add_argument("--out", type=Path, help="folder for figures.json and the pictures")
    options = parser.parse_args(arguments)
    try:
        sets = robustness.split_files(options.data, options.split)
        # More than one model, set or decoder.
        several = max(map(len, (options.model, sets, options.decoder))) > 1
        if several or options.corrupt or options.perturb or options.untrained:
            if options.looks > 2:
                raise ValueError(
                    "--looks 4 cuts a second crop from the photo: expected one model, set and "
                    "decoder, and clean photos"
                )
            rows = robustness.compare(
                options.model,
                sets,
                corrupt=options.corrupt,
                perturb=options.perturb,
                untrained=options.untrained,
                decoders=options.decoder,
                mirrored=options.looks > 1,
            )
            _many(rows, options)
        else:
            # One model, set and decoder on clean photos has a detailed report.
            _one(path_of_model(options.model[0]), *sets[0], options)
    except (ValueError, OSError) as error:
        raise SystemExit(f"training.evaluate: {error}") from None


def _many(rows: list[rows_module.Row], options: argparse.Namespace) -> None:
    print(rows_module.table(rows))
    _write_json(rows, options)
    if options.out:
        draw_robustness(rows, options.out / "robustness.png")
        text = rows_module.markdown(rows)
        write_text(options.out / "table.md", text)
        print(f"written: {options.out}/figures.json, table.md, robustness.png")


def _one(model: Path, data: Path, split: Path | None, options: argparse.Namespace) -> None:
    run, spec, scheme = open_network(model, *options.decoder, mirrored=options.looks > 1)
    faces = detected.add_detected(read_faces(data, scheme, split))
    results = run_on(run, spec, faces, scheme if options.looks > 2 else None)
    report = figures_of(results, faces, scheme)
    print(table(report))
    _write_json(report, options)
    if options.out:
        curves = {
            f"crops from {name}": results[source]["errors"]
            for name, source in (("MTCNN", "mtcnn"), ("labels", "labels"))
        }
        draw_error_curves(curves, options.out / "errors.png")
        shown = results["mtcnn"]  # as a user's photo would be cropped
        draw_sheet(faces, shown["landmarks"], shown["errors"], scheme, options.out / "faces.jpg")
        print(f"written: {options.out}/figures.json, errors.png, faces.jpg")


def _write_json(figures: Any, options: argparse.Namespace) -> None:
    files = [options.json] if options.json else []
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
        files.append(options.out / "figures.json")
    text = json.dumps(figures, indent=1) + "\n"
    for file in files:
        write_text(file, text)


if __name__ == "__main__":
    as_program(main)
