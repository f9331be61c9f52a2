"""Maps from the 478 vertices of MediaPipe's mesh to landmarks, fitted to labelled faces.

Two kinds. `RidgeMap` corrects a vertex by all others: best if thousands of labelled faces of
every pose and expression are at hand. `LocalMap` makes each landmark of the vertices near it, and
can be fitted to a hundred portraits: an affine combination moves with the skin, so it holds under
poses and expressions that the portraits do not show.
"""

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lapland.base.files import write_whole
from training.labelling.mesh import CORNERS, SKIN

Floats = NDArray[np.floating[Any]]


class Frame:
    """Faces in the frame of a mean mesh: moved, turned and scaled to fit it, as numbers x + iy."""

    def __init__(self, mean: NDArray[np.complex128]) -> None:
        self.mean = mean  # (468,), centred, of unit size, outer corners of the eyes level

    @classmethod
    def of(cls, vertices: Floats) -> "Frame":
        """The mean of meshes (N, 478, 3), by five rounds of alignment."""
        z = _numbers(vertices[:, :SKIN])  # (N, 468), without the irises, which follow the gaze
        z = z - z.mean(axis=1, keepdims=True)
        mean = z[0]  # any face to begin with
        # Procrustes: meshes are turned and scaled to the mean, and averaged again.
        for _ in range(5):
            # (N,) complex, turn and size: the least squares of z - size * mean.
            size = (z @ mean.conj()) / (np.abs(mean) ** 2).sum()
            mean = (z / size[:, None]).mean(axis=0)
            # Root mean square 1: until here it has the size of the first mesh, in its pixels.
            mean = mean / np.sqrt((np.abs(mean) ** 2).mean())
        # The turn of the first face is left in the mean: the eyes take it out.
        eyes = mean[CORNERS[1]] - mean[CORNERS[0]]
        return cls(mean * np.abs(eyes) / eyes)

    def placed(
        self, vertices: Floats
    ) -> tuple[NDArray[np.complex128], NDArray[np.complex128], NDArray[np.complex128]]:
        """(N, 478, 3) -> vertices in the frame (N, 478); size and turn (N, 1); middle (N, 1)."""
        z = _numbers(vertices)
        middle = z[:, :SKIN].mean(axis=1, keepdims=True)  # (N, 1)
        # (N,): one complex number turns and scales a face, by least squares.
        turn = (z[:, :SKIN] - middle) @ self.mean.conj() / (np.abs(self.mean) ** 2).sum()
        return (z - middle) / turn[:, None], turn[:, None], middle


class RidgeMap:
    """A vertex for each landmark, corrected by a linear function of all vertices and depths."""

    kind = "ridge"
    arrays = ("mean", "nearest", "feature_mean", "offset_mean", "weights")

    def __init__(self, **arrays: Any) -> None:
        self.frame = Frame(arrays["mean"])
        self.nearest, self.weights = arrays["nearest"], arrays["weights"]
        self.feature_mean, self.offset_mean = arrays["feature_mean"], arrays["offset_mean"]
        self.mean = self.frame.mean

    @classmethod
    def fit(cls, vertices: Floats, landmarks: Floats, ridge: float = 0.01) -> "RidgeMap":
        """Meshes (N, 478, 3) and landmarks (N, K, 2) of the same faces, image pixels."""
        frame = Frame.of(vertices)
        z, turn, middle = frame.placed(vertices)
        y = (_numbers(landmarks) - middle) / turn  # (N, K), in the frame of the vertices
        count = y.shape[1]
        # Not the nearest vertex but the steadiest: a constant distance is learned, no other.
        nearest = np.array([(z - y[:, k, None]).var(axis=0).argmin() for k in range(count)])
        offsets = y - z[:, nearest]  # (N, K)
        targets = np.concatenate([offsets.real, offsets.imag], axis=1)  # (N, 2 K)
        features = _features(z, turn, vertices)  # (N, F), F = 1424
        feature_mean, offset_mean = features.mean(axis=0), targets.mean(axis=0)
        x = features - feature_mean  # centred, so that the ridge does not pull at the means
        # A sum over the faces: the ridge counts less the more faces there are.
        gram = x.T @ x + ridge * np.eye(x.shape[1])
        weights = np.linalg.solve(gram, x.T @ (targets - offset_mean))  # (F, 2 K)
        return cls(
            mean=frame.mean,
            nearest=nearest,
            feature_mean=feature_mean,
            offset_mean=offset_mean,
            weights=weights,
        )

    def __call__(self, vertices: Floats) -> NDArray[np.float64]:
        """Meshes (N, 478, 3), image pixels -> landmarks (N, K, 2), image pixels."""
        z, turn, middle = self.frame.placed(vertices)
        offsets = (_features(z, turn, vertices) - self.feature_mean) @ self.weights  # (N, 2 K)
        real, imaginary = np.hsplit(offsets + self.offset_mean, 2)
        # From the frame back to the image.
        return _points((z[:, self.nearest] + real + 1j * imaginary) * turn + middle)


