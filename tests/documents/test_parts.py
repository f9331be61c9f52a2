"""Documents name every detector, every decoder, and every file of the tools."""

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


def test_the_training_page_names_every_command_room_and_file():
    page = (ROOT / "training" / "README.md").read_text(encoding="utf-8")
    part = page[page.index("## One idea, one file") : page.index("## Crops")]
    for file in (ROOT / "training").rglob("*.py"):
        room = "" if file.parent.name == "training" else file.parent.name
        rows = re.findall(rf"^\| `{room}` \|.*", part, re.MULTILINE) if room else [part]
        assert len(rows) == 1, room
        assert file.stem == "__init__" or f"`{file.stem}`" in rows[0], file


def test_the_page_of_benchmarks_names_every_command():
    page = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"^\| `python -m benchmarks\.(\w+)", page, re.MULTILINE))
    commands = {file.stem for file in (ROOT / "benchmarks").glob("*.py")} - {"__init__", "report"}
    assert named - {"peers"} == commands
