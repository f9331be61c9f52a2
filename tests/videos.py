"""Videos of known motion for tests."""

from functools import cache, lru_cache
from itertools import islice

from benchmarks.videos.motions import MOTIONS, Frame, noisy
from benchmarks.videos.scene import Person, astronaut

SEED = 0  # of the sensor's noise; `pytest --noise` gives another


@cache
def people() -> tuple[Person, Person]:
    """The astronaut, and somebody else."""
    person = astronaut()
    return person, person.other()


@lru_cache(maxsize=6)  # some 100 MB each where they are whole
def video(motion: str, last: int | None = None) -> tuple[Frame, ...]:
    """The first frames of one motion of `benchmarks.motion`."""
    return tuple(islice(noisy(MOTIONS[motion](*people()), SEED), last))
