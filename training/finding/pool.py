"""Batches of scenes; each serves a few times, because drawing one takes longer than a step."""

import numpy as np

from training.finding.scenes import MIRRORED, Scene, Scenes

REUSE = 4  # how often a scene serves, in the mean, mirrored half of the time
KEPT = 16  # groups of scenes to choose from: those of one batch should have nothing in common


class Pool:
    """Batches by the number of their step: a run that goes on has the same as one that was whole.

    Args:
        scenes: draws scenes.
        batch: scenes in a step, and in a group.
        seed: seed of all draws.
    """

    def __init__(self, scenes: Scenes, *, batch: int, seed: int) -> None:
        self._scenes, self._batch, self._seed = scenes, batch, seed
        self._groups: dict[int, list[Scene]] = {}

    def at(self, step: int) -> list[Scene]:
        """The scenes of a step."""
        # A scene stays for KEPT * REUSE steps; each step takes one scene in KEPT.
        newest = step // REUSE  # a new group every REUSE steps
        oldest = max(0, newest - KEPT + 1)
        # Each group follows from its number, so a continued run draws the missing ones again.
        self._groups = {number: self._group(number) for number in range(oldest, newest + 1)}
        # 0 here and 1 in `_group`: a step and a group of one number must not share their chance.
        rng = np.random.default_rng([self._seed, step, 0])
        # None twice in a batch.
        chosen = rng.choice((newest + 1 - oldest) * self._batch, self._batch, replace=False)
        scenes = [self._groups[oldest + i // self._batch][i % self._batch] for i in chosen]
        return [mirrored(scene) if rng.random() < 0.5 else scene for scene in scenes]

    def _group(self, number: int) -> list[Scene]:
        if number in self._groups:
            return self._groups[number]
        rng = np.random.default_rng([self._seed, number, 1])
        return [self._scenes.draw(rng) for _ in range(self._batch)]


def mirrored(scene: Scene) -> Scene:
    """The scene with left and right exchanged."""
    width = scene.image.shape[1]
    # The right eye is the left one now.
    squares, points = scene.squares.copy(), scene.five_points[:, MIRRORED].copy()
    squares[:, 0] = width - 1 - squares[:, 0]
    points[..., 0] = width - 1 - points[..., 0]
    return Scene(np.ascontiguousarray(scene.image[:, ::-1]), squares, points, scene.counts)
