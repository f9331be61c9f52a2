"""The road of `training/README.md`: train, evaluate, export, `Detector(model=...)`.

    python -m tests.road

Run it in the environment of that page (`pip install -c constraints.txt -e '.[export]'`). A package
that a command needs and no extra brings is missing there; in `[dev]` it may come with another one.
Twelve drawn faces and two passes: it shows that the commands work, not how accurate they are. Takes
a minute. `nox -s road` and `.ci/run` make the environment first.
"""

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from lapland import Detector
from tests.drawn_faces import write_folder

ROOT = Path(__file__).resolve().parents[1]


def commands(data: Path, work: Path) -> list[str]:
    """The commands of the page, for a small network, few passes and a folder of one's own."""
    run, out = work / "run", work / "model"
    small = "--set width=1/16 --set epochs=2 --set batch=4 --set evaluate_every=1"
    names = f"--data {shlex.quote(str(data))}"
    weights = shlex.quote(str(run / "best.safetensors"))
    split = shlex.quote(str(data / "splits" / "val.txt"))
    return [
        f"training.train {names} --recipe product {small} --out {shlex.quote(str(run))}",
        f"training.evaluate {weights} {names} --split {split}",
        f"export.rcn {weights} {names} --out {shlex.quote(str(out))}",
    ]


def main() -> None:
    """Walks the road in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        data = write_folder(work / "faces", 12)
        for common in ("common.txt", "challenging.txt"):  # the test sets, of which cards speak
            (data / "splits" / common).write_bytes((data / "splits" / "val.txt").read_bytes())
        for command in commands(data, work):
            print(f"== python -m {command}", flush=True)
            subprocess.run([sys.executable, "-m", *shlex.split(command)], cwd=ROOT, check=True)
        detector = Detector(model=work / "model" / "model.onnx", threads=1)
        photo = ROOT / "examples" / "astronaut.png"
        faces = detector.predict(photo)
        assert faces.landmarks.shape == (1, 68, 2), faces.landmarks.shape
        radii = faces.radius(0.9)  # the export calibrates, so these are known
        assert np.isfinite(radii).all()
        assert (radii > 0).all()
    print("== the road ends where it should: one face, 68 landmarks, each with a radius")


if __name__ == "__main__":
    main()
