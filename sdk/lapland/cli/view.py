"""The picture of `lapland webcam`: faces, drawn with the details that the user chose."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

import cv2

from ..base.arrays import Image
from ..base.errors import clipped
from ..detector import Detector
from ..faces.drawing import draw
from ..faces.faces import Faces
from ..footage.recording import Recording
from ..networks import index
from ..options import DetectorOptions
from ..video.smoothing import STRENGTHS
from ..video.tracker import Tracker
from .options import with_default

_DRAWINGS = ("landmarks", "landmarks and boxes", "landmarks and radii", "nothing")
_RADIUS = 0.9  # probability of the circles that are drawn
_ESCAPE = 27
_DEFAULT = DetectorOptions()
_AVERAGE = 0.1  # share of a new frame in the displayed times


@dataclass
class Settings:
    """The user's choices; keys change them while the picture runs.

    Attributes:
        source: number of a camera, path of a video file, or URL of a stream.
        record: video file to write the drawn picture to.
        window: whether to show it.
        detector: options of the detector; keys change its width, unless it has a custom model.
        smoothing: smoothing of the landmarks.
        drawing: index into the kinds of drawing: with boxes, with radii, nothing but the picture.
        help: whether the keys are listed in the picture.
    """

    source: str = "0"
    record: Path | None = None
    window: bool = True
    detector: DetectorOptions = _DEFAULT
    smoothing: str = "light"
    drawing: int = 0
    help: bool = True


class View:
    """Finds the faces of each frame and draws them with the chosen details."""

    def __init__(self, settings: Settings, live: bool) -> None:
        self.settings = settings
        if settings.detector.model is None:
            settings.detector = with_default(settings.detector, "video")
        # The frames of a file can wait for a search, so faces are found in their first frame.
        self._tracker = Tracker(
            Detector(**vars(settings.detector)), smoothing=settings.smoothing, background=live
        )
        self._frames = 0
        self._ids: set[int] = set()
        self._ms = self._period = 0.0
        self._spent = 0.0
        self._last = time.monotonic()

    def next(self, image: Image, seconds: float) -> Image:
        """The drawn picture of a frame; its time in seconds."""
        start = time.perf_counter()
        faces = self._tracker.update(image, seconds)
        took = time.perf_counter() - start
        now = time.monotonic()
        period, self._last = now - self._last, now
        weight = _AVERAGE if self._frames else 1.0
        self._ms += weight * (1000 * took - self._ms)
        self._period += weight * (period - self._period)
        self._frames += 1
        self._spent += took
        assert faces.ids is not None
        self._ids |= set(faces.ids.tolist())
        return self._drawn(image, faces)

    def _drawn(self, image: Image, faces: Faces) -> Image:
        chosen = self.settings
        drawing = _DRAWINGS[chosen.drawing]
        if drawing == "nothing":
            picture = draw(image, faces[:0])
        else:
            # A model of one's own may be without calibration: its faces have no radii.
            circles = drawing == "landmarks and radii" and faces.calibration is not None
            boxes = drawing == "landmarks and boxes"
            picture = draw(image, faces, boxes=boxes, radius=_RADIUS if circles else None)
            for face in faces:
                x1, _, x2, y2 = face.box
                _write(picture, f"{face.id}", (int(x1 + x2) // 2, int(y2) + 22))
        own = chosen.detector.model
        name = Path(own).name if own else f"width {chosen.detector.width}"
        fps = 1 / self._period if self._period > 0 else 0.0
        _write(picture, f"{fps:.0f} fps, {self._ms:.1f} ms, {name}", (10, 22))
        if chosen.help and chosen.window:
            line = f"q quit  w width  d draw  s smoothing: {chosen.smoothing}  h help"
            _write(picture, line, (10, picture.shape[0] - 12))
        return picture

    def obeys(self, key: int) -> bool:
        """Obeys a key; False if it asks to end."""
        chosen = self.settings
        letter = chr(key & 0xFF) if key >= 0 else ""
        if letter == "q" or key & 0xFF == _ESCAPE:
            return False
        if letter == "w" and chosen.detector.model is None:
            now = chosen.detector
            widths = index.widths(now.precision, now.weights)
            assert now.width is not None  # __init__ has filled it in
            wider = widths[(widths.index(now.width) + 1) % len(widths)]
            chosen.detector = replace(chosen.detector, width=wider)
            self._tracker.use(Detector(**vars(chosen.detector)))
        elif letter == "s":
            names = list(STRENGTHS)
            chosen.smoothing = names[(names.index(chosen.smoothing) + 1) % len(names)]
            self._tracker.use(smoothing=chosen.smoothing)
        elif letter == "d":
            chosen.drawing = (chosen.drawing + 1) % len(_DRAWINGS)
        elif letter == "h":
            chosen.help = not chosen.help
        return True

    def close(self) -> None:
        """Ends the tracker's thread."""
        self._tracker.close()

    def summary(self, recording: Recording | None) -> str:
        """One line on all frames."""
        if not self._frames:
            return "no frames"
        people = len(self._ids)
        line = f"{self._frames} frames, {people} face{'' if people == 1 else 's'}, "
        line += f"{1000 * self._spent / self._frames:.1f} ms a frame"
        return line if recording is None else f"{line}, recorded in {clipped(recording.path)}"


def _write(picture: Image, text: str, at: tuple[int, int]) -> None:
    """Writes text so that it can be read on any ground."""
    black, white = (0, 0, 0), (255, 255, 255)
    # A rim by moving it, since thicker letters are also wider in OpenCV 5.
    moves = [(-1, 0, black), (1, 0, black), (0, -1, black), (0, 1, black), (0, 0, white)]
    for dx, dy, colour in moves:
        place = (at[0] + dx, at[1] + dy)
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
