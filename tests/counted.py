"""Work is counted where time must be bounded: a busy machine changes no count."""

import sys


def calls(function):
    """How many functions of Python and of C are called while one runs."""
    count = 0

    def hook(_, event, __):
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(hook)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count


class CountedBytes(bytes):
    """Bytes that count how many of them are copied by slices."""

    copied = 0

    def __getitem__(self, key):
        part = super().__getitem__(key)
        if isinstance(key, slice):
            self.copied += len(part)
        return part
