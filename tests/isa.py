"""What other processors give: `python tests/isa.py`, or `nox -s isa`. Takes minutes.

Predicts in this Python as it is, and again on emulated processors without AVX-512 and without AVX
(`qemu-user` of Debian), and prints how far landmarks, in pixels of the photo, and scales differ.
Exit status 1 where a landmark moves further than `BOUND`; 77 without the emulator.
"""

import json
import os
import shutil
import subprocess
import sys

import cv2
import numpy as np

from benchmarks.common import machine
from lapland import Detector
from lapland.measure import machine as host

PROCESSORS = {"Haswell": "AVX2, no AVX-512 and no VNNI", "Nehalem": "SSE4.2, no AVX"}
MODELS = [("1/2-lite", "int8"), ("1/4-lite", "int8"), ("1/4-lite", "float32"), ("1/16", "float32")]
BOUND = {"float32": 0.01, "int8": 0.5}  # pixels


def predicted() -> dict[str, list[list[float]]]:
    """Landmarks and scales by model, of the face as detected here."""
    image = machine.read_photo(machine.PHOTO, "tests.isa")[30:230, 120:320]
    image = cv2.resize(image, (160, 160))
    found = {}
    for width, precision in MODELS:
        faces = Detector(width, precision=precision, weights="300w", threads=1).predict(image)
        assert len(faces) == 1
        found[f"{width} {precision}"] = np.column_stack([faces.landmarks[0], faces.scales[0]])
    return {name: values.astype(float).tolist() for name, values in found.items()}


def emulated(emulator: str, processor: str) -> dict[str, list[list[float]]]:
    """The same on another processor."""
    python = os.path.realpath(sys.executable)
    done = subprocess.run(
        [emulator, "-cpu", processor, python, __file__, "--here"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # it lists what it does not emulate
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"tests.isa: Python ended with {done.returncode} on {processor}")
    found: dict[str, list[list[float]]] = json.loads(done.stdout)
    return found


def main() -> int:
    """The command line."""
    if sys.argv[1:] == ["--here"]:
        print(json.dumps(predicted()))
        return 0
    emulator = shutil.which("qemu-x86_64")
    if emulator is None:
        print("tests.isa: skipped, there is no qemu-x86_64 (apt-get install qemu-user)")
        return 77
    print(f"{host.processor()}, and as emulated:")
    here, bad = predicted(), False
    for processor, what in PROCESSORS.items():
        there = emulated(emulator, processor)
        for name, values in here.items():
            apart = np.abs(np.array(values) - np.array(there[name]))
            moved = float(np.linalg.norm(apart[:, :2], axis=1).max())
            bad |= moved > BOUND[name.split()[1]]
            print(
                f"{processor} ({what}), {name}: landmarks {moved:.6f} px at most, "
                f"scales {apart[:, 2].max():.6f}",
                flush=True,
            )
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
