"""Draws the pictures of the models' cards again: `python -m export.pictures [NAME ...]`.

A card's picture shows the faces that `Detector` finds with the model, so it changes with detection,
too. The caption, which is its text for readers that do not see it, is written anew with it.
"""

import argparse
import re
from pathlib import Path

from export.cards.failures import captioned
from export.cards.failures_picture import NAME, draw_limits
from lapland.base.files import write_whole
from lapland.networks import index
from training.common.command import as_program


def redraw(folder: Path) -> None:
    """Draws the picture of one model and replaces its caption in the card."""
    card = folder / "README.md"
    caption = captioned(draw_limits(folder / "model.onnx", folder / NAME), NAME)
    pattern = rf"!\[[^\]]*\]\({re.escape(NAME)}\)"
    text, count = re.subn(pattern, lambda _: caption, card.read_text(encoding="utf-8"))
    if count != 1:
        raise ValueError(f"{card}: expected one picture {NAME}, found {count}")
    write_whole(card, text.encode())


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m export.pictures", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="models; default: all shipped")
    options = parser.parse_args(arguments)
    for name in options.names or index.shipped():
        redraw(index.path(name).parent)
        print(name)


if __name__ == "__main__":
    as_program(main)
