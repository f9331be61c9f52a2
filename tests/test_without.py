"""`pytest --without`: what `nox -s every_model` need not run again."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from tests import grain
from tests.conftest import ROOT
from tests.processes import PATIENCE

ASKING = ["tests/sdk/test_rgb.py::test_rgb_gives_what_bgr_gives"]  # by a fixture of the session
ASKING += ["tests/sdk/cli/test_main.py::test_as_a_program"]  # in a process of its own
OTHER = "tests/sdk/test_options.py::test_they_are_the_keywords_of_a_detector_with_the_same_defaults"


def test_what_asks_for_a_default_model_fails_without():
    command = [sys.executable, "-m", "pytest", "--tb=no", "-rA", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, "--without=model", *ASKING, OTHER],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=PATIENCE,
    )
    assert f"opencv {cv2.__version__}" in done.stdout  # the header, which `-q` leaves out
    words = [line.split() for line in done.stdout.splitlines()]
    outcomes = {line[1]: line[0] for line in words if len(line) > 1}
    assert [outcomes.get(name) for name in (*ASKING, OTHER)] == ["ERROR", "FAILED", "PASSED"]


def test_noise_is_of_one_grey_value(monkeypatch):
    image = np.random.default_rng(0).integers(0, 256, (40, 40, 3)).astype(np.uint8)
    assert grain.grained(image) is image
    monkeypatch.setattr(grain, "SEED", 1)
    first, again = grain.grained(image), grain.grained(image)
    np.testing.assert_array_equal(first, again)
    steps = first.astype(int) - image
    assert set(np.unique(steps)) == {-1, 0, 1}
    monkeypatch.setattr(grain, "SEED", 2)
    assert (grain.grained(image) != first).any()
    monkeypatch.setattr(grain, "REFUSED", True)
    with pytest.raises(RuntimeError, match="--without=noise"):
        grain.grained(image)
