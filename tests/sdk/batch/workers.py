"""What runs in worker processes of the tests, which import nothing else for it."""

import os
import signal
import time

FIRST = 2  # starts of `dies_at_its_first_starts` that fail


def start(setup):
    """Tasks that say what is to become of their process."""

    def run(task):
        number, what = task
        if what == "slow":
            time.sleep(0.3)
        elif what == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        elif what == "ends":
            os._exit(3)
        elif what == "dies once" and not os.path.exists(setup):
            with open(setup, "w"):
                os.kill(os.getpid(), signal.SIGKILL)
        return number * 10, os.getpid()

    return run


def dies_at_the_start(setup):
    os._exit(7)


def dies_at_its_first_starts(folder):
    """A worker that ends before it is ready, the first times."""
    started = len(os.listdir(folder))
    if started < FIRST:
        open(os.path.join(folder, str(started)), "w").close()
        os._exit(7)
    return start("")
