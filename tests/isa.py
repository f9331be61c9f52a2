"""What other processors give: `python -m tests.isa`, or `nox -s isa`. Takes minutes.

Predicts six pictures in this Python as it is, and again on emulated processors (`qemu-user` of
Debian): x86 without AVX-512 and without AVX, and two of Arm, whose Python `tests.arm64` fetches
into `--arm64 FOLDER`. Prints how far landmarks and scales differ, in pixels of the crop. Exit
status 1 if a face is missing, or a landmark moves further than `BOUND`; 77 without any emulator.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from benchmarks.common import machine
from lapland import Detector
from lapland.crop.square import crop_matrices, steps
from lapland.measure import machine as host
from tests import arm64

X86 = {"Haswell": "AVX2, no AVX-512 and no VNNI", "Nehalem": "SSE4.2, no AVX"}
MODELS = [
    ("open", "1/2-lite", "int8"),
    ("300w", "1/4-lite", "int8"),
    ("300w", "1/4-lite", "float32"),
]
TRIES = 5  # the emulator itself dies of a signal now and then
# Pixels of the crop. int8 rounds maps and weights, some of which lie next to a tie without AVX.
BOUND = {"float32": 0.05, "int8": 0.15}

Found = dict[str, list[list[list[float]]]]


def pictures() -> list[NDArray[np.uint8]]:
    """The face large and small, in odd sizes, mirrored, and turned."""
    photo = machine.read_photo(machine.PHOTO, "tests.isa")
    part = photo[30:230, 120:320]
    turn = cv2.getRotationMatrix2D((100, 100), 12, 0.9)
    turned = cv2.warpAffine(part, turn, (200, 200), borderMode=cv2.BORDER_REPLICATE)
    odd: Any = cv2.resize(part, (173, 171))
    small: Any = cv2.resize(part, (120, 120))
    mirrored = np.ascontiguousarray(part[:, ::-1])
    return [photo, part, odd, small, mirrored, turned]  # type: ignore[list-item]


def predicted(models: list[tuple[str, str, str]], images: Sequence[NDArray[np.uint8]]) -> Found:
    """By model and picture, landmarks and scales of its face in pixels of the crop."""
    found: Found = {}
    for weights, width, precision in models:
        detector = Detector(width, weights=weights, precision=precision, threads=1)
        rows = found.setdefault(f"{weights} {width} {precision}", [])
        for image in images:
            faces = detector.predict(image)
            info = detector.model
            crop = crop_matrices(
                faces.five_points, factor=info.crop_factor, size=info.size, upright=True
            )
            pixel = steps(crop)[:1, None]
            values = [np.column_stack([f.landmarks, f.scales]) / pixel for f in faces[:1]]
            rows.append(values[0].astype(float).tolist() if values else [])
    return found


def emulated(command: list[str], env: dict[str, str], file: Path) -> Found:
    """The same on another processor, of the pictures in a file: it would make others."""
    for _ in range(TRIES):
        done = subprocess.run(
            [*command, "-m", "tests.isa", "--here", str(file)],
            env=env,
            capture_output=True,  # of errors too: it lists what it does not emulate
            text=True,
            check=False,
        )
        if done.returncode >= 0:
            break
    if done.returncode:
        words = done.stderr.strip().splitlines()[-5:]
        raise SystemExit("\n".join([f"tests.isa: {command} ended with {done.returncode}", *words]))
    found: Found = json.loads(done.stdout)
    return found


def differences(here: Found, there: Found) -> dict[str, tuple[int, float, float]]:
    """By model: faces that only one of them has, and how far landmarks and scales are apart."""
    report = {}
    for name, rows in here.items():
        pairs = list(zip(rows, there[name], strict=True))
        missing = sum(bool(a) != bool(b) for a, b in pairs)
        apart = [np.abs(np.array(a) - np.array(b)) for a, b in pairs if a and b]
        moved = max((float(np.linalg.norm(d[:, :2], axis=1).max()) for d in apart), default=0.0)
        scales = max((float(d[:, 2].max()) for d in apart), default=0.0)
        report[name] = (missing, moved, scales)
    return report


def processors(
    chosen: list[str], folder: Path | None
) -> dict[str, tuple[list[str], dict[str, str]]]:
    """Those that this machine can emulate, with command and environment; says what it skips."""
    found = {}
    for name in chosen:
        if name in X86:
            emulator, why = shutil.which("qemu-x86_64"), "there is no qemu-x86_64"
            if emulator is not None:
                paths = os.pathsep.join(p for p in sys.path if p)
                python = os.path.realpath(sys.executable)
                # OpenBLAS takes what the machine beneath has for what the emulated one has.
                env = {**os.environ, "PYTHONPATH": paths, "OPENBLAS_CORETYPE": name}
                found[name] = ([emulator, "-cpu", name, python], env)
                continue
        else:
            why = arm64.missing() or ("" if folder else "it needs --arm64 FOLDER")
            if not why and folder is not None:
                found[name] = arm64.command(arm64.prepared(folder), name)
                continue
        print(f"{name}: skipped, {why} (apt-get install --no-install-recommends qemu-user)")
    return found


def main() -> int:
    """The command line."""
    names = [*X86, *arm64.PARTS]
    parser = argparse.ArgumentParser(prog="python -m tests.isa", description=__doc__)
    parser.add_argument("processors", nargs="*", help=f"of {', '.join(names)} (default: all)")
    parser.add_argument("--arm64", type=Path, metavar="FOLDER", help="for the Python of arm64")
    parser.add_argument(
        "--here", type=Path, metavar="FILE", help="print the results for the pictures in a file"
    )
    options = parser.parse_args()
    if options.here:
        images = np.load(options.here)
        print(json.dumps(predicted(MODELS, [images[name] for name in images.files])))
        return 0
    others = processors(options.processors or names, options.arm64)
    if not others:
        return 77
    print(f"{host.processor()}, and as emulated:", flush=True)
    images, bad = pictures(), False
    here = predicted(MODELS, images)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pictures.npz"
        np.savez(file, *images)
        for name, (command, env) in others.items():
            there = emulated(command, env, file)
            for model, (missing, moved, scales) in differences(here, there).items():
                bad |= missing > 0 or moved > BOUND[model.split()[-1]]
                print(
                    f"{name} ({X86.get(name, 'arm64')}), {model}: {missing} faces missing, "
                    f"landmarks {moved:.6f} px of the crop at most, scales {scales:.6f}",
                    flush=True,
                )
    return int(bad)


if __name__ == "__main__":
    sys.exit(main())
