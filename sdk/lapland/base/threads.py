"""Calls on several threads, with results in the order of their items."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def cores() -> int:
    """The number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_order(
    run: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Result]:
    """Yields the result of each item, in their order.

    Items are read on demand, two a thread ahead. An error is raised at the place of its
    item, and ends the rest.
    """
    waiting: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(threads, "lapland") as pool:
        try:
            for item in items:
                waiting.append(pool.submit(run, item))
                if len(waiting) > 2 * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
