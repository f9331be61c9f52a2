"""Labels photos of faces that have no landmarks: `python -m training.label faces PHOTOS --out OUT`.

A teacher, MediaPipe's face mesh, sees each face in several squares; a map takes its 478 vertices to
68 landmarks. In the research family our widest network sees the face too, and both are mixed. It
keeps a face if all agree on it; the weight of each landmark follows the agreement. OUT holds a
picture and a `.pts` file for each face, `index.csv` (source, terms, agreement, weights),
`refused.csv`, and `kept.png` and `refused.png` to look at. A killed run continues when it is
started again. Needs `pip install -e '.[teacher]'`.

`python -m training.label fit ROOT... --names LIST --kind ridge|local --out MAP` fits a map to
labelled faces.
"""

import argparse
import csv
import io
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from lapland import Detector
from lapland.base.files import write_text
from lapland.detection.mtcnn import Mtcnn
from lapland.image.loading import load_image
from lapland.networks.loading import load_mtcnn
from lapland.schemes.ibug68 import IBUG68
from training.common.command import as_program
from training.data.indices import Row, read_index, write_index
from training.data.pts import read_pts
from training.data.readers import photos, read_split
from training.labelling import maps, mixing, vertices
from training.labelling.agreement import Label, judge
from training.labelling.folder import write_face
from training.labelling.mesh import ZOOMS, Mesh
from training.labelling.sheet import tile, write_sheet
from training.labelling.vertices import Finder

OPEN_MAP = Path(__file__).parent / "labelling" / "open_map.npz"
MIN_FACE = 40  # pixels; the SDK's default
SHOWN = 100  # faces of each sheet
SAVE = 100  # faces from one writing of the index to the next


@dataclass(frozen=True)
class Labeller:
    """Makes labels: the map of the teacher's vertices, and a network to mix with.

    Attributes:
        fitted: the map.
        network: mixed with the teacher; None takes the teacher alone.
        crops: crops of the network, for each face.
    """

    fitted: maps.Map
    network: Detector | None = None
    crops: int = 2

    def __call__(
        self,
        photo: NDArray[np.uint8],
        views: NDArray[np.float32],
        five: NDArray[np.float32],
        seed: int,
    ) -> Label:
        """The label of one face.

        Args:
            photo: (H, W, 3) uint8 BGR.
            views: (V, 478, 3) of the teacher.
            five: (5, 2) of the face detector, NaN if it sees no face.
            seed: seed of the network's crops.
        """
        mirror = list(IBUG68.mirror)
        landmarks, doubts = maps.over_views(self.fitted, views, mirror)  # (K, 2), (K,) image pixels
        if self.network is not None and np.isfinite(landmarks).all():
            # (5, 2) of the teacher's landmarks, as the detector may have seen no face.
            start = np.stack([landmarks[list(group)].mean(axis=0) for group in IBUG68.five])
            rng = np.random.default_rng(seed)
            # (K, 2) and (K,), image pixels.
            ours, spread = mixing.over_crops(self.network, photo, start, self.crops, mirror, rng)
            landmarks, apart = mixing.mixed(landmarks, ours, mixing.shares(IBUG68))  # (K, 2), (K,)
            # The mean variance within the two sources, and the variance between them.
            doubts = np.sqrt((doubts**2 + spread**2) / 2 + apart**2)
        return judge(landmarks, doubts, five, IBUG68)