class LocalMap:
    """Each landmark an affine combination of the vertices near it: the weights add up to 1."""

    kind = "local"
    arrays = ("mean", "nearest", "weights")

    def __init__(self, **arrays: Any) -> None:
        self.frame = Frame(arrays["mean"])
        self.mean = self.frame.mean
        self.nearest, self.weights = arrays["nearest"], arrays["weights"]  # (K, m) each

    @classmethod
    def fit(
        cls, vertices: Floats, landmarks: Floats, neighbours: int = 16, ridge: float = 0.01
    ) -> "LocalMap":
        """Meshes (N, 478, 3) and landmarks (N, K, 2) of the same faces, image pixels."""
        frame = Frame.of(vertices)
        z, turn, middle = frame.placed(vertices)
        y = (_numbers(landmarks) - middle) / turn  # (N, K)
        mean_z = z[:, :SKIN].mean(axis=0)
        # (K, m), the nearest vertex first.
        nearest = np.abs(mean_z - y.mean(axis=0)[:, None]).argsort(axis=1)[:, :neighbours]
        weights = np.empty(nearest.shape)
        for k, index in enumerate(nearest):
            first = z[:, index[0]]  # (N,)
            # Differences from one vertex, so that all weights together add up to 1.
            x = _stacked(z[:, index[1:]] - first[:, None])  # (2 N, m - 1)
            # A mean over the faces: the ridge is a length in the frame, with any number of faces.
            gram = x.T @ x / len(x) + ridge**2 * np.eye(neighbours - 1)
            rest = np.linalg.solve(gram, x.T @ _stacked(y[:, k] - first) / len(x))
            weights[k] = [1 - rest.sum(), *rest]  # (m,)
        return cls(mean=frame.mean, nearest=nearest, weights=weights)

    def __call__(self, vertices: Floats) -> NDArray[np.float64]:
        """Meshes (N, 478, 3), image pixels -> landmarks (N, K, 2), image pixels."""
        # Weights that add up to 1 move, turn and scale with the vertices, so no frame is needed.
        near = vertices[:, self.nearest, :2].astype(np.float64)  # (N, K, m, 2)
        return np.asarray(np.einsum("nkmc,km->nkc", near, self.weights))


Map = RidgeMap | LocalMap


def save(path: Path, fitted: Map, facts: str) -> None:
    """Writes a map; `facts` names the data of the fit."""
    buffer = io.BytesIO()
    arrays = {name: getattr(fitted, name) for name in fitted.arrays}
    # float32 takes half the room; indices stay whole numbers.
    small = {
        name: value.astype(np.float32) if value.dtype == np.float64 else value
        for name, value in arrays.items()
    }
    np.savez_compressed(buffer, kind=fitted.kind, facts=facts, **small)
    write_whole(path, buffer.getvalue())


