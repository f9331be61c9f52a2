"""Processes that tests start and end."""

from contextlib import suppress

import psutil


def is_running(process: psutil.Process) -> bool:
    """Whether it is at work; one that has ended stays a zombie where nobody waits for it."""
    with suppress(psutil.NoSuchProcess):  # it has ended between one question and the next
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
