"""Writes the files that the fuzzers start from: drawn pictures, small models, and damage to both.

    python -m tests.fuzz.seeds

Pillow, which comes with matplotlib, writes what OpenCV cannot.
"""

import io
import struct
import zlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np

CORPUS = Path(__file__).parent / "corpus"


def picture() -> np.ndarray:
    """24 x 16 BGR: a circle on a slope of colours, so that no turn of it is like another."""
    y, x = np.mgrid[:16, :24].astype(np.uint8)
    pixels = np.dstack([x * 10, y * 15, np.full_like(x, 90)])
    return cv2.circle(pixels, (7, 6), 4, (240, 250, 30), cv2.FILLED)


def encoded(pixels: np.ndarray, suffix: str, *options: int) -> bytes:
    """The bytes of a file as OpenCV writes it."""
    ok, data = cv2.imencode(suffix, pixels, list(options))
    assert ok
    return data.tobytes()


def animated(suffix: str) -> bytes:
    """Three frames, the first the picture."""
    animation = cv2.Animation()
    animation.frames = [picture(), picture()[::-1].copy(), picture()[:, ::-1].copy()]
    animation.durations = np.array([100, 100, 100], np.int32)
    ok, data = cv2.imencodeanimation(suffix, animation)
    assert ok
    return data.tobytes()


