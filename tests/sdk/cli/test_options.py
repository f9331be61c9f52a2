"""Options that commands share."""

import argparse
from pathlib import Path

import pytest

from lapland import OptionError
from lapland.cli.options import add_detector, complain, detector_options, path_of
from lapland.networks import index
from lapland.options import DetectorOptions


def test_commands_pass_on_every_option_that_they_parse():
    parser = argparse.ArgumentParser()
    add_detector(parser, "video")
    parser.add_argument("--style")
    given = [
        "--width",
        "1/4",
        "--weights",
        "300w",
        "--detector",
        "blazeface",
        "--turned",
        "--looks",
        "2",
        "--min-face",
        "20",
        "--style",
        "box",
    ]
    options = detector_options(parser.parse_args(given), threads=2)
    assert options == DetectorOptions(
        "1/4",
        weights="300w",
        detector="blazeface",
        turned=True,
        looks=2,
        min_face=20,
        threads=2,
    )


@pytest.mark.parametrize("role", ["photo", "video"])
def test_a_command_takes_the_default_model_of_its_role(role):
    parser = argparse.ArgumentParser()
    add_detector(parser, role)
    default = index.default(role)
    options = detector_options(parser.parse_args([]), threads=1)
    assert (options.width, options.precision) == (default.width, default.precision)
    float32 = detector_options(parser.parse_args(["--precision", "float32"]), threads=1)
    assert (float32.width, float32.precision) == (default.width, "float32")


def test_an_empty_path_is_no_path(capsys):
    parser = argparse.ArgumentParser()
    parser.add_argument("photo", type=path_of)
    assert parser.parse_args(["a b.jpg"]).photo == Path("a b.jpg")
    with pytest.raises(SystemExit):
        parser.parse_args([" "])
    assert "found an empty name" in capsys.readouterr().err


def test_complaints_go_to_stderr(capsys):
    complain(OptionError("no such option"))
    assert capsys.readouterr() == ("", "lapland: no such option\n")
