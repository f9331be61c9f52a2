"""Landmarks of a data set on one machine or many: `python examples/ray_batch.py IN OUT`.

IN is a folder of photos (by their suffix; walked with all below it) or of Parquet files with a
column of encoded images; a path that every machine sees, or an address that pyarrow reads, such as
s3://bucket/photos.
OUT is a new folder of Parquet files with a row for each image:

    path       string             the photo; for Parquet the value of its column of names, if any
    boxes      N x 4    float32   x1, y1, x2, y2, image pixels
    scores     N        float32   0 to 1
    landmarks  N x 2 K  float32   x and y in turn, image pixels: reshape to (N, K, 2)
    scales     N x K    float32   image pixels, small is sure
    error      string             the reason if the image cannot be used, with empty lists;
                                  else null

It runs on Ray Data, from `pip install 'lapland[ray]'`, with a detector for each core; without
--address or RAY_ADDRESS it starts Ray on this machine.
"""

import argparse
import os
import sys
import time
from typing import Any

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # else Ray reports home

try:
    import pyarrow as pa
    import ray
    from pyarrow import dataset, fs
except ModuleNotFoundError as error:
    sys.exit(f"{error.name} is not installed: pip install 'lapland[ray]'")

from lapland import Detector, LaplandError

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".jfi", ".mpo", ".png", ".apng", ".webp"),
    *(".bmp", ".dib", ".tif", ".tiff", ".gif", ".pnm", ".pbm", ".pgm", ".ppm", ".pam"),
    *(".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx", ".avif", ".avifs"),
)
# Not read: each has a row with the reason.
FOREIGN = (".heic", ".heif", ".hif", ".jxl", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf")
BATCH, BLOCK = 32, 1024  # images that a worker takes at once; that are handed out at once
LISTS = pa.list_(pa.list_(pa.float32()))
SCHEMA = pa.schema(
    {
        "path": pa.string(),
        "boxes": LISTS,
        "scores": pa.list_(pa.float32()),
        "landmarks": LISTS,
        "scales": LISTS,
        "error": pa.string(),
    }
)


class Annotate:
    """The state of each of Ray's workers: one detector, on one thread, for all its batches."""

    def __init__(self, width: str | None, min_face: int, name: str, image: str | None) -> None:
        self._detector = Detector(width, min_face=min_face, threads=1)
        self._name, self._image = name, image  # columns; without an image column files are read

    def __call__(self, batch: pa.Table) -> pa.Table:
        """A batch of images -> a row for each, in SCHEMA."""
        names = batch[self._name].to_pylist() if self._name in batch.column_names else None
        paths = names or [None] * len(batch)
        images = paths if self._image is None else batch[self._image].to_pylist()
        rows = [self._row(path, image) for path, image in zip(paths, images, strict=True)]
        return pa.Table.from_pylist(rows, schema=SCHEMA)

    def _row(self, path: str | None, image: str | bytes | None) -> dict[str, Any]:
        row: dict[str, Any] = {"path": path, "error": None}
        row |= {name: [] for name in ("boxes", "scores", "landmarks", "scales")}
        try:
            faces = self._detector.predict(_read(image) if isinstance(image, str) else image)
        except (LaplandError, OSError) as error:
            return row | {"error": str(error)}
        return row | {
            "boxes": list(faces.boxes),
            "scores": faces.scores,
            "landmarks": [face.landmarks.ravel() for face in faces],
            "scales": list(faces.scales),
        }


def _read(path: str) -> bytes:
    """The bytes of a file, read in the worker: an unreadable file costs its row alone."""
    system, inside = fs.FileSystem.from_uri(path)
    with system.open_input_stream(inside) as stream:
        return bytes(stream.read())


def images_in(source: str, image: str) -> tuple[list[str], str | None]:
    """The addresses of all photos in a folder and below it, sorted.

    Without one, it holds Parquet: no addresses, and the column of encoded images.
    """
    address = _address(source)
    system, inside = fs.FileSystem.from_uri(address)
    kind = system.get_file_info(inside).type
    if kind == fs.FileType.NotFound:
        sys.exit(f"{source}: there is no such file or folder")
    if kind == fs.FileType.Directory:
        files = system.get_file_info(fs.FileSelector(inside, recursive=True))
        names = [_name(info) for info in files if info.type == fs.FileType.File]
        prefix = address.removesuffix(inside)  # s3://
        kept = [name for name in names if _is_photo(name.removeprefix(inside))]
        if kept:
            others = len(names) - len(kept)
            if others:
                print(f"passed over {others} files: hidden, or no photos by name", file=sys.stderr)
            return sorted(prefix + name for name in kept), None
    try:
        schema = dataset.dataset(inside, filesystem=system).schema
    except (OSError, pa.ArrowInvalid) as error:
        sys.exit(f"{source}: holds neither photos ({', '.join(SUFFIXES)}) nor Parquet: {error}")
    kinds = dict(zip(schema.names, schema.types, strict=True))
    if image not in kinds or kinds[image] not in (pa.binary(), pa.large_binary()):
        named = ", ".join(f"{name} ({kind})" for name, kind in kinds.items())
        sys.exit(
            f"--image {image}: expected a column of binary, images as files hold them; "
            f"the columns are {named or 'none'}"
        )
    return [], image


def _is_photo(name: str) -> bool:
    """Whether it has the suffix of a photo, and neither it nor its folder is hidden."""
    hidden = any(part.startswith((".", "@eaDir")) for part in name.split("/"))
    return name.lower().endswith(SUFFIXES + FOREIGN) and not hidden


def _name(file: fs.FileInfo) -> str:
    try:
        return str(file.path)
    except UnicodeDecodeError as error:
        print(f"passed over, its name is not UTF-8: {error.object!r}", file=sys.stderr)
        return ""


def _address(path: str) -> str:
    return path if "://" in path else os.path.abspath(path)


def in_blocks(photos: list[str], workers: int) -> ray.data.Dataset:
    """Names alone, as the workers read the files; in small blocks, so that all end together."""
    size = max(1, min(BLOCK, len(photos) // (4 * workers)))
    blocks = [photos[i : i + size] for i in range(0, len(photos), size)]
    return ray.data.from_arrow([pa.table({"path": block}) for block in blocks])


def main() -> None:
    """The command line. Images that cannot be used are rows with an error, and no failure."""
    parser = argparse.ArgumentParser(description="Landmarks of a data set, by Ray Data.")
    parser.add_argument("source", metavar="IN", help="folder of photos, or of Parquet files")
    parser.add_argument("out", metavar="OUT", help="new folder for Parquet files")
    parser.add_argument("--image", default="bytes", help="column of images (default: bytes)")
    parser.add_argument("--path", default="path", help="column of their names (default: path)")
    parser.add_argument("--width", help="width of the network (default: that of Detector)")
    parser.add_argument("--min-face", type=int, default=40, help="smallest face, pixels")
    parser.add_argument("--workers", type=int, help="detectors (default: one for each core)")
    parser.add_argument(
        "--address", help="of a Ray cluster (default: RAY_ADDRESS, or this machine)"
    )
    options = parser.parse_args()
    photos, image = images_in(options.source, options.image)
    system, out = fs.FileSystem.from_uri(_address(options.out))
    if system.get_file_info(out).type != fs.FileType.NotFound:
        sys.exit(f"{options.out}: expected the name of a new folder; there is something already")
    try:
        Detector(options.width, min_face=options.min_face)  # said here, not by a worker far away
    except LaplandError as error:
        sys.exit(str(error))

    ray.init(address=options.address, log_to_driver=False)
    workers = options.workers or int(ray.cluster_resources()["CPU"])
    # The detectors have all cores, so reading and writing, which take little, must not claim one.
    if photos:
        rows = in_blocks(photos, workers)
    else:
        rows = ray.data.read_parquet(_address(options.source), num_cpus=0)
    started = time.monotonic()
    rows.map_batches(
        Annotate,
        fn_constructor_args=(options.width, options.min_face, options.path, image),
        batch_format="pyarrow",
        batch_size=BATCH,
        compute=ray.data.ActorPoolStrategy(size=workers),
        num_cpus=1,
    ).write_parquet(_address(options.out), mode="error", ray_remote_args={"num_cpus": 0})
    seconds = time.monotonic() - started
    ray.shutdown()

    errors = dataset.dataset(out, filesystem=system).to_table(columns=["error"])["error"]
    good = errors.null_count
    print(
        f"{len(errors)} images in {seconds:.1f} s, {len(errors) / seconds:.1f}/s; {good} are good"
    )


if __name__ == "__main__":
    main()
