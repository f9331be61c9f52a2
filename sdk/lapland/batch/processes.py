"""Worker processes that may be killed: one task at a time each, results in the order of the tasks.

Each worker has its own pipe and gets one task at a time, so the task of a worker that ends is
known. `concurrent.futures` does not know it: there the end of one process fails all tasks.
"""

import multiprocessing
import signal
import sys
import threading
import types
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Generic, TypeVar

from ..base.errors import LaplandError

Setup = TypeVar("Setup")
Task = TypeVar("Task")
Result = TypeVar("Result")

_TRIES = 2  # runs of a task; its worker may end once by bad luck, as if another fills the memory
_DEATHS = 10  # ends in a row, without a result between them; then the tasks are not the reason
_AHEAD = 64  # results of a worker that may wait for the slowest photo; a stop loses as many


@dataclass(frozen=True)
class Death:
    """The result of a task that killed its worker twice.

    Attributes:
        exitcode: exitcode of the process; -9 where signal 9 ended it.
    """

    exitcode: int | None

    @property
    def how(self) -> str:
        """`by SIGKILL`, or `with exit code 3`."""
        if self.exitcode is not None and self.exitcode < 0:
            with suppress(ValueError):
                return f"by {signal.Signals(-self.exitcode).name}"
        return f"with exit code {self.exitcode}"


@dataclass(eq=False)
class _Worker(Generic[Task]):
    process: BaseProcess
    pipe: "Connection"
    at: tuple[int, Task] | None = None  # the task it is at, and its number
    ready: bool = False


def in_processes(
    start: Callable[[Setup], Callable[[Task], Result]],
    setup: Setup,
    tasks: Iterable[Task],
    count: int,
) -> Generator[tuple[Task, Result | Death], None, None]:
    """Runs tasks in worker processes; closing the generator ends them.

    Args:
        start: called once in each worker with `setup`, gives the function that runs a task. All
            of these are pickled, as processes are spawned on every system.
        setup: argument of `start`.
        tasks: read on demand, a few for each worker ahead.
        count: count of the workers.

    Yields:
        Each task with its result, in the order of the tasks; or with a `Death`, where two workers
        in turn did not survive it.

    Raises:
        LaplandError: worker after worker ends and no task is finished.
    """
    pool = _Pool(start, setup, tasks, count)
    try:
        while True:
            yield from pool.in_order()
            pool.hand_out()
            if not pool.is_busy():
                return
            pool.listen()
    finally:
        pool.end()


