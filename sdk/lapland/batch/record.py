"""A file of JSON Lines, one for each photo. A stopped run continues it."""

import json
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from ..base.errors import LaplandError, OptionError, clipped
from ..base.files import replacing

_START = b'{"photo": '  # of every line, and of a line that was cut off


class Record:
    """The file, read once and then appended to. One run at a time may have it open.

    A line is `{"photo": ..., SETTINGS, ...}`, with `"error"` for a photo that cannot be used. Lines
    are written whole by a single call, so that only the last one can be cut off; it is removed
    and its photo done again.

    Path, size and time of the last change identify a photo, in every working folder. A run repeats
    photos that have changed.

    Attributes:
        done: absolute paths of the photos that have a line.
        faces: number of faces in these lines.
        failures: "photo: reason" of the photos whose line holds an error.
        pts: the names of `.pts` files that the lines mention, without `.pts`.
        mended: whether the last line was cut off and has been removed.

    The constructor removes a line of `photos`, so that the photo is done again, if the photo has
    changed, if a `.pts` file that the line names is gone, and with `retry` if the line holds an
    error. It also removes lines with an error whose photo has been deleted.

    Args:
        path: the file; made with its folder if there is none.
        settings: options that change results; lines with other settings are refused.
        photos: those of this run.
        retry: take out the lines with errors.

    Raises:
        OptionError: the file holds something else, or lines made with other settings.
        LaplandError: it cannot be written, or another run is writing to it.
    """

    def __init__(
        self,
        path: Path,
        settings: Mapping[str, Any],
        photos: Iterable[Path],
        *,
        retry: bool = False,
    ) -> None:
        self.path = path
        self._name = clipped(path)
        self._settings = dict(settings)
        self.done: set[str] = set()
        self.faces = 0
        self.failures: list[str] = []
        self.pts: set[str] = set()
        self.mended = False
        self._outdated: list[str] = []  # names of .pts files of photos that have changed
        try:
            if path.exists() and not path.is_file():
                raise OptionError(f"{self._name}: expected a regular file, or none")
            path.parent.mkdir(parents=True, exist_ok=True)
            self.file = self._opened()
            try:
                forgotten = self._read({os.path.abspath(photo) for photo in photos}, retry)
                if forgotten:
                    self._leave_out(forgotten)
            except BaseException:
                self.file.close()
                raise
        except OSError as error:
            raise LaplandError(f"{self._name}: cannot be written ({error.strerror})") from error

    def append(self, line: str) -> None:
        """Writes one line, whose text comes from `line_for`.

        Raises:
            LaplandError: it cannot be written, for example on a full disk.
        """
        data = line.encode("ascii") + b"\n"
        try:
            written = self.file.write(data)
            if written != len(data):  # the disk is full; the next run removes this half
                raise LaplandError(f"{self._name}: cannot be written (the disk is full?)")
        except OSError as error:
            raise LaplandError(f"{self._name}: cannot be written ({error.strerror})") from error

    def close(self) -> None:
        """Lets other runs have the file."""
        self.file.close()

    def _opened(self) -> BinaryIO:
        file: BinaryIO = self.path.open("a+b", buffering=0)
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                raise LaplandError(f"{self._name}: another run is writing to this file") from None
            except OSError:
                pass  # a file system without locks
        return file

    def _read(self, photos: set[str], retry: bool) -> set[int]:
        """Reads the lines; returns the positions of those to do again."""
        forgotten: set[int] = set()
        at, line = 0, b"\n"
        with self.path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                row = _parsed(line)
                if row is None:
                    if line.endswith(b"\n") or not _is_beginning(line):
                        raise OptionError(
                            f"{self._name}: line {number} is none that lapland wrote, and the file "
                            "is left as it is; give the name of a new one"
                        )
                    self.file.truncate(at)
                    self.mended = True
                    return forgotten
                self._check(row)
                changed = _place(row) in photos and not _is_the_same(row)
                again = (retry and "error" in row) or not self._has_pts(row) or changed
                if again and _is_over(row, photos):
                    forgotten.add(at)
                    if changed:
                        self._outdated += row.get("pts", ())
                else:
                    self._take(row)
                at += len(line)
        if not line.endswith(b"\n"):
            self.file.write(b"\n")
        return forgotten

    def _take(self, row: dict[str, Any]) -> None:
        self.done.add(_place(row))
        self.faces += len(row.get("faces", ()))
        self.pts |= {name.removesuffix(".pts") for name in row.get("pts", ())}
        if "error" in row:
            self.failures.append(f"{clipped(row['photo'])}: {row['error']}")

    def _has_pts(self, row: dict[str, Any]) -> bool:
        return all((self.path.parent / name).is_file() for name in row.get("pts", ()))

    def _check(self, row: dict[str, Any]) -> None:
        found = {name: row.get(name) for name in self._settings}
        if found != self._settings:
            raise OptionError(
                f"{self._name}: was written with {_listed(found)}, and now it is "
                f"{_listed(self._settings)}; give the same options, or the name of a new file"
            )

    def _leave_out(self, forgotten: set[int]) -> None:
        """Rewrites the file without some lines: beside it, then in its place."""
        with replacing(self.path) as part:
            with part.open("wb") as kept:
                for at, line in _positions(self.path):
                    if at not in forgotten:
                        kept.write(line)
            self.file.close()
        self.file = self._opened()
        for name in self._outdated:
            if name.removesuffix(".pts") not in self.pts:
                (self.path.parent / name).unlink(missing_ok=True)


def identity(photo: Path) -> dict[str, Any]:
    """By which a photo is known again: its absolute path, bytes, and nanoseconds of its change.

    Empty for all that is no regular file.
    """
    try:
        status = photo.stat()
    except (OSError, ValueError):
        return {}
    if not stat.S_ISREG(status.st_mode):
        return {}
    return {"path": os.path.abspath(photo), "size": status.st_size, "changed": status.st_mtime_ns}


def line_for(photo: Path, settings: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """One line without its end: the photo, the settings, and its result or error; ASCII."""
    return json.dumps({"photo": str(photo), **settings, **result}, allow_nan=False)


def _positions(path: Path) -> Iterator[tuple[int, bytes]]:
    at = 0
    with path.open("rb") as lines:
        for line in lines:
            yield at, line
            at += len(line)


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The row of a line that is one of ours, whole."""
    if not line.startswith(_START):
        return None
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and isinstance(row["photo"], str) else None


def _is_over(row: dict[str, Any], photos: set[str]) -> bool:
    """Whether the row may go: this run does its photo again, or it failed and is gone."""
    gone = "error" in row and not os.path.lexists(_place(row))
    return gone or _place(row) in photos


def _place(row: dict[str, Any]) -> str:
    """The absolute path of a row's photo; rows of earlier versions have only the one given."""
    place = row.get("path")
    return place if isinstance(place, str) else os.path.abspath(row["photo"])


def _is_the_same(row: dict[str, Any]) -> bool:
    """Whether the photo is the one of the row; True if the photo is not there."""
    now = identity(Path(_place(row)))
    return not now or "size" not in row or now == {name: row.get(name) for name in now}


def _is_beginning(line: bytes) -> bool:
    """Whether it may be the beginning of one of our lines; a crash may leave zeros in its place."""
    text = line.rstrip(b"\0")
    return text.startswith(_START) or _START.startswith(text)


def _listed(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())
