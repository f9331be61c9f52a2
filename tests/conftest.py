"""Fixtures and options that all tests share."""

import argparse
import atexit
import ctypes
import functools
import gc
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

# One thread of numpy's and torch's: networks of tests are small, and threads that wait for one
# another cost more than they bring. What counts threads sets its own number.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
import pytest

# Memory that a test frees is kept for the next one, where the C library is glibc: a virtual machine
# whose host takes back what is free gives a gigabyte anew in more than a second.
with suppress(OSError, AttributeError, TypeError):
    _MMAP_MAX, _TRIM_THRESHOLD = -4, -1  # of malloc.h
    ctypes.CDLL(None).mallopt(_MMAP_MAX, 0)
    ctypes.CDLL(None).mallopt(_TRIM_THRESHOLD, 2**31 - 1)

ROOT = Path(__file__).resolve().parents[1]
PHOTO = ROOT / "examples" / "astronaut.png"


def copied():
    """A copy of package and models, which all processes of the tests import, to be changed."""
    home = Path(tempfile.mkdtemp(prefix="lapland-"))
    owner = os.getpid()  # what it forks may not take the folder away
    atexit.register(lambda: os.getpid() == owner and shutil.rmtree(home, ignore_errors=True))
    shutil.copytree(ROOT / "sdk", home / "sdk", ignore=shutil.ignore_patterns("__pycache__"))
    # Links would lead out of the folder of the models, which its hashes do not allow.
    shutil.copytree(ROOT / "models", home / "models")
    sys.path.insert(0, str(home / "sdk"))
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(home / "sdk"), *([before] if before else [])])
    return home


def take_by_default(home, width, precision, weights):
    """Names another default model in the index of a copy."""
    file = home / "models" / "index.json"
    rows = json.loads(file.read_text("utf-8"))
    for row in rows:
        if (row["width"], row["precision"], row["weights"]) == (width, precision, weights):
            row["default"] = "photo"
        elif row["weights"] in ("open", weights):
            row["default"] = None  # without one, the open family is not the default one
    assert any(row["weights"] == weights and row["default"] for row in rows), "no such model"
    file.write_text(json.dumps(rows), encoding="utf-8")


def take_none_by_default(home):
    """Whatever asks a copy for the default model or family fails, in every process."""
    with (home / "sdk" / "lapland" / "networks" / "index.py").open("a", encoding="utf-8") as file:
        file.write("\n\ndef default(*_):\n    raise RuntimeError('--without=model')\n")
        file.write("\n\ndefault_family = default\n")


# Here, before anything imports the package: not even this file does so above its functions.
asked = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
asked.add_argument("--model")
asked.add_argument("--without")
asked = asked.parse_known_args()[0]
if asked.model:
    take_by_default(copied(), *asked.model.split(":"))
if asked.without == "model":
    take_none_by_default(copied())

# `pytest -m quick`: the tests of the SDK without these folders and files, which start processes,
# follow videos, try whatever a caller may send, or open all models.
NOT_QUICK = (
    *("batch", "cli", "footage", "promises", "video"),
    "answers/test_blinks.py",
    "landmarks/test_agreement.py",
    "networks/test_onnx_rules.py",
)


def pytest_addoption(parser):
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write tests/golden/*.json anew from the shipped weights, by torch",
    )
    parser.addoption(
        "--model",
        metavar="WIDTH:PRECISION:WEIGHTS",
        help="the model of a Detector by default, as 1/4:float32:300w: no verdict may hang on it",
    )
    parser.addoption(
        "--noise",
        type=int,
        default=0,
        metavar="SEED",
        help="change pixels of the photo by one grey value, and the noise of the videos",
    )
    parser.addoption(
        "--without",
        choices=["model", "noise"],
        help="let every test fail that asks for a default model, or sees what --noise changes: "
        "to the others, --model or --noise can bring nothing new",
    )


def pytest_configure(config):
    from tests import grain

    grain.SEED = config.getoption("--noise")
    grain.REFUSED = config.getoption("--without") == "noise"


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """What is imported here stays to the end, so no search for garbage need look at it."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()
        # pytest listens anew at each logger that passes nothing on, in all phases of all tests;
        # torch has some forty of them.
        for logger in logging.root.manager.loggerDict.values():
            if isinstance(logger, logging.Logger):
                logger.propagate = True


def pytest_collection_modifyitems(items):
    sdk = ROOT / "tests" / "sdk"
    slow = {sdk / name for name in NOT_QUICK}
    for item in items:
        if item.path.is_relative_to(sdk) and slow.isdisjoint([item.path, *item.path.parents]):
            item.add_marker("quick")


def pytest_report_header():
    """The processor and the versions on which verdicts may hang."""
    from lapland.measure import machine

    versions = ", ".join(f"{name} {version}" for name, version in machine.versions().items())
    return [f"{machine.processor()}, {os.cpu_count()} cores, {machine.instructions()}", versions]


@pytest.fixture(scope="session")
def original():
    """The photo in any case, for what is compared with a record of it."""
    return cv2.imread(str(PHOTO), cv2.IMREAD_COLOR)


@pytest.fixture(scope="session")
def photo(original, tmp_path_factory):
    """Eileen Collins, by NASA, public domain: 512 x 512, one face in about (180, 64, 265, 172)."""
    from tests import grain

    pixels = grain.grained(original)
    if pixels is original:
        return PHOTO
    path = tmp_path_factory.mktemp("photo") / PHOTO.name
    assert cv2.imwrite(str(path), pixels)
    return path


@pytest.fixture(scope="session")
def image(photo):
    """The photo as BGR; read-only, so that a test that writes to it fails."""
    pixels = cv2.imread(str(photo), cv2.IMREAD_COLOR)
    assert pixels.shape == (512, 512, 3)
    assert pixels.dtype == np.uint8
    pixels.flags.writeable = False
    return pixels


@pytest.fixture(scope="session")
def detector():
    from lapland import Detector

    return Detector(threads=1)


@pytest.fixture(scope="session")
def peaks():
    """A model whose landmarks can be computed by hand; `make_peaks.py` says how."""
    return ROOT / "tests" / "peaks" / "peaks.onnx"


@pytest.fixture(scope="session")
def data_300w():
    """The folder of the 300-W photos, where the environment names one."""
    named = os.environ.get("LAPLAND_300W")
    if not named:
        pytest.skip("LAPLAND_300W is not set; it names a folder in 300-W layout with splits/")
    folder = Path(named)
    if not (folder / "splits").is_dir():
        pytest.skip(f"LAPLAND_300W={named} is no folder in 300-W layout: it has no splits/")
    return folder


@pytest.fixture(scope="module")
def short_exports():
    """Exports compare eight crops, and pictures of their cards have few cells: most of the time."""
    from export.cards import failures_picture
    from export.shipping import exporting

    eight = functools.partial(exporting.crops_of_photo, count=8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exporting, "crops_of_photo", eight)
        patch.setattr(failures_picture, "TURNS", ())
        patch.setattr(failures_picture, "CARD_CORRUPTIONS", failures_picture.CARD_CORRUPTIONS[:1])
        yield


@pytest.fixture
def heeded():
    """The signals as in a terminal: a run under `nohup` or in the background ignores some."""
    usual = {signal.SIGTERM: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}
    if hasattr(signal, "SIGHUP"):
        usual[signal.SIGHUP] = signal.SIG_DFL
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)
