"""Commands of the repository that are stopped, or find no room."""

import errno
import os
import re
import resource
import signal

import pytest

from export import rcn
from training.common.command import as_program
from training.common.paths import REPOSITORY

pytestmark = pytest.mark.usefixtures("heeded")


def ended(main, **how):
    with pytest.raises(SystemExit) as caught:
        as_program(main, **how)
    return caught.value.code


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_stopped(capsys, number):
    assert ended(lambda: signal.raise_signal(number)) == 128 + number
    said = capsys.readouterr().err
    assert said.endswith(": stopped\n")
    assert said.count("\n") == 1
    assert ended(lambda: signal.raise_signal(number), goes_on=True) == 128 + number
    assert capsys.readouterr().err.endswith("stopped; the same command goes on from here\n")


def test_no_room():
    def full():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "runs/a/best.safetensors")

    assert "No space left on device: 'runs/a/best.safetensors'; make room" in ended(full)


def test_other_ends():
    assert ended(lambda: None) is None
    assert ended(lambda: 3) == 3
    with pytest.raises(FileNotFoundError):
        as_program(lambda: os.stat("no/such/file"))
    with pytest.raises(ZeroDivisionError):
        as_program(lambda: 1 / 0)


def test_an_export_without_room_leaves_nothing(short_exports, tmp_path):
    weights = REPOSITORY / "models" / "rcn-1-16" / "weights.safetensors"
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, most))
    try:
        said = ended(lambda: rcn.main([str(weights), "--out", str(tmp_path / "made")]))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    assert re.match(r"export.rcn: .*File too large: '.*made/", said)
    assert not list(tmp_path.rglob("*.onnx"))
    assert not list(tmp_path.rglob(".lapland*"))
