"""What is tested beyond one environment, one command: `nox`; `nox --list` says what there is.

The sessions `oldest`, `newest` and `headless` run the tests of the SDK against the wheel, with the
ends of what `pyproject.toml` allows. A Python that is not on the machine skips its session.
"""

import shutil
from pathlib import Path

import nox

nox.options.default_venv_backend = "virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["oldest", "newest", "headless", "wheel", "audit"]

TESTS = ["pytest", "pytest-timeout"]
# The lower bounds of pyproject.toml. OpenCV before 4.10 cannot be loaded beside numpy 2.
OLDEST = ["numpy==1.26.0", "onnxruntime==1.19.0", "opencv-python==4.10.0.84"]
NEWEST = "3.13"


def built(session: nox.Session) -> Path:
    """The wheel of this tree, in a folder of the session."""
    out = Path(session.create_tmp()) / "dist"
    shutil.rmtree(out, ignore_errors=True)
    session.install("-c", "constraints.txt", "build")
    session.run("python", "-m", "build", "--wheel", "--outdir", str(out), ".", silent=True)
    return next(out.glob("*.whl"))


def tested(session: nox.Session) -> None:
    """Runs the tests of the SDK with what is installed."""
    session.env["PYTHONPATH"] = ""  # the tree must not stand before the wheel
    path = session.run("python", "-P", "-c", "import lapland; print(lapland.__file__)", silent=True)
    if "site-packages" not in str(path):
        session.error(f"expected the installed wheel, not {path}")
    session.run("python", "-m", "pip", "list")
    session.run("python", "-m", "pytest", "-q", "tests/sdk", *session.posargs)


@nox.session(python="3.11")
def oldest(session: nox.Session) -> None:
    """The lower bounds, on the oldest Python."""
    session.install(built(session).as_posix(), *OLDEST, *TESTS)
    tested(session)


@nox.session(python=NEWEST)
def newest(session: nox.Session) -> None:
    """The newest of everything."""
    session.install("--upgrade", built(session).as_posix(), *TESTS)
    tested(session)


@nox.session(python=NEWEST)
@nox.parametrize("opencv", ["4", "5"])
def headless(session: nox.Session, opencv: str) -> None:
    """OpenCV without windows in place of the usual one, in both major versions."""
    following = int(opencv) + 1
    session.install(
        f"opencv-python-headless>={opencv},<{following}", "numpy", "onnxruntime", *TESTS
    )
    session.install("--no-deps", built(session).as_posix())
    tested(session)
