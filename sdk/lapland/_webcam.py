"""`lapland webcam`: landmarks on a live picture, or on a video file, shown or recorded."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from . import _models as models
from ._detector import Detector
from ._draw import draw
from ._errors import LaplandError, OptionError
from ._faces import Faces
from .video.recording import FORMATS, Recording, part_of
from .video.smoothing import STRENGTHS
from .video.source import Source, is_live, opened
from .video.tracker import Tracker

_TITLE = "lapland"
_DRAWINGS = ("landmarks", "landmarks and boxes", "landmarks and radii", "nothing")
_RADIUS = 0.9  # probability of the circles that are drawn
_ESCAPE = 27
_AVERAGE = 0.1  # how much of the displayed times a new frame replaces


@dataclass
class Settings:
    """What the user chose, and may change by keys while the picture runs.

    Attributes:
        source: number of a camera, path of a video file, or URL of a stream.
        record: video file to write the drawn picture to.
        window: whether to show it.
        width: of the network.
        precision: of its arithmetic.
        model: path of a model of one's own; keys do not change the width then.
        min_face: smallest face, pixels.
        threads: threads of one call.
        smoothing: of the landmarks.
        drawing: index into what can be drawn: boxes, radii, nothing but the picture.
        help: whether the keys are listed in the picture.
    """

    source: str = "0"
    record: Path | None = None
    window: bool = True
    width: str = models.VIDEO_WIDTH
    precision: str = models.DEFAULT_PRECISION
    model: Path | None = None
    min_face: int = 40
    threads: int | None = None
    smoothing: str = "light"
    drawing: int = 0
    help: bool = True


def run(settings: Settings) -> str:
    """Shows and records until the source ends, the user quits, or the window is closed.

    Ctrl-C is one way to quit. The recording is complete in all these cases, and only then bears
    its name; see `Recording`.

    Returns:
        one line on what was done.

    Raises:
        OptionError: the settings make no sense together.
        ImageError: the source cannot be read.
        LaplandError: there is no screen, or the recording cannot be written.
    """
    record = settings.record
    if not settings.window and record is None:
        raise OptionError("--no-window shows nothing; add --record OUT.mp4 to keep the result")
    if record is not None and record.suffix.lower() not in FORMATS:
        raise OptionError(f"--record {record}: expected a file that ends in {', '.join(FORMATS)}")
    live = is_live(settings.source)
    if record is not None and not live:
        places = [path.resolve() for path in (record, part_of(record))]
        if Path(settings.source).resolve() in places:
            raise OptionError(f"--record {record}: the recording would take the place of the video")
    view = _View(settings, live)
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(opened(settings.source))
        if settings.window:
            stack.enter_context(_window())
        stack.callback(view.close)
        recording = None
        if record is not None:
            recording = stack.enter_context(Recording(record, source.fps, live))
        # Ctrl-C is how one ends a program without a window: everything is closed in good order.
        with contextlib.suppress(KeyboardInterrupt):
            _loop(view, source, recording)
        if recording is not None:
            recording.close()
        return view.summary(recording)


def _loop(view: "_View", source: Source, recording: Recording | None) -> None:
    shown = time.monotonic()
    for image, seconds in source:
        picture = view.next(image, seconds)
        if recording is not None:
            recording.write(picture, seconds)
        if view.settings.window:
            cv2.imshow(_TITLE, picture)
            # A file is shown at its own speed, a camera as it comes.
            shown = max(shown + 1 / source.fps, time.monotonic())
            wait = 1 if source.live else max(1, int(1000 * (shown - time.monotonic())))
            if not view.obeys(cv2.waitKey(wait)) or not _is_open():
                return


class _View:
    """What is made of each frame: faces found, drawn, with what the user wants to know."""

    def __init__(self, settings: Settings, live: bool) -> None:
        self.settings = settings
        # In a file no frame is in a hurry, so that faces are found in their first frame.
        self._tracker = Tracker(self._load(), smoothing=settings.smoothing, background=live)
        self._frames = 0
        self._ids: set[int] = set()
        self._ms = self._period = 0.0
        self._spent = 0.0
        self._last = time.monotonic()

    def _load(self) -> Detector:
        chosen = self.settings
        return Detector(
            chosen.width,
            precision=chosen.precision,
            model=chosen.model,
            min_face=chosen.min_face,
            threads=chosen.threads,
        )

    def next(self, image: NDArray[np.uint8], seconds: float) -> NDArray[np.uint8]:
        """The picture of a frame that was taken at that time."""
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

    def _drawn(self, image: NDArray[np.uint8], faces: Faces) -> NDArray[np.uint8]:
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
        name = chosen.model.name if chosen.model else f"width {chosen.width}"
        fps = 1 / self._period if self._period > 0 else 0.0
        _write(picture, f"{fps:.0f} fps, {self._ms:.1f} ms, {name}", (10, 22))
        if chosen.help and chosen.window:
            line = f"q quit  w width  d draw  s smoothing: {chosen.smoothing}  h help"
            _write(picture, line, (10, picture.shape[0] - 12))
        return picture

    def obeys(self, key: int) -> bool:
        """Does what a key asks for; False where it asks to end."""
        chosen = self.settings
        letter = chr(key & 0xFF) if key >= 0 else ""
        if letter == "q" or key & 0xFF == _ESCAPE:
            return False
        if letter == "w" and chosen.model is None:
            widths = models.widths(chosen.precision)
            chosen.width = widths[(widths.index(chosen.width) + 1) % len(widths)]
            self._tracker.use(self._load())
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
        return line if recording is None else f"{line}, recorded in {recording.path}"


@contextlib.contextmanager
def _window() -> Iterator[None]:
    problem = _why_no_window()
    if problem:
        raise LaplandError(
            f"no window can be shown: {problem}; use --no-window --record OUT.mp4, and look at that"
        )
    # OpenCV's Qt asks for a folder of fonts that it does not bring, and says so for each window.
    os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")
    cv2.namedWindow(_TITLE, cv2.WINDOW_AUTOSIZE | cv2.WINDOW_GUI_NORMAL)
    try:
        yield
    finally:
        cv2.destroyAllWindows()
        cv2.waitKey(1)  # some systems close it only when events are handled


def _is_open() -> bool:
    try:
        return cv2.getWindowProperty(_TITLE, cv2.WND_PROP_VISIBLE) >= 1
    except cv2.error:
        return False


def _why_no_window() -> str | None:
    """Why OpenCV cannot show a window, None where it can."""
    lines = [line.split(":", 1) for line in cv2.getBuildInformation().splitlines()]
    if any(len(line) == 2 and line[0].strip() == "GUI" and "NONE" in line[1] for line in lines):
        return "this OpenCV has no windows (opencv-python-headless; opencv-python has them)"
    if not sys.platform.startswith("linux"):
        return None
    if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
        return "there is no screen (neither DISPLAY nor WAYLAND_DISPLAY is set)"
    # Where the screen cannot be reached, the toolkit ends the process. Let it end another one.
    program = "import cv2; cv2.namedWindow('lapland')"
    tried = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    if tried.returncode:
        return f"the screen {os.environ.get('DISPLAY') or ''} cannot be used".replace("  ", " ")
    return None


def _write(picture: NDArray[np.uint8], text: str, at: tuple[int, int]) -> None:
    """Writes text so that it can be read on any ground."""
    black, white = (0, 0, 0), (255, 255, 255)
    # A rim by moving it, since thicker letters are also wider in OpenCV 5.
    moves = [(-1, 0, black), (1, 0, black), (0, -1, black), (0, 1, black), (0, 0, white)]
    for dx, dy, colour in moves:
        place = (at[0] + dx, at[1] + dy)
        cv2.putText(picture, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA)
