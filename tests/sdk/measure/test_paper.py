"""The paper's figures agree among themselves."""

import pytest

from lapland.measure import paper


def test_the_papers_table_agrees_with_its_parameters():
    # The shipped widths follow 452 c^2 + 181 c + 9452, which the paper's own counts do too.
    for width, column in paper.TABLE_3.items():
        c = 64 * eval(width)
        assert column.parameters == pytest.approx((452 * c**2 + 181 * c + 9452) / 1e6, rel=0.03)
    # float32 takes four bytes a parameter.
    for column in paper.TABLE_3.values():
        assert column.megabytes == pytest.approx(4 * column.parameters, abs=0.01)
    assert list(paper.TABLE_3) == ["1/16", "1/8", "1/4", "1/2", "1"]
