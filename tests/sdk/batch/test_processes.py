"""Worker processes: real ones, which are killed."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from lapland import LaplandError
from lapland.batch import processes
from lapland.batch.processes import _AHEAD, _TRIES, Death, in_processes
from tests.processes import PATIENCE, is_running
from tests.sdk.batch.workers import FIRST, dies_at_its_first_starts, dies_at_the_start, start

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills by signals")


def run(whats, count=2, setup=""):
    tasks = list(enumerate(whats))
    with closing(in_processes(start, setup, tasks, count)) as results:
        return [(task[0], result) for task, result in results]


def test_results_come_in_order_from_several_processes():
    results = run(["slow", *["quick"] * 9])
    assert [number for number, _ in results] == list(range(10))
    assert [result[0] for _, result in results] == list(range(0, 100, 10))
    workers = {result[1] for _, result in results}
    assert len(workers) == 2
    assert os.getpid() not in workers
    assert multiprocessing.active_children() == []


def test_no_more_processes_than_tasks():
    (_, (value, _)), *rest = run(["quick"], count=5)
    assert value == 0
    assert rest == []
    assert run([]) == []


def test_a_task_that_kills_its_process_twice_is_given_up_and_the_others_are_done():
    results = dict(run(["quick", "dies", "quick", "ends", "quick", "quick"]))
    assert [results[i][0] for i in (0, 2, 4, 5)] == [0, 20, 40, 50]
    assert results[1] == Death(-9)
    assert results[3] == Death(3)
    assert results[1].how == "by SIGKILL"
    assert results[3].how == "with exit code 3"
    assert multiprocessing.active_children() == []


def test_a_process_that_is_killed_once_costs_nothing(tmp_path):
    results = run(["quick", "dies once", "quick"], setup=str(tmp_path / "died"))
    assert [result[0] for _, result in results] == [0, 10, 20]
    assert (tmp_path / "died").exists()


def test_workers_may_be_killed_from_outside_at_any_time():
    with closing(in_processes(start, "", enumerate(["quick"] * 6), 2)) as results:
        got = [next(results)[1][0] for _ in range(3)]
        for process in multiprocessing.active_children():
            os.kill(process.pid, signal.SIGKILL)
        got += [result[0] for _, result in results]
    assert got == [0, 10, 20, 30, 40, 50]


def test_processes_that_never_start_end_the_run(monkeypatch):
    monkeypatch.setattr(processes, "_DEATHS", 4)
    with pytest.raises(LaplandError, match=r"^4 processes ended .* with exit code 7.*fewer --jobs"):
        list(in_processes(dies_at_the_start, None, range(5), 2))
    assert multiprocessing.active_children() == []


def test_workers_that_end_before_they_are_ready_cost_their_task_nothing(tmp_path):
    assert FIRST >= _TRIES  # as many would be too many for a task
    with closing(
        in_processes(dies_at_its_first_starts, str(tmp_path), [(5, "quick")], 1)
    ) as results:
        assert [result[0] for _, result in results] == [50]
    assert len(os.listdir(tmp_path)) == FIRST


def test_tasks_are_read_as_they_are_needed():
    read = []

    def tasks():
        for i in range(1000):
            read.append(i)
            yield i, "quick"

    with closing(in_processes(start, "", tasks(), 2)) as results:
        for _ in range(20):
            next(results)
    assert len(read) <= 20 + 2 * _AHEAD < 1000
    assert multiprocessing.active_children() == []


def test_workers_end_when_the_parent_is_killed():
    program = """
import multiprocessing, sys
from lapland.batch.processes import in_processes
from tests.sdk.batch.workers import start
if __name__ == "__main__":
    results = in_processes(start, "", enumerate(["slow"] * 100), 2)
    workers = {next(results)[1][1] for _ in range(4)}
    print(*workers, flush=True)
    sys.stdin.read()
"""
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as parent:
        workers = [psutil.Process(int(word)) for word in parent.stdout.readline().split()]
        parent.kill()
    assert len(workers) == 2
    deadline = time.monotonic() + PATIENCE
    while any(is_running(worker) for worker in workers):
        assert time.monotonic() < deadline
        time.sleep(0.05)
