"""Errors, missed faces and lag on videos whose landmarks are known.

Methods are compared on the frames of a face that all of them have found: a method that gives up on
hard frames would look better otherwise. The faces that each has missed are counted beside that.
"""

import math

import numpy as np
from numpy.typing import NDArray

from benchmarks.videos.motions import Frame
from lapland import IBUG68, Faces
from lapland.schemes.normaliser import normalisers

PROBABILITIES = (0.5, 0.9)  # probabilities of the radii that are checked
_HERE = 0.5  # of the distance of the eye corners: a result further off is of no face
_DRAWS = 10_000  # of the bootstrap


class Log:
    """The results of one method on one motion, frame by frame."""

    def __init__(self) -> None:
        # Percent, of each visible face that was found, by the number of the frame and its name.
        self.errors: dict[tuple[int, str], float] = {}
        # Shares of the landmarks of that face within their radii of `PROBABILITIES`.
        self.covered: dict[tuple[int, str], list[float]] = {}
        self._frame = 0
        self.missed = 0  # visible faces without landmarks
        self.false = 0  # landmarks without a face
        self.switches = 0  # times that somebody got another identity
        self.exchanges = 0  # times that it was one that somebody else had had
        self.waits: list[int] = []  # frames until a face that became visible was found
        self.found: list[NDArray[np.float64]] = []  # landmarks if there is one face, else NaN
        self.true: list[NDArray[np.float64]] = []
        self._ids: dict[str, int] = {}
        self._owners: dict[int, str] = {}
        self._waiting: dict[str, int] = {}

    def add(self, frame: Frame, faces: Faces) -> None:
        """Compares the faces of a frame with the true ones."""
        self._frame += 1
        free = list(range(len(faces)))
        # Visible faces choose first: a face before a hidden one is another.
        for name, truth in sorted(frame.faces.items(), key=lambda item: item[1].hidden):
            size = normalisers(truth.landmarks[None], IBUG68)[0]
            centre = truth.landmarks.mean(axis=0)
            offsets = [np.linalg.norm(faces.landmarks[i].mean(axis=0) - centre) for i in free]
            hit = (
                free.pop(int(np.argmin(offsets)))
                if offsets and min(offsets) < size * _HERE
                else None
            )
            if truth.hidden:  # the tracker may follow the face before it, or guess
                self._waiting[name] = 0
                continue
            waited = self._waiting.setdefault(name, 0)
            if hit is None:
                self.missed += 1
                self._waiting[name] = waited + 1 if waited >= 0 else -1
                continue
            if waited >= 0:
                self.waits.append(waited)
                self._waiting[name] = -1
            distances = np.linalg.norm(faces.landmarks[hit] - truth.landmarks, axis=1)
            self.errors[self._frame, name] = float(100 * distances.mean() / size)
            if faces.calibration is not None:
                face = faces[hit]
                self.covered[self._frame, name] = [
                    float((distances <= face.radius(p)).mean()) for p in PROBABILITIES
                ]
            if faces.ids is not None:
                who = int(faces.ids[hit])
                if self._ids.setdefault(name, who) != who:
                    self.switches += 1
                    self.exchanges += self._owners.get(who, name) != name
                self._owners.setdefault(who, name)
                self._ids[name] = who
        for name in self._waiting:
            if name not in frame.faces:
                self._waiting[name] = 0
        # One result for a hidden face is no false face; a result far from all faces is.
        hidden = [t.landmarks.mean(axis=0) for t in frame.faces.values() if t.hidden]
        for i in free:
            at = faces.landmarks[i].mean(axis=0)
            self.false += not any(np.linalg.norm(at - h) < 100 for h in hidden)
        if len(frame.faces) == 1:
            truth = next(iter(frame.faces.values()))
            self.true.append(truth.landmarks)
            nothing = np.full_like(truth.landmarks, np.nan)
            self.found.append(faces.landmarks[0].astype(np.float64) if len(faces) == 1 else nothing)


