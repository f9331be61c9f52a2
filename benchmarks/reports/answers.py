"""Pictures of `docs/answers.md`.

`pose.png` shows the head of the package with positive yaw, pitch and roll. `chips.jpg` has the
layouts of chips, masks and a blurred face.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from lapland import Detector, blur
from lapland.answers.chips import LAYOUTS
from lapland.answers.head import load_head
from lapland.answers.outline import triangles
from lapland.answers.rotations import rotations_of
from lapland.image.loading import load_image
from training.common.paths import REPOSITORY

PHOTO = REPOSITORY / "examples" / "astronaut.png"
TILE = 280
_COLOURS = ((60, 60, 230), (40, 150, 40), (210, 90, 20), (160, 40, 160), (20, 130, 200))
_FONT = cv2.FONT_HERSHEY_SIMPLEX
POSES = (("yaw +30", (30, 0, 0)), ("pitch +25", (0, 25, 0)), ("roll +25", (0, 0, 25)))


def posed() -> NDArray[np.uint8]:
    """The head of the package in each of `POSES`, as a net of triangles."""
    tiles = []
    for name, angles in POSES:
        rotation = rotations_of(np.array([angles], np.float64))[0]
        flat = (rotation @ load_head().frontal)[:2].T * [1, -1]
        flat = flat * 13 + [TILE / 2, TILE / 2 + 10]
        tile = np.full((TILE, TILE, 3), 255, np.uint8)
        for corners in triangles():
            line = (flat[corners] * 16).round().astype(np.int32)
            cv2.polylines(tile, [line], True, (150, 150, 150), 1, cv2.LINE_AA, 4)
        tip = flat[30]
        end = tip + 60 * rotation[:2, 2] * [1, -1]
        first, last = (tuple(int(v) for v in p.round()) for p in (tip, end))
        cv2.arrowedLine(tile, first, last, _COLOURS[2], 2, cv2.LINE_AA, 0, 0.25)
        cv2.putText(tile, name, (12, 24), _FONT, 0.6, (40, 40, 40), 1, cv2.LINE_AA)
        tiles.append(tile)
    return np.hstack(tiles)


def cut(image: NDArray[np.uint8], detector: Detector) -> NDArray[np.uint8]:
    """Chips of each layout, the masks of skin, eyes and lips, and a blurred face."""
    faces = detector.predict(image)
    tiles = [cv2.resize(faces.chips(image, 224, layout)[0], (TILE, TILE)) for layout in LAYOUTS]
    painted = image.copy()
    for name, colour in (("skin", _COLOURS[1]), ("eyes", _COLOURS[2]), ("lips", _COLOURS[0])):
        mask = faces[0].mask(image, name)
        painted[mask] = (0.5 * painted[mask] + 0.5 * np.array(colour)).astype(np.uint8)
    portrait = faces.chips(image, TILE, "portrait").matrices[0]
    for picture in (painted, blur(image, faces)):
        tiles.append(cv2.warpAffine(picture, portrait, (TILE, TILE)))
    return np.hstack(tiles)


def pictures() -> dict[str, NDArray[np.uint8]]:
    """File name -> picture."""
    image, detector = load_image(PHOTO), Detector(threads=1)
    return {"pose.png": posed(), "chips.jpg": cut(image, detector)}
