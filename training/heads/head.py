"""A head whose shape and expression are linear: ICT-FaceKit's (MIT), read from one file.

Axes of the head: x to the right of the picture, y up, z towards the viewer; centimetres.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

JAW = 17  # landmarks of the jaw, the first ones; the chin is number 8
CHIN = 8
SKIRT = 8  # cm; a rim that is wider is the foot of the neck and stays open
SLICE = 0.35  # cm above and below a landmark of the jaw that its slice of skin reaches


@dataclass(frozen=True)
class Head:
    """The head, its eyes and mouth closed by skin.

    Attributes:
        mean: (V, 3), the mean head.
        modes: (M, V, 3), displacements for a coefficient of 1: identity first, then expressions.
        identities: number of the modes of identity.
        expressions: names of the other modes; their coefficients lie in 0..1.
        triangles: (T, 3), anticlockwise as seen from outside.
        landmarks: (68,), the vertex of each landmark.
        slices: for each landmark of the jaw the skin at its height, from it forward: the vertices
            that the outline can run through when the head is turned.
        mirror: (V,), for each vertex its counterpart on the other side.
    """

    mean: Floats
    modes: Floats
    identities: int
    expressions: tuple[str, ...]
    triangles: Indices
    landmarks: Indices
    slices: tuple[Indices, ...]
    mirror: Indices

    def shape(self, coefficients: Floats) -> Floats:
        """(M,) coefficients -> (V, 3) vertices."""
        return self.mean + np.tensordot(coefficients, self.modes, 1)

    def outline(self, skin: Floats) -> Indices:
        """(68,): the vertex that each landmark is at, the jaw's on the outline of the face.

        Args:
            skin: (V, 3), camera axes: x to the right, y up, z to the viewer.
        """
        found = self.landmarks.copy()
        for k, part in enumerate(self.slices):
            if k != CHIN:
                # Leftmost up to the chin, then rightmost.
                found[k] = part[(skin[part, 0] * np.sign(k - CHIN)).argmax()]
        return found


def read_head(path: Path) -> Head:
    """Reads the head's file.

    Raises:
        FileNotFoundError: there is no such file; the message says which arrays it must hold.
        ValueError: it is not such a file.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: there is no such file; expected the head of USC-ICT/ICT-FaceKit as arrays "
            "mean, triangles, landmarks, identity, expression, their scales, and expressions"
        )
    try:
        with np.load(path) as data:
            mean = data["mean"].astype(np.float64)
            triangles = data["triangles"].astype(np.intp)
            landmarks = data["landmarks"].astype(np.intp)
            parts = [
                data[name] * data[f"{name}_scale"][:, None, None]
                for name in ("identity", "expression")
            ]
            names = tuple(str(name) for name in data["expressions"])
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"{path}: expected a head's arrays ({error})") from None
    modes = np.concatenate(parts).astype(np.float64)
    return assembled(mean, modes, len(parts[0]), names, triangles, landmarks)


def assembled(
    mean: Floats,
    modes: Floats,
    identities: int,
    expressions: tuple[str, ...],
    triangles: Indices,
    landmarks: Indices,
) -> Head:
    """A head of its arrays: closes eyes and mouth, finds the slices and the mirrored vertices."""
    mean, modes, triangles = _closed(mean, modes, triangles)
    slices = tuple(_slice(mean, landmarks[k], k - CHIN) for k in range(JAW))
    return Head(mean, modes, identities, expressions, triangles, landmarks, slices, _mirrored(mean))


def _slice(mean: Floats, landmark: int, side: int) -> Indices:
    """The skin at a landmark's height, from it forward, without the nose and the lips."""
    if not side:
        return np.array([landmark])
    at = mean[landmark]
    # cm from the middle: past the nose higher up, past the lips below.
    beside = 1.9 if at[1] > -2 else 0.8
    near = (np.abs(mean[:, 1] - at[1]) < SLICE) & (mean[:, 2] > at[2] - 0.3)
    near &= mean[:, 0] * np.sign(side) > beside
    return np.concatenate([[landmark], np.flatnonzero(near)])


def _mirrored(mean: Floats) -> Indices:
    flipped = mean * [-1, 1, 1]
    found = np.empty(len(mean), np.intp)
    # Some 256 at a time, not (V, V, 3).
    for part in np.array_split(np.arange(len(mean)), max(1, len(mean) // 256)):
        gaps = ((mean[part, None] - flipped[None]) ** 2).sum(axis=2)
        found[part] = gaps.argmin(axis=1)
    return found


def _closed(mean: Floats, modes: Floats, triangles: Indices) -> tuple[Floats, Floats, Indices]:
    """Lids over open eyes and a mouth: a vertex in the middle of each rim but the neck's."""
    # (3 T, 2), in their direction.
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    known = {(int(a), int(b)) for a, b in edges}
    # An edge of one triangle alone lies on a rim. It is walked backwards, so that the lid's
    # triangles are anticlockwise, too.
    after = {b: a for a, b in known if (b, a) not in known}  # along each rim
    vertices, moves, faces = [mean], [modes], [triangles]
    count = len(mean)
    while after:
        # Walk one rim; `pop` leaves the others.
        rim = [next(iter(after))]
        while (following := after.pop(rim[-1], None)) is not None and following != rim[0]:
            rim.append(following)
        if len(rim) < 8 or np.ptp(mean[rim], axis=0).max() > SKIRT:
            continue
        # A fan about the middle, which moves as its rim does in the mean.
        vertices.append(mean[rim].mean(axis=0, keepdims=True))
        moves.append(modes[:, rim].mean(axis=1, keepdims=True))
        faces.append(np.array([(a, b, count) for a, b in zip(rim, rim[1:] + rim[:1], strict=True)]))
        count += 1
    return np.concatenate(vertices), np.concatenate(moves, axis=1), np.concatenate(faces)
