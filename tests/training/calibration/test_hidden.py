"""Errors beyond the border of the photo are those of the network that is calibrated."""

import dataclasses

import cv2
import numpy as np
import pytest

from lapland import IBUG68, Detector
from lapland.networks import index
from lapland.uncertainty.border import USUAL, Hidden
from training.calibration.hidden import FEWEST, cut_faces, fit_hidden, unexplained
from training.data.faces import AnnotatedFaces
from training.evaluation.predictions import open_network

TRUE = Hidden(0.07, 0.6)


def test_the_fit_finds_the_law_of_the_errors():
    rng = np.random.default_rng(0)
    errors = TRUE.scale * rng.exponential(size=50_000) ** TRUE.inverse_shape
    found = fit_hidden(np.stack([errors, errors]))
    assert found.scale == pytest.approx(TRUE.scale, rel=0.03)
    assert found.inverse_shape == pytest.approx(TRUE.inverse_shape, rel=0.03)
    assert found.scale * np.log(10) ** found.inverse_shape == pytest.approx(
        np.quantile(errors, 0.9)
    )


def test_few_errors_decide_nothing_nor_do_errors_that_other_radii_hold():
    rng = np.random.default_rng(0)
    errors = np.stack(2 * [rng.exponential(size=FEWEST)])
    assert fit_hidden(errors[:, 1:]) == USUAL != fit_hidden(errors)
    assert fit_hidden(np.where([[True], [False]], 0, errors)) == USUAL


def test_faces_are_cut_found_again_and_what_their_radii_hold_is_left_out():
    photo = cv2.imread("examples/astronaut.png")
    whole = Detector(threads=1).predict(photo)
    truth = whole.landmarks.astype(np.float64)
    faces = AnnotatedFaces.from_landmarks(["astronaut"], [photo], truth, IBUG68)
    found = cut_faces(faces)
    assert 2 <= len(found) <= 4
    assert whole.calibration is not None
    run, spec, _ = open_network(index.path("open-1-2-lite-int8"))
    errors = unexplained(run, spec, whole.calibration, found)
    assert errors.shape[0] == 2
    assert errors.shape[1] > 10
    assert (errors >= 0).all()
    assert (errors[1] <= errors[0]).all()  # the larger radius leaves fewer
    narrow = dataclasses.replace(
        whole.calibration, quantiles=whole.calibration.quantiles - [5.0, 0.0, 0.0]
    )
    assert (unexplained(run, spec, narrow, found) > 0).mean() > (errors > 0).mean()
