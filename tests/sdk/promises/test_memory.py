"""Memory goes back to about its size before, whatever was sent."""

import json
import subprocess
import sys

import pytest

from tests.processes import PATIENCE
from tests.sdk.promises.keeping import CASES

# MB. Other C libraries than glibc are not asked for their free memory.
LIMIT, LIMIT_ELSEWHERE = 30, 140


@pytest.fixture(scope="module")
def readings(photo):
    command = [sys.executable, "-m", "tests.sdk.promises.keeping", str(photo)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("case", CASES)
def test_memory_goes_back(readings, case):
    assert readings[case] < (LIMIT if readings["glibc"] else LIMIT_ELSEWHERE)
