"""Processes that are forked do not wait for threads that stayed with the parent."""

import os

import pytest

from tests.sdk.promises.test_processes import run

FORK = """
import os
import cv2, numpy as np
import lapland  # this alone

cv2.setNumThreads(2)
photo = np.zeros((900, 900, 3), np.uint8)
blurred = cv2.GaussianBlur(photo, (0, 0), 3)  # its threads run from here on
child = os.fork()
if not child:
    assert cv2.getNumThreads() == 1
    assert (cv2.GaussianBlur(photo, (0, 0), 3) == blurred).all()
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert cv2.getNumThreads() == 2
print("done")
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_leaves_the_threads_of_opencv_alone():
    # One of them may hold its lock at the moment of the fork: the process would wait for ever.
    assert run(FORK) == ["done"]
