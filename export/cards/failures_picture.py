"""The picture of a card's "Where it fails": a face under corruptions, and one from the side.

Only photos that anybody may pass on are drawn.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from lapland import Detector, Faces, draw
from lapland.base.boxes import iou
from lapland.base.files import write_whole
from lapland.crop.square import crop_matrices, steps
from lapland.detection.registry import load_detector
from lapland.image.loading import load_image
from lapland.schemes.normaliser import normalisers
from training.common.paths import REPOSITORY
from training.data.detected import LEAST_IOU
from training.data.pixels import Picture
from training.evaluation.corruptions import CARD_CORRUPTIONS, Corruption, Place

NAME = "limits.jpg"
PHOTO = REPOSITORY / "examples" / "astronaut.png"
SIDE_VIEW = REPOSITORY / "examples" / "camera.png"
LARGEST = 120_000  # bytes of the picture
CELL, COLUMNS = 288, 4  # pixels, cells a row
BAR = 44  # pixels of a cell's caption
VIEW = 3.2  # side of a cell, in longer sides of the rectangle of the five points
TURNS = (45, 90)  # degrees, clockwise on the screen


@dataclass(frozen=True)
class _Clean:
    """The clean photo, and the model's result on its face."""

    image: Picture
    faces: Faces  # one
    place: Place


@dataclass(frozen=True)
class Cell:
    """A photo, the face found in it, the square that is shown, and its caption."""

    photo: Picture
    faces: Faces
    centre: NDArray[np.float64]
    side: float
    name: str
    caption: str

    def drawn(self) -> Picture:
        """(CELL + BAR, CELL, 3): the face enlarged, with its landmarks, above the lines of text."""
        zoom = CELL / self.side
        # Pixel centres: the middle of the cell shows the middle of the face.
        offset = (CELL - 1) / 2 - zoom * self.centre
        matrix = np.hstack([np.eye(2) * zoom, offset[:, None]])
        large = cv2.warpAffine(
            self.photo, matrix, (CELL, CELL), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
        )
        faces = self.faces
        enlarged = Faces(
            faces.boxes * zoom + np.tile(offset, 2),
            faces.scores,
            faces.five_points * zoom + offset,
            faces.landmarks * zoom + offset,
            faces.scales * zoom,
            faces.scheme,
        )
        cell = np.full((CELL + BAR, CELL, 3), 24, np.uint8)
        cell[:CELL] = draw(large, enlarged)
        cell[:CELL, -1] = cell[0] = 24  # a line between the cells
        for i, text in enumerate((self.name, self.caption)):
            at = (8, CELL + 18 + 19 * i)
            cv2.putText(
                cell, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, (235, 235, 235), 1, cv2.LINE_AA
            )
        return cell


def draw_limits(
    model: Path, path: Path, photo: Path = PHOTO, side_view: Path = SIDE_VIEW
) -> dict[str, str]:
    """Draws the picture into a JPEG of at most `LARGEST` bytes.

    Args:
        model: an ONNX file that follows the graph contract.
        path: the JPEG.
        photo: the photo to corrupt; its largest face is shown.
        side_view: a photo of a face seen from the side.

    Returns:
        Name of each cell -> its caption.

    Raises:
        ValueError: MTCNN finds no face in a clean photo.
    """
    cells = [find() for find in cells_of(model, photo, side_view).values()]
    drawn = [cell.drawn() for cell in cells]
    drawn += [np.zeros_like(drawn[0])] * (-len(drawn) % COLUMNS)
    rows = [np.hstack(drawn[i : i + COLUMNS]) for i in range(0, len(drawn), COLUMNS)]
    data = _jpeg(np.vstack(rows))
    write_whole(path, data)
    return {cell.name: cell.caption for cell in cells}


