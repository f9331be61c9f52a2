"""The terms of the data that a model learned from."""

from dataclasses import dataclass, replace
from typing import Any

OFFICIAL = 3148  # training faces of 300-W as its authors count them


@dataclass(frozen=True)
class Data:
    """The statements of a card about the training faces.

    Attributes:
        folder: its name in commands.
        text: goes on after "Trained on N faces".
        licence: terms of the weights, for the metadata of the model.
        held_out: the split on which no choice was made.
        shown: the split whose scales and limits the card shows, if measured; else the first.
        unseen: goes on after "the landmarks that cannot be seen".
        people: whom the photos show.
    """

    folder: str
    text: str
    licence: str
    held_out: str
    shown: str
    unseen: str
    people: str


IBUG_300W = Data(
    folder="300w",
    text="""\
of the 300-W training images (AFW, HELEN, LFPW; original iBUG
annotations), which is {share:.0%} of the official 3148: part of HELEN could not be had, and 200
faces were kept for validation. **300-W allows research use and excludes commercial use, and so do
these weights.** The code is MIT. Cite Sagonas et al., *300 Faces in-the-Wild Challenge*, ICCVW
2013, and Robinson et al., *Laplace Landmark Localization*, ICCV 2019.""",
    licence="research use only: trained on 300-W, which excludes commercial use",
    held_out="`common` was not\nused for any choice.",
    shown="common",
    unseen="are guessed, as they were when the training photos were annotated",
    people="""\
The training photos show mostly adult faces from Flickr and Google image search of about 2010;
  accuracy on other groups of people was not measured.""",
)
OTHER = Data(
    folder="DATA",
    text="""\
of a folder that the exporter knows nothing of. **To fill in before the
model is passed on: which photos these are, what their licence allows, and what follows from it
for these weights.** The code is MIT. Cite the data, and Robinson et al., *Laplace Landmark
Localization*, ICCV 2019.""",
    licence="not stated; the terms of the training data apply",
    held_out="The checkpoint\nwas chosen on `val`.",
    shown="",
    unseen="are guessed; where the annotation leaves them out, so did training, and neither their\n"
    "  places nor their scales were measured",
    people="To fill in: whom the training photos show. Accuracy on others was not measured.",
)


def data_of(facts: dict[str, Any]) -> Data:
    """The statements for the data: 300-W, or the user's own photos."""
    # The first runs did not record it; all of them were of 300-W.
    if facts.get("data", "300w") == "300w":
        return IBUG_300W
    licence = facts.get("licence")
    if licence is None:
        return OTHER
    text = f"""\
of {facts["data"]}. Licence of these weights, as their maker states it: {licence}.
The code is MIT."""
    return replace(OTHER, text=text, licence=licence)


def shown_split(figures: dict[str, Any], facts: dict[str, Any]) -> str:
    """The name of the split that the card shows in detail."""
    shown = data_of(facts).shown
    return shown if shown in figures else next(iter(figures), "val")
