"""The page on calibration, `uncertainty.md`, with its tables and pictures."""

import json
from pathlib import Path
from typing import Any

from lapland.base.files import write_text
from training.calibration.fit import FORM, FORMS
from training.calibration.reliability import REFUSED, tables, worst
from training.reports.pictures import draw_refusal, draw_reliability

PICTURES = ("reliability.png", "refusal.png")
PAGE = """\
# How sure a landmark is

The network gives each landmark a scale, which ranks landmarks: a smaller scale is surer. Its
meaning in pixels is measured. `python -m training.calibrate` takes annotated faces that the
network was not trained on, fits the error to expect, and writes the fit into the model. `python
-m export.rcn ... --data FOLDER` does the same during the export.

- `faces.radius(0.9)`, (N, K) in image pixels: nine in ten landmarks lie within it. Any
  probability between 0 and 1 will do. 1 to 99 % are measured; outside that range a Weibull
  distribution extrapolates.
- `faces.confidence`, (N,) from 0 to 1: the probability that the mean error of a face is below 8 %
  of the distance between the outer corners of the eyes.
- `draw(image, faces, radius=0.9)` draws the circles.

## How it is fitted

**The mean error** of a landmark, in sides of its face (square root of the area of the landmarks'
box), is the exponential of a weighted sum: gamma regression with a logarithmic link. Each group
of landmarks has its weights, each landmark its constant. The features are

- logarithms of scales: the landmark's relative to its face, the mean of the face, the mean of the
  group. None may lower the error;
- the spread of the scales within the face;
- the texture of the crop: its detail at four resolutions, and the direction of the detail. Scales
  alone react too little to blur and too much to noise;
- the detail around the landmark: an object that covers a landmark leaves little.

**The ratio of error to mean error** has a distribution for each group. Its quantiles change with
the mean error and with the spread of the scales. Large errors are more alike than small ones, and
if a part of the face is covered, some landmarks are far off and the others are not.

**The faces** of the fit are the clean ones, with weight {clean:.0f}, and the same under
{corruptions} corruptions. The fit is repeated {fits} times. After each fit, corruptions whose
radii cover too few or too many landmarks get a larger weight. At the end one factor for the radii
of each group balances clean photos with the worst corruption.

The form was chosen by five-fold cross-validation among the {fitted} faces of `{fit}` alone. Loss:
mean pinball loss of the radii of 50 and 90 %, in percent of d; less is better. The other columns
are points between the wanted and the found share of landmarks within these radii, for clean
photos and for the corruption that is farthest off.

{forms}

## How well it holds

`{model}` on `{test}`: {faces} faces that took part in no choice; corruptions of {hard} of them
(`training.evaluation.corruptions.CORRUPTIONS`): d is the distance of the outer corners of the
eyes, h the height of the face. Farthest from 50 % is {name_50} ({share_50:.1f} %), farthest from
90 % is {name_90} ({share_90:.1f} %). Corrupted photos are cropped at the place found in the clean
photo, because the landmark network is measured and not the detector.
Shifted crops had no part in the fit.

{coverage}

![Share of landmarks within the radius against the probability asked for](reliability.png)

Refusing the {refused:.0f} % of the faces with the lowest confidence lowers the failure rates (FR)
at 8 and 10 %. Area: under the curve of the mean error of the kept faces; the oracle knows the
errors. The detector's score is the one of MTCNN's last network in the box of the face.

{refusal}

![Mean error of the faces left, by confidence, detector's score and oracle](refusal.png)

## Limits

It holds for faces like those of the fit: photos of 300-W, cropped from MTCNN's points, annotated
like 300-W. On other photos, measure it: `python -m training.calibrate MODEL --data FOLDER --test
SPLIT --report FOLDER`. The radius includes the error of the annotation. People differ too, so it
never becomes very small. Landmarks of `Tracker` are smoothed in time.

This command writes the page anew:

<!-- not run here: it needs 300-W and time -->
```sh
python -m training.calibrate {model} --data {data} --report docs{every}
```
"""


def write_report(report: dict[str, Any], folder: Path, data: Path) -> list[Path]:
    """Writes the page, its figures and its two pictures; returns their paths."""
    files = [folder / n for n in ("uncertainty.md", "uncertainty.json", *PICTURES)]
    text = json.dumps(report, indent=1) + "\n"
    write_text(files[1], text)
    draw_reliability(report["curves"], files[2])
    draw_refusal(report["refusal"], files[3])
    names, shares = worst(report)
    forms, coverage, refusal = tables(report)
    page = PAGE.format(
        clean=report["clean_weight"],
        fits=1 + FORMS[FORM].rounds,
        corruptions=len(report["corruptions"]),
        fitted=report["fitted"],
        fit=report["fit"],
        forms=forms,
        model=report["model"],
        test=report["test"],
        faces=report["faces"],
        hard="all" if report["hard_faces"] == report["faces"] else report["hard_faces"],
        name_50=names[0],
        share_50=100 * shares[0],
        name_90=names[1],
        share_90=100 * shares[1],
        coverage=coverage,
        refused=100 * REFUSED,
        refusal=refusal,
        data=data.name,
        every=f" --every {report['every']}" if report["every"] > 1 else "",
    )
    write_text(files[0], page)
    return files
