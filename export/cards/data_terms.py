"""The terms of the data that a model learned from."""

from dataclasses import dataclass, replace
from typing import Any

OFFICIAL = 3148  # training faces of 300-W as its authors count them


@dataclass(frozen=True)
class Data:
    """The statements of a card about the training faces.

    Attributes:
        name: name of the data in checkpoint and metadata; see `data_of`.
        weights: family of the weights, `open` or `300w`; None for custom data, whose models are no
            part of either package.
        folder: its name in commands.
        text: goes on after "Trained on N faces".
        licence: terms of the weights, for the metadata of the model.
        held_out: the split that decided nothing.
        shown: the split whose scales and limits the card shows, if measured; else the first.
        unseen: goes on after "the landmarks that cannot be seen".
        people: whom the photos show.
        training: folders and lists in the command of training, if these are others than `folder`.
    """

    name: str
    weights: str | None
    folder: str
    text: str
    licence: str
    held_out: str
    shown: str
    unseen: str
    people: str
    training: str = ""


IBUG_300W = Data(
    name="300w",
    weights="300w",
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
OPEN = Data(
    name="open portraits and teacher labels, docs/open-weights.md",
    weights="open",
    folder="faces/open",
    text="""\
of open portraits, with copies that were turned in three
dimensions. The portraits are CC BY 4.0, CC0, MIT or in the public domain; their labels are human or
come from MediaPipe's face mesh (Apache-2.0). No photo, label or network of 300-W, AFLW, WFLW, WIDER
FACE or LFW had a part in it. The [data sheet](../../docs/open-weights.md) has every source with its
terms, and what is not known; [NOTICE](../../NOTICE) has the attributions. **These weights are under
the Apache License 2.0** ([LICENSE-open-weights](../../LICENSE-open-weights)). The code is MIT. Cite
Robinson et al., *Laplace Landmark Localization*, ICCV 2019.""",
    licence="Apache-2.0",
    held_out="""\
The checkpoint
was chosen on `val`, open portraits kept out by person. `common`, the common set of 300-W, was
measured alone, and not used for any choice. Its annotators drew jaw and brows by another habit than
the labels that this network learned: part of the error is that difference (see the data sheet).""",
    shown="common",
    unseen="are guessed, as the teacher guesses them",
    people="""\
The training photos show studio portraits of young adults, members of the US Congress,
  photos of people in the wild, and generated faces of all ages and skins; accuracy by age was
  not measured, and by how light the skin looks only as above.""",
    training="faces/open --train training/lists/open-train.txt --val training/lists/open-val.txt",
)
RESEARCH = Data(
    name="300-W, AFLW2000-3D, crowds and portraits, training/lists/research-train.txt",
    weights="300w",
    folder="300w",
    text="""\
of several sources: the 300-W training images (original iBUG
annotations), AFLW2000-3D (its far side left out), the portraits of webmorph, and photos whose
labels come from a teacher that has seen 300-W, faces of WIDER FACE among them.
**300-W and AFLW allow research use and exclude commercial use, and so do these weights.** The code
is MIT. Cite Sagonas et al., *300 Faces in-the-Wild Challenge*, ICCVW 2013, Zhu et al., *Face
Alignment Across Large Poses: A 3D Solution*, CVPR 2016, and Robinson et al., *Laplace Landmark
Localization*, ICCV 2019.""",
    licence="research use only: trained on 300-W and AFLW2000-3D, which exclude commercial use",
    held_out="`common` was not\nused for any choice.",
    shown="common",
    unseen="are guessed, as they were when the training photos were annotated",
    people="""\
The training photos show mostly adult faces from Flickr and Google image search of about 2010,
  and generated ones; accuracy by age was not measured, and by how light the skin looks only as
  above.""",
    training="data faces --train training/lists/research-train.txt "
    "--val training/lists/research-val.txt",
)
OTHER = Data(
    name="own",
    weights=None,
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


# Name of the data, or its short form on the command line -> its statements.
KNOWN = {data.name: data for data in (IBUG_300W, OPEN, RESEARCH)} | {
    "open": OPEN,
    "research": RESEARCH,
}


def data_of(facts: dict[str, Any]) -> Data:
    """The statements for the data of a run: known data by name, or the user's own photos."""
    # The first runs did not record it; all of them were of 300-W.
    known = KNOWN.get(facts.get("data", IBUG_300W.name))
    if known is not None:
        return known
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
