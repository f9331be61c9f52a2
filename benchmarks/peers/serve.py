"""One package in a process of its own: `python serve.py WORKER.py VARIANT PHOTOS`.

Runs with any Python that has numpy and the package, so it imports nothing else of the repository.
WORKER.py imports the package and has a class `Rival`, see README.md. PHOTOS is a folder of 0.npy,
1.npy, ..., each (H, W, 3) uint8 BGR.

Prints {"ready": ...} or {"skip": reason}. Then each line of stdin is a task, for example
{"do": "landmarks", "photo": 3, "box": [x1, y1, x2, y2], "five_points": [[x, y], ...]}, and each is
answered by a line: {"ms": time of the call, "result": nested lists}. {"do": "memory"} gives the
peak so far in MB. Each package gets the photo in the channel order that it wants; its own
conversion to tensors is part of the time.
"""

import os
import sys

# Before any library reads them. One thread each.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["CUDA_VISIBLE_DEVICES"] = "-1"
sys.path.pop(0)  # this folder, whose files have names of packages

import contextlib  # noqa: E402
import importlib.util  # noqa: E402
import json  # noqa: E402
import time  # noqa: E402
import warnings  # noqa: E402
from importlib.metadata import PackageNotFoundError, version  # noqa: E402
from types import ModuleType  # noqa: E402
from typing import Any  # noqa: E402

CALLS = ("detect", "landmarks", "predict")


def load(path: str) -> ModuleType:
    """A Python file as a module, under a name that no package has."""
    spec = importlib.util.spec_from_file_location("peer_worker", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def versions(names: tuple[str, ...]) -> dict[str, str]:
    """Versions of those packages that are installed."""
    found = {}
    for name in names:
        with contextlib.suppress(PackageNotFoundError):
            found[name] = version(name)
    return found


def peak_mb() -> float | None:
    """Most memory that this process ever had in RAM, MB; None if the system has no figure.

    Not `getrusage`, which under Linux starts from the memory of the parent process.
    """
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file)
    except OSError:
        return None
    return int(lines["VmHWM"].split()[0]) / 1024


def plain(result: Any) -> Any:
    """Arrays as nested lists."""
    if isinstance(result, dict):
        return {key: plain(value) for key, value in result.items()}
    return result.tolist() if hasattr(result, "tolist") else result


def main() -> None:
    """Answers on stdout; prints of the libraries go to stderr."""
    warnings.simplefilter("ignore")
    script, variant, photos = sys.argv[1:]
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    clock = time.perf_counter_ns
    start = clock()
    try:
        module = load(script)
        imported = clock()
        rival = module.Rival(variant)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        print(json.dumps({"skip": f"{type(error).__name__}: {error}".splitlines()[0]}), file=out)
        return
    loaded = clock()
    import numpy as np

    ready = {
        "versions": versions(module.PACKAGES),
        "import_ms": (imported - start) / 1e6,
        "load_ms": (loaded - imported) / 1e6,
        "model_mb": sum(os.path.getsize(path) for path in rival.files()) / 1e6,
        "calls": [call for call in CALLS if hasattr(rival, call)],
        "mtcnn": getattr(rival, "mtcnn", False),
    }
    print(json.dumps({"ready": ready}), file=out)
    for line in sys.stdin:
        task = json.loads(line)
        call = task.pop("do")
        if call == "memory":
            print(json.dumps({"result": peak_mb()}), file=out)
            continue
        image = np.load(os.path.join(photos, f"{task.pop('photo')}.npy"))
        if rival.rgb:
            image = np.ascontiguousarray(image[..., ::-1])
        given = {key: np.array(value) for key, value in task.items()}
        if hasattr(rival, "prepare"):  # the work before the timed frame
            rival.prepare(image)
        begin = clock()
        result = getattr(rival, call)(image, **given)
        spent = (clock() - begin) / 1e6
        print(json.dumps({"ms": spent, "result": plain(result)}), file=out)


if __name__ == "__main__":
    main()
