"""What the tests of training share."""

import pytest

from training.runs import trainer


@pytest.fixture(autouse=True)
def no_curve(monkeypatch):
    """Runs of a few steps draw no curve, which takes as long as they do; one test draws them."""
    monkeypatch.setattr(trainer, "draw_learning_curve", lambda history, path: None)
