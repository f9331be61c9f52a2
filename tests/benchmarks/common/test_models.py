"""The landmark model of a benchmark: a width, a family of weights, or the default one."""

import argparse

import pytest

from benchmarks.common.models import add_model, detector_of
from lapland.networks import index


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ([], None),
        (["--weights", "300w"], "rcn-1-4-lite-int8"),
        (["--weights", "300w", "--width", "1/16"], "rcn-1-16-int8"),
    ],
)
def test_the_model_that_is_chosen(given, name):
    parser = argparse.ArgumentParser()
    add_model(parser)
    options = parser.parse_args(given)
    detector = detector_of(options, "video", 1)
    assert detector.model.name == (name or index.default("video").name)
    assert options.width == detector.model.width
