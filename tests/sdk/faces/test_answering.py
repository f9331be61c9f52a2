"""Answers of faces: plain numbers, other schemes, pickles and slices."""

import pickle

import numpy as np
import pytest

from lapland import AFLW19, OptionError
from lapland.faces.answering import answers_to_dict
from tests.made_up import made_up


def test_plain_numbers_on_request(pair):
    face = pair[0][0]
    assert answers_to_dict(face, pose=False, eyes=False) == {}
    plain = answers_to_dict(face, pose=True, eyes=True)
    assert set(plain) == {"pose", "eyes", "mouth"}
    assert len(plain["eyes"]["openness"]) == 2


def test_answers_for_68_landmarks_alone():
    faces = made_up(2, AFLW19)
    properties = [lambda n=n: getattr(faces, n) for n in ("eyes", "mouth", "triangles")]
    for answer in (faces.pose, faces.outlines, *properties):
        with pytest.raises(OptionError, match="expected the 68 landmarks of IBUG68"):
            answer()
    assert faces.part("nose").shape == (2, 3, 2)
    with pytest.raises(OptionError, match="68 landmarks"):
        faces.masks((100, 100))


def test_answers_are_no_part_of_pickles_and_slices(together):
    asked, fresh = together[:], together[:]
    for one, other in ((asked, fresh), (asked[0], fresh[0])):
        assert one.eyes is not None
        assert pickle.dumps(one) == pickle.dumps(other)
    assert np.array_equal(asked[::-1].pose().yaw, asked.pose().yaw[::-1])
