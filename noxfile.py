"""Tests beyond one environment, by one command: `nox`; `nox --list` lists them.

The sessions `oldest`, `newest` and `opencv` run the tests of the SDK against the wheel, with the
oldest and newest versions that `pyproject.toml` allows. A Python that is not on the machine skips
its session.
"""

import hashlib
import json
import re
import shutil
import sys
from pathlib import Path

import nox

nox.options.default_venv_backend = "virtualenv"
nox.options.error_on_missing_interpreters = False
nox.options.sessions = ["oldest", "newest", "opencv", "wheel", "sbom", "audit", "docs"]

TESTS = ["pytest", "pytest-timeout", "hypothesis", "psutil"]
# The lower bounds of pyproject.toml. OpenCV before 4.10 cannot be loaded beside numpy 2.
OLDEST = ["numpy==1.26.0", "onnxruntime==1.19.0", "opencv-python-headless==4.10.0.84"]
NEWEST = "3.14"


def built(session: nox.Session, folder: str = ".") -> Path:
    """The wheel of a package of this tree, in a folder of the session; `300w` is the other one."""
    out = Path(session.create_tmp()) / "dist" / Path(folder).name
    shutil.rmtree(out, ignore_errors=True)
    command = (sys.executable, "-m", "build", "--wheel", "--outdir", str(out), folder)
    # By the environment of nox; also with --install-only.
    session.run_install(*command, silent=True, external=True)
    return next(out.glob("*.whl"))


def tested(session: nox.Session, wheel: Path) -> None:
    """Runs the tests of the SDK with the wheels, beside the installed packages."""
    # An environment that is used again (-r) has some of this version already.
    wheels = [wheel.as_posix(), built(session, "300w").as_posix()]
    session.install("--force-reinstall", "--no-deps", *wheels)
    session.env["PYTHONPATH"] = ""  # the tree must not stand before the wheel
    path = session.run("python", "-P", "-c", "import lapland; print(lapland.__file__)", silent=True)
    if "site-packages" not in str(path):
        session.error(f"expected the installed wheel, not {path}")
    session.run("python", "-m", "pip", "list")
    session.run("python", "-m", "pytest", "-q", "tests/sdk", *session.posargs)


@nox.session(python="3.11")
def oldest(session: nox.Session) -> None:
    """The lower bounds, on the oldest Python."""
    wheel = built(session)
    session.install(wheel.as_posix(), *OLDEST, *TESTS)
    tested(session, wheel)


@nox.session(python=NEWEST)
def newest(session: nox.Session) -> None:
    """The newest of everything."""
    wheel = built(session)
    session.install("--upgrade", wheel.as_posix(), *TESTS)
    tested(session, wheel)


@nox.session(python=NEWEST)
@nox.parametrize("major", ["4", "5"])
@nox.parametrize("name", ["opencv-python-headless", "opencv-python"])
def opencv(session: nox.Session, name: str, major: str) -> None:
    """The OpenCV that an environment has stays the only one, with windows or without."""
    session.install(f"{name}>={major},<{int(major) + 1}")
    session.install(".", *TESTS)
    session.run("python", "-m", "pip", "check")
    listed = str(session.run("python", "-m", "pip", "list", "--format", "freeze", silent=True))
    found = [line for line in listed.splitlines() if line.startswith("opencv")]
    if len(found) != 1 or not found[0].startswith(f"{name}=={major}."):
        session.error(f"expected {name} of version {major} alone, found {found}")
    tested(session, built(session))


@nox.session(python=False)
def wheel(session: nox.Session) -> None:
    """Two builds of each package, in environments of their own, give the same bytes."""
    for folder in (".", "300w"):
        digests = set()
        for number in (1, 2):
            out = Path(session.create_tmp()) / f"wheel-{folder}-{number}"
            shutil.rmtree(out, ignore_errors=True)
            command = ("python", "-m", "build", "--wheel", "--outdir", str(out), folder)
            session.run(*command, silent=True, env={"SOURCE_DATE_EPOCH": "1704067200"})
            file = next(out.glob("*.whl"))
            digests.add(hashlib.sha256(file.read_bytes()).hexdigest())
        if len(digests) != 1:
            session.error(f"{file.name}: expected one digest, found {digests}")
        session.log(f"{file.name}: {digests.pop()}")


@nox.session(python="3.11")
def sbom(session: nox.Session) -> None:
    """Writes `dist/lapland.cdx.json`: dependencies of the wheel, and the models in it by SHA-256.

    Beside the wheel and not in it: it lists the newest dependencies of the day of a release. The
    manifest of the models, which it repeats, is in the wheel (`python -m export.hashes`).
    """
    session.install(built(session).as_posix())
    out = Path("dist") / "lapland.cdx.json"
    out.parent.mkdir(exist_ok=True)
    python = Path(session.bin) / "python"
    session.run(
        *("cyclonedx-py", "environment", "--pyproject", "pyproject.toml", "--output-reproducible"),
        *("--output-file", str(out), str(python)),
        external=True,
    )
    bill = json.loads(out.read_text("utf-8"))
    ours = [c for c in bill["components"] if c["name"] not in ("pip", "setuptools", "wheel")]
    models = json.loads(Path("models/lapland.cdx.json").read_text("utf-8"))["components"]
    bill["components"] = ours + models
    out.write_text(json.dumps(bill, indent=1) + "\n", encoding="utf-8")
    session.log(f"{out}: {len(bill['components'])} components")


