"""Identities of real faces that cross: `python -m benchmarks.crossing --data 300w`.

Two people pass each other twice, as `cross` of `benchmarks.videos.motions` has them, the first in
front. Each video is seen at several rates, as a file (`background=False`) and live. A live search
ends before the next frame comes, however busy the machine: so the same command gives the same
figures. Of each person and each crossing it is counted whether the person had another identity
afterwards: a new one, or, worse, one that the other person has had.
"""

import argparse
from itertools import islice
from pathlib import Path

from benchmarks.common import results
from benchmarks.common.models import add_model, detector_of
from benchmarks.tracking import people
from benchmarks.videos.errors import Log
from benchmarks.videos.motions import FPS, MOTIONS, Frame, noisy
from benchmarks.videos.scene import Person
from lapland import Detector, Tracker
from training.common.command import as_program

MODES = {"file": False, "live": True}
CHANCES = 4  # two people, two crossings


def run(frames: list[Frame], detector: Detector, rate: int, background: bool) -> Log:
    """One video at one rate."""
    log = Log()
    with Tracker(detector, background=background) as tracker:
        for number, frame in enumerate(islice(frames, 0, None, FPS // rate)):
            log.add(frame, tracker.update(frame.image, number / rate))
            tracker.wait()
    return log


def measure(
    persons: list[Person], detector: Detector, rates: list[int]
) -> dict[str, dict[str, float]]:
    """Figures of each rate and mode, over all pairs of neighbours in the list."""
    from tqdm import tqdm

    logs: dict[str, list[Log]] = {f"{rate} {mode}": [] for rate in rates for mode in MODES}
    for i, person in enumerate(tqdm(persons, unit="pair", mininterval=2.0)):
        frames = list(noisy(MOTIONS["cross"](person, persons[i - 1])))
        for rate in rates:
            for mode, background in MODES.items():
                logs[f"{rate} {mode}"].append(run(frames, detector, rate, background))
    chances = CHANCES * len(persons)
    return {
        key: {
            "exchanged": 100 * sum(log.exchanges for log in row) / chances,
            "changed": 100 * sum(log.switches for log in row) / chances,
            "missed": 100 * sum(log.missed for log in row) / sum(map(seen_in, row)),
        }
        for key, row in logs.items()
    }


def seen_in(log: Log) -> int:
    """Visible faces of a video, in all its frames."""
    return log.missed + len(log.errors)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crossing", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder in the layout of 300-W")
    parser.add_argument("--split", type=Path, help="its split file (default: splits/val.txt)")
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--rates", type=int, nargs="+", default=[30, 15, 5], metavar="N")
    add_model(parser)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    options = parser.parse_args()
    wrong = [rate for rate in options.rates if rate < 1 or FPS % rate]
    if wrong:
        parser.error(f"rates divide {FPS}, not {wrong[0]}")
    header = results.header("crossing")
    persons = people(options.data, options.split, options.pairs)
    if len(persons) < 2:
        parser.error("two faces are needed for a pair")
    detector = detector_of(options, "video", options.threads)
    figures = measure(persons, detector, options.rates)
    print(f"{results.machine_line(header)}; {len(persons)} pairs, {options.width}")
    print(f"{'frames a second':<18}{'exchanged, %':>14}{'changed, %':>12}{'missed, %':>11}")
    for key, row in figures.items():
        print(f"{key:<18}{row['exchanged']:>14.1f}{row['changed']:>12.1f}{row['missed']:>11.1f}")
    if options.json:
        results.write(options.json, header, {"pairs": len(persons), "figures": figures})


if __name__ == "__main__":
    as_program(main)
