"""Parts, outlines, masks and chips of faces."""

import numpy as np
import pytest

from lapland import OptionError


def test_those_of_one_face_are_a_row_of_those_of_all(together, image):
    one, other = together
    np.testing.assert_array_equal(together.part("nose")[1], other.part("nose"))
    np.testing.assert_array_equal(together.five_landmarks[0], one.five_landmarks)
    np.testing.assert_array_equal(together.outlines()[1], other.outline())
    np.testing.assert_array_equal(together.masks(image, "lips")[0], one.mask(image, "lips"))
    np.testing.assert_array_equal(together.chips(image, 112)[1], other.chip(image, 112))
    height, width = image.shape[:2]
    np.testing.assert_array_equal(one.mask((height, width)), one.mask(image))


def test_sizes_that_are_none(together):
    with pytest.raises(OptionError, match=r"a photo or its \(height, width\)"):
        together.masks((0, 10))
