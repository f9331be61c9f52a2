import numpy as np
import pytest

from lapland._scheme import IBUG68
from training import metrics


def test_errors_are_relative_to_the_outer_corners_of_the_eyes():
    annotated = np.zeros((1, 68, 2))
    annotated[0, 36], annotated[0, 45] = [0, 0], [30, 40]  # 50 apart
    predicted = annotated.copy()
    predicted[0, 8] = [3, 4]
    errors = metrics.point_errors(predicted, annotated, IBUG68)
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
