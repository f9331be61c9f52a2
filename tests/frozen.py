"""Programs frozen by PyInstaller, without options, give the results of the programs themselves.

    python -m tests.frozen [--onedir | --onefile]

Run it in an environment with the wheel and PyInstaller: `nox -s frozen` makes it. Freezes two
programs, each as a folder and as a single file, and takes minutes. Exit status 1 if a frozen
program differs; 77 without PyInstaller.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PHOTO = Path(__file__).resolve().parents[1] / "examples" / "astronaut.png"
PATIENCE = 300  # seconds for what takes some five
# A program that stands on the package, in the words of the README.
OWN = """
import json, sys
from lapland import Detector
faces = Detector(threads=1).predict(sys.argv[1])
print(json.dumps([faces.landmarks.tolist(), faces.radius(0.9).tolist()]))
"""
# The command, by a script that nobody guards against being run again by its own processes.
COMMAND = """
import sys
from lapland.cli.main import main
sys.exit(main())
"""
FORMS = ("--onedir", "--onefile")
# Models for research come along only if they are asked for.
RESEARCH = "lapland_300w"


def frozen(script: Path, form: str, out: Path) -> Path:
    """The program that PyInstaller makes of a script."""
    command = [sys.executable, "-m", "PyInstaller", "--log-level", "WARN", "--noconfirm", form]
    if importlib.util.find_spec(RESEARCH) is not None:
        command += ["--collect-all", RESEARCH]
    places = {"--distpath": out, "--workpath": out / "build", "--specpath": out}
    subprocess.run(
        [*command, *(str(part) for place in places.items() for part in place), str(script)],
        check=True,
        cwd=out,
    )
    name = script.stem + (".exe" if os.name == "nt" else "")
    return out / script.stem / name if form == "--onedir" else out / name


def output(command: list[str], work: Path) -> str:
    """What a program prints; raises if it fails, with its last words."""
    # The frozen program must find nothing of this environment.
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        command, cwd=work, env=env, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}: {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def records(program: list[str], work: Path) -> list[dict[str, object]]:
    """The record that two processes write of a folder with three photos."""
    photos = work / "photos"
    if not photos.exists():  # once, as records hold when a photo was last changed
        photos.mkdir()
        for number in range(3):
            shutil.copy(PHOTO, photos / f"{number}.png")
    record = work / "record.jsonl"
    record.unlink(missing_ok=True)
    output([*program, "predict", str(photos), "--jobs", "2", "-o", str(record)], work)
    return [json.loads(line) for line in record.read_text("utf-8").splitlines()]


def compared(form: str, work: Path) -> list[str]:
    """What differs between the programs and their frozen form."""
    own, command = work / "own.py", work / "command.py"
    own.write_text(OWN, "utf-8")
    command.write_text(COMMAND, "utf-8")
    out = work / form.strip("-")
    out.mkdir()
    wrong = []
    here = output([sys.executable, str(own), str(PHOTO)], work)
    there = output([str(frozen(own, form, out)), str(PHOTO)], work)
    if json.loads(here) != json.loads(there):
        wrong.append(f"{form}: other landmarks or radii")
    program = str(frozen(command, form, out))
    rows = records([program], work)
    if len(rows) != 3 or rows != records([sys.executable, str(command)], work):
        wrong.append(f"{form}: --jobs 2 writes another record")
    commands = [program], [sys.executable, str(command)]
    # The last line is the folder, which differs.
    there, here = (output([*c, "models"], work).splitlines()[:-1] for c in commands)
    if not here or there != here:
        wrong.append(f"{form}: other models")
    return wrong


def main() -> int:
    """The command line."""
    if importlib.util.find_spec("PyInstaller") is None:
        print("tests.frozen: skipped, there is no PyInstaller (nox -s frozen)")
        return 77
    wrong = []
    for form in sys.argv[1:] or FORMS:
        with tempfile.TemporaryDirectory() as folder:
            found = compared(form, Path(folder).resolve())
        print(f"PyInstaller {form}: {'; '.join(found) or 'the same results'}", flush=True)
        wrong += found
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
