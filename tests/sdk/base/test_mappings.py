"""A dictionary that nobody can change."""

import copy

import pytest

from lapland.base.mappings import ReadOnly


def test_it_is_a_mapping():
    items = {"jaw": (0, 1), "nose": (2,)}
    known = ReadOnly(items)
    assert known == items
    assert list(known) == ["jaw", "nose"]
    assert len(known) == 2
    assert repr(known) == repr(items)
    with pytest.raises(KeyError):
        known["chin"]


def test_it_does_not_change():
    items = {"jaw": (0, 1)}
    known = ReadOnly(items)
    items["nose"] = (2,)
    assert list(known) == ["jaw"]
    with pytest.raises(TypeError):
        known["nose"] = (2,)


def test_it_can_be_copied_deeply():
    known = ReadOnly({"jaw": [0, 1]})
    assert copy.deepcopy(known) == known
    assert copy.deepcopy(known)["jaw"] is not known["jaw"]
