import cv2
import numpy as np
import pytest

from lapland.crop import five_points
from training.data.pixels import coarse, motion_blurred, noisy
from training.evaluation.corruptions import CARD_CORRUPTIONS, CORRUPTIONS, UNTRAINED, Place

PLACE = Place(five_points.UPRIGHT * 40 + [100.0, 90.0], size=60.0, height=95.0)
KINDS = CORRUPTIONS | UNTRAINED
CORRUPTING = [how for strengths in KINDS.values() for how in strengths]
BY_NAME = {how.name: how.change for how in (*CARD_CORRUPTIONS, *CORRUPTING)}


@pytest.fixture
def picture():
    pixels = np.random.default_rng(0).integers(0, 256, (180, 200, 3), dtype=np.uint8)
    return cv2.GaussianBlur(pixels, (0, 0), 2) // 2 + 100


def changed(name, picture, place=PLACE):
    return BY_NAME[name](picture, place, np.random.default_rng(0))


@pytest.mark.parametrize("name", BY_NAME)
def test_each_changes_a_copy_and_keeps_its_form(name, picture):
    before = picture.copy()
    out = changed(name, picture)
    assert out.shape == picture.shape
    assert out.dtype == np.uint8
    assert not np.array_equal(out, picture)
    np.testing.assert_array_equal(picture, before)
    np.testing.assert_array_equal(out, changed(name, picture))


@pytest.mark.parametrize(
    ("mild", "strong"),
    [
        ("blur of sigma 0.05 d", "blur of sigma 0.15 d"),
        ("face of 30 px", "face of 15 px"),
        ("1/4 of the light and noise", "1/16 of the light and noise"),
    ],
)
def test_the_stronger_changes_more(mild, strong, picture):
    off = [np.abs(changed(name, picture).astype(int) - picture).mean() for name in (mild, strong)]
    assert off[1] > 1.2 * off[0]


@pytest.mark.parametrize("degrees", [0, 90, -35])
def test_blocks_lie_where_they_say_and_turn_with_the_face(degrees):
    white = np.full((240, 240, 3), 255, np.uint8)
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    spots = {"eyes": [[-20, -23], [20, -23]], "mouth and chin": [[0, 23], [0, 48]]}
    place = Place(five_points.UPRIGHT * 40 @ turn.T + 120, size=60.0, height=95.0)
    for covered, other in (("eyes", "mouth and chin"), ("mouth and chin", "eyes")):
        out = changed(f"{covered} covered", white, place)
        hidden, seen = (
            [out[y, x, 0] for x, y in (np.array(spots[k]) @ turn.T + 120).round().astype(int)]
            for k in (covered, other)
        )
        assert hidden == [128, 128]
        assert seen == [255, 255]
        # It is a part of the face that is covered, not the photo.
        assert 0.01 < (out[..., 0] < 255).mean() < 0.1


def test_a_face_that_is_small_already_stays_as_it_is(picture):
    small = Place(PLACE.five, size=10.0, height=15.0)
    np.testing.assert_array_equal(changed("face of 30 px", picture, small), picture)


def test_few_pixels_keep_the_mean_and_lose_the_detail():
    stripes = np.zeros((80, 80, 3), np.uint8)
    stripes[:, ::2] = 200
    np.testing.assert_array_equal(coarse(stripes, 20, 20), 100)


def test_noise_is_as_strong_as_it_says():
    grey = np.full((200, 200, 3), 128, np.uint8)
    off = noisy(grey, 6, np.random.default_rng(0)).astype(float) - 128
    assert off.std() == pytest.approx(6, rel=0.03)
    assert abs(off.mean()) < 0.6  # half a level is cut off


@pytest.mark.parametrize("kind", ["motion blur", "blur", "noise", "low light", "JPEG", "blocks"])
def test_corruptions_are_sorted_by_strength(kind, picture):
    off = [
        np.mean([np.abs(changed(how.name, picture).astype(int) - picture)])
        for how in CORRUPTIONS[kind]
    ]
    assert off == sorted(off)
    assert off[0] > 0


def test_motion_blurs_along_its_direction_alone():
    picture = np.zeros((41, 41, 3), np.uint8)
    picture[20, 20] = 255
    found = motion_blurred(picture, 5, 0.0)[..., 0]
    assert found[20, 18:23].tolist() == [51] * 5
    assert found.sum() == 255
    turned = motion_blurred(picture, 5, np.pi / 2)[..., 0]
    np.testing.assert_array_equal(turned, found.T)


@pytest.mark.parametrize("kind", UNTRAINED)
def test_untrained_kinds_grow_with_their_strength(kind, picture):
    off = []
    for how in UNTRAINED[kind]:
        rngs = [np.random.default_rng(seed) for seed in range(8)]
        gaps = [np.abs(how.change(picture, PLACE, r).astype(int) - picture).mean() for r in rngs]
        off.append(np.mean(gaps))
    assert off[0] < off[1] < off[2]
