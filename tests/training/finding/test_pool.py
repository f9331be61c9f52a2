"""Batches of scenes: the same for a step whatever came before, drawn once, some mirrored."""

import numpy as np

from training.finding.pool import KEPT, REUSE, Pool, mirrored
from training.finding.scenes import Scene


class Drawn:
    """Scenes with a number each."""

    def __init__(self):
        self.count = 0

    def draw(self, rng):
        self.count += 1
        image = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
        five = np.array([[[4, 8], [12, 8], [8, 12], [5, 16], [11, 16]]], float)
        return Scene(image, np.array([[8.0, 12, 20]]), five, np.ones(1, bool))


def pixels(scenes):
    return [scene.image.tobytes() for scene in scenes]


def test_a_run_that_goes_on_has_the_same_batches():
    whole = Pool(Drawn(), batch=4, seed=3)
    batches = [pixels(whole.at(step)) for step in range(3 * REUSE)]
    again = Pool(Drawn(), batch=4, seed=3)
    assert pixels(again.at(3 * REUSE - 1)) == batches[-1]
    assert pixels(Pool(Drawn(), batch=4, seed=4).at(0)) != batches[0]


def test_each_scene_is_drawn_once_and_serves_a_few_steps():
    drawn = Drawn()
    pool = Pool(drawn, batch=4, seed=0)
    steps = 2 * KEPT * REUSE
    seen = [frame for step in range(steps) for frame in pixels(pool.at(step))]
    assert drawn.count == 4 * steps // REUSE
    assert len(seen) == 4 * steps
    assert all(len(set(pixels(pool.at(step)))) == 4 for step in (5, steps - 1))


def test_mirrored_scenes():
    scene = Drawn().draw(np.random.default_rng(0))
    other = mirrored(scene)
    np.testing.assert_array_equal(other.image, scene.image[:, ::-1])
    np.testing.assert_array_equal(other.squares, [[23, 12, 20]])
    left, right = other.five_points[0, :2]
    assert (left == [31 - 12, 8]).all()  # what was the right eye is the left one
    assert (right == [31 - 4, 8]).all()
    np.testing.assert_array_equal(mirrored(other).five_points, scene.five_points)
