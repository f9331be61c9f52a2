"""`lapland track`: the faces of a video as data, a line for each frame or face."""

import argparse
import csv
import json
from typing import Any, TextIO

from ..answers.blinks import Blinks
from ..base.errors import ImageError, LaplandError, OptionError, clipped
from ..base.files import replacing
from ..base.progress import counted
from ..detector import Detector
from ..footage.source import is_live
from ..schemes.ibug68 import IBUG68
from ..stream import TrackedFrame, track
from ..video.tracker import Tracker
from .options import add_detector, complain, detector_options, path_of
from .stops import Stopped


def add_parser(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Adds the subcommand."""
    parser = commands.add_parser(
        "track",
        help="write the faces of a video, frame by frame, as JSON Lines or CSV",
        description="Follows the faces of a video file, a stream or a camera. FILE.jsonl gets a "
        "line of JSON for each frame: its number and time in seconds, and the faces with their "
        "ids. FILE.csv gets a row for each face of each frame. If it is stopped, or the video ends "
        "early, the file is complete until there; Ctrl-C is how a camera is ended.",
    )
    parser.add_argument("source", help="a video file, a URL, or the number of a camera")
    parser.add_argument("-o", "--out", type=path_of, required=True, metavar="FILE.jsonl|FILE.csv")
    parser.add_argument("--pose", action="store_true", help="also yaw, pitch and roll")
    parser.add_argument(
        "--eyes", action="store_true", help="also openness of eyes and mouth, and blinks"
    )
    add_detector(parser, "video")
    parser.add_argument(
        "--smoothing",
        choices=("off", "light", "strong"),
        default="light",
        help="how much landmarks are smoothed over time (default: light)",
    )
    parser.add_argument("--threads", type=int, metavar="N", help="threads (default: every core)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Runs the subcommand; returns the exit status."""
    form = _FORMS.get(options.out.suffix.lower())
    if form is None or options.out.is_dir():
        raise OptionError(f"-o {clipped(options.out)}: expected a file that ends in .jsonl or .csv")
    detector = Detector(**vars(detector_options(options)))
    if (options.pose or options.eyes) and detector.model.scheme is not IBUG68:
        raise OptionError("--pose, --eyes: expected a model of the 68 landmarks of IBUG68")
    tracker = Tracker(detector, smoothing=options.smoothing, background=False)
    frames, faces, name = 0, 0, clipped(options.out)
    end: ImageError | KeyboardInterrupt | None = None
    try:
        with (
            replacing(options.out) as part,
            part.open("w", encoding="utf-8", newline="") as file,
        ):
            written = form(file, options.pose, options.eyes)
            try:
                for number, tracked in enumerate(track(options.source, tracker)):
                    written.add(number, tracked)
                    frames, faces = frames + 1, faces + len(tracked.faces)
            except (ImageError, KeyboardInterrupt) as error:
                if not frames:
                    raise
                end = error  # the lines so far stay
    except LaplandError:
        raise
    except OSError as error:
        raise LaplandError(f"{name}: cannot be written ({error.strerror})") from error
    report = f"{name}: {counted(frames, 'frame')}, {counted(faces, 'face')}"
    if isinstance(end, ImageError):
        raise ImageError(f"{end}; {report}")
    if end is not None and (isinstance(end, Stopped) or not is_live(options.source)):
        complain(f"stopped; {report}")
        raise end
    print(report)
    return 0


class _Lines:
    """A line of JSON for each frame."""

    def __init__(self, file: TextIO, pose: bool, eyes: bool) -> None:
        self._file, self._pose, self._eyes = file, pose, eyes
        self._blinks = Blinks()

    def add(self, number: int, tracked: TrackedFrame) -> None:
        time, _, faces = tracked
        row: dict[str, Any] = {"frame": number, "time": round(time, 4)}
        row |= faces.to_dict(pose=self._pose, eyes=self._eyes)
        if self._eyes:
            ended = self._blinks.update(faces, time)
            row["blinks"] = [
                {"id": b.id, "start": round(b.start, 4), "end": round(b.end, 4)} for b in ended
            ]
        self._file.write(json.dumps(row, allow_nan=False) + "\n")


class _Table:
    """A row of CSV for each face of each frame."""

    def __init__(self, file: TextIO, pose: bool, eyes: bool) -> None:
        self._rows, self._pose, self._eyes = csv.writer(file), pose, eyes
        self._headed = False
        self._blinks = Blinks()

    def add(self, number: int, tracked: TrackedFrame) -> None:
        time, _, faces = tracked
        if not self._headed:
            self._rows.writerow(self._heading(faces.scheme.size))
            self._headed = True
        if self._eyes:
            self._blinks.update(faces, time)
        for face in faces:
            plain = face.to_dict(pose=self._pose, eyes=self._eyes)
            row = [number, round(time, 4), plain["id"], *plain["box"], plain["score"]]
            row.append(plain.get("confidence", ""))
            if self._pose:
                row += [plain["pose"][name] for name in _ANGLES]
            if self._eyes:
                row += [*plain["eyes"]["openness"], *plain["eyes"]["closed"]]
                row += [plain["mouth"]["openness"], self._blinks.count(plain["id"])]
            self._rows.writerow([*row, *(v for point in plain["landmarks"] for v in point)])

    def _heading(self, landmarks: int) -> list[str]:
        names = ["frame", "time", "id", "box_x1", "box_y1", "box_x2", "box_y2", "score"]
        names.append("confidence")
        names += _ANGLES if self._pose else ()
        names += _EYES if self._eyes else ()
        return [*names, *(f"{axis}{i}" for i in range(landmarks) for axis in "xy")]


_ANGLES = ("yaw", "pitch", "roll")
_EYES = ("left_eye", "right_eye", "left_closed", "right_closed", "mouth", "blinks")
_FORMS: dict[str, type[_Lines] | type[_Table]] = {".jsonl": _Lines, ".csv": _Table}