def cells_of(
    model: Path, photo: Path = PHOTO, side_view: Path = SIDE_VIEW
) -> dict[str, Callable[[], Cell]]:
    """Name of each cell of the picture -> the function that finds its face.

    Raises:
        ValueError: MTCNN finds no face in the photo.
    """
    detector = Detector(model=model, detector="mtcnn")
    clean = _clean(detector, photo)

    def turned(name: str, degrees: int) -> Cell:
        middle = clean.place.five.mean(axis=0).tolist()
        matrix = cv2.getRotationMatrix2D(middle, -degrees, 1.0)
        image = cv2.warpAffine(
            clean.image,
            matrix,
            clean.image.shape[1::-1],
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )
        return _worse(detector, clean, image, name, matrix)

    def corrupted(how: Corruption) -> Cell:
        changed = how.change(clean.image, clean.place, np.random.default_rng(0))
        return _worse(detector, clean, changed, how.name, np.eye(2, 3))

    def beside(name: str) -> Cell:
        return _clean_cell(_clean(detector, side_view), name)

    cells: dict[str, Callable[[], Cell]] = {"as it is": lambda: _clean_cell(clean, "as it is")}
    for degrees in TURNS:
        name = f"turned by {degrees} degrees"
        cells[name] = partial(turned, name, degrees)
    cells["seen from the side"] = partial(beside, "seen from the side")
    return cells | {how.name: partial(corrupted, how) for how in CARD_CORRUPTIONS}


def _clean(detector: Detector, photo: Path) -> _Clean:
    image = load_image(photo)
    found = load_detector("mtcnn", threads=1).detect(image).five_points[:1]
    if not len(found):
        raise ValueError(f"{photo}: expected a photo of a face, MTCNN finds none")
    # Five points are given, so no face is dropped: a detector drops those of a bad network.
    faces = detector.predict(image, five_points=found)
    landmarks = faces.landmarks.astype(np.float64)
    # An untrained network may put all landmarks in one place.
    size = max(float(normalisers(landmarks, faces.scheme)[0]), 1.0)
    height = max(float(np.ptp(landmarks[0], axis=0).max()), 1.0)
    return _Clean(image, faces, Place(faces.five_points[0].astype(np.float64), size, height))


def _clean_cell(clean: _Clean, name: str) -> Cell:
    return Cell(
        clean.image, clean.faces, *_view(clean.place), name, _scale(clean.faces, clean.place)
    )


def _worse(
    detector: Detector, clean: _Clean, photo: Picture, name: str, matrix: NDArray[np.float64]
) -> Cell:
    """The cell of a changed photo; the matrix, (2, 3), takes the clean photo's pixels to its."""
    linear, offset = matrix[:, :2].T, matrix[:, 2]
    expected = clean.faces.landmarks[0].astype(np.float64) @ linear + offset
    found = detector.predict(photo)
    # MTCNN's box of the clean photo, turned about its middle, is good enough to know the face.
    low, high = clean.faces.boxes[0].astype(np.float64).reshape(2, 2)
    middle = (low + high) / 2 @ linear + offset
    box = np.concatenate([middle - (high - low) / 2, middle + (high - low) / 2])
    overlaps = iou(found.boxes, box[None])[:, 0]
    missed = not len(found) or bool(overlaps.max() < LEAST_IOU)
    if not missed:
        faces = found[[int(overlaps.argmax())]]
    else:
        faces = detector.predict(photo, five_points=(clean.place.five @ linear + offset)[None])
    off = np.linalg.norm(faces.landmarks[0] - expected, axis=1).mean() / clean.place.size
    centre, side = _view(clean.place)
    caption = "not found, " * missed + f"off {off:.1%}, {_scale(faces, clean.place)}"
    return Cell(photo, faces, centre @ linear + offset, side, name, caption)


def _scale(faces: Faces, place: Place) -> str:
    return f"scale {faces.scales.mean() / place.size:.1%}"


def _view(place: Place) -> tuple[NDArray[np.float64], float]:
    """Centre and side of the square that is shown, pixels of the photo."""
    matrix = crop_matrices(place.five[None], factor=VIEW, size=1, upright=True)
    return matrix[0, :, 2], float(steps(matrix)[0])


def _jpeg(picture: Picture) -> bytes:
    """The picture at the best quality that stays within `LARGEST`."""
    for quality in range(92, 0, -4):
        _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if len(data) <= LARGEST:
            break
    return data.tobytes()
