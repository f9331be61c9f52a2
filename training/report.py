"""The page on calibration, `uncertainty.md`, with its tables and pictures."""

import json
from pathlib import Path
from typing import Any

from training.calibration import FORM, FORMS
from training.files import write_text
from training.pictures import draw_refusal, draw_reliability
from training.reliability import REFUSED, spoken, worst

PICTURES = ("reliability.png", "refusal.png")
PAGE = """\
# How sure a landmark is

The network gives each landmark a scale, which says which ones are surer than others. What a scale
means in pixels is measured: `python -m training.calibrate` fits, on annotated faces that the
network was not trained on, the error that is to be expected, and writes the map into the model.
`python -m export.rcn ... --data FOLDER` does the same when it exports.

- `faces.radius(0.9)`, (N, K) in image pixels: nine in ten landmarks lie within it. Any
  probability between 0 and 1 will do; beyond 1 to 99 % it is told by a Weibull distribution, not
  measured.
- `faces.confidence`, (N,) from 0 to 1: the probability that the mean error of a face is below
  8 % of the distance of the outer corners of the eyes.
- `draw(image, faces, radius=0.9)` draws the circles.

## How it is fitted

The mean error of a landmark, in sides of its face (square root of the area of the box of the
landmarks), is the exponential of a weighted sum: gamma regression with a logarithmic link, with
weights for each group of landmarks and a constant for each landmark. Summed are logarithms of
the landmark's scale relative to its face, of the mean scale of the face and of that of the group,
none of which may lower the error; how much scales differ within the face; the texture of the crop,
that is how much detail it holds at four resolutions and in which direction; and how much there is
about the landmark, of which something that covers it leaves little. Texture is there since scales
alone tell too little of blur and too much of noise. The ratio of error to mean has a distribution
for each group, whose quantiles change with the mean error and with how much scales differ within
the face: large errors are more alike than small ones, and where a part of the face is covered some
landmarks are far off and the others are not. The fit sees the faces as they are, which count
{clean:.0f} times, and corrupted in {corruptions} ways. It is made {fits} times in all, and after
each those ways count more of whose landmarks the radii of 50 or 90 % held too few or too many. At
last all radii of a group are made shorter or longer, so far that neither the photos as they are nor
the worst way are farther off than they must be.

The form was chosen by five-fold cross-validation among the {fitted} faces of `{fit}` alone. Loss:
mean pinball loss of the radii of 50 and 90 %, in percent of d, less is better. The other columns
are points by which the share of landmarks within these radii is off, for photos as they are and
for the corruption that is farthest off.

{forms}

## What it is worth

`{model}` on `{test}`, {faces} faces, on which nothing was chosen; hard cases of
{hard} of them. The corruptions and their strengths are those of
`training.degrade.CORRUPTIONS`: d is the distance of the outer corners of the eyes, h the height
of the face. The corruption that is farthest from 50 % is {name_50}
({share_50:.1f} %), from 90 % {name_90} ({share_90:.1f} %). Corrupted
photos are cropped where the photo as it is was: the landmark network is measured, not the detector.
Crops that are shifted had no part in the fit.

{coverage}

![Share of landmarks within the radius against the probability asked for](reliability.png)

Refusing the {refused:.0f} % of faces of which the confidence is lowest lowers the failure rates
(FR) at 8 and 10 %. Area: under the curve of the mean error of the faces that are kept; the oracle
knows the errors. The detector's score is that of MTCNN's last network in the box of the face.

{refusal}

![Mean error of the faces that are kept, by confidence, detector's score and oracle](refusal.png)

## What it does not know

It holds for faces like those that it was fitted on: photos of 300-W, cropped from MTCNN's points,
annotated as 300-W is. On other photos, measure it: `python -m training.calibrate MODEL --data
FOLDER --test SPLIT --report FOLDER`. The radius counts the error of the annotation as
well, so it is never much smaller than people differ. Landmarks of `Tracker` are smoothed in time.

    python -m training.calibrate {model} --data {data} --report docs{every}

writes this page anew.
"""


def write_report(report: dict[str, Any], folder: Path, data: Path) -> list[Path]:
    """Writes the page, its figures and its two pictures; returns their paths."""
    files = [folder / n for n in ("uncertainty.md", "uncertainty.json", *PICTURES)]
    text = json.dumps(report, indent=1) + "\n"
    write_text(files[1], text)
    draw_reliability(report["curves"], files[2])
    draw_refusal(report["refusal"], files[3])
    names, shares = worst(report)
    forms, coverage, refusal = spoken(report)
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
