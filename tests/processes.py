"""Processes that tests start and end."""

from contextlib import suppress

import psutil

# Seconds after which what has not ended is taken to hang. No promise of speed: on a quiet machine
# everything that waits for it takes seconds.
PATIENCE = 600


def is_running(process: psutil.Process) -> bool:
    """Whether it is at work; one that has ended stays a zombie where nobody waits for it."""
    with suppress(psutil.NoSuchProcess):  # it has ended between one question and the next
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