@nox.session(python=False)
def audit(session: nox.Session) -> None:
    """Searches the package's code for dangerous calls, and looks its dependencies up."""
    session.run("bandit", "-q", "-c", "pyproject.toml", "-r", "sdk")
    needed = Path(session.create_tmp()) / "runtime.txt"
    lines = Path("constraints.txt").read_text("utf-8").splitlines()
    runtime = ("numpy==", "onnxruntime==", "opencv-python")
    needed.write_text("\n".join(line for line in lines if line.startswith(runtime)), "utf-8")
    found = needed.with_name("found.json")
    command = ("pip-audit", "--requirement", str(needed), "--no-deps", "--disable-pip")
    session.run(*command, "--format", "json", "--output", str(found))
    packages = json.loads(found.read_text("utf-8"))["dependencies"]
    unknown = [f"{p['name']}: {p['skip_reason']}" for p in packages if "skip_reason" in p]
    if unknown:
        session.skip(f"not looked up, is its service out of reach? {'; '.join(unknown)}")


@nox.session(python=False)
def isa(session: nox.Session) -> None:
    """Other processors, emulated: two x86 and two of Arm; names those that it skips. Takes minutes.

    `nox -s isa -- cortex-a72` takes one of them.
    """
    if shutil.which("qemu-x86_64") is None and shutil.which("qemu-aarch64") is None:
        session.skip("there is no emulator (apt-get install --no-install-recommends qemu-user)")
    folder = Path(session.create_tmp()) / "arm64"
    session.run("python", "-m", "tests.isa", "--arm64", str(folder), *session.posargs)


@nox.session(python="3.11")
def frozen(session: nox.Session) -> None:
    """The wheel in programs frozen by PyInstaller, folders and single files. Takes minutes.

    `nox -s frozen -- --onedir` takes the folders alone.
    """
    wheels = [built(session).as_posix(), built(session, "300w").as_posix()]
    session.install(*wheels, "pyinstaller>=6,<7")
    session.install("--force-reinstall", "--no-deps", *wheels)
    session.env["PYTHONPATH"] = ""  # the tree must not stand before the wheel
    session.run("python", "-m", "tests.frozen", *session.posargs)


@nox.session(python="3.11")
def docs(session: nox.Session) -> None:
    """Builds the site into `dist/site`; warnings are errors, and no page may fetch anything."""
    session.install("-c", "constraints.txt", "-e", ".[docs]")
    session.run("python", "docs/_site/stage.py", "dist/pages")
    session.run("python", "-m", "mkdocs", "build", "--strict", env={"NO_MKDOCS_2_WARNING": "1"})
    fetched = re.compile(r'<(?:script|img|iframe|link)[^>]*(?:src|href)="?(?:https?:)?//[^">]*')
    for page in Path("dist/site").rglob("*.html"):
        found = fetched.findall(page.read_text(encoding="utf-8"))
        if found:
            session.error(f"{page} fetches {found}")


@nox.session(python="3.11")
def road(session: nox.Session) -> None:
    """Train, evaluate, export and detect, in the environment of training/README.md."""
    session.install("-c", "constraints.txt", "-e", ".[export]")
    session.run("python", "-m", "pip", "check")
    session.run("python", "-m", "tests.road")


@nox.session(python="3.11")
def mutants(session: nox.Session) -> None:
    """Lines of the SDK changed at random: tests that do not notice. `-- --count 10 --seed 3`."""
    session.install("-c", "constraints.txt", "-e", ".[dev]")
    session.install("cosmic-ray>=8.4,<9")
    session.run("python", "-m", "tests.mutants", *session.posargs)


def failed(session: nox.Session, *arguments: str) -> list[str]:
    """Runs tests, and gives the names of those that fail."""
    cache = Path(session.create_tmp()).resolve() / "cache"
    shutil.rmtree(cache, ignore_errors=True)
    command = ("python", "-m", "pytest", "-q", "-o", f"cache_dir={cache}", *arguments)
    session.run(*command, success_codes=[0, 1])
    names = cache / "v" / "cache" / "lastfailed"
    return list(json.loads(names.read_text("utf-8"))) if names.exists() else []


@nox.session(python=False)
def every_model(session: nox.Session) -> None:
    """The tests of the SDK with each shipped model as the default one, and with noise in pictures.

    Only those that ask for a default model or see the noise: they fail without. Takes hours;
    `nox -s every_model -- tests/sdk/video` takes some of them.
    """
    chosen = session.posargs or ["tests/sdk"]
    quietly = ("--tb=no", "-rN", "--continue-on-collection-errors")
    asking = {}
    for kind in ("model", "noise"):
        names = failed(session, *quietly, f"--without={kind}", *chosen)
        asking[kind] = Path(session.create_tmp()).resolve() / f"{kind}.txt"
        asking[kind].write_text("\n".join(names), encoding="utf-8")
    index = json.loads(Path("models/index.json").read_text("utf-8"))
    models = [f"{row['width']}:{row['precision']}:{row['weights']}" for row in index]
    runs = [("model", model) for model in models] + [("noise", seed) for seed in ("1", "2")]
    found = {}
    for kind, value in runs:
        option = f"--{kind}={value}"
        if names := failed(session, option, f"@{asking[kind]}"):
            found[option] = names
    if found:
        session.error("\n".join(f"{o}: {n}" for o, names in found.items() for n in names))
