"""Checks of arguments."""

import math
from pathlib import Path

import numpy as np
import pytest

from lapland import OptionError
from lapland.base.checks import check_flags, checked_path, is_above_0, is_finite


def test_flags():
    check_flags(pose=True, eyes=np.bool_(False))
    for value in (1, None, "yes", np.zeros(3)):
        with pytest.raises(OptionError, match=r"eyes must be True or False, not "):
            check_flags(pose=True, eyes=value)


def test_numbers():
    for value in (0.5, 3, np.float32(2), np.int64(7)):
        assert is_finite(value)
        assert is_above_0(value)
        assert is_finite(-value)
        assert not is_above_0(-value)
    for value in (math.nan, math.inf, 10**400, True, "1", 1j, None, np.ones(1)):
        assert not is_finite(value)
        assert not is_above_0(value)


def test_paths():
    assert checked_path("a.pts") == checked_path(Path("a.pts")) == Path("a.pts")
    for value in (b"a.pts", 3, None, "a\0", "a" * 5000):
        with pytest.raises(OptionError, match=r"^path must be the path of a file, not "):
            checked_path(value)
