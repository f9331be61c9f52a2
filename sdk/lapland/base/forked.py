"""Forked processes: the threads of the libraries stay with the parent, their locks do not."""

import os
from collections.abc import Callable

import cv2


def after_fork(action: Callable[[], None]) -> None:
    """Has an action run at the start of every process that is forked from this one."""
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=action)


# OpenCV would wake the threads that it had in the parent, and wait for the lock of one that held it
# at the moment of the fork. With 0, unlike 1, it leaves them alone; one thread does all the work.
after_fork(lambda: cv2.setNumThreads(0))
