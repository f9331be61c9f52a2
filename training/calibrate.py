"""Gives scales a meaning in pixels: `python -m training.calibrate MODEL.onnx --data FOLDER`.

Fits a calibration on the faces of `--fit` (`val`), clean and under each of
`training.evaluation.corruptions.CORRUPTIONS`, and writes it into the metadata of MODEL.onnx, or of
--out. Cross-validation among these faces chooses its form. With `--report FOLDER` it is then
measured on the faces of `--test` (`common`), which decide nothing: `uncertainty.md` there,
with tables and two pictures. MODEL may also be the name of a shipped model, `rcn-1-8`, which is
only reported on: `export.rcn` writes its calibration.
"""

import argparse
from pathlib import Path

from lapland.networks.folders import is_shipped
from training.calibration import reliability
from training.calibration.fit import CLEAN_WEIGHT
from training.calibration.measuring import calibrate, cross_validated, measure, write_into
from training.calibration.page import write_report
from training.common.command import as_program
from training.evaluation.predictions import path_of_model


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m training.calibrate", description=__doc__)
    parser.add_argument("model", type=Path, help="an ONNX file, or the name of a shipped model")
    parser.add_argument("--data", type=Path, required=True, help="folder of the photos")
    parser.add_argument("--fit", default="val", metavar="SPLIT", help="faces to fit on (val)")
    parser.add_argument("--test", default="common", metavar="SPLIT", help="to report on (common)")
    parser.add_argument("--out", type=Path, metavar="FILE.onnx", help="default: MODEL itself")
    parser.add_argument("--report", type=Path, metavar="FOLDER", help="tables and pictures go here")
    parser.add_argument("--every", type=int, default=1, help="report on one in so many hard cases")
    options = parser.parse_args(arguments)
    try:
        # The export writes the calibration of a shipped file, together with its card.
        model = path_of_model(options.model)
        shipped = is_shipped(model)
        if shipped and not (options.out or options.report):
            raise ValueError(
                f"{options.model} is shipped, `python -m export.rcn WEIGHTS --data FOLDER` "
                "calibrates it; give --out to write another file, or --report to measure it"
            )
        if model.suffix != ".onnx":
            raise ValueError(f"{model}: expected an ONNX file, as `python -m export.rcn` writes it")
        # On --fit alone; --test decides nothing.
        calibration, sample = calibrate(model, options.data, options.fit)
        # Five fits of each form, which only the report needs.
        forms = cross_validated(sample) if options.report else None
        if options.out or not shipped:
            write_into(model, options.out or model, calibration)
            print(f"calibrated on {len(sample.sizes)} faces: {options.out or model}")
        if options.report:
            # With the calibration of this run, though a shipped file holds another.
            found = measure(model, calibration, options.data, options.test, options.every)
            report = {
                "model": options.model.name,
                "fit": options.fit,
                "fitted": len(sample.sizes),
                "clean_weight": CLEAN_WEIGHT,
                "test": options.test,
                "every": options.every,
                "forms": forms,
                **found,
            }
            print("\n\n".join(reliability.tables(report)))
            options.report.mkdir(parents=True, exist_ok=True)
            files = write_report(report, options.report, options.data)
            print(f"written: {', '.join(map(str, files))}")
    except (ValueError, OSError) as error:
        raise SystemExit(f"training.calibrate: {error}") from None


if __name__ == "__main__":
    as_program(main)
