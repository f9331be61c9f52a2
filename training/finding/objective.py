"""Targets of each cell, and the loss of a batch.

A cell near the middle of a face, of the level for its size, learns its score, square and points;
those about it have no score to learn; all others learn that they hold none.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from training.finding.network import LEVELS, Level, cells, places
from training.finding.scenes import Scene

NEAR, ABOUT = 0.22, 1.7  # radius of a face's cells in its sides; of those that do not count, in it
LEAST = 0.75  # least radius, in cells: more than half of a diagonal, so every face has one
FOCUS = 2.0  # gamma of the focal loss: T.-Y. Lin et al., ICCV 2017; without its alpha
SQUARE, POINTS = 1.0, 2.0  # weights of the losses
BEND = 0.02  # sides of a face: smaller errors count by their square


@dataclass(frozen=True)
class Targets:
    """The targets of one level.

    Attributes:
        scores: (N, h, w), 1 with a face, 0 without, -1 if neither counts.
        values: (N, h, w, 13), centre, side and five points of the face, pixels.
    """

    scores: Tensor
    values: Tensor


def targets(scenes: list[Scene], level: Level) -> Targets:
    """The targets of a level for scenes of one size."""
    height, width = scenes[0].image.shape[:2]
    at = cells(level, height, width).numpy()  # (h, w, 2)
    scores = np.zeros((len(scenes), *at.shape[:2]), np.float32)
    values = np.ones((*scores.shape, 13), np.float32)
    for i, scene in enumerate(scenes):
        nearest = np.full(at.shape[:2], np.inf)  # (h, w): radii to the face that a cell belongs to
        for square, five, counts in zip(
            scene.squares, scene.five_points, scene.counts, strict=True
        ):
            side = float(square[2])
            radius = max(NEAR * side, LEAST * level.stride)
            off = np.linalg.norm(at - square[:2], axis=-1) / radius  # (h, w), in radii
            fits = level.least <= side <= level.most
            # A face just too small or too large for this level: to call it none would be unjust.
            if not counts or (not fits and level.least / 1.3 <= side <= level.most * 1.3):
                scores[i][(off < ABOUT) & (nearest > 1)] = -1
                continue
            if not fits:  # of another size: its cells here learn that they hold none
                continue
            # Of two faces a cell belongs to the one whose middle is nearer, in radii of each.
            mine = (off < 1) & (off < nearest)
            scores[i][(off < ABOUT) & (nearest > 1) & ~mine] = -1
            scores[i][mine] = 1
            values[i][mine] = np.concatenate([square, five.ravel()])
            nearest = np.minimum(nearest, off)
    return Targets(torch.from_numpy(scores), torch.from_numpy(values))


def batch_of(scenes: list[Scene]) -> Tensor:
    """(N, 3, H, W) float32."""
    # BGR, 0..255: the network divides.
    images = np.stack([scene.image for scene in scenes]).transpose(0, 3, 1, 2)
    return torch.from_numpy(images.astype(np.float32))


def loss(outputs: tuple[Tensor, Tensor], scenes: list[Scene]) -> tuple[Tensor, dict[str, float]]:
    """The loss of a batch of scenes of one size, and its parts."""
    score = square = points = torch.zeros(())
    count = 0
    for level, output in zip(LEVELS, outputs, strict=True):
        target = targets(scenes, level)
        score = score + _focal(output[:, 0], target.scores)
        mine = target.scores == 1  # (N, h, w); M of them hold a face
        count += int(mine.sum())
        height, width = scenes[0].image.shape[:2]
        at = cells(level, height, width).expand(*target.scores.shape, 2)[mine]  # (M, 2)
        found = output.permute(0, 2, 3, 1)[mine]  # (M, 16)
        wanted = target.values[mine]  # (M, 13)
        side = wanted[:, 2:3]  # (M, 1); errors are in sides, alike for small and large faces
        middle, _, five = places(level, at, found)
        square = square + _robust((middle - wanted[:, :2]) / side).sum()
        # Logarithms of sides, in cells.
        square = square + _robust(found[:, 3:4] - torch.log(side / level.stride)).sum()
        off = (five - wanted[:, 3:].reshape(-1, 5, 2)) / side[:, None]
        points = points + _robust(off).sum() / 5  # five points weigh as one
    # By the cells with a face, as in the paper of the focal loss: the others are thousands.
    count = max(count, 1)
    parts = {"score": score / count, "square": square / count, "points": points / count}
    total = parts["score"] + SQUARE * parts["square"] + POINTS * parts["points"]
    return total, {name: float(part.detach()) for name, part in parts.items()}


def _focal(logits: Tensor, wanted: Tensor) -> Tensor:
    """The focal loss of scores, summed over targets of 0 and 1."""
    each = functional.binary_cross_entropy_with_logits(
        logits, wanted.clamp(min=0), reduction="none"
    )
    miss = torch.where(wanted == 1, 1 - logits.sigmoid(), logits.sigmoid())  # 1 - p_t
    return (each * miss**FOCUS * (wanted >= 0)).sum()  # -1 has no part


def _robust(errors: Tensor) -> Tensor:
    """Absolute errors, squares near 0."""
    return functional.smooth_l1_loss(errors, torch.zeros_like(errors), beta=BEND, reduction="none")
