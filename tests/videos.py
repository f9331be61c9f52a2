"""Videos of known motion for tests."""

from functools import cache, lru_cache
from itertools import islice

import numpy as np

from benchmarks.videos.errors import Log
from benchmarks.videos.motions import MOTIONS, Frame, noisy
from benchmarks.videos.scene import Person, astronaut, background, paste, placed
from tests.grain import grained, seed


@cache
def people() -> tuple[Person, Person]:
    """The astronaut, and somebody else."""
    person = astronaut()
    return person, person.other()


@lru_cache(maxsize=6)  # some 100 MB each where they are whole
def video(motion: str, last: int | None = None) -> tuple[Frame, ...]:
    """The first frames of one motion of `benchmarks.videos.motions`."""
    return tuple(islice(noisy(MOTIONS[motion](*people()), seed()), last))


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
