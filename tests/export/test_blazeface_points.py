"""The fit of the five points recovers a map that is known."""

import numpy as np

from export.blazeface_points import FIRST, box_of, fitted


def faces(rng, count):
    six = np.array([[-30.0, -20], [30, -20], [0, 10], [0, 45], [-70, -5], [70, -5]])
    return six + rng.normal(0, 6, (count, 6, 2)) + rng.uniform(100, 500, (count, 1, 2))


def test_a_known_map_is_found_in_spite_of_mistakes():
    rng = np.random.default_rng(0)
    truth = FIRST.copy()
    truth[2] = [0.1, 0.1, 0.7, 0.1, 0, 0]
    six = faces(rng, 400)
    five = truth @ six
    five[::20] += 40  # one in twenty is another face
    found = fitted(six, five)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(found, truth, atol=0.12)


def test_the_box_lies_towards_the_forehead():
    six = faces(np.random.default_rng(1), 50)
    centre = six.mean(axis=1)
    blazeface = np.stack([centre, np.full_like(centre, 100)], axis=1)
    mtcnn = np.stack(
        [centre - np.array([45, 70]), centre + np.array([45, 50])], axis=1
    )  # 10 pixels higher
    np.testing.assert_allclose(box_of(six, blazeface, mtcnn), [0.1, 0.9, 1.2], atol=0.02)
