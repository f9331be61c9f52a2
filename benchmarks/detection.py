"""Detection beside the packages `mtcnn` and `facenet-pytorch`, on the same photos in the same run.

    python -m benchmarks.detection --data 300w [--python-mtcnn PATH] [--python-facenet PATH]

Every photo is scaled and cut to 640 x 480 so that its annotated face is in the middle. Every
detector runs in a process of its own, bound to the same core, with one thread. In each round each
goes through all photos, so that whatever else the machine does meets all alike. A face is found
where a box has an IoU of at least 0.3 with the bounding box of its landmarks; every other box is
an extra one, which may well be a face that is not annotated. README.md tells how to make the
environments of the rivals.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks import machine

SIZE = (640, 480)
LEAST_IOU = 0.3
ASTRONAUT_FACE = np.array([181.0, 82, 266, 171])  # chin to brows
OURS = ("lapland-detect", "lapland-predict")
RIVALS = ("mtcnn", "facenet-pytorch")


def read_photos(
    data: Path | None, split: str, count: int | None
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Photos (N, 480, 640, 3) BGR and the box of the annotated face in each, (N, 4) x1 y1 x2 y2."""
    if data is None:
        image, face = window(cv2.imread(str(machine.PHOTO)), ASTRONAUT_FACE)
        return image[None], face[None]
    names = (data / "splits" / f"{split}.txt").read_text(encoding="utf-8").split()
    if count is not None and count < len(names):
        names = [names[i * len(names) // count] for i in range(count)]
    pairs = []
    for name in names:
        paths = [path for s in (".jpg", ".png") if (path := data / f"{name}{s}").exists()]
        if not paths:
            raise FileNotFoundError(f"{data / name}: no photo of this name, .jpg or .png")
        text = (data / f"{name}.pts").read_text(encoding="utf-8")
        points = np.array(text.split("{")[1].split("}")[0].split(), float).reshape(-1, 2) - 1
        box = np.concatenate([points.min(axis=0), points.max(axis=0)])
        pairs.append(window(cv2.imread(str(paths[0])), box))
    images, faces = zip(*pairs, strict=True)
    return np.stack(images), np.stack(faces)


def window(
    image: NDArray[np.uint8], face: NDArray[np.float64]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Scales an image to cover 640 x 480 and cuts it so that the face is as central as can be."""
    height, width = image.shape[:2]
    scale = max(SIZE[0] / width, SIZE[1] / height)
    size = (max(SIZE[0], round(width * scale)), max(SIZE[1], round(height * scale)))
    shrinks = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(image, size, interpolation=shrinks)
    face = (face + 0.5) * scale - 0.5
    free = np.array(size) - SIZE
    left, top = np.clip(((face[:2] + face[2:]) / 2 - np.array(SIZE) / 2).round(), 0, free)
    cut = scaled[int(top) : int(top) + SIZE[1], int(left) : int(left) + SIZE[0]]
    return np.ascontiguousarray(cut), face - [left, top, left, top]


def found_and_extra(boxes: Sequence[Sequence[float]], face: NDArray[np.float64]) -> tuple[int, int]:
    """Whether a box lies on the face (0 or 1), and how many other boxes there are."""
    given = np.array(boxes, float).reshape(-1, 4)
    low, high = np.maximum(given[:, :2], face[:2]), np.minimum(given[:, 2:], face[2:])
    shared = np.clip(high - low, 0, None).prod(axis=1)
    areas = (given[:, 2:] - given[:, :2]).prod(axis=1) + (face[2:] - face[:2]).prod()
    found = int((shared >= LEAST_IOU * (areas - shared)).any())
    return found, len(given) - found


class Worker:
    """A detector in its own process, see `worker.py`.

    Attributes:
        versions: of its packages.
        skipped: why it cannot run, or None.
    """

    def __init__(self, name: str, python: str, photos: Path) -> None:
        script = Path(__file__).with_name("worker.py")
        self.versions: dict[str, str] = {}
        try:
            self._process: subprocess.Popen[str] | None = subprocess.Popen(
                [python, str(script), name, str(photos)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        except OSError as error:
            self._process, self.skipped = None, f"{python}: {error.strerror}"
            return
        line = self._pipe(self._process.stdout).readline()
        answer = json.loads(line) if line else {"skip": f"{python} ended without an answer"}
        self.skipped = answer.get("skip")
        self.versions = answer.get("ready", {})

    def detect(self, photo: int) -> dict[str, Any]:
        """Time ("ms") and boxes of one photo."""
        assert self._process is not None
        print(photo, file=self._pipe(self._process.stdin), flush=True)
        line = self._pipe(self._process.stdout).readline()
        if not line:
            raise SystemExit("benchmarks.detection: a detector ended in the middle of the run")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._pipe(self._process.stdin).close()
            self._process.wait()
            self._pipe(self._process.stdout).close()

    @staticmethod
    def _pipe(pipe: IO[str] | None) -> IO[str]:
        assert pipe is not None
        return pipe


def measure(
    workers: dict[str, Worker], faces: NDArray[np.float64], rounds: int
) -> dict[str, dict[str, Any]]:
    """Figures of each detector; the first call of each on the first photos is not counted."""
    for worker in workers.values():
        for photo in range(min(3, len(faces))):
            worker.detect(photo)
    times: dict[str, list[float]] = {name: [] for name in workers}
    counts = {name: [0, 0] for name in workers}
    for turn in range(rounds):
        for name, worker in workers.items():
            for photo in range(len(faces)):
                answer = worker.detect(photo)
                times[name].append(answer["ms"])
                if turn == 0:
                    found, extra = found_and_extra(answer["boxes"], faces[photo])
                    counts[name][0] += found
                    counts[name][1] += extra
    return {
        name: {
            **machine.summary(times[name]),
            "recall_percent": 100 * counts[name][0] / len(faces),
            "extra_boxes": counts[name][1],
            "versions": worker.versions,
        }
        for name, worker in workers.items()
    }


def table(figures: dict[str, dict[str, Any]]) -> str:
    """The figures for the terminal; times as multiples of ours."""
    rows = [
        f"{'':<18}{'median ms':>10}{'p95 ms':>9}{'/ detect':>10}{'/ predict':>11}"
        f"{'recall %':>10}{'extra':>7}"
    ]
    for name, row in figures.items():
        ratios = [row["median"] / figures[ours]["median"] for ours in OURS]
        rows.append(
            f"{name:<18}{row['median']:>10.2f}{row['p95']:>9.2f}{ratios[0]:>10.2f}{ratios[1]:>11.2f}"
            f"{row['recall_percent']:>10.2f}{row['extra_boxes']:>7}  "
            + ", ".join(f"{key} {value}" for key, value in row["versions"].items())
        )
    return "\n".join(rows)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__)
    parser.add_argument("--data", type=Path, help="300-W folder; without it, the astronaut alone")
    parser.add_argument("--split", default="common", help="file of --data's splits/")
    parser.add_argument("--photos", type=int, help="so many of them, evenly chosen")
    parser.add_argument("--rounds", type=int, default=5, help="calls on each photo")
    parser.add_argument("--rivals", nargs="*", choices=RIVALS, default=list(RIVALS))
    parser.add_argument("--python-mtcnn", default=sys.executable, metavar="PATH")
    parser.add_argument("--python-facenet", default=sys.executable, metavar="PATH")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures here")
    options = parser.parse_args(arguments)
    try:
        images, faces = read_photos(options.data, options.split, options.photos)
    except OSError as error:
        raise SystemExit(f"benchmarks.detection: {error}") from None
    pythons = {"mtcnn": options.python_mtcnn, "facenet-pytorch": options.python_facenet}
    bound = machine.keep_to_one_core()
    load = machine.load()
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder) / "photos.npy"
        np.save(photos, images)
        workers = {
            name: Worker(name, pythons.get(name, sys.executable), photos)
            for name in (*OURS, *options.rivals)
        }
        skipped = {name: worker.skipped for name, worker in workers.items() if worker.skipped}
        broken = [f"{name}: {reason}" for name, reason in skipped.items() if name in OURS]
        if broken:
            raise SystemExit("benchmarks.detection: " + "; ".join(broken))
        running = {name: worker for name, worker in workers.items() if name not in skipped}
        figures = measure(running, faces, options.rounds)
        for worker in workers.values():
            worker.close()
    print(f"{machine.processor()}; one thread each{', one core' if bound else ''}; load {load:.1f}")
    print(
        f"{len(faces)} photos of 640 x 480 "
        f"({'astronaut' if options.data is None else options.split}), {options.rounds} rounds"
    )
    print(table(figures))
    for name, reason in skipped.items():
        print(f"{name}: skipped, {reason}")
    if options.json:
        record = {
            "cpu": machine.processor(),
            "load": load,
            "photos": len(faces),
            "rounds": options.rounds,
            "skipped": skipped,
            "detectors": figures,
        }
        machine.write_json(options.json, record)


if __name__ == "__main__":
    main()
