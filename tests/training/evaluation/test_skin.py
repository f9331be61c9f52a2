import cv2
import numpy as np
import pytest

from lapland.schemes.aflw19 import AFLW19
from lapland.schemes.ibug68 import IBUG68
from tests.drawn_faces import mean_shape
from training.evaluation.skin import tones
from training.evaluation.strata import FEWEST, strata

FACE = 60 * mean_shape() + 100  # pixels of a photo of 200 x 200


def photo(lightness, yellow, cheeks=2):
    """A photo of one colour, in CIE L*a*b*, with black beyond the given number of cheeks."""
    lab = np.full((200, 200, 3), (lightness, 10, yellow), np.float32)
    image = np.rint(255 * cv2.cvtColor(lab, cv2.COLOR_LAB2BGR)).astype(np.uint8)
    if cheeks == 1:
        image[:, 100:] = 0
    return image


@pytest.mark.parametrize(("lightness", "yellow"), [(80, 15), (60, 20), (35, 15)])
def test_the_angle_is_that_of_the_colour_of_the_lighter_cheek(lightness, yellow):
    expected = np.degrees(np.arctan2(lightness - 50, yellow))
    images = [photo(lightness, yellow), photo(lightness, yellow, cheeks=1)]
    assert tones(images, np.stack([FACE, FACE]), IBUG68) == pytest.approx(expected, abs=2)


def test_without_a_cheek_in_the_photo_it_is_unknown():
    hidden = FACE.copy()
    hidden[[36, 45]] = np.nan
    found = tones([photo(60, 20)] * 2, np.stack([hidden, FACE + 500]), IBUG68)
    assert np.isnan(found).all()
    assert tones([photo(60, 20)], np.zeros((1, 19, 2)), AFLW19) is None


def test_faces_are_sorted_by_it():
    images = [photo(80, 15)] * FEWEST + [photo(35, 15)] * FEWEST
    faces = np.stack([FACE] * len(images))
    found = strata(faces, np.full(len(images), 40.0), IBUG68, images)
    assert found["skin looks light"].tolist() == [True] * FEWEST + [False] * FEWEST
    assert found["skin looks dark"].tolist() == [False] * FEWEST + [True] * FEWEST
    assert not any("skin" in name for name in strata(faces, np.full(len(images), 40.0), IBUG68))
