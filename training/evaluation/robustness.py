"""Several models on several sets of faces under all conditions: tables of `training.evaluate`.

The protocol is that of *2D Wasserstein Loss for Robust Facial Landmark Detection* (Yan et al.,
2020) in its parts: failures are counted by landmark as well as by face, photos are corrupted, and
a model is evaluated on other data sets than its own.
"""

from collections.abc import Sequence
from pathlib import Path

from lapland.landmarks.decoders import DEFAULT_DECODER
from training.data import detected
from training.data.readers import read_faces
from training.evaluation import metrics
from training.evaluation.conditions import conditions_of
from training.evaluation.predictions import errors_of, open_decoders, path_of_model
from training.evaluation.rows import Row, _labels, set_of


def split_files(data: list[Path], splits: list[str] | None) -> list[tuple[Path, Path | None]]:
    """Each folder with each split: a file, or the name of one in the folder's `splits/`.

    Raises:
        ValueError: there is no such split.
    """
    if not splits:
        return [(folder, None) for folder in data]
    sets = []
    for folder in data:
        for split in splits:
            named = folder / "splits" / f"{split}.txt"
            file = named if named.is_file() else Path(split)  # a name in `splits/` comes first
            if not file.is_file():
                raise ValueError(f"{split}: expected a split file, or one named {named}")
            sets.append((folder, file))
    return sets


def compare(
    named: list[Path],
    sets: list[tuple[Path, Path | None]],
    *,
    corrupt: bool = False,
    perturb: bool = False,
    untrained: bool = False,
    decoders: Sequence[str] = (DEFAULT_DECODER,),
    mirrored: bool = False,
    every: int = 1,
) -> list[Row]:
    """Figures of every model on every set under every condition.

    Args:
        named: models, as `path_of_model` takes them.
        sets: folders of photos, each with a split file or None for all of it.
        corrupt: with the photos corrupted, too.
        perturb: with five points and boxes that are shifted.
        untrained: with the kinds of corruption that training does not show, too.
        decoders: each model is read by every one of them.
        mirrored: with the mirror image of each crop, averaged.
        every: one in so many faces counts.

    Returns:
        One row for each: "model", "decoder", "data", "split", "kind" and "way" of `Condition`,
        "missed" by MTCNN (cropped from their labels), and the figures of `metrics.summary`.

    Raises:
        ValueError: a model or folder cannot be used, or the one has other points than the other.
    """
    networks = {
        label: open_decoders(path_of_model(path), decoders, mirrored=mirrored)
        for label, path in _labels(named).items()
    }
    rows = []
    for folder, file in sets:
        # Faces are read once for each scheme, and cropped once for each `CropSpec`.
        schemes = {scheme.name: scheme for _, _, scheme in networks.values()}
        for scheme in schemes.values():
            faces = detected.add_detected(read_faces(folder, scheme, file)).every(every)
            mine = {label: n for label, n in networks.items() if n[2] is scheme}
            for spec in dict.fromkeys(spec for _, spec, _ in mine.values()):
                for condition in conditions_of(
                    faces, spec, corrupt=corrupt, perturb=perturb, untrained=untrained
                ):
                    for label, (run, own, _) in mine.items():
                        # Models that crop otherwise see these faces with their own crops.
                        for decoder, found in run(condition.crops).items() if own == spec else ():
                            errors = errors_of(found, condition.matrices, faces)["errors"]
                            rows.append(
                                {
                                    "model": label,
                                    "decoder": decoder,
                                    "data": folder.name,
                                    "split": file.stem if file else "all",
                                    "kind": condition.kind,
                                    "way": condition.name,
                                    "missed": int(faces.missed.sum()),
                                    **metrics.summary(errors, scheme),
                                }
                            )
    labels, order = list(networks), list(decoders)
    # By set and model: tables group neighbouring rows. sorted() keeps the order of conditions.
    return sorted(
        rows,
        key=lambda row: (set_of(row), labels.index(row["model"]), order.index(row["decoder"])),
    )
