"""Times in turns, and errors over all faces."""

import json
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from benchmarks.common import machine
from benchmarks.peers import environment, score
from benchmarks.peers.photos import Photo, save
from benchmarks.peers.plan import HERE, OURS, Peer
from benchmarks.peers.process import Worker
from lapland.detection.registry import load_detector

Figures = dict[str, dict[str, Any]]
_WARM = 3  # photos before the clock counts


@dataclass(frozen=True)
class Entry:
    """A row of the tables and how its worker is started.

    Attributes:
        name: name of the row.
        python: the interpreter that has its package.
        script: its worker.
        variant: argument of its `Rival`.
        install_mb: size of its environment, None if that is not known.
    """

    name: str
    python: str
    script: Path
    variant: str
    install_mb: float | None

    def start(self, photos: Path) -> Worker:
        """A process of its own."""
        return Worker(self.python, self.script, self.variant, photos)


def entries(
    peers: Sequence[Peer], onnx: Sequence[Path] = (), adapter: Path | None = None
) -> tuple[list[Entry], dict[str, str]]:
    """The rows that can be measured, and why others are skipped."""
    rows, skipped = [], {}
    for peer in peers:
        reason = environment.missing(peer)
        if reason and peer is not OURS:  # this interpreter has the dependencies of lapland
            skipped[peer.name] = reason
            continue
        python, size = _python(peer)
        rows += [Entry(row.name, python, peer.script, row.variant, size) for row in peer.rows]
    python, size = _python(OURS)
    for file in onnx:  # in lapland's environment, which has all that they need
        variant = json.dumps({"model": str(file.resolve()), "adapter": str(adapter)})
        rows.append(Entry(file.name, python, HERE / "workers" / "onnx.py", variant, size))
    return rows, skipped


def _python(peer: Peer) -> tuple[str, float | None]:
    """The interpreter for a peer and the size of its environment; for ours without one, this."""
    if peer is OURS and environment.missing(peer):
        return sys.executable, None
    return str(environment.python(peer)), environment.install_mb(peer)


def times(
    rows: Sequence[Entry], photos: list[Photo], rounds: int, starts: int
) -> tuple[Figures, dict[str, str]]:
    """Milliseconds of all calls of all rows, in turns, and why rows are skipped.

    Every row has a process of its own, all at once. In each round each goes through all photos,
    call by call, so that other work of the machine meets all alike.
    """
    figures: Figures = {}
    taken: dict[str, dict[str, list[float]]] = {}
    with _folder(photos) as folder:
        workers, skipped = {}, {}
        for row in tqdm(rows, "start", mininterval=2):
            starts_of_row = []
            for start in range(starts):
                worker = row.start(folder)
                starts_of_row.append(worker.ready)
                if worker.skipped or start == starts - 1:
                    break
                worker.close()
            if worker.skipped:
                skipped[row.name] = worker.skipped
                worker.close()
                continue
            workers[row.name] = worker
            figures[row.name] = _about(row, worker) | {
                name: statistics.median(ready[name] for ready in starts_of_row)
                for name in ("import_ms", "load_ms")
            }
            taken[row.name] = {call: [] for call in worker.ready["calls"]}
        boxes = _boxes(photos)
        bar = tqdm(total=(rounds + 1) * len(workers), desc="rounds", mininterval=2)
        for turn in range(rounds + 1):  # the first, of a few photos, is not counted
            count = len(photos) if turn else min(_WARM, len(photos))
            for name, worker in workers.items():
                for call, spent in taken[name].items():
                    found = [_ask(worker, call, photo, boxes[photo]) for photo in range(count)]
                    if turn:
                        spent += [answer["ms"] for answer in found if answer is not None]
                bar.update()
        bar.close()
        for name, worker in workers.items():
            peak = worker.ask("memory")["result"]
            sums = {call: machine.summary(ms) for call, ms in taken[name].items() if ms}
            figures[name] |= {"peak_mb": peak, **sums}
            worker.close()
    return figures, skipped


def accuracy(rows: Sequence[Entry], photos: list[Photo]) -> tuple[Figures, dict[str, str]]:
    """Errors of all rows face by face, and why rows are skipped; `score.sum_up` sums them up."""
    figures: Figures = {}
    skipped: dict[str, str] = {}
    truths = [photo.landmarks for photo in photos if photo.landmarks is not None]
    with _folder(photos) as folder:
        boxes = _boxes(photos)
        for row in rows:
            worker = row.start(folder)
            if worker.skipped:
                skipped[row.name] = worker.skipped
                worker.close()
                continue
            figures[row.name] = _about(row, worker)
            results = {
                call: [
                    _ask(worker, call, index, boxes[index])
                    for index in tqdm(range(len(photos)), f"{row.name}: {call}", mininterval=2)
                ]
                for call in worker.ready["calls"]
                if not (call == "landmarks" and worker.ready["mtcnn"])
            }
            worker.close()
            for call in set(results) - {"detect"}:
                table = [
                    score.errors(score.match(_faces(answer, call), truth), truth)
                    for answer, truth in zip(results[call], truths, strict=True)
                ]
                figures[row.name][call] = score.by_face(np.array(table))
            if worker.ready["mtcnn"] and "landmarks" in worker.ready["calls"]:
                # Its own boxes are MTCNN's, so this was measured by "predict".
                figures[row.name]["landmarks"] = dict(figures[row.name]["predict"])
            if "detect" in results:
                counts = [
                    score.found_and_extra(answer["result"]["boxes"], photo.box)
                    for answer, photo in zip(results["detect"], photos, strict=True)
                ]
                hits, extra = np.sum(counts, axis=0).tolist()
                figures[row.name]["detect"] = {
                    "recall_percent": 100 * hits / len(photos),
                    "extra_boxes": extra,
                }
    return figures, skipped


@contextmanager
def _folder(photos: list[Photo]) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        save(photos, Path(name))
        yield Path(name)


def _about(row: Entry, worker: Worker) -> dict[str, Any]:
    ready = worker.ready
    about = {name: ready[name] for name in ("model_mb", "versions")}
    return {"install_mb": row.install_mb, **about}


def _boxes(photos: list[Photo]) -> list[dict[str, Any] | None]:
    """MTCNN's box and five points of the annotated face of each photo; None if it missed.

    They come from lapland's MTCNN, for all rows.
    """
    mtcnn = load_detector("mtcnn", threads=1)
    found: list[dict[str, Any] | None] = []
    for photo in tqdm(photos, "MTCNN's boxes", mininterval=2):
        boxes, _, points = mtcnn.detect(photo.image)
        best = score.box_of(boxes.tolist(), photo.box)
        given = ("box", boxes), ("five_points", points)
        found.append(None if best is None else {name: rows[best].tolist() for name, rows in given})
    return found


def _ask(worker: Worker, call: str, photo: int, box: dict[str, Any] | None) -> Any:
    """The answer to one call; None if it needs a box and there is none."""
    if call != "landmarks":
        return worker.ask(call, photo=photo)
    return None if box is None else worker.ask(call, photo=photo, **box)


def _faces(answer: dict[str, Any] | None, call: str) -> Any:
    """(N, 68, 2) of an answer; `landmarks` gives one face without the axis of faces."""
    if answer is None:
        return score.as68([])
    return score.as68([answer["result"]] if call == "landmarks" else answer["result"])
