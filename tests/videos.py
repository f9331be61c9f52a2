"""Videos of known motion for tests."""

from collections.abc import Iterator
from functools import cache
from itertools import islice

import numpy as np

from benchmarks.videos.errors import Log
from benchmarks.videos.motions import MOTIONS, Frame, noisy
from benchmarks.videos.scene import Person, astronaut, background, paste, placed
from tests.grain import grained, seed

CROPS = 8  # from which a test knows the astronaut's landmarks


@cache
def people() -> tuple[Person, Person]:
    """The astronaut, and somebody else."""
    person = astronaut(CROPS)
    return person, person.other()


@cache  # some 750 MB in all
def _begun(motion: str) -> tuple[list[Frame], Iterator[Frame]]:
    """The frames that were asked for so far, and the others."""
    return [], noisy(MOTIONS[motion](*people()), seed())


def video(motion: str, last: int | None = None) -> tuple[Frame, ...]:
    """The first frames of one motion of `benchmarks.videos.motions`."""
    frames, others = _begun(motion)
    frames.extend(islice(others, None if last is None else max(0, last - len(frames))))
    return tuple(frames[:last])


def follow(tracker, frames):
    """Log and identities of each frame."""
    log, ids = Log(), []
    for frame in frames:
        faces = tracker.update(frame.image)
        assert len(set(faces.ids.tolist())) == len(faces)
        log.add(frame, faces)
        ids.append(faces.ids.tolist())
    return log, ids


def two_faces():
    """A frame of both people, side by side."""
    one, other = people()
    canvas = background()
    for who, x in ((one, 180), (other, 460)):
        canvas = paste(canvas, who, placed(who, x, 240, 130), head=True)
    return grained(canvas.astype(np.uint8))


def one_face():
    """The same frame without the second."""
    one, _ = people()
    canvas = paste(background(), one, placed(one, 180, 240, 130), head=True)
    return grained(canvas.astype(np.uint8))