def load(path: Path) -> tuple[Map, str]:
    """A map, and the data of its fit.

    Raises:
        ValueError: the file holds no map.
    """
    with np.load(path) as file:
        data = dict(file)
    kinds: dict[str, type[RidgeMap] | type[LocalMap]] = {"ridge": RidgeMap, "local": LocalMap}
    kind = str(data.pop("kind", ""))
    if kind not in kinds:
        raise ValueError(f"{path}: expected a map written by `training.label fit`, found {kind!r}")
    facts = str(data.pop("facts"))
    return kinds[kind](**data), facts


def over_views(
    fitted: Map, views: Floats, mirror: list[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Landmarks by the mean over a face's views, and how far the views differ.

    Args:
        fitted: the map.
        views: (V, 478, 3), every second one mirrored; NaN without a mesh.
        mirror: mirror of the scheme: for each landmark its counterpart.

    Returns:
        (K, 2) image pixels, NaN if no view has a mesh; and (K,), the root mean square distance
        of a view's landmark from the mean, pixels.
    """
    seen = np.isfinite(views).all(axis=(1, 2))  # (V,)
    if not seen.any():
        return np.full((len(mirror), 2), np.nan), np.full(len(mirror), np.nan)
    # Mirrored views name their vertices from the other side. With x negated they are meshes of the
    # mirrored face, named as the map expects it; its landmarks are then mirrored back.
    odd = np.arange(len(views)) % 2 == 1
    turned = np.where(odd[:, None, None], views * [-1, 1, 1], views)[seen]
    each = fitted(turned)  # (seen views, K, 2)
    flipped = each[:, mirror] * [-1, 1]
    each = np.where(odd[seen, None, None], flipped, each)
    mean = each.mean(axis=0)
    return mean, np.sqrt(((each - mean) ** 2).sum(axis=2).mean(axis=0))  # (K, 2), (K,)


def samples(views: Floats, landmarks: Floats, mirror: list[int]) -> tuple[Floats, Floats]:
    """Meshes and landmarks to fit a map to: a face's plain views, and its mirrored ones, averaged.

    Args:
        views: (N, V, 478, 3) as `vertices.keep` stores them.
        landmarks: (N, K, 2).
        mirror: mirror of the scheme.

    Returns:
        (M, 478, 3) and (M, K, 2), M up to 2 N.
    """
    meshes, targets = [], []
    for face, points in zip(views, landmarks, strict=True):
        for odd in (0, 1):
            part = face[odd::2]  # (up to V / 2, 478, 3)
            part = part[np.isfinite(part).all(axis=(1, 2))]
            if len(part):
                flip = np.array([-1.0, 1.0, 1.0]) if odd else np.ones(3)
                # One mesh for each way round, with less noise than a view; the map learns from
                # mirrored people, too.
                meshes.append(part.mean(axis=0) * flip)
                targets.append(points[mirror] * [-1, 1] if odd else points)
    return np.stack(meshes), np.stack(targets)


def _numbers(points: Floats) -> NDArray[np.complex128]:
    return np.asarray(points[..., 0] + 1j * points[..., 1])


def _points(numbers: NDArray[np.complex128]) -> NDArray[np.float64]:
    return np.stack([numbers.real, numbers.imag], axis=-1)


def _stacked(numbers: NDArray[np.complex128]) -> NDArray[np.float64]:
    # The weights are real: x and y are two equations for the same weights.
    return np.concatenate([numbers.real, numbers.imag])


def _features(
    z: NDArray[np.complex128], turn: NDArray[np.complex128], vertices: Floats
) -> NDArray[np.float64]:
    """(N, 468 + 478 + 478): x, y and depth of all vertices in the frame."""
    # Depths divided by |turn| are in units of the frame.
    return np.concatenate([z.real, z.imag, vertices[..., 2] / np.abs(turn)], axis=1)
