"""`lapland webcam`: landmarks on a live picture, or on a video file, shown or recorded."""

import argparse
import contextlib
import time
from pathlib import Path

import cv2

from ..base.errors import ImageError, OptionError, clipped
from ..footage.recording import FORMATS, Recording, part_of
from ..footage.source import Source, is_live, opened
from .options import add_detector, complain, detector_options, path_of
from .stops import Stopped
from .view import Settings, View
from .window import TITLE, is_open, window


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "webcam",
        help="find and draw the landmarks in a live picture or a video",
        description="Finds the landmarks of every face in the picture of a camera, a video file or "
        "a stream, draws them, coloured by how sure they are, with a number for each face, and "
        "shows the picture, records it, or both. Keys in the window: d draws boxes as well, or "
        "the circles that hold nine in ten landmarks; s changes the smoothing, w the width; h "
        "hides the keys. Ends with q, Esc, Ctrl-C or the window.",
    )
    default = Settings()
    parser.add_argument(
        "--source",
        default=default.source,
        help="number of a camera, a video file or a URL (default: 0, the first camera)",
    )
    parser.add_argument("--record", type=path_of, metavar="OUT.mp4", help="also write a video file")
    parser.add_argument("--no-window", dest="window", action="store_false", help="show nothing")
    add_detector(parser, "video")
    parser.add_argument(
        "--smoothing",
        choices=("off", "light", "strong"),
        default=default.smoothing,
        help="how much landmarks are smoothed over time (default: light)",
    )
    parser.add_argument("--threads", type=int, metavar="N", help="threads (default: every core)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs the subcommand; returns the exit status."""
    settings = Settings(
        options.source,
        options.record,
        options.window,
        detector_options(options),
        options.smoothing,
    )
    print(show(settings))
    return 0


def show(settings: Settings) -> str:
    """Shows and records until the source ends, the user quits, or the window is closed.

    Ctrl-C quits, too, as SIGTERM does. The recording is complete in all these cases, and only
    then bears its name; see `Recording`.

    Returns:
        one line on frames, faces and recording.

    Raises:
        OptionError: the settings make no sense together.
        ImageError: the source cannot be read, or ends early. The recording holds the part before.
        LaplandError: there is no screen, or the recording cannot be written.
        Stopped: by SIGTERM or SIGHUP.
    """
    record = settings.record
    if not settings.window and record is None:
        raise OptionError("--no-window shows nothing; add --record OUT.mp4 to keep the result")
    if record is not None and record.suffix.lower() not in FORMATS:
        raise OptionError(
            f"--record {clipped(record)}: expected a file that ends in {', '.join(FORMATS)}"
        )
    if record is not None and not is_live(settings.source):
        places = [path.resolve() for path in (record, part_of(record))]
        if Path(settings.source).resolve() in places:
            raise OptionError(
                f"--record {clipped(record)}: the recording would take the place of the video"
            )
    with contextlib.ExitStack() as stack:
        source = stack.enter_context(opened(settings.source))
        view = View(settings, source.live)
        if settings.window:
            stack.enter_context(window())
        stack.callback(view.close)
        recording = None
        if record is not None:
            recording = stack.enter_context(Recording(record, source.rate(), source.live))
        # Ctrl-C is how one ends a program without a window: everything is closed in good order.
        stopped: KeyboardInterrupt | None = None
        try:
            _loop(view, source, recording)
        except KeyboardInterrupt as error:
            stopped = error
        if recording is not None:
            recording.close()
        summary = view.summary(recording)
        if isinstance(stopped, Stopped):
            complain(f"stopped; {summary}")
            raise stopped
        if source.missing:
            raise ImageError(f"{clipped(settings.source)}: {source.missing}; {summary}")
        return summary


def _loop(view: "View", source: Source, recording: Recording | None) -> None:
    start: float | None = None
    for image, seconds in source:
        picture = view.next(image, seconds)
        if recording is not None:
            recording.write(picture, seconds)
        if view.settings.window:
            cv2.imshow(TITLE, picture)
            # A file is shown at its own speed, or that of this machine; a camera as it comes.
            now = time.monotonic()
            start = now - seconds if start is None else max(start, now - seconds)
            wait = 1 if source.live else max(1, int(1000 * (start + seconds - now)))
            if not view.obeys(cv2.waitKey(wait)) or not is_open():
                return
