"""Documents name every detector and every decoder of the tables."""

import re
from inspect import cleandoc

import pytest

from lapland import Detector
from lapland.detection.registry import DEFAULT_DETECTOR, DETECTORS
from lapland.landmarks.decoders import DECODERS, DEFAULT_DECODER
from tests.documents.blocks import ROOT

USAGE = (ROOT / "docs" / "usage.md").read_text(encoding="utf-8")
PARTS = {"detector": (DETECTORS, DEFAULT_DETECTOR), "decoder": (DECODERS, DEFAULT_DECODER)}


def described(option):
    """The text of an option in the docstring of `Detector`."""
    text = cleandoc(Detector.__doc__)
    return re.search(rf"^    {option}: (.*?)(?=^    \w+: |^\w)", text, re.MULTILINE | re.DOTALL)[1]


def explained(option):
    """The row of an option in the table of `docs/usage.md`, with the paragraph on decoders."""
    (row,) = re.findall(rf"^\| `{option}` \|.*", USAGE, re.MULTILINE)
    more = re.search(r"^\*\*Decoders\.\*\*.*?\n\n", USAGE, re.MULTILINE | re.DOTALL)[0]
    return row + more if option == "decoder" else row


@pytest.mark.parametrize("option", PARTS)
@pytest.mark.parametrize("text", [described, explained])
def test_every_part_is_named(option, text):
    table, default = PARTS[option]
    named = re.findall(r'"([\w-]+)"', text(option))
    assert set(named) == set(table)
    assert named[0] == default