def png(width: int, height: int, pixels: bytes = b"") -> bytes:
    """A PNG whose header announces any size, whatever pixels (compressed RGB rows) follow."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def with_exif(jpeg: bytes, orientation: int) -> bytes:
    """A JPEG with an EXIF orientation."""
    entry = struct.pack("<HHIHH", 0x0112, 3, 1, orientation, 0)
    body = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 1) + entry + bytes(4)
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def images() -> dict[str, bytes]:
    """Name -> file."""
    pixels = picture()
    grey = pixels[..., 1]
    bgra = np.dstack([pixels, grey])
    deep = pixels.astype(np.uint16) * 257
    jpeg = encoded(pixels, ".jpg")
    files = {
        "baseline.jpg": jpeg,
        "progressive.jpg": encoded(pixels, ".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        "grey.jpg": encoded(grey, ".jpg"),
        "turned.jpg": with_exif(jpeg, 6),
        "colour.png": encoded(pixels, ".png"),
        "alpha.png": encoded(bgra, ".png"),
        "deep.png": encoded(deep, ".png"),
        "bilevel.png": encoded(grey, ".png", cv2.IMWRITE_PNG_BILEVEL, 1),
        "announced.png": png(50_000, 50_000),
        "animated.png": animated(".png"),
        "lossy.webp": encoded(pixels, ".webp", cv2.IMWRITE_WEBP_QUALITY, 80),
        "lossless.webp": encoded(bgra, ".webp", cv2.IMWRITE_WEBP_QUALITY, 101),
        "animated.webp": animated(".webp"),
        "still.gif": encoded(pixels, ".gif"),
        "animated.gif": animated(".gif"),
        "colour.bmp": encoded(pixels, ".bmp"),
        "colour.tiff": encoded(pixels, ".tiff"),
        "deep.tiff": encoded(deep, ".tiff"),
        "float.tiff": encoded(pixels.astype(np.float32) / 255, ".tiff"),
        "colour.ppm": encoded(pixels, ".ppm"),
        "grey.pgm": encoded(grey, ".pgm"),
        "plain.ppm": encoded(pixels[:2, :3], ".ppm", cv2.IMWRITE_PXM_BINARY, 0),
        "colour.jp2": encoded(np.tile(pixels, (2, 2, 1)), ".jp2"),
        "colour.avif": encoded(pixels, ".avif"),
    }
    return files | _by_pillow(pixels)


def _by_pillow(pixels: np.ndarray) -> dict[str, bytes]:
    from PIL import Image

    image = Image.fromarray(np.ascontiguousarray(pixels[..., ::-1]))

    def saved(kind: str, mode: str, **options: object) -> bytes:
        file = io.BytesIO()
        image.convert(mode).save(file, kind, **options)
        return file.getvalue()

    return {
        "cmyk.jpg": saved("JPEG", "CMYK"),
        "palette.png": saved("PNG", "P"),
        "interlaced.gif": saved("GIF", "P", interlace=1),
        "palette.bmp": saved("BMP", "P"),
        "bilevel.tiff": saved("TIFF", "1", compression="group4"),
        "lzw.tiff": saved("TIFF", "RGB", compression="tiff_lzw"),
        "cmyk.tiff": saved("TIFF", "CMYK"),
    }


def models() -> dict[str, bytes]:
    """Name -> file: one that is accepted, and one for each reason to refuse a model."""
    from onnx import ModelProto, TensorProto, helper

    from tests.peaks.make_peaks import build

    def changed(change: Callable[[ModelProto], object]) -> bytes:
        model = build()
        change(model)
        return model.SerializeToString()

    def node(kind: str, **options: Any) -> Callable[[ModelProto], object]:
        made = helper.make_node(kind, ["crops"], ["more"], **options)
        return lambda model: model.graph.node.append(made)

    def external(model: ModelProto) -> None:
        tensor = model.graph.initializer[0]
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="../../../../etc/passwd")
        tensor.ClearField("raw_data")

    def doubling(model: ModelProto) -> None:
        names = ["crops", *(f"double{i}" for i in range(45))]
        model.graph.node.extend(
            helper.make_node("Concat", [a, a], [b], axis=1) for a, b in pairwise(names)
        )

    def lie(key: str, value: str) -> Callable[[ModelProto], object]:
        return lambda model: model.metadata_props.add(key=key, value=value)

    def function(model: ModelProto) -> None:
        inner = helper.make_node("Identity", ["x"], ["y"])
        opsets = [helper.make_opsetid("", 17)]
        model.functions.append(helper.make_function("", "Abs", ["x"], ["y"], [inner], opsets))

    def short_bias(model: ModelProto) -> None:
        model.graph.initializer.append(helper.make_tensor("bias", TensorProto.FLOAT, [1], [0]))
        conv = next(made for made in model.graph.node if made.op_type == "Conv")
        conv.input.append("bias")

    body = helper.make_graph([], "body", [], [])
    return {
        "peaks.onnx": build().SerializeToString(),
        "loop.onnx": changed(node("Loop", body=body)),
        "if.onnx": changed(node("If", then_branch=body, else_branch=body)),
        "custom.onnx": changed(node("Anything", domain="org.example")),
        "domain.onnx": changed(lambda m: m.opset_import.append(helper.make_opsetid("x.y", 1))),
        "opset.onnx": changed(lambda m: setattr(m.opset_import[0], "version", 999)),
        "old.onnx": changed(lambda m: setattr(m.opset_import[0], "version", 1)),
        "external.onnx": changed(external),
        "huge.onnx": changed(lambda m: m.graph.initializer[0].dims.append(1 << 62)),
        "negative.onnx": changed(lambda m: m.graph.initializer[0].dims.append(-1)),
        "doubling.onnx": changed(doubling),
        "bias.onnx": changed(short_bias),
        "twice.onnx": changed(lambda m: m.graph.initializer.append(m.graph.initializer[0])),
        "padding.onnx": changed(node("MaxPool", kernel_shape=[2, 2], pads=[1 << 62] * 4)),
        "function.onnx": changed(function),
        "landmarks.onnx": changed(lie("lapland.scheme", "aflw19")),
        "size.onnx": changed(lie("lapland.size", "1024")),
    }


def main() -> None:
    """Writes them all; files that the fuzzers found are left as they are."""
    for folder, files in (("image", images()), ("model", models())):
        (CORPUS / folder).mkdir(parents=True, exist_ok=True)
        for name, data in files.items():
            (CORPUS / folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
