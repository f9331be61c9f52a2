"""Scenes: faces are where their labels are, and backgrounds hold none."""

import cv2
import numpy as np
import pytest

from lapland.crop.five_points import roll
from lapland.schemes.ibug68 import IBUG68
from tests.drawn_faces import draw_face, write_folder
from training.data.readers import read_folder
from training.finding.backgrounds import background
from training.finding.scenes import SIZE, Scenes, squares_of


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    return read_folder(write_folder(tmp_path_factory.mktemp("faces") / "faces", 8), IBUG68)


@pytest.fixture(scope="module")
def scenes(faces):
    drawn, rng = Scenes(faces, []), np.random.default_rng(0)
    return [drawn.draw(rng) for _ in range(400)]


def test_a_square_is_about_the_face_and_turns_with_it(faces):
    five = faces.labelled
    squares = squares_of(five)
    low, high = five.min(axis=1), five.max(axis=1)
    assert (squares[:, :2] > low).all()
    assert (squares[:, :2] < high).all()
    assert (squares[:, 2] > 1.5 * (high - low).max(axis=1)).all()
    quarter = np.stack([-five[..., 1], five[..., 0]], axis=-1)
    np.testing.assert_allclose(squares_of(quarter)[:, 2], squares[:, 2])
    np.testing.assert_allclose(squares_of(quarter)[:, 0], -squares[:, 1])
    assert squares_of(np.empty((0, 5, 2))).shape == (0, 3)


def test_labels_lie_on_the_faces(scenes):
    """Between the eyes a drawn face is as bright as on its cheeks; the eyes are dark lines."""
    right = total = 0
    for scene in scenes:
        grey = cv2.cvtColor(scene.image, cv2.COLOR_BGR2GRAY).astype(int)
        for square, five, counts in zip(
            scene.squares, scene.five_points, scene.counts, strict=True
        ):
            if not counts or not 50 < square[2] < 130 or grey.mean() < 60:
                continue
            radius = max(2, round(0.06 * square[2]))
            places = np.round([five[0], five[1], five[:3].mean(axis=0)]).astype(int)
            if (places < radius).any() or (places >= SIZE - radius).any():
                continue
            left, other, middle = (
                grey[y - radius : y + radius + 1, x - radius : x + radius + 1].std()
                for x, y in places
            )
            total += 1
            right += left > middle and other > middle
    assert total > 30
    assert right > 0.5 * total  # by chance a third


def test_left_stays_left(scenes):
    for scene in scenes:
        level = scene.counts & (np.abs(scene.five_points[:, 0] - scene.five_points[:, 1])[:, 1] < 3)
        assert (scene.five_points[level, 0, 0] < scene.five_points[level, 1, 0]).all()
        assert (scene.five_points[level, 3, 0] < scene.five_points[level, 4, 0]).all()


def test_faces_at_any_angle_if_asked(faces, scenes):
    drawn, rng = Scenes(faces, [], turned=True), np.random.default_rng(0)
    turned = [drawn.draw(rng) for _ in range(100)]

    def shares(scenes):
        """Of faces that count: parts by quarters of a turn, the first about upright ones."""
        rolls = np.concatenate([roll(scene.five_points[scene.counts]) for scene in scenes])
        quarters = np.round(rolls / (np.pi / 2)).astype(int) % 4
        return np.bincount(quarters, minlength=4) / len(rolls)

    assert shares(turned).min() > 0.15
    assert shares(scenes)[2] == 0


def test_scenes_have_faces_of_all_sizes_and_some_have_none(scenes):
    sides = np.concatenate([scene.squares[:, 2] for scene in scenes])
    assert sides.min() < 20
    assert sides.max() > 120
    assert any(not len(scene.squares) for scene in scenes)
    assert all(scene.image.shape == (SIZE, SIZE, 3) for scene in scenes)
    assert all(scene.image.dtype == np.uint8 for scene in scenes)


def test_the_same_chance_gives_the_same_scene(faces):
    drawn = Scenes(faces, [draw_face(np.random.default_rng(0))[0]])
    first, second = (drawn.draw(np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.five_points, second.five_points)


def test_backgrounds_with_photos_and_without():
    rng = np.random.default_rng(0)
    photos = [rng.integers(0, 256, (40, 700, 3), dtype=np.uint8), np.zeros((90, 50, 3), np.uint8)]
    for given in ([], photos):
        seen = [background(SIZE, given, rng) for _ in range(30)]
        assert all(image.shape == (SIZE, SIZE, 3) for image in seen)
        assert len({image.tobytes() for image in seen}) > 20
