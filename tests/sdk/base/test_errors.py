"""Values in messages: short, on one line, and never an error themselves."""

import numpy as np
import pytest

from lapland.base.errors import clipped, is_share, shown


class Mute:
    def __repr__(self):
        raise RuntimeError("no")


def test_values_are_shown_by_their_repr():
    assert shown("a") == "'a'"
    assert shown([1, None]) == "[1, None]"
    assert shown(Mute()).startswith("<Mute instance")
    # Python refuses to print it; from 3.14 on, its `reprlib` says so.
    assert shown(10**5000).startswith(("an object of int", "<int instance"))


@pytest.mark.parametrize("value", ["x" * 10_000, list(range(10_000)), b"y" * 999, 10**500])
def test_long_values_are_cut(value):
    assert len(shown(value)) <= 200


def test_long_texts_keep_both_ends():
    text = clipped("/photos/" + "a" * 1000 + "/last.jpg")
    assert len(text) <= 200
    assert text.startswith("/photos/")
    assert text.endswith("/last.jpg")
    assert "..." in text


def test_texts_stay_on_one_line():
    assert clipped("a\nb\tc\x1b[2J") == "a b c [2J"
    assert clipped("Übung \N{SNOWMAN}.jpg") == "Übung \N{SNOWMAN}.jpg"
    assert clipped("\udcff.jpg") == "\udcff.jpg"  # a byte of a name that is no text


@pytest.mark.parametrize("value", [0.5, 1e-9, np.float32(0.9)])
def test_shares(value):
    assert is_share(value)


@pytest.mark.parametrize("value", [0, 1, 1.0, -0.1, True, "0.5", None, float("nan"), [0.5]])
def test_no_shares(value):
    assert not is_share(value)
