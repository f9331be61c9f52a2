"""How sure faces are: radii and confidence, and the deviations that other answers stand on."""

import numpy as np
import pytest

from lapland import Faces, ModelError


def test_those_of_one_face_are_a_row_of_those_of_all(together):
    one, other = together
    np.testing.assert_allclose(together.radius(0.9)[1], other.radius(0.9), rtol=1e-5)
    np.testing.assert_allclose(together.confidence, [one.confidence, other.confidence], atol=1e-6)
    assert (together.radius(0.5) < together.radius(0.9)).all()


def test_without_a_calibration_there_are_none(together):
    names = ("boxes", "scores", "five_points", "landmarks", "scales")
    bare = Faces(*(getattr(together, name) for name in names))
    for ask in (lambda: bare.confidence, lambda: bare.radius(0.9)):
        with pytest.raises(ModelError, match="expected faces of a calibrated model"):
            ask()


def test_without_a_calibration_the_scales_tell_about_as_much(pair):
    known = pair[0]
    arrays = (known.boxes, known.scores, known.five_points, known.landmarks, known.scales)
    plain = Faces(*arrays)
    pairs = (
        (plain.eyes.deviations, known.eyes.deviations),
        (plain.mouth.deviation, known.mouth.deviation),
    )
    for rough, better in pairs:  # 0.8 to 2.3 with the shipped models
        assert ((rough / better > 1 / 3) & (rough / better < 3)).all()