def finder(*, one: bool) -> Finder:
    """MTCNN as `vertices.keep` wants it; `one` takes the face nearest to the middle alone."""
    mtcnn = Mtcnn(*load_mtcnn(), min_face=MIN_FACE, threads=1)

    def find(image: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        boxes, scores, five = mtcnn.detect(image)
        if one and len(boxes):
            middle = np.array(image.shape[1::-1]) / 2  # (x, y)
            centres = (boxes[:, :2] + boxes[:, 2:]) / 2
            sides = (boxes[:, 2:] - boxes[:, :2]).max(axis=1)
            # Half of its side makes a large face nearer than a small one behind it.
            k = (np.linalg.norm(centres - middle, axis=1) - sides / 2).argmin()
            return five[[k]], scores[[k]]  # (1, 5, 2), (1,)
        return five, scores

    return find


def label_folder(
    root: Path, store: Path, out: Path, labeller: Labeller, source: str, terms: str
) -> None:
    """Labels every face of a store of meshes that `out` does not have yet, and draws the sheets."""
    known = vertices.load(store)
    # Both are results, which a continued run keeps.
    done, refused = read_index(out), _read_refused(out)
    out.mkdir(parents=True, exist_ok=True)
    names = _names(known.photos)
    todo = [i for i, name in enumerate(names) if name not in done and name not in refused]
    # Names without suffix, as the store has them.
    files = {path.relative_to(root).with_suffix("").as_posix(): path for path in photos(root)}
    bar = tqdm(todo, desc=f"labels, {root.name}", unit="face", mininterval=5.0)
    for number, i in enumerate(bar):
        file = files[known.photos[i]]
        photo = load_image(file)
        # The place in the store is the seed, so that a continued run draws the same crops.
        label = labeller(photo, known.views[i], known.five[i], i)
        if label.refused:
            refused[names[i]] = label.refused
        else:
            # Its files first: a face in the index has them, and a kill between writes them again.
            write_face(out, names[i], photo, label.landmarks, file)
            done[names[i]] = Row(names[i], source, terms, label.doubt, label.weights)
        if number % SAVE == SAVE - 1:
            _write(out, done, refused)
    _write(out, done, refused)
    print(f"{out}: {len(done)} faces kept, {len(refused)} refused")
    _draw_sheets(out, done, refused, dict(zip(names, range(len(names)), strict=True)), known, files)


def _names(of: Sequence[str]) -> list[str]:
    """A name for each face: that of its photo, with a number if the photo has several."""
    count: dict[str, int] = {}
    out = []
    for name in of:
        count[name] = count.get(name, 0) + 1
        out.append(name if count[name] == 1 else f"{name}_{count[name]}")
    return out


def _write(out: Path, done: dict[str, Row], refused: dict[str, str]) -> None:
    write_index(out, list(done.values()))
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([("name", "reason"), *refused.items()])
    write_text(out / "refused.csv", buffer.getvalue())


def _read_refused(out: Path) -> dict[str, str]:
    path = out / "refused.csv"
    if not path.is_file():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["name"]: row["reason"] for row in csv.DictReader(file)}


def _draw_sheets(
    out: Path,
    done: dict[str, Row],
    refused: dict[str, str],
    places: dict[str, int],
    known: vertices.Vertices,
    files: dict[str, Path],
) -> None:
    """The faces of most doubt among the kept, and the refused ones with the detector's points."""
    doubtful = sorted(done.values(), key=lambda row: -row.agreement)[:SHOWN]  # most doubt first
    kept = []
    for row in doubtful:
        picture = cv2.imread(str(out / f"{row.name}.jpg"))
        points = read_pts(out / f"{row.name}.pts")
        # Red are landmarks that count less than half.
        kept.append(tile(picture, points, f"{row.agreement:.1f} %", row.weights < 0.5))  # type: ignore[arg-type]
    others = []
    for name in list(refused)[:SHOWN]:
        i = places.get(name)
        if i is not None:
            photo = load_image(files[known.photos[i]])
            # The detector's points, as there may be no landmarks.
            others.append(tile(photo, known.five[i].astype(np.float64), refused[name]))
    for name, tiles in (("kept", kept), ("refused", others)):
        if tiles:
            write_sheet(out / f"{name}.png", tiles)


def fit_map(
    roots: Sequence[Path], names: Sequence[str], store: Path, kind: str, views: int
) -> tuple[maps.Map, int]:
    """Fits a map to labelled faces; returns it and the number of faces with a mesh."""
    found = {}
    for root in roots:
        found |= {path.relative_to(root).with_suffix("").as_posix(): path for path in photos(root)}
    missing = [name for name in names if name not in found]
    if missing:
        raise FileNotFoundError(f"{roots[0]}: there is no photo {missing[0]!r}")
    mesh, find = Mesh(), finder(one=True)
    faces, labels = [], []
    for root in roots:
        chosen = [found[name] for name in names if found[name].is_relative_to(root)]
        place = store / root.name
        # A store for each folder, as names are relative to it.
        vertices.keep(root, chosen, place, mesh, find, count=views, say=_say)
        known = vertices.load(place)
        faces.append(known.views)  # (N, V, 478, 3)
        # In the order of the store, which omits damaged photos.
        labels += [read_pts(root / f"{name}.pts") for name in known.photos]
    # (M, 478, 3) and (M, K, 2): a plain and a mirrored mesh of each face.
    meshes, targets = maps.samples(np.concatenate(faces), np.stack(labels), list(IBUG68.mirror))
    fitted: maps.Map = (
        maps.RidgeMap.fit(meshes, targets)
        if kind == "ridge"
        else maps.LocalMap.fit(meshes, targets)
    )
    return fitted, len(labels)


