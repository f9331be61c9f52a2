"""The 68 points, against the table that 300-W publishes."""

import pytest

from lapland import IBUG68

# The mirror table of Multi-PIE's 68 points as it is printed everywhere, 1-based.
PUBLISHED = (
    "17 16 15 14 13 12 11 10 9 8 7 6 5 4 3 2 1 27 26 25 24 23 22 21 20 19 18 28 29 30 31 36 35 34 "
    "33 32 46 45 44 43 48 47 40 39 38 37 42 41 55 54 53 52 51 50 49 60 59 58 57 56 65 64 63 62 61 "
    "68 67 66"
)


def test_groups_hold_each_landmark_once():
    members = [index for group in IBUG68.groups.values() for index in group]
    assert sorted(members) == list(range(68))
    assert IBUG68.size == 68
    assert list(IBUG68.groups) == ["jaw", "brows", "nose", "eyes", "mouth"]
    assert [len(group) for group in IBUG68.groups.values()] == [17, 10, 9, 12, 20]


def test_mirror_is_the_published_one():
    assert [index + 1 for index in IBUG68.mirror] == [int(word) for word in PUBLISHED.split()]


def test_mirror_is_an_involution_within_groups():
    assert [IBUG68.mirror[i] for i in IBUG68.mirror] == list(range(68))
    for group in IBUG68.groups.values():
        assert {IBUG68.mirror[i] for i in group} == set(group)
    assert {i for i in range(68) if IBUG68.mirror[i] == i} == {
        8,
        27,
        28,
        29,
        30,
        33,
        51,
        57,
        62,
        66,
    }


@pytest.mark.parametrize(
    ("left", "right"),
    [(0, 16), (17, 26), (21, 22), (36, 45), (39, 42), (37, 44), (41, 46), (48, 54), (60, 64)],
)
def test_mirror_of_well_known_pairs(left, right):
    assert IBUG68.mirror[left] == right


def test_contours_draw_each_landmark_once():
    members = [index for indices, _ in IBUG68.contours for index in indices]
    assert sorted(members) == list(range(68))
    closed = [indices for indices, is_closed in IBUG68.contours if is_closed]
    assert [indices[0] for indices in closed] == [36, 42, 48, 60]


def test_five_points_and_eye_corners():
    left, right, nose, mouth_left, mouth_right = IBUG68.five
    assert left == (36, 37, 38, 39, 40, 41)
    assert {IBUG68.mirror[i] for i in left} == set(right)
    assert (nose, mouth_left, mouth_right) == ((30,), (48,), (54,))
    assert IBUG68.eye_corners == (36, 45)
