"""Draws the pictures of docs/gallery.md: `python examples/gallery.py OUT`.

`gallery-photos.jpg` shows photos of many kinds, `gallery-hard.jpg` one face under conditions that
make it harder. Circles hold nine in ten landmarks; numbers are the confidence.
`points.jpg` numbers the 68 landmarks.
"""

import sys
from pathlib import Path

import cv2
import numpy as np

from lapland import Detector, draw

HERE = Path(__file__).resolve().parent
SIDE = 300  # pixels of a tile


def tile(image, detector, title):
    """A square about the largest face, enlarged, with its landmarks; the title stands below."""
    faces = detector.predict(image)[:1]
    confidence = f"{faces.confidence[0]:.2f}" if len(faces) else "no face"
    box = faces.boxes[0] if len(faces) else (0, 0, image.shape[1], image.shape[0])
    x1, y1, x2, y2 = box
    centre, side = np.array([(x1 + x2) / 2, (y1 + y2) / 2]), 1.7 * max(x2 - x1, y2 - y1)
    zoom = SIDE / side
    matrix = np.hstack([np.eye(2) * zoom, (SIDE / 2 - zoom * centre)[:, None]])
    large = cv2.warpAffine(
        image, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if len(faces):
        # The landmarks are those of the photo, not of the enlarged tile.
        moved = type(faces)(
            faces.boxes * zoom + np.tile(matrix[:, 2], 2),
            faces.scores,
            faces.five_points * zoom + matrix[:, 2],
            faces.landmarks * zoom + matrix[:, 2],
            faces.scales * zoom,
            faces.scheme,
            None,
            faces.textures,
            faces.calibration,
        )
        large = draw(large, moved, radius=0.9)
    label = np.full((34, SIDE, 3), 255, np.uint8)
    text = f"{title}: {confidence}"
    cv2.putText(label, text, (8, 23), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (40, 40, 40), 1, cv2.LINE_AA)
    return np.vstack([large, label])


def sheet(tiles, columns=4):
    """Tiles in rows."""
    rows = [tiles[i : i + columns] for i in range(0, len(tiles), columns)]
    return np.vstack([np.hstack(row) for row in rows])


def photos():
    """(title, photo) of every kind."""
    yield "astronaut", cv2.imread(str(HERE / "astronaut.png"))
    for name in ("headscarf", "wrinkles", "cap", "keffiyeh", "portrait", "glasses"):
        yield name, cv2.imread(str(HERE / "gallery" / f"{name}.jpg"))
    yield "turned away", cv2.imread(str(HERE / "camera.png"))


def conditions():
    """(title, photo) of the astronaut, harder and harder."""
    image = cv2.imread(str(HERE / "astronaut.png"))
    noise = np.random.default_rng(0).normal(0, 1, image.shape)
    yield "clean", image
    covered = image.copy()
    covered[128:180, 185:265] = (90, 110, 120)
    yield "mouth covered", covered
    half = image.copy()
    half[60:190, 225:290] = (90, 110, 120)
    yield "half covered", half
    yield "blurred", cv2.GaussianBlur(image, (0, 0), 5)
    yield "dark", np.clip(image / 6 + 3 * noise, 0, 255).astype(np.uint8)
    yield "noise", np.clip(image + 40 * noise, 0, 255).astype(np.uint8)
    yield (
        "face of 27 pixels",
        cv2.resize(image, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA),
    )
    turn = cv2.getRotationMatrix2D((222, 120), 35, 1)
    yield "rolled by 35 degrees", cv2.warpAffine(image, turn, (512, 512))


def numbered(detector, side=960):
    """The astronaut's face, enlarged, with the index beside each landmark."""
    image = cv2.imread(str(HERE / "astronaut.png"))
    face = detector.predict(image)[0]
    low, high = face.landmarks.min(axis=0) - 8, face.landmarks.max(axis=0) + 8
    zoom = side / (high - low).max()
    matrix = np.hstack([np.eye(2) * zoom, (side / 2 - zoom * (low + high) / 2)[:, None]])
    large = cv2.warpAffine(image, matrix, (side, side), flags=cv2.INTER_CUBIC)
    large = cv2.addWeighted(
        large, 0.6, np.full_like(large, 255), 0.4, 0
    )  # so that numbers stand out
    for indices, closed in face.scheme.contours:
        line = (face.landmarks[list(indices)] * zoom + matrix[:, 2]).round().astype(np.int32)
        cv2.polylines(large, [line], closed, (160, 160, 0), 1, cv2.LINE_AA)
    for index, point in enumerate(face.landmarks * zoom + matrix[:, 2]):
        x, y = point.round().astype(int).tolist()
        inner = index >= 60  # inner lips: there is room for numbers below
        cv2.circle(large, (x, y), 3, (0, 0, 200), -1, cv2.LINE_AA)
        place = (x - 8, y + 16) if inner or 55 <= index <= 59 else (x - 8, y - 7)
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(large, str(index), place, font, 0.42, (0, 0, 0), 1, cv2.LINE_AA)
    return large


def main(out):
    """Writes the pictures."""
    detector = Detector(min_face=20, threads=1)
    quality = [cv2.IMWRITE_JPEG_QUALITY, 88]
    cv2.imwrite(str(Path(out) / "points.jpg"), numbered(detector), quality)
    for name, shown in (("photos", photos()), ("hard", conditions())):
        tiles = [tile(image, detector, title) for title, image in shown]
        path = Path(out) / f"gallery-{name}.jpg"
        cv2.imwrite(str(path), sheet(tiles), quality)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else ".")
