"""A value is computed once, and no process waits for another thread that computes it."""

import os
import pickle
import threading

import pytest

from lapland.base.once import once
from tests.sdk.promises.test_processes import run


class Circle:
    def __init__(self, radius):
        self.radius = radius
        self.computed = 0

    @once
    def area(self):
        """Area in square pixels."""
        self.computed += 1
        if self.radius < 0:
            raise ValueError("a radius is not negative")
        return 3.0 * self.radius**2


def test_a_value_is_computed_at_its_first_use_and_kept():
    circle, other = Circle(2), Circle(3)
    assert circle.computed == 0
    assert (circle.area, circle.area, other.area) == (12.0, 12.0, 27.0)
    assert circle.computed == 1
    assert pickle.loads(pickle.dumps(circle)).area == 12.0
    assert Circle.area.__doc__ == "Area in square pixels."


def test_an_error_is_not_kept():
    circle = Circle(-1)
    for _ in range(2):
        with pytest.raises(ValueError, match="negative"):
            circle.area  # noqa: B018
    circle.radius = 1
    assert circle.area == 3.0


def test_threads_do_not_wait_for_each_other_and_get_one_value():
    together = threading.Barrier(2, timeout=60)

    class Meeting:
        @once
        def place(self):
            together.wait()  # both threads are here, or this breaks
            return object()

    meeting, places = Meeting(), []
    threads = [threading.Thread(target=lambda: places.append(meeting.place)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(places) == 2
    assert places[0] is places[1] is meeting.place


FORK = """
import os, threading
from lapland.uncertainty import fitted

computing, forked = threading.Event(), threading.Event()

def slow(scheme):
    if threading.current_thread() is not threading.main_thread():
        computing.set()
        forked.wait()
    return scheme

fitted.columns_of = slow
one, other = (fitted.Fitted(name, *[None] * 9) for name in ("one", "other"))
thread = threading.Thread(target=lambda: one.places)
thread.start()
computing.wait()
child = os.fork()
if not child:
    os._exit(0 if other.places == "other" else 1)
assert os.waitpid(child, 0)[1] == 0
forked.set()
thread.join()
print(one.places)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_process_forked_while_a_thread_computes_does_not_wait_for_it():
    assert run(FORK) == ["one"]
