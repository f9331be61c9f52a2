"""Schemes by name: one object each."""

import copy
import pickle

import pytest

from lapland import AFLW19, IBUG68, SCHEMES


def test_a_scheme_is_one_object_that_cannot_be_changed():
    assert SCHEMES["ibug68"] is IBUG68
    assert SCHEMES["aflw19"] is AFLW19
    assert pickle.loads(pickle.dumps(IBUG68)) is IBUG68
    assert copy.deepcopy(IBUG68) is IBUG68
    assert {IBUG68: "usable as a key"}[IBUG68]
    with pytest.raises(TypeError):
        IBUG68.groups["jaw"] = ()
    with pytest.raises(AttributeError):
        IBUG68.size = 3