def _say(done: int, total: int, seconds: float) -> None:
    left = seconds / max(done, 1) * (total - done)
    print(f"meshes: {done} of {total} photos, {left / 60:.0f} min left", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.label", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    faces = commands.add_parser("faces", help="label a folder of photos")
    faces.add_argument("photos", type=Path, help="folder of photos")
    faces.add_argument("--out", type=Path, required=True, help="folder of the labelled faces")
    faces.add_argument("--family", choices=("research", "open"), default="research")
    faces.add_argument("--map", type=Path, help="fitted map (default: the open family's)")
    faces.add_argument("--network", default="1", help="width of the network to mix with")
    faces.add_argument("--crops", type=int, default=2, help="crops of the network")
    faces.add_argument("--views", type=int, default=8, choices=range(1, len(ZOOMS) + 1))
    faces.add_argument("--source", help="name of the source, for the index (default: the folder)")
    faces.add_argument("--terms", default="not stated", help="terms of the photos, for the index")
    faces.add_argument("--one", action="store_true", help="the face nearest to the middle alone")
    faces.add_argument("--store", type=Path, help="folder of meshes (default: OUT/meshes)")
    fit = commands.add_parser("fit", help="fit a map to labelled faces")
    fit.add_argument("roots", type=Path, nargs="+", help="folders of photos with .pts files")
    fit.add_argument("--names", type=Path, required=True, help="split file: names, one a line")
    fit.add_argument("--kind", choices=("ridge", "local"), required=True)
    fit.add_argument("--views", type=int, default=4, choices=range(1, len(ZOOMS) + 1))
    fit.add_argument("--store", type=Path, required=True, help="folder of meshes")
    fit.add_argument("--out", type=Path, required=True, help="the map, an .npz file")
    return parser


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    options = _parser().parse_args(arguments)
    cv2.setNumThreads(1)
    try:
        if options.command == "fit":
            names = read_split(options.names)
            fitted, count = fit_map(
                options.roots, names, options.store, options.kind, options.views
            )
            facts = f"{options.kind}, {count} faces of {options.names.name}"
            maps.save(options.out, fitted, facts)
            print(f"{options.out}: fitted to {count} faces")
            return
        _label(options)
    except (ValueError, OSError, ImportError) as error:
        raise SystemExit(f"training.label: {error}") from None


def _label(options: argparse.Namespace) -> None:
    # Open labels descend from no network of 300-W: the teacher alone, by the open map.
    alone = options.family == "open"
    if not alone and options.map is None:
        raise ValueError(
            "the research family needs --map, made by `python -m training.label fit`; "
            "or take --family open"
        )
    fitted, facts = maps.load(options.map or OPEN_MAP)
    network = None
    if not alone:
        network = Detector(options.network, precision="float32", threads=1)
    print(f"map: {facts}; " + ("teacher alone" if alone else f"mixed with {options.network}"))
    files = photos(options.photos)
    if not files:
        raise FileNotFoundError(f"{options.photos}: expected a folder with photos, found none")
    store = options.store or options.out / "meshes"
    started = time.perf_counter()
    # Meshes of all photos first: they stay in the store, for any later map.
    vertices.keep(
        options.photos, files, store, Mesh(), finder(one=options.one), count=options.views, say=_say
    )
    labeller = Labeller(fitted, network, options.crops)
    source = options.source or options.photos.name
    label_folder(options.photos, store, options.out, labeller, source, options.terms)
    print(f"{(time.perf_counter() - started) / 60:.1f} min")


if __name__ == "__main__":
    as_program(main, goes_on=True)