def jitter(log: Log) -> float:
    """Mean distance of a landmark of a still face from its place one frame before, percent.

    NaN if the face was never found in two successive frames.
    """
    found, true = np.stack(log.found), np.stack(log.true)
    size = normalisers(true, IBUG68).mean()
    steps = np.linalg.norm(np.diff(found, axis=0), axis=2)
    known = steps[~np.isnan(steps)]
    return float(100 * known.mean() / size) if len(known) else math.nan


def lag(log: Log, landmarks: slice | list[int] = slice(None)) -> float:
    """Delay of the landmarks in frames: the delay of the truth that fits them best."""
    found, true = (np.stack(p)[:, landmarks].mean(axis=1) for p in (log.found, log.true))
    frames = np.arange(len(true), dtype=float)
    known = ~np.isnan(found).any(axis=1)
    known[:10] = False  # the delayed truth is not known at the start
    delays = np.arange(-1, 6, 0.02)
    misfits = []
    for delay in delays:
        late = np.stack([np.interp(frames - delay, frames, axis) for axis in true.T], axis=1)
        misfits.append((found - late)[known].std(axis=0).sum())
    return float(delays[int(np.argmin(misfits))])


def shared(log: dict[str, Log]) -> list[tuple[int, str]]:
    """The frames and names of faces that every method has found in one video."""
    first, *others = log.values()
    return [key for key in first.errors if all(key in other.errors for other in others)]


def summary(logs: list[dict[str, Log]], method: str) -> dict[str, float]:
    """Figures of one method over several videos, each seen by every method.

    Errors and coverage count the faces that every method has found.
    """
    keys = [shared(log) for log in logs]
    errors = [log[method].errors[key] for log, of in zip(logs, keys, strict=True) for key in of]
    covered = [
        log[method].covered[key]
        for log, of in zip(logs, keys, strict=True)
        for key in of
        if key in log[method].covered
    ]
    mine = [log[method] for log in logs]
    waits = [wait for log in mine for wait in log.waits]
    coverage = np.mean(covered, axis=0) if covered else np.full(len(PROBABILITIES), np.nan)
    return {
        "error": float(np.mean(errors)) if errors else float("nan"),
        "error_p95": float(np.percentile(errors, 95)) if errors else float("nan"),
        "compared": len(errors),
        **{f"within_{100 * p:.0f}": float(c) for p, c in zip(PROBABILITIES, coverage, strict=True)},
        "missed": sum(log.missed for log in mine),
        "false": sum(log.false for log in mine),
        "switches": sum(log.switches for log in mine),
        "exchanges": sum(log.exchanges for log in mine),
        "wait": float(np.mean(waits)) if waits else float("nan"),
        "wait_worst": max(waits, default=0),
    }


def difference(logs: list[dict[str, Log]], method: str, other: str) -> dict[str, float]:
    """The error of one method less that of another, in points.

    Both count the same frames. The 95 % interval comes from a bootstrap over videos, as the frames
    of one face err alike: it shows how much other faces would differ. NaN for one video.
    """
    gaps = [
        [log[method].errors[key] - log[other].errors[key] for key in shared(log)] for log in logs
    ]
    sums, counts = np.array([sum(g) for g in gaps]), np.array([len(g) for g in gaps])
    if not counts.sum():
        return dict.fromkeys(("difference", "low", "high"), float("nan"))
    low, high = np.nan, np.nan
    if np.count_nonzero(counts) > 1:
        draws = np.random.default_rng(0).integers(0, len(gaps), (_DRAWS, len(gaps)))
        low, high = np.percentile(
            sums[draws].sum(axis=1) / np.maximum(counts[draws].sum(axis=1), 1), (2.5, 97.5)
        )
    return {"difference": float(sums.sum() / counts.sum()), "low": float(low), "high": float(high)}
