"""Calls on several threads, in the order of their items."""

import threading

import pytest

from lapland.base.threads import cores, in_order
from tests.processes import PATIENCE


def test_there_is_a_core():
    assert cores() >= 1


@pytest.mark.parametrize("threads", [1, 3])
def test_results_come_in_the_order_of_the_items(threads):
    first = threading.Event()

    def run(number):
        if number == 0 and threads > 1:
            assert first.wait(PATIENCE)  # the others end before it
        first.set()
        return number * 2

    assert list(in_order(run, range(20), threads)) == [2 * n for n in range(20)]


def test_an_error_comes_at_its_place_and_ends_the_rest():
    results = in_order(lambda n: 1 // n, [1, 2, 0, 4], 2)
    assert [next(results), next(results)] == [1, 0]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert list(results) == []


def test_items_are_read_on_demand():
    read = []

    def items():
        for number in range(100):
            read.append(number)
            yield number

    results = in_order(str, items(), 2)
    assert next(results) == "0"
    assert len(read) <= 6
    results.close()
    assert len(read) <= 6
