"""Schemes as files."""

import json

import pytest

from lapland import AFLW19, IBUG68, OptionError, read_scheme
from lapland.schemes.definition import scheme_from, scheme_from_json, scheme_to_json
from lapland.schemes.registry import is_shipped, register

GOOD = {
    "name": "four",
    "landmarks": ["left_eye", "right_eye", "nose", "mouth"],
    "groups": {"eyes": [0, 1], "rest": [2, 3]},
    "contours": [{"points": [0, 1], "closed": False}],
    "pairs": [[0, 1]],
    "five": [[0], [1], [2], [3], [3]],
    "eye_corners": None,
}


def test_a_file(tmp_path):
    (tmp_path / "four.json").write_text(json.dumps(GOOD))
    scheme = read_scheme(tmp_path / "four.json")
    assert scheme.size == 4
    assert scheme.mirror == (1, 0, 2, 3)
    assert scheme.part("nose") == (2,)
    assert scheme.part("eyes") == (0, 1)
    assert not is_shipped(scheme)


@pytest.mark.parametrize("scheme", [IBUG68, AFLW19])
def test_there_and_back(scheme):
    again = scheme_from_json(scheme_to_json(scheme))
    for name in ("name", "size", "contours", "mirror", "five", "eye_corners"):
        assert getattr(again, name) == getattr(scheme, name)
    assert dict(again.groups) == dict(scheme.groups)
    assert dict(again.parts) == dict(scheme.parts)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("name", "../x", "name"),
        ("landmarks", 1, "2 to 1000"),
        ("landmarks", ["a", "a", "b", "c"], "differ"),
        ("groups", {"eyes": [0, 1]}, "each landmark"),
        ("groups", {"all": [0, 1, 2, 3], "none": []}, "empty"),
        ("groups", {"all": [0, 1, 2, 3], "more": [3]}, "each landmark"),
        ("pairs", [[0, 4]], "0 to 3"),
        ("pairs", [[0, 1], [1, 2]], "one pair"),
        ("five", [[0], [1], [2], [3]], "five"),
        ("five", [[0], [1], [], [3], [3]], "nose"),
        ("eye_corners", [0], "two"),
        ("contours", [[0, 1]], "contours"),
        ("parts", [1], "parts"),
    ],
)
def test_faults_are_named(key, value, message):
    with pytest.raises(OptionError, match=message):
        scheme_from(GOOD | {key: value})


def test_no_json():
    with pytest.raises(OptionError, match="JSON"):
        scheme_from_json("{")
    with pytest.raises(OptionError, match="object"):
        scheme_from_json("[]")


def test_a_name_stands_for_one_scheme():
    known = register(scheme_from(GOOD | {"name": "test-four"}))
    assert register(scheme_from(GOOD | {"name": "test-four"})) is known
    with pytest.raises(OptionError, match="new name"):
        register(scheme_from(GOOD | {"name": "ibug68"}))


def test_parts_of_the_68():
    assert IBUG68.part("left_eye") == tuple(range(36, 42))
    assert IBUG68.part("left_eye_inner_corner") == (39,)
    assert len(IBUG68.part("without_jaw")) == 51
    upper, lower = (set(IBUG68.part(name)) for name in ("upper_lip", "lower_lip"))
    assert upper | lower == set(range(48, 68))
    mirrored = {IBUG68.mirror[i] for i in IBUG68.part("left_brow")}
    assert mirrored == set(IBUG68.part("right_brow"))
    assert IBUG68.coco_category()["parts"]["chin"] == [8]
