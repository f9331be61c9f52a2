"""The head is found again in the landmarks that it was seen with."""

import numpy as np
import pytest

from tests.drawn_head import drawn_head, seen
from training.heads.fitting import fit_head


@pytest.fixture(scope="module")
def head():
    return drawn_head()


@pytest.mark.parametrize(("yaw", "pitch"), [(0, 0), (25, 5), (-40, -10)])
def test_pose_and_place(head, yaw, pitch):
    rng = np.random.default_rng(1)
    coefficients = np.append(rng.normal(0, 0.5, head.identities), [0.6, 0.1])
    skin, landmarks = seen(head, coefficients, yaw, pitch, 9.0)
    fit = fit_head(head, landmarks)
    assert fit.error < 1.5
    assert abs(fit.yaw - yaw) < 4
    assert abs(fit.pitch - pitch) < 4
    assert abs(fit.scale - 9) < 0.5
    # The skin was pulled onto the labels, and lies near the true one elsewhere.
    at = head.outline(fit.skin)
    assert np.linalg.norm(fit.project(fit.skin[at]) - landmarks, axis=1).mean() < 1.0
    truth = skin[:, :2] * 9 * [1, -1] + 150
    front = head.mean[:, 2] > 4
    gaps = np.linalg.norm(fit.project(fit.skin) - truth, axis=1)
    assert gaps[front].mean() < 2.5  # pixels of a face of some 110


def test_expressions_stay_between_0_and_1(head):
    coefficients = np.append(np.zeros(head.identities), [1.8, -0.7])
    _, landmarks = seen(head, coefficients, 0, 0, 9.0)
    found = fit_head(head, landmarks).coefficients[head.identities :]
    assert ((found >= 0) & (found <= 1)).all()


def test_an_open_mouth_is_an_expression(head):
    for opened in (0.0, 0.8):
        coefficients = np.append(np.zeros(head.identities), [opened, 0.0])
        _, landmarks = seen(head, coefficients, 10, 0, 9.0)
        found = fit_head(head, landmarks).coefficients[head.identities]
        assert abs(found - opened) < 0.35
