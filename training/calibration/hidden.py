"""The fit of a `lapland.uncertainty.border.Hidden`: errors of landmarks beyond the border."""

import dataclasses
import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lapland.base.boxes import around, iou
from lapland.crop import square
from lapland.crop.texture import texture
from lapland.detection.registry import load_detector
from lapland.schemes.normaliser import face_sides
from lapland.uncertainty.border import USUAL, Hidden, share_beyond
from lapland.uncertainty.calibration import Calibration
from training.data.crops import CropSpec
from training.data.detected import LEAST_IOU, MIN_FACE
from training.data.faces import AnnotatedFaces
from training.evaluation.border import SHARES, SIDES, Cut, cut, outside
from training.evaluation.predictions import Predictor
from training.network.rcn import SIZE

LEAST_SHARE = 0.05  # landmarks that are placed farther inside count as if they were here
FEWEST = 200  # landmarks beyond the border; fewer decide nothing
PROBABILITIES = (0.5, 0.9)  # at which the radii are to hold
# The quantile p of a Weibull distribution is scale * (-log(1 - p)) ** (1 / shape).
_AT = tuple(-math.log1p(-p) for p in PROBABILITIES)

Floats = NDArray[np.float64]


class Found(NamedTuple):
    """A face of a cut photo, as MTCNN finds it.

    Attributes:
        photo: the photo and the true landmarks.
        five_points: (5, 2), pixels of the photo.
    """

    photo: Cut
    five_points: Floats


def cut_faces(faces: AnnotatedFaces) -> list[Found]:
    """Each face that shows all its landmarks, cut at each of its sides, if MTCNN finds it then."""
    detector = load_detector("mtcnn", min_face=MIN_FACE, threads=1)
    found = []
    # All landmarks of the cut part must be known.
    complete = [i for i in range(len(faces)) if not np.isnan(faces.landmarks[i]).any()]
    for number, i in enumerate(complete):
        for at, side in enumerate(SIDES[1:], 1):  # without "whole"
            # The shares take turns, so that each side is cut by each of them.
            share = SHARES[(number + at) % len(SHARES)]
            photo = cut(faces.images[i], faces.landmarks[i], side, share)
            boxes, _, points = detector.detect(photo.image)
            height, width = photo.image.shape[:2]
            # The box of the part that the photo shows.
            seen = np.clip(photo.landmarks, 0, [width - 1, height - 1])
            overlaps = iou(boxes, around(seen[None]))[:, 0]
            if len(overlaps) and overlaps.max() >= LEAST_IOU:
                found.append(Found(photo, points[overlaps.argmax()].astype(np.float64)))
    return found


def unexplained(
    run: Predictor, spec: CropSpec, calibration: Calibration, found: list[Found]
) -> Floats:
    """Errors of landmarks beyond the border, in sides of the face, (2, M), for `PROBABILITIES`.

    An error within the radius that the calibration gives without the border counts as 0. The others
    are divided by the share of a landmark near the border that is believed to lie beyond it.
    """
    if not found:
        return np.zeros((len(PROBABILITIES), 0))
    matrices = spec.matrices(np.stack([face.five_points for face in found]))  # (M, 2, 3)
    crops = np.stack(  # (M, 80, 80, 3)
        [square.cut(f.photo.image, m, SIZE) for f, m in zip(found, matrices, strict=True)]
    )
    points, spread = run(crops)  # (M, K, 2) and (M, K), crop pixels
    landmarks = square.to_image(points.astype(np.float64), matrices)
    scales = spread * square.steps(matrices)[:, None]  # image pixels
    textures = texture(crops, points)
    # Without the size of the photo: what the calibration knows of whole faces alone.
    radii = [calibration.radii(landmarks, scales, textures, p) for p in PROBABILITIES]
    sides = face_sides(landmarks)  # (M,)
    rows = []
    for i, face in enumerate(found):
        height, width = face.photo.image.shape[:2]
        beyond = outside(face.photo.landmarks, (width, height))  # (K,), by the labels
        off = np.linalg.norm(landmarks[i] - face.photo.landmarks, axis=1)  # (K,) pixels
        # (K,), by the places that the network gives, as labels are not known at run time.
        share = np.maximum(share_beyond(landmarks[i : i + 1], (width, height))[0], LEAST_SHARE)
        errors = [np.where(off > r[i], off / (share * sides[i]), 0) for r in radii]
        rows.append(np.stack(errors)[:, beyond])  # (2, landmarks beyond the border)
    return np.concatenate(rows, axis=1)


def fit_hidden(errors: Floats) -> Hidden:
    """The distribution whose radii hold 50 and 90 % of the errors of `unexplained`, (2, M).

    `USUAL`, if there are too few of them, or if other radii hold as many already.
    """
    if errors.shape[1] < FEWEST:
        return USUAL
    # The quantiles of 50 and of 90 %; errors within the radii of each count 0 in it.
    half, most = (float(np.quantile(row, p)) for row, p in zip(errors, PROBABILITIES, strict=True))
    if not 0 < half < most:
        return USUAL
    # Two quantiles decide scale and shape, without a fit to the errors between.
    # From most / half = (_AT[1] / _AT[0]) ** inverse_shape.
    inverse_shape = math.log(most / half) / math.log(_AT[1] / _AT[0])
    return Hidden(half / _AT[0] ** inverse_shape, inverse_shape)


def with_hidden(
    calibration: Calibration, run: Predictor, spec: CropSpec, faces: AnnotatedFaces
) -> Calibration:
    """A calibration of whole faces, with the errors beyond the border of the same network."""
    errors = unexplained(run, spec, calibration, cut_faces(faces))
    return dataclasses.replace(calibration, hidden=fit_hidden(errors))
