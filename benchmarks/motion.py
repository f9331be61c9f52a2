"""Videos with known motion, made from photos: `python -m benchmarks.motion --write FOLDER`.

A photo is moved over a drawn background by a known affine, and seen through a camera with sensor
noise. So the landmarks of every frame are known: they are those of the photo, carried along. The
command writes each video as `NAME.avi`, to look at.
"""

import argparse
from pathlib import Path

from benchmarks.videos.motions import MOTIONS, noisy, write
from benchmarks.videos.scene import astronaut


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.motion", description=__doc__)
    parser.add_argument("motions", nargs="*", help=f"of {', '.join(MOTIONS)}; all by default")
    parser.add_argument("--write", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--marked", action="store_true", help="draw the true landmarks")
    options = parser.parse_args()
    person = astronaut()
    options.write.mkdir(parents=True, exist_ok=True)
    for name in options.motions or MOTIONS:
        path = options.write / f"{name}.avi"
        write(noisy(MOTIONS[name](person, person.other())), path, marked=options.marked)
        print(path)


if __name__ == "__main__":
    main()
