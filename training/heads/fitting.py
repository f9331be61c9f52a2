"""The head fitted to the 68 landmarks of a face.

Weak perspective and all modes, in turns: the pose by a linear fit made orthogonal, the modes by
ridge with expressions kept in 0..1, landmarks of the jaw on the outline of the pose. The difference
of labels and fit is then spread over the skin, so that its landmarks lie on the labels.
"""

from dataclasses import dataclass

import numpy as np

from training.heads.head import JAW, Floats, Head

SIGMA = 0.25  # cm between labels and a perfect fit, in the mean
JAW_WEIGHT = 0.35  # labels of the jaw slide along it
EXPRESSION = 3.0  # deviation of identity's coefficients, in those of expressions'
ROUNDS = 8
REACH = 1.2  # cm over which a landmark pulls the skin with it
MOST_IDENTITY = 2.5  # standard deviations


@dataclass(frozen=True)
class Fit:
    """A head in the pose of a face.

    Attributes:
        rotation: (3, 3), head axes -> camera axes.
        scale: pixels a centimetre.
        offset: (2,), place of the head's origin: x, and minus y, pixels.
        coefficients: (M,), of the modes.
        shape: (V, 3), the head's own axes, before labels pull it.
        skin: (V, 3), camera axes without the offset, landmarks on the labels.
        error: mean distance of labels and fit before the pull, percent of the labels' longer side.
    """

    rotation: Floats
    scale: float
    offset: Floats
    coefficients: Floats
    shape: Floats
    skin: Floats
    error: float

    @property
    def yaw(self) -> float:
        """Degrees, positive if the nose points to the left of the picture."""
        # The third column is where the nose points, in camera axes.
        return -float(np.rad2deg(np.arctan2(self.rotation[0, 2], self.rotation[2, 2])))

    @property
    def pitch(self) -> float:
        """Degrees, positive if the face looks up."""
        return float(np.rad2deg(np.arcsin(np.clip(self.rotation[1, 2], -1, 1))))

    def project(self, skin: Floats) -> Floats:
        """(n, 3), camera axes -> (n, 2) image pixels."""
        return (skin[:, :2] * self.scale + self.offset) * [1, -1]


def fit_head(head: Head, landmarks: Floats) -> Fit:
    """Fits the head to landmarks (68, 2), image pixels."""
    # Pictures count y downwards, the head upwards.
    target = landmarks * [1, -1]
    weights = np.ones(len(target))
    weights[:JAW] = JAW_WEIGHT
    # The vertices that landmarks may be at: all that the rounds need of the head.
    every = np.unique(np.concatenate([head.landmarks, *head.slices]))
    place = np.zeros(len(head.mean), np.intp)  # number of a vertex -> its row in `every`
    place[every] = np.arange(len(every))
    part = Head(
        head.mean[every],
        np.ascontiguousarray(head.modes[:, every]),
        head.identities,
        head.expressions,
        head.triangles[:0],
        place[head.landmarks],
        tuple(place[s] for s in head.slices),
        head.mirror[:0],
    )
    # The mean head, seen from the front.
    coefficients, rotation = np.zeros(len(head.modes)), np.eye(3)
    for _ in range(ROUNDS):
        shape = part.shape(coefficients)
        at = part.outline(shape @ rotation.T)  # (68,)
        # The outline depends on the pose and the pose on the outline, hence the turns.
        rotation, scale, offset = _pose(shape[at], target, weights)
        # Targets in cm, from the head's origin.
        coefficients = _modes(part, at, rotation, (target - offset) / scale, weights)
    # The whole head, with what the rounds have found.
    shape = head.shape(coefficients)
    skin = shape @ rotation.T
    at = head.outline(skin)
    left = (target - offset) / scale - skin[at, :2]  # (68, 2) cm
    side = np.ptp(landmarks, axis=0).max()
    error = 100 * np.linalg.norm(left, axis=1).mean() * scale / side
    # Depths stay: landmarks of a picture say nothing of them.
    skin[:, :2] += _spread(shape[at], left, shape)
    return Fit(rotation, scale, offset, coefficients, shape, skin, float(error))


def _pose(points: Floats, target: Floats, weights: Floats) -> tuple[Floats, float, Floats]:
    """Rotation (3, 3), scale and offset (2,) that take points (n, 3) to targets (n, 2)."""
    share = weights[:, None] / weights.sum()  # (n, 1)
    middle, goal = (share * points).sum(axis=0), (share * target).sum(axis=0)
    root = np.sqrt(weights)[:, None]
    # (2, 3): the best linear map; the nearest one that is a scale and a rotation follows from it.
    linear = np.linalg.lstsq((points - middle) * root, (target - goal) * root, rcond=None)[0].T
    left, sizes, right = np.linalg.svd(linear, full_matrices=False)
    # The nearest rows of unit length at right angles; the third row is their cross product.
    two = left @ right
    rotation = np.vstack([two, np.cross(two[0], two[1])])
    scale = float(sizes.mean())  # weak perspective has one for both rows
    return rotation, scale, goal - scale * two @ middle


def _modes(head: Head, at: np.ndarray, rotation: Floats, target: Floats, weights: Floats) -> Floats:
    """Coefficients (M,) by ridge; modes of expression are clipped to 0..1."""
    count = len(head.modes)
    root = np.repeat(np.sqrt(weights), 2) / SIGMA  # (2 n,): x and y of each landmark
    moves = (head.modes[:, at] @ rotation[:2].T).reshape(count, -1).T * root[:, None]  # (2 n, M)
    wanted = (target - head.mean[at] @ rotation[:2].T).ravel() * root
    prior = np.ones(count)  # of identity: its coefficients have a deviation of 1
    prior[head.identities :] = EXPRESSION**2
    held, found = np.zeros(count, bool), np.zeros(count)
    face = np.arange(count) >= head.identities  # modes of expression
    gram, pull = moves.T @ moves + np.diag(prior), moves.T @ wanted
    # Ridge with bounds: coefficients beyond one are held there, and the rest solved again.
    for _ in range(4):
        free = ~held
        right = pull[free] - gram[np.ix_(free, held)] @ found[held]
        found[free] = np.linalg.solve(gram[np.ix_(free, free)], right)
        beyond = face & free & ((found < 0) | (found > 1))
        if not beyond.any():
            break
        found[beyond] = found[beyond].clip(0, 1)
        held |= beyond
    low = np.where(face, 0.0, -MOST_IDENTITY)
    return found.clip(low, np.where(face, 1.0, MOST_IDENTITY))


def _spread(points: Floats, moves: Floats, skin: Floats) -> Floats:
    """Moves (n, 2) of points (n, 3), spread smoothly over skin (V, 3) -> (V, 2)."""
    # The 0.05 leaves a little of each difference, and moves smooth where neighbours disagree.
    kernel = _bell(points, points) + 0.05 * np.eye(len(points))
    return np.asarray(_bell(skin, points) @ np.linalg.solve(kernel, moves))


def _bell(first: Floats, second: Floats) -> Floats:
    # |a - b|^2 without (n, V, 3).
    gaps = (first**2).sum(1)[:, None] + (second**2).sum(1) - 2 * first @ second.T
    return np.asarray(np.exp(-gaps / (2 * REACH**2)))
