"""Where streams of packets end."""

import struct

import cv2
import numpy as np
import pytest

from lapland.footage import packets
from lapland.footage.containers import look_into
from tests.films import SIZE, cut, film, picture

TIMES = [i / 30 for i in range(20)]
NOISE = np.random.default_rng(0).integers(0, 255, (20, SIZE[1], SIZE[0], 3), np.uint8)


ALONE = [(suffix, 0.0) for suffix in (".vob", ".mpg", ".nut", ".ogv", ".y4m", ".ivf", ".swf")]


@pytest.mark.parametrize(("suffix", "sound"), [*ALONE, (".vob", 2.0), (".mpg", 2.0), (".nut", 2.0)])
def test_whole_and_cut_within_a_packet(tmp_path, suffix, sound):
    path = film(tmp_path / f"film{suffix}", TIMES, sound=sound)
    assert look_into(path).cut is False
    for share in (0.413, 0.637, 0.995):
        assert look_into(cut(path, share)).cut is True


@pytest.mark.parametrize("suffix", [".nut", ".ogv", ".ivf", ".mxf"])
def test_the_mark_at_the_end_is_missing_wherever_a_film_is_cut(tmp_path, suffix):
    path = film(tmp_path / f"film{suffix}", TIMES)
    assert look_into(path).cut is False
    size = path.stat().st_size
    for kept in range(size // 2, size // 2 + 20):
        assert look_into(cut(path, (kept + 0.5) / size)).cut is True


def test_ivf_counts_its_frames(tmp_path):
    data = film(tmp_path / "film.ivf", TIMES).read_bytes()
    at, borders = struct.unpack_from("<H", data, 6)[0], []
    while at < len(data):
        borders.append(at)
        at += 12 + struct.unpack_from("<I", data, at)[0]
    (tmp_path / "cut.ivf").write_bytes(data[: borders[-1]])
    assert look_into(tmp_path / "cut.ivf").cut is True


@pytest.mark.parametrize(("suffix", "block"), [(".ts", 188), (".vob", 2048), (".mpg", 2048)])
def test_between_two_packets_nobody_knows(tmp_path, suffix, block):
    path = film(tmp_path / f"film{suffix}", TIMES, pictures=NOISE)
    assert look_into(cut(path, 0.5, block)).cut is False


def test_a_packet_of_sound_spans_several_of_a_transport_stream(tmp_path):
    def packet(body, first=False):
        room = 183 - len(body)
        field = bytes([room]) + b"\xff" * room if room >= 0 else b""
        flags = 0x30 if field else 0x10
        return struct.pack(">BHB", 0x47, 0x4100 if first else 0x100, flags) + field + body

    for length, cut_off in ((400, True), (0, False)):  # bytes; 0: unknown
        sound = b"\0\0\1\xc0" + struct.pack(">H", length) + bytes(400)
        parts = [packet(sound[:184], first=True), packet(sound[184:368]), packet(sound[368:])]
        path = tmp_path / "film.ts"
        path.write_bytes(b"".join(parts))
        assert look_into(path).cut is False
        path.write_bytes(b"".join([*parts, *parts[:2]]))
        assert look_into(path).cut is cut_off


@pytest.mark.parametrize("behind", [b"", b"\0" * 999])
def test_pictures_one_after_the_other(tmp_path, behind):
    data = b"".join(cv2.imencode(".jpg", picture(number))[1].tobytes() for number in range(9))
    path = tmp_path / "film.mjpeg"
    path.write_bytes(data + behind)
    assert look_into(path).cut is False
    path.write_bytes(data[:-200] + behind)
    assert look_into(path).cut is True


@pytest.mark.parametrize(
    ("colours", "factor"),
    [("", 1.5), (" C420jpeg", 1.5), (" C422", 2), (" C444", 3), (" Cmono", 1), (" C420p10", 3)],
)
def test_raw_frames_have_one_length(tmp_path, colours, factor):
    head = f"YUV4MPEG2 W12 H10 F25:1{colours}\n".encode()
    frame = b"FRAME\n" + bytes(int(120 * factor))
    path = tmp_path / "film.y4m"
    path.write_bytes(head + 3 * frame)
    assert look_into(path).cut is False
    path.write_bytes(head + 3 * frame[:-1])
    assert look_into(path).cut is True


def test_raw_frames_of_unknown_colours(tmp_path):
    for head in ("W12 H10 C444alpha", "W12", "W12 H10 Cxyz"):
        (tmp_path / "film.y4m").write_bytes(f"YUV4MPEG2 {head}\nFRAME\n".encode() + bytes(99))
        assert look_into(tmp_path / "film.y4m").cut is None


def test_an_animated_png(tmp_path):
    data = cv2.imencode(".png", picture(1))[1].tobytes()
    (tmp_path / "film.png").write_bytes(data)
    assert look_into(tmp_path / "film.png").cut is False
    (tmp_path / "film.png").write_bytes(data[:-20])
    assert look_into(tmp_path / "film.png").cut is True


@pytest.mark.parametrize("mark", [*packets.KINDS, b"G" + bytes(187), b"FLV\1", b"RIFF", b"GIF8"])
def test_any_bytes_behind_a_mark_are_a_file_that_is_cut_or_unknown(tmp_path, mark):
    rng = np.random.default_rng(0)
    odd = [b"W320 Hx\nFRAME\n", b"W320 H-1\nFRAME\n", b"\xff" * 150, b"\0\0\1\xba" * 90]
    for body in [*(rng.bytes(n) for n in (0, 1, 2, 3, 15, 40, 200, 5000)), *odd, bytes(300)]:
        path = tmp_path / "film"
        path.write_bytes(mark + body)
        assert look_into(path).cut in (True, False, None)
