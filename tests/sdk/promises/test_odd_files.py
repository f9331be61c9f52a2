"""Files and folders that are not what they seem: too large, no file, a circle, gone."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import psutil
import pytest

from lapland import ImageError, ImageNotFoundError
from lapland.base import files
from lapland.batch.photos import find_photos
from lapland.image.loading import MAX_BYTES, load_image, read_image
from tests.processes import PATIENCE
from tests.sdk.promises.encoded import encode, png, refusal


def test_a_large_file_is_refused_unread(tmp_path):
    path = tmp_path / "large.jpg"
    with path.open("wb") as sparse:
        sparse.write(b"\xff\xd8\xff")
        sparse.truncate(2 << 30)
    before = psutil.Process().memory_info().rss
    refusal(path, str(path), f"{2 << 30} bytes, and {MAX_BYTES} is the limit")
    assert psutil.Process().memory_info().rss - before < 10 << 20


def test_bytes_beyond_the_limit():
    with pytest.raises(ImageError, match="11 bytes, and 10 is the limit"):
        read_image(bytes(11), most_bytes=10)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_fifos_devices_and_folders(tmp_path, picture):
    os.mkfifo(tmp_path / "fifo.jpg")
    (tmp_path / "folder.jpg").mkdir()
    data = encode(picture, ".png")
    for most in (len(data), len(data) - 1):  # who names a FIFO waits for whoever writes it
        writer = threading.Thread(target=(tmp_path / "fifo.jpg").write_bytes, args=(data,))
        writer.start()
        if most == len(data):
            found, _ = read_image(tmp_path / "fifo.jpg", most_bytes=most)
            np.testing.assert_array_equal(found, picture)
        else:
            with pytest.raises(ImageError, match=f"more than {most} bytes"):
                read_image(tmp_path / "fifo.jpg", most_bytes=most)
        writer.join()
    refusal(tmp_path / "folder.jpg", "folder.jpg: this is a folder")
    refusal("/dev/zero", "/dev/zero: cannot be read", "regular file")
    assert find_photos([tmp_path], None)[0] == {}


def test_links_that_go_round(tmp_path, picture):
    if not hasattr(os, "symlink"):
        pytest.skip("this system has no symbolic links")
    (tmp_path / "a.jpg").symlink_to(tmp_path / "b.jpg")
    (tmp_path / "b.jpg").symlink_to(tmp_path / "a.jpg")
    (tmp_path / "round").symlink_to(tmp_path)
    (tmp_path / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    (tmp_path / "photo.png").write_bytes(encode(picture, ".png"))
    refusal(tmp_path / "a.jpg", "a.jpg: cannot be read")
    photos, empty = find_photos([tmp_path], None)
    assert list(photos) == [tmp_path / "photo.png"]
    assert empty == []
    with pytest.raises(ImageNotFoundError):
        load_image(tmp_path / "gone.jpg")


def test_files_that_change_or_vanish(tmp_path, picture, monkeypatch):
    path = tmp_path / "photo.png"
    path.write_bytes(encode(picture, ".png"))
    fstat = os.fstat

    def grown(descriptor):
        status = fstat(descriptor)
        with path.open("ab") as file:
            file.write(bytes(1000))
        return status

    def shortened(descriptor):
        status = fstat(descriptor)
        os.truncate(path, 60)
        return status

    def vanished(descriptor):
        path.unlink(missing_ok=True)
        return fstat(descriptor)

    monkeypatch.setattr(files.os, "fstat", grown)
    np.testing.assert_array_equal(load_image(path), picture)
    monkeypatch.setattr(files.os, "fstat", shortened)
    refusal(path, "photo.png: ends before the picture does (60 bytes)")
    monkeypatch.setattr(files.os, "fstat", fstat)
    path.write_bytes(encode(picture, ".png"))
    if os.name == "posix":  # an open file lives on
        monkeypatch.setattr(files.os, "fstat", vanished)
        np.testing.assert_array_equal(load_image(path), picture)
        with pytest.raises(ImageNotFoundError):
            load_image(path)


def test_a_folder_of_all_of_these(tmp_path, photo, picture):
    """`lapland predict FOLDER` names what it cannot use, and does the others."""
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "astronaut.png").write_bytes(photo.read_bytes())
    (folder / "bomb.png").write_bytes(png(50_000, 50_000, bytes(9)))
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "folder.jpg").mkdir()
    (folder / "vector.jpg").write_bytes(b"<svg/>")
    (folder / "animated.png").write_bytes(encode(picture, ".webp"))
    if hasattr(os, "mkfifo"):
        os.mkfifo(folder / "fifo.jpg")
        (folder / "loop.jpg").symlink_to(folder / "loop.jpg")
        (folder / "round").symlink_to(folder)
    with (folder / "large.jpg").open("wb") as sparse:
        sparse.truncate(2 << 30)
    closed = folder / "closed"
    closed.mkdir()
    closed.chmod(0)
    try:
        command = [sys.executable, "-m", "lapland", "predict", str(folder), "--json"]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    finally:
        closed.chmod(0o700)
    assert done.returncode == 1
    assert [line.split('"')[3] for line in done.stdout.splitlines()] == [
        str(folder / "animated.png"),
        str(folder / "astronaut.png"),
    ]
    # libpng warns of the astronaut's profile by itself, where OpenCV has an older one.
    said = [line.split(": ")[1] for line in done.stderr.splitlines() if "libpng" not in line]
    names = ["bomb.png", "empty.jpg", "large.jpg", "vector.jpg"]
    if hasattr(os, "mkfifo"):
        names.insert(3, "passed over 1 broken link and 1 special file")
    assert sorted(Path(name).name for name in said) == names
    assert "Traceback" not in done.stderr


def test_unreadable_folders_are_named(tmp_path, monkeypatch, picture):
    """Of root, who reads every folder, the refusal is played."""
    (tmp_path / "closed").mkdir()
    (tmp_path / "photo.png").write_bytes(encode(picture, ".png"))
    scandir = os.scandir

    def refused(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refused)
    photos, empty = find_photos([tmp_path], None)
    assert list(photos) == [tmp_path / "photo.png"]
    assert empty == [tmp_path / "closed"]
    assert find_photos([tmp_path / "closed"], None) == ({}, [tmp_path / "closed"])
