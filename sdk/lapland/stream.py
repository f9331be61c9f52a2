"""A video as data: one call that yields time, frame and faces."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .base.errors import ImageError, OptionError, clipped, shown
from .faces.faces import Faces
from .footage.source import opened
from .video.tracker import Tracker


class TrackedFrame(NamedTuple):
    """A frame of a video.

    Attributes:
        time: seconds from the beginning.
        frame: (H, W, 3) uint8 BGR.
        faces: with ids that last from frame to frame.
    """

    time: float
    frame: NDArray[np.uint8]
    faces: Faces


def track(source: str | Path | int, tracker: Tracker | None = None) -> Iterator[TrackedFrame]:
    """Follows the faces of a video file, a stream, or a camera.

    Args:
        source: path of a file, URL, or number of a camera.
        tracker: a tracker with options of your own; None takes `Tracker()`; if the source is a
            file, every search ends before the next frame, so that results repeat.

    Yields:
        Every frame, with its time and faces.

    Raises:
        ImageError: the source cannot be read, or ends early, after its last frame;
            `ImageNotFoundError` if there is no such file.

    Example:
        >>> for time, frame, faces in track("clip.mp4"):
        ...     print(time, faces.ids, faces.pose().yaw)
    """
    if tracker is not None and not isinstance(tracker, Tracker):
        raise OptionError(f"tracker: expected a Tracker, not {shown(tracker)}")
    with opened(str(source)) as frames:
        if tracker is None:
            tracker = Tracker(background=frames.live)
        for image, time in frames:
            yield TrackedFrame(time, image, tracker.update(image, time))
        if frames.missing:
            raise ImageError(f"{clipped(source)}: {frames.missing}")