class _Pool(Generic[Setup, Task, Result]):
    """The state of `in_processes`; each method is one of its steps."""

    def __init__(
        self,
        start: Callable[[Setup], Callable[[Task], Result]],
        setup: Setup,
        tasks: Iterable[Task],
        count: int,
    ) -> None:
        self._start, self._setup, self._count = start, setup, count
        self._context = multiprocessing.get_context("spawn")
        self._numbered = enumerate(tasks)
        self._again: deque[tuple[int, Task]] = deque()  # those whose worker has ended
        self._deaths: dict[int, int] = {}
        self._deaths_in_a_row = 0
        self._finished: dict[int, tuple[Task, Result | Death]] = {}
        self._begun = self._given = 0  # number of tasks taken, of results given to the caller
        self._workers: list[_Worker[Task]] = []

    def in_order(self) -> Iterator[tuple[Task, Result | Death]]:
        """The results that no unfinished task comes before."""
        while self._given in self._finished:
            yield self._finished.pop(self._given)
            self._given += 1

    def hand_out(self) -> None:
        """Gives tasks to idle workers, and starts as many workers as there are tasks for."""
        for worker in self._workers:
            if worker.ready and worker.at is None:
                _give(worker, self._next())
        while len(self._workers) < self._count and (numbered := self._next()) is not None:
            self._workers.append(_started(self._context, self._start, self._setup, numbered))

    def is_busy(self) -> bool:
        return any(worker.at is not None for worker in self._workers)

    def listen(self) -> None:
        """Waits until a worker is ready, has a result or has ended, and takes it in."""
        # Idle ones are listened to as well: they may be killed too.
        heard = wait([worker.pipe for worker in self._workers])
        for worker in [worker for worker in self._workers if worker.pipe in heard]:
            try:
                message = worker.pipe.recv()
            except (EOFError, OSError):
                self._bury(worker)
                continue
            if not worker.ready:
                worker.ready = True
                _give(worker, worker.at)
            elif worker.at is not None:
                number, task = worker.at
                self._finished[number] = (task, message)
                self._deaths_in_a_row = 0
                worker.at = None

    def end(self) -> None:
        """Ends the workers at once."""
        for worker in self._workers:
            worker.process.terminate()
        for worker in self._workers:
            _ended(worker)

    def _next(self) -> tuple[int, Task] | None:
        if self._again:
            return self._again.popleft()
        if self._begun - self._given >= _AHEAD * self._count:
            return None
        numbered = next(self._numbered, None)
        self._begun += numbered is not None
        return numbered

    def _bury(self, worker: _Worker[Task]) -> None:
        self._workers.remove(worker)
        self._deaths_in_a_row += 1
        exitcode = _ended(worker)
        if self._deaths_in_a_row >= _DEATHS:
            raise LaplandError(
                f"{_DEATHS} processes ended one after the other, the last {Death(exitcode).how}; "
                "if memory is short, take fewer --jobs"
            )
        if worker.at is None:
            return
        number, task = worker.at
        # A worker that was never ready has not begun its task.
        self._deaths[number] = self._deaths.get(number, 0) + worker.ready
        if self._deaths[number] < _TRIES:
            self._again.append(worker.at)
        else:
            self._finished[number] = (task, Death(exitcode))


def _started(
    context: multiprocessing.context.SpawnContext,
    start: Callable[[Setup], Callable[[Task], Result]],
    setup: Setup,
    task: tuple[int, Task],
) -> _Worker[Task]:
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, start, setup), daemon=True)
    with _interrupts_ignored(), _main_left_out():
        process.start()
    theirs.close()  # else the end of the process would not close the pipe
    return _Worker(process, ours, task)


def _give(worker: _Worker[Task], task: tuple[int, Task] | None) -> None:
    worker.at = task
    if task is not None:
        with suppress(OSError):  # it has just ended; the next read of its pipe shows that
            worker.pipe.send(task[1])


def _ended(worker: _Worker[Task]) -> int | None:
    worker.pipe.close()
    worker.process.join(5)
    if worker.process.is_alive():  # the pipe is closed, but the process hangs
        worker.process.kill()
        worker.process.join()
    code = worker.process.exitcode
    worker.process.close()
    return code


def _serve(
    pipe: "Connection",
    start: Callable[[Setup], Callable[[Task], Result]],
    setup: Setup,
) -> None:
    """A worker: runs the tasks from the pipe until its other end is closed."""
    # Ctrl-C reaches every process of a terminal; it is the parent that ends the workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    run = start(setup)
    with suppress(EOFError, OSError):
        pipe.send(None)  # ready
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):  # nobody is there any more
            return
        result = run(task)
        try:
            pipe.send(result)
        except OSError:
            return


@contextmanager
def _main_left_out() -> Iterator[None]:
    """While a process starts: it does not run the program that started it once more.

    Our workers need nothing of it, and a program without `if __name__ == "__main__"` would start
    all of its work anew in each of them.
    """
    before = sys.modules["__main__"]
    bare = types.ModuleType("__main__")
    sys.modules["__main__"] = bare
    try:
        yield
    finally:
        sys.modules["__main__"] = before


@contextmanager
def _interrupts_ignored() -> Iterator[None]:
    """While a process starts: it inherits this, and is not torn from its imports by Ctrl-C."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
