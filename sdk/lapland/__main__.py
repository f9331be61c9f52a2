"""The command `lapland`: predict, webcam, models."""

import argparse
import io
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2

from . import __version__
from . import _models as models
from . import _webcam as webcam
from ._detector import Detector
from ._draw import draw
from ._errors import LaplandError, OptionError
from ._image import load_image

# Pictures that OpenCV does not write; as the name of a folder they are a mistake.
_FOREIGN = frozenset({".gif", ".svg", ".pdf", ".heic", ".avif"})
_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Returns:
        0; 1 where some photo or model could not be used, the others having been done; 2 for
        arguments that make no sense.
    """
    for stream in (sys.stdout, sys.stderr):
        # A file name that the terminal cannot show must not end the work on all the others.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except OptionError as error:
        _complain(error)
        return 2
    except LaplandError as error:
        _complain(error)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader of our output has gone, as `head` does
        sys.stderr.close()
        return 1
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lapland", description="Facial landmarks on a CPU.")
    parser.add_argument("--version", action="version", version=f"lapland {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    predict = commands.add_parser(
        "predict",
        help="find and draw the landmarks in photos",
        description="Finds the landmarks of every face in photos. Draws them on a copy of each "
        "photo, and with --json prints them, a line of JSON for each photo.",
    )
    predict.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="file or folder")
    predict.add_argument(
        "-o",
        "--out",
        type=Path,
        metavar="OUT",
        help="where the drawings go: a folder, or a file for a single photo "
        "(default: PHOTO_landmarks.jpg in this folder, or no drawing with --json)",
    )
    predict.add_argument("--json", action="store_true", help="print landmarks as lines of JSON")
    predict.add_argument("--width", default="1/8", help="width of the network (default: 1/8)")
    predict.add_argument("--model", type=Path, metavar="FILE", help="an ONNX model of your own")
    predict.add_argument(
        "--min-face", type=int, default=40, metavar="PX", help="smallest face (default: 40)"
    )
    predict.add_argument("--threads", type=int, metavar="N", help="threads (default: every core)")
    predict.set_defaults(run=_predict)

    _add_webcam(commands)

    listing = commands.add_parser("models", help="list the models that are shipped")
    listing.add_argument("--json", action="store_true", help="as a line of JSON for each model")
    listing.set_defaults(run=_models)
    return parser


def _add_webcam(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = commands.add_parser(
        "webcam",
        help="find and draw the landmarks in a live picture or a video",
        description="Finds the landmarks of every face in the picture of a camera, a video file or "
        "a stream, draws them, coloured by how sure they are, with a number for each face, and "
        "shows the picture, records it, or both. Ends with q, Esc, Ctrl-C or the window.",
    )
    default = webcam.Settings()
    parser.add_argument(
        "--source",
        default=default.source,
        help="number of a camera, a video file or a URL (default: 0, the first camera)",
    )
    parser.add_argument("--record", type=Path, metavar="OUT.mp4", help="also write a video file")
    parser.add_argument("--no-window", dest="window", action="store_false", help="show nothing")
    parser.add_argument(
        "--width", default=default.width, help="width of the network (default: 1/8)"
    )
    parser.add_argument("--model", type=Path, metavar="FILE", help="an ONNX model of your own")
    parser.add_argument(
        "--smoothing",
        choices=("off", "light", "strong"),
        default=default.smoothing,
        help="how much landmarks are smoothed over time (default: light)",
    )
    parser.add_argument(
        "--min-face", type=int, default=40, metavar="PX", help="smallest face (default: 40)"
    )
    parser.add_argument("--threads", type=int, metavar="N", help="threads (default: every core)")
    parser.set_defaults(run=_webcam)


def _webcam(options: argparse.Namespace) -> int:
    names = webcam.Settings.__dataclass_fields__
    given = {name: value for name, value in vars(options).items() if name in names}
    print(webcam.run(webcam.Settings(**given)))
    return 0


def _predict(options: argparse.Namespace) -> int:
    photos, wrong = _find_photos(options.photos, options.out)
    many = len(photos) > 1 or any(path.is_dir() for path in options.photos)
    targets = _targets(photos, options, many)
    detector = Detector(
        options.width, model=options.model, min_face=options.min_face, threads=options.threads
    )
    for photo in _with_progress(photos):
        try:
            image = load_image(photo)
            faces = detector.predict(image)
            if options.json:
                print(json.dumps({"photo": str(photo), **faces.to_dict()}), flush=True)
            if photo in targets:
                _write(targets[photo], draw(image, faces))
                if not options.json:
                    count = f"{len(faces)} face{'' if len(faces) == 1 else 's'}"
                    print(f"{photo}: {count}, drawn in {targets[photo]}", flush=True)
        except LaplandError as error:
            _complain(error)
            wrong += 1
    return 1 if wrong else 0


def _find_photos(given: Iterable[Path], out: Path | None) -> tuple[list[Path], int]:
    """Files and folders -> photos, each once, and the number of folders without any.

    In folders, drawings of earlier runs are passed over, so that a second run does not draw them.
    """
    drawn = None if out is None else out.resolve()
    photos: dict[Path, None] = {}
    wrong = 0
    for path in given:
        if path.is_dir():
            found = [
                p
                for p in sorted(path.rglob("*"))
                if p.suffix.lower() in _SUFFIXES
                and p.is_file()
                and not p.stem.endswith("_landmarks")
                and not (drawn and drawn != path.resolve() and p.resolve().is_relative_to(drawn))
            ]
            if not found:
                _complain(f"{path}: holds no photo ({', '.join(sorted(_SUFFIXES))})")
                wrong += 1
            photos |= dict.fromkeys(found)
        else:
            photos[path] = None
    return list(photos), wrong


def _targets(photos: list[Path], options: argparse.Namespace, many: bool) -> dict[Path, Path]:
    """Where the drawing of each photo goes, never over a photo; a taken name gets a number."""
    out: Path | None = options.out
    if out is None and options.json:
        return {}
    given = {photo.resolve() for photo in photos}
    if out is not None and out.suffix.lower() in _FOREIGN and not out.is_dir():
        raise OptionError(
            f"-o {out}: expected a folder, or a file that ends in {', '.join(sorted(_SUFFIXES))}"
        )
    if out is not None and not out.is_dir() and out.suffix.lower() in _SUFFIXES:
        if many:
            raise OptionError(f"-o {out}: expected a folder for several photos, not a file name")
        if out.resolve() in given:
            raise OptionError(f"-o {out}: the drawing would take the place of the photo")
        return dict.fromkeys(photos, out)
    folder = out if out is not None else Path()
    targets: dict[Path, Path] = {}
    taken: set[Path] = set()
    for photo in photos:
        target = folder / f"{photo.stem}_landmarks.jpg"
        number = 2
        while target in taken or target.resolve() in given:
            target = folder / f"{photo.stem}_{number}_landmarks.jpg"
            number += 1
        taken.add(target)
        targets[photo] = target
    return targets


def _write(path: Path, image: "cv2.typing.MatLike") -> None:
    suffix = path.suffix.lower()
    quality = [cv2.IMWRITE_JPEG_QUALITY, 92] if suffix in (".jpg", ".jpeg") else []
    try:
        ok, data = cv2.imencode(suffix, image, quality)
    except cv2.error:
        ok = False
    if not ok:
        height, width = image.shape[:2]
        raise LaplandError(f"{path}: OpenCV cannot write {width} x {height} pixels as {suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.tobytes())
    except OSError as error:
        raise LaplandError(f"{path}: cannot be written ({error.strerror})") from error


def _with_progress(photos: list[Path]) -> Iterator[Path]:
    """Yields the photos; after some seconds, shows on a terminal how many are done."""
    started = shown = time.monotonic()
    live = sys.stderr.isatty()
    for done, photo in enumerate(photos):
        now = time.monotonic()
        if live and done and now - started > 2 and now - shown > 0.5:
            shown = now
            left = (now - started) / done * (len(photos) - done)
            line = f"{done} of {len(photos)} photos, {int(left // 60)}:{int(left % 60):02d} left"
            sys.stderr.write(f"\r{line}\x1b[K\r")
            sys.stderr.flush()
        yield photo
    if live:
        sys.stderr.write("\x1b[K")


def _models(options: argparse.Namespace) -> int:
    infos = [models.describe(models.folder() / name / "model.onnx") for name in models.shipped()]
    if options.json:
        for info in infos:
            row = {
                "name": info.name,
                "width": info.width,
                "parameters": info.parameters,
                "bytes": info.bytes,
                "nmse": info.nmse,
                "licence": info.licence,
                "path": str(info.path),
            }
            print(json.dumps(row))
        return 0
    print(f"{'model':<10}{'width':>7}{'parameters':>12}{'size':>10}{'NMSE %, 300-W common':>23}")
    for info in infos:
        size = f"{info.bytes / 1e3:.0f} KB" if info.bytes < 1e6 else f"{info.bytes / 1e6:.2f} MB"
        nmse = f"{info.nmse['common']:.2f}" if "common" in info.nmse else "not measured"
        print(f"{info.name:<10}{info.width:>7}{info.parameters:>12,}{size:>10}{nmse:>23}")
    print(f"\nin {models.folder()}; weights: {infos[0].licence}")
    return 0


def _complain(problem: object) -> None:
    print(f"lapland: {problem}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
