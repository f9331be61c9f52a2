"""The schemes: 68 points against the table that 300-W publishes, 19 by what they stand for."""

import pytest

from lapland import SCHEMES


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
def test_every_scheme_is_whole(scheme):
    every = list(range(scheme.size))
    assert sorted(index for group in scheme.groups.values() for index in group) == every
    assert [scheme.mirror[i] for i in scheme.mirror] == every
    for group in scheme.groups.values():
        assert {scheme.mirror[i] for i in group} == set(group)
    drawn = [index for indices, _ in scheme.contours for index in indices]
    assert len(set(drawn)) == len(drawn)
    assert set(drawn) <= set(every)
    # The flipped face has its eyes and its corners of the mouth exchanged.
    left, right, nose, mouth_left, mouth_right = (
        {scheme.mirror[i] for i in group} for group in scheme.five
    )
    flipped = (right, left, nose, mouth_right, mouth_left)
    assert flipped == tuple(set(group) for group in scheme.five)
