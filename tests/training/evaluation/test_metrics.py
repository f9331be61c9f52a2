import numpy as np
import pytest

from lapland.schemes.aflw19 import AFLW19
from lapland.schemes.ibug68 import IBUG68
from lapland.schemes.normaliser import normalisers
from training.evaluation import metrics


def test_errors_are_relative_to_the_outer_corners_of_the_eyes():
    annotated = np.zeros((1, 68, 2))
    annotated[0, 36], annotated[0, 45] = [0, 0], [30, 40]  # 50 apart
    predicted = annotated.copy()
    predicted[0, 8] = [3, 4]
    sizes = normalisers(annotated, IBUG68)
    assert sizes.tolist() == [50.0]
    errors = metrics.point_errors(predicted, annotated, sizes)
    assert errors[0, 8] == pytest.approx(10.0)
    assert metrics.nmse(errors) == pytest.approx(10.0 / 68)


def test_failure_rate_and_area_of_known_faces():
    errors = np.repeat(np.array([2.0, 4.0, 9.0, 12.0])[:, None], 68, axis=1)
    assert metrics.failure_rate(errors, 8) == 50.0
    assert metrics.failure_rate(errors, 10) == 25.0
    assert metrics.area_under_curve(errors, 8) == pytest.approx((6 + 4) / 8 / 4)
    assert metrics.area_under_curve(errors, 10) == pytest.approx((8 + 6 + 1) / 10 / 4)


def test_area_equals_the_integral_of_the_curve():
    errors = np.random.default_rng(0).gamma(4, 1, (300, 68))
    faces = np.sort(errors.mean(axis=1))
    x = np.linspace(0, 8, 200_001)
    curve = np.searchsorted(faces, x, side="right") / len(faces)
    area = np.trapezoid(curve, x) / 8
    assert metrics.area_under_curve(errors, 8) == pytest.approx(area, abs=1e-4)


def test_summary_has_the_groups():
    errors = np.ones((3, 68))
    errors[:, list(IBUG68.groups["mouth"])] = 5
    figures = metrics.summary(errors, IBUG68)
    assert figures["nmse_mouth"] == 5
    assert figures["nmse_jaw"] == 1
    assert figures["faces"] == 3


def test_landmarks_that_are_not_visible_count_nowhere():
    annotated = np.zeros((2, 19, 2))
    annotated[0, 5:] = annotated[1, :2] = np.nan
    predicted = np.zeros((2, 19, 2))
    predicted[0, 0], predicted[1, 18] = [3, 4], [0, 34]
    errors = metrics.point_errors(predicted, annotated, np.array([50.0, 100.0]))
    assert (np.isnan(errors) == np.isnan(annotated[..., 0])).all()
    # Equation 8: the mean over faces of the mean over each face's own K.
    np.testing.assert_allclose(metrics.face_errors(errors), [10 / 5, 34 / 17])
    assert metrics.nmse(errors) == pytest.approx(2.0)
    assert metrics.failure_rate(errors, 1.9) == 100
    assert metrics.area_under_curve(errors, 8) == pytest.approx(0.75)


def test_summary_leaves_out_a_group_that_no_face_shows():
    errors = np.ones((3, 19))
    errors[:, 18] = np.nan
    errors[0, :6] = np.nan
    errors[1, :6] = 4
    figures = metrics.summary(errors, AFLW19)
    assert "nmse_chin" not in figures
    assert figures["nmse_brows"] == 2.5
    assert figures["nmse_eyes"] == 1


def test_a_network_that_fails_does_not_pass_for_invisible_landmarks():
    predicted = np.full((1, 19, 2), np.nan)
    errors = metrics.point_errors(predicted, np.zeros((1, 19, 2)), np.ones(1))
    assert metrics.nmse(errors) == np.inf


def test_size_of_a_face_by_scheme():
    points = np.zeros((1, 19, 2))
    points[0, :6] = np.nan
    points[0, 18] = [4, 9]
    assert normalisers(points, AFLW19).tolist() == [6.0]
    hidden = np.zeros((1, 68, 2))
    hidden[0, 36] = np.nan
    assert np.isnan(normalisers(hidden, IBUG68)).all()
