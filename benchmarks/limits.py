"""Costs of the checks of images and models: `python -m benchmarks.limits`.

Memory and seconds for the largest image that is read, a PNG of 16,384 x 16,384, drawn here; and
milliseconds to hash, to read and to load models, as shipped ones and as ones of one's own.
"""

import argparse
import hashlib
import resource
import statistics
import struct
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path

from benchmarks.common import results
from lapland import Detector
from lapland.image.loading import MAX_PIXELS, load_image
from lapland.networks import index, loading, onnx_rules
from training.common.command import as_program


def black_png(side: int) -> bytes:
    """A PNG of side x side black pixels, in a thousandth of their bytes."""
    packer = zlib.compressobj(9)
    row = bytes(1 + 3 * side)
    pixels = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    parts = [b"\x89PNG\r\n\x1a\n"]
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    for kind, body in ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b"")):
        check = zlib.crc32(kind + body)
        parts.append(struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check))
    return b"".join(parts)


def peak() -> float:
    """MB that this process has taken at most (Linux counts them in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def milliseconds(call: Callable[[], object], repeats: int) -> float:
    """Median time of a call."""
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        times.append(time.perf_counter() - started)
    return 1e3 * statistics.median(times)


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.limits", description=__doc__)
    parser.add_argument("--models", nargs="+", default=index.shipped(), choices=index.shipped())
    parser.add_argument("--side", type=int, default=int(MAX_PIXELS**0.5), help="of the image")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--predict", action="store_true", help="also find faces in the image")
    options = parser.parse_args(arguments)
    print(results.machine_line(results.header("limits")))

    print(f"{'model':<20}{'SHA-256':>10}{'reader':>10}{'load':>10}{'own':>10}  ms")
    for name in options.models:
        path = index.path(name)
        data = path.read_bytes()
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "model.onnx"
            copy.write_bytes(data)
            calls: list[Callable[[], object]] = [
                lambda data=data: hashlib.sha256(data).digest(),  # type: ignore[misc]
                lambda data=data: onnx_rules.check(data),  # type: ignore[misc]
                lambda path=path: loading.load(path, 1),  # type: ignore[misc]
                lambda copy=copy: loading.load(copy, 1),  # type: ignore[misc]
            ]
            row = "".join(f"{milliseconds(call, options.repeats):>10.2f}" for call in calls)
        print(f"{name:<20}{row}")

    side = options.side
    data = black_png(side)
    before, started = peak(), time.perf_counter()
    image = load_image(data)
    seconds = time.perf_counter() - started
    print(f"{side} x {side} in {len(data)} bytes: {peak() - before:.0f} MB, {seconds:.1f} s")
    if options.predict:
        started = time.perf_counter()
        Detector(threads=1).predict(image)
        seconds = time.perf_counter() - started
        print(f"Detector().predict of it: {peak() - before:.0f} MB in all, {seconds:.1f} s")


if __name__ == "__main__":
    as_program(main)
