"""How many faces of kept scenes a network finds, and how well it places them."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.finding.network import LEVELS, OneStage, cells, places
from training.finding.objective import batch_of
from training.finding.scenes import Scene

FOUND, OFF = 0.5, 0.25  # least score of a found face; most distance of its middle, in its sides


@torch.no_grad()
def validate(net: OneStage, scenes: list[Scene]) -> dict[str, float]:
    """Missed faces, cells that see one in the background, errors of points."""
    net.eval()
    total, found, false = 0, 0, 0
    errors: list[float] = []
    for start in range(0, len(scenes), 40):  # at a time, for the memory
        part = scenes[start : start + 40]
        outputs = net(batch_of(part))
        for i, scene in enumerate(part):
            score, middle, five = (  # (A,), (A, 2), (A, 5, 2) of the A cells of both levels
                np.concatenate(column) for column in zip(*_decoded(outputs, i), strict=True)
            )
            away = np.ones(len(score), bool)  # cells whose middle lies in no face
            for place, truth, counts in zip(
                scene.squares, scene.five_points, scene.counts, strict=True
            ):
                near = np.linalg.norm(middle - place[:2], axis=1) < OFF * place[2]
                # A cell in the square of a face is not false, though perhaps a poor find.
                away &= np.abs(middle - place[:2]).max(axis=1) > 0.6 * place[2]
                # Neither found nor missed.
                if not counts or not LEVELS[0].least <= place[2] <= LEVELS[-1].most:
                    continue
                total += 1
                best = int(np.argmax(np.where(near, score, -1)))
                if near.any() and score[best] > FOUND:
                    found += 1
                    errors.append(
                        float(np.linalg.norm(five[best] - truth, axis=1).mean() / place[2])
                    )
            false += int((score[away] > FOUND).sum())
    net.train()
    return {
        "missed %": round(100 * (1 - found / total), 2),
        "false cells": false,
        "points %": round(100 * float(np.mean(errors)), 2) if errors else float("nan"),
    }


def _decoded(outputs: tuple[Tensor, Tensor], i: int) -> list[tuple[NDArray[np.float32], ...]]:
    """Scores, middles and five points of each level's cells."""
    rows = []
    for level, output in zip(LEVELS, outputs, strict=True):
        height, width = (level.stride * side for side in output.shape[2:])
        at = cells(level, height, width).reshape(-1, 2)
        values = output[i].flatten(1).T  # (h w, 16)
        middle, _, five = places(level, at, values)
        rows.append((values[:, 0].sigmoid().numpy(), middle.numpy(), five.numpy()))
    return rows
