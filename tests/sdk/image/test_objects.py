"""PIL images, tensors, open files and arrays of bytes; none of their libraries is imported."""

import io
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

from lapland import ImageError, ImageNotFoundError
from lapland.image.loading import load_image


def refused(given, *words):
    with pytest.raises(ImageError) as caught:
        load_image(given)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    return str(caught.value)


# --- open files


def test_open_files(photo, image):
    data = photo.read_bytes()
    with photo.open("rb") as file:
        np.testing.assert_array_equal(load_image(file), image)
        refused(file, "nothing is left to read", "seek(0)")
        file.seek(0)
        np.testing.assert_array_equal(load_image(file), image)
    refused(file, "cannot be read", "closed")
    np.testing.assert_array_equal(load_image(io.BytesIO(data)), image)
    upload = types.SimpleNamespace(read=lambda size=-1: data, filename="me.png")
    np.testing.assert_array_equal(load_image(upload), image)


def test_open_files_that_give_no_bytes(photo):
    async def read(size=-1):
        return b""

    refused(types.SimpleNamespace(read=read), "pass await file.read()")
    refused(io.StringIO("text"), "open it with 'rb'")
    refused(types.SimpleNamespace(read=lambda size: 7), "expected bytes", "int")
    refused(io.BytesIO(b"\0" * 600), "is damaged or no image")


def test_an_array_of_the_bytes_of_a_file(photo, image):
    flat = np.fromfile(photo, np.uint8)
    np.testing.assert_array_equal(load_image(flat), image)
    np.testing.assert_array_equal(load_image(np.repeat(flat, 2)[::2]), image)
    refused(np.zeros(600, np.uint8), "is damaged or no image")


# --- PIL


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pil_images_are_turned_as_their_exif_states(tmp_path, orientation, image):
    pil = pytest.importorskip("PIL.Image")
    exif = pil.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "a.jpg"
    pil.fromarray(image[:40, :60, ::-1]).save(path, exif=exif, quality=95)
    with pil.open(path) as opened:
        found, expected = load_image(opened), load_image(path)
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).mean() < 3


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK", "YCbCr", "I;16", "F"])
def test_modes_of_pil(image, mode):
    pil = pytest.importorskip("PIL.Image")
    rgb = np.ascontiguousarray(image[..., ::-1])
    if mode == "I;16":
        made = pil.fromarray(rgb[..., 1].astype(np.uint16) * 257)
    elif mode == "F":
        made = pil.fromarray(rgb[..., 1].astype(np.float32))
    else:
        made = pil.fromarray(rgb).convert(mode)
    found = load_image(made)
    assert found.shape == image.shape
    grey = mode in ("L", "LA", "1", "I;16", "F")
    expected = np.repeat(image.mean(axis=2, keepdims=True), 3, axis=2) if grey else image
    assert np.abs(found - expected.astype(float)).mean() < (90 if mode == "1" else 20)


def test_a_pil_image_that_cannot_be_decoded(photo):
    pil = pytest.importorskip("PIL.Image")
    with pil.open(io.BytesIO(photo.read_bytes()[:9000])) as cut:
        refused(cut, "the PIL image: cannot be decoded")


# --- tensors and the order of colours


def test_tensors(image):
    torch = pytest.importorskip("torch")
    tensor = torch.from_numpy(image.copy())
    np.testing.assert_array_equal(load_image(tensor), image)
    np.testing.assert_array_equal(load_image(tensor.permute(2, 0, 1)), image)
    np.testing.assert_array_equal(load_image(tensor.flip(2), rgb=True), image)
    refused(tensor.float().requires_grad_() / 255, "float32", "* 255")
    refused(torch.zeros(3, 4, 5, device="meta"), "on the CPU", ".cpu()")


def test_rgb_is_said_once(image):
    rgb = np.ascontiguousarray(image[..., ::-1])
    np.testing.assert_array_equal(load_image(rgb, rgb=True), image)
    np.testing.assert_array_equal(load_image(image[..., ::-1], rgb=True), image)
    rgba = np.dstack([rgb, rgb[..., :1]])
    np.testing.assert_array_equal(load_image(rgba, rgb=True), image)
    grey = load_image(image[..., 0], rgb=True)
    np.testing.assert_array_equal(grey, np.repeat(image[..., :1], 3, axis=2))


def test_files_know_their_order(photo, image):
    np.testing.assert_array_equal(load_image(photo, rgb=True), image)
    np.testing.assert_array_equal(load_image(photo.read_bytes(), rgb=True), image)


def test_nothing_is_imported_for_them(photo):
    code = (
        "import sys, io, lapland\n"
        f"lapland.Detector(threads=1).predict(io.BytesIO(open({str(photo)!r}, 'rb').read()))\n"
        "print(sorted({'PIL', 'torch', 'tensorflow', 'jax'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# --- paths that are something else


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("~/nobody-has-this.jpg", ["~", "expanduser"]),
        ("file:///nobody/a.jpg", ["file:///nobody/a.jpg", "without file://"]),
        ("s3://bucket/a.jpg", ["s3://bucket/a.jpg", "downloads nothing"]),
        ("https://example.org/a.jpg", ["https://example.org/a.jpg", "fetch it first"]),
        ('"a.jpg"', ["quotes"]),
        ("'a.jpg'", ["quotes"]),
        ("data:image/png;base64," + "A" * 50_000, ["base64", "b64decode"]),
        ("iVBORw0KGgo" * 5000, ["base64", "b64decode"]),
        ("holiday/*.jpg", ["no such file", "glob"]),
    ],
)
def test_the_cause_is_named(text, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for given in (text, Path(text)) if len(text) < 300 else (text,):
        message = refused(given, *words)
        assert len(message) < 450
        assert "\n" not in message


def test_spaces_around_a_name_and_paths_as_bytes(photo):
    refused(f"{photo} ", "without the space")
    refused(f"{photo}\n", "without the space")
    refused(str(photo).encode(), "bytes that are a path")
    with pytest.raises(ImageNotFoundError, match=r"^none.jpg: there is no such file$"):
        load_image("none.jpg")


def test_several_images_in_one_call(image):
    for several in ([image, image], (image,), iter([image])):
        refused(several, "predict_many")
