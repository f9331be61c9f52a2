"""What is said of the machine, and what others do on it."""

import os
import platform
import sys
from datetime import datetime
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest

import lapland
from lapland.measure import machine


def test_header_says_where_figures_come_from():
    head = machine.header("lapland benchmark")
    assert head["command"] == "lapland benchmark"
    assert datetime.fromisoformat(head["date"]).utcoffset().total_seconds() == 0
    assert head["cpu"]
    assert head["cores"] == os.cpu_count()
    assert head["instructions"] == machine.instructions()
    assert head["versions"] == {
        "lapland": lapland.__version__,
        "onnxruntime": onnxruntime.__version__,
        "opencv": cv2.__version__,
        "numpy": np.__version__,
        "python": ".".join(map(str, sys.version_info[:3])),
    }


def test_instructions_are_those_that_the_system_names():
    found = machine.instructions()
    assert found
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:
        pytest.skip("this system has no /proc/cpuinfo")
    if "x86" not in platform.machine():
        pytest.skip("the names are those of x86")
    assert ("VNNI" in found) == ("avx512_vnni" in flags or "avx_vnni" in flags)
    assert ("AVX" in found) == ("avx2" in flags)


def test_others_are_all_less_ourselves():
    start, end = machine.Moment(100.0, 50.0, 7.0), machine.Moment(110.0, 65.0, 12.0)
    assert machine.others(start, end) == pytest.approx(1.0)
    assert machine.others(start, machine.Moment(110.0, 55.0, 12.5)) == 0
    assert machine.others(start, machine.Moment(110.0, None, 12.5)) is None
    assert machine.others(start, start) is None


def test_our_own_work_is_not_that_of_others():
    start = machine.now()
    if start.all is None:
        pytest.skip("this system does not tell what its cores have done")
    while machine.now().own - start.own < 0.2:
        pass
    end = machine.now()
    passed = end.clock - start.clock
    worked = (end.all - start.all) / passed
    # Ticks of 10 ms on each core are all that the system counts in.
    assert worked - machine.others(start, end) <= (end.own - start.own) / passed + 1e-6
    assert machine.others(start, end) <= os.cpu_count() + 0.1
