"""Films for tests, with any times, in any container: `av` encodes them."""

import tempfile
from fractions import Fraction
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

SIZE = (320, 240)
# 60 frames 1/30 s apart, 40 frames 1/10 s apart, 10 frames half a second apart.
VARIABLE = [*np.arange(60) / 30, *(2 + np.arange(40) / 10), *(6 + np.arange(10) / 2)]
CODECS = {".webm": "libvpx", ".avi": "mpeg4", ".ivf": "libvpx", ".ogv": "libvpx"}
CODECS |= {".y4m": "rawvideo", ".nut": "mpeg4", ".swf": "flv"}
CODECS |= dict.fromkeys((".mpg", ".vob", ".mxf", ".m2v"), "mpeg2video")
CONSTANT = {".avi", ".mpg", ".vob", ".mxf", ".m2v", ".y4m", ".nut", ".swf"}  # have a rate
ALIKE = {"threads": "1"}  # else the bytes depend on how many cores there are
# Of libx264: coarse pictures, but B-frames stay. Not in .ts: a cut file of this kind shows only by
# what its decoder misses.
QUICK = ALIKE | {"preset": "ultrafast", "bf": "2"}
PACKET = 188  # bytes, of a transport stream
# This encoder needs a twentieth of a second for a picture of `SIZE`.
SMALL = {suffix: (80, 60) for suffix, codec in CODECS.items() if codec == "libvpx"}


def picture(number):
    """(240, 320, 3): a grey picture with its number in binary, as white bars."""
    image = np.full((SIZE[1], SIZE[0], 3), 60, np.uint8)
    for bit in range(8):
        if number >> bit & 1:
            image[:, 40 * bit + 5 : 40 * bit + 35] = 220
    return image


def number_of(image):
    """The number of a picture, drawn upon or not."""
    scaled = cv2.resize(image, SIZE)[90:150].mean(axis=(0, 2))
    return sum(1 << bit for bit in range(8) if scaled[40 * bit + 10 : 40 * bit + 30].mean() > 140)


def film(path, times, *, pictures=None, ratio=None, sound=0.0, **options):
    """Writes a film whose frames have these times in seconds.

    Args:
        path: its suffix chooses the container.
        times: of each frame.
        pictures: of each frame; numbered ones by default.
        ratio: width and height of a pixel.
        sound: seconds of silence beside it.
        options: of the container, as `movflags="faststart"`.
    """
    if pictures is not None:
        return _encode(path, times, pictures, ratio, sound, options)
    given = tuple(map(float, times)), ratio, sound, tuple(options.items())
    path.write_bytes(_numbered(path.suffix, *given))
    return path


@cache  # many tests read the same film
def _numbered(suffix, times, ratio, sound, options):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"film{suffix}")
        return _encode(path, times, None, ratio, sound, dict(options)).read_bytes()


def _encode(path, times, pictures, ratio, sound, options):
    av = pytest.importorskip("av")
    base = 30 if path.suffix in CONSTANT else 90_000
    with av.open(str(path), "w", options=options) as container:
        codec = CODECS.get(path.suffix, "libx264")
        quick = QUICK if codec == "libx264" and path.suffix != ".ts" else ALIKE
        stream = container.add_stream(codec, rate=30, options=quick)
        size = SMALL.get(path.suffix, SIZE)
        stream.width, stream.height = size
        stream.pix_fmt, stream.gop_size = "yuv420p", 12
        stream.codec_context.time_base = Fraction(1, base)
        if ratio is not None:
            stream.codec_context.sample_aspect_ratio = Fraction(*ratio)
        heard = _silence(container, path.suffix) if sound else None
        for number, time in enumerate(times):
            image = picture(number) if pictures is None else pictures[number]
            if size != SIZE:
                image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = round(time * base), Fraction(1, base)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if heard is not None:
            for at in range(0, int(sound * 48_000), heard.codec_context.frame_size):
                samples = np.zeros((1, heard.codec_context.frame_size), np.int16)
                frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
                frame.sample_rate, frame.pts, frame.time_base = 48_000, at, Fraction(1, 48_000)
                container.mux(heard.encode(frame))
            container.mux(heard.encode())
    return path


def _silence(container, suffix):
    codec = {".webm": "libopus", ".mpg": "mp2", ".vob": "mp2"}.get(suffix, "aac")
    stream = container.add_stream(codec, rate=48_000)
    stream.codec_context.layout = "mono"
    stream.codec_context.open()  # then the length of its frames is known
    return stream


def cut(path, share=0.5, block=1):
    """The first part of a file, of whole blocks of so many bytes, as another.

    A transport stream that ends between two of its packets is a whole one, as far as anybody knows:
    without a block it ends within one.
    """
    data = path.read_bytes()
    end = int(share * len(data)) // block * block
    if path.suffix == ".ts" and block == 1 and end % PACKET == 0:
        end -= PACKET // 2
    part = path.with_name(f"cut{path.suffix}")
    part.write_bytes(data[:end])
    return part


def write_video(path, frames, fps=25.0, code="MJPG"):
    """Writes a film of constant rate with OpenCV, and returns its path."""
    height, width = frames[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*code), fps, (width, height))
    assert writer.isOpened()
    for frame in frames:
        writer.write(frame)
    writer.release()
    return path


def read_video(path):
    """All frames of a film, and its rate."""
    capture = cv2.VideoCapture(str(path))
    frames = []
    while True:
        there, frame = capture.read()
        if not there:
            return frames, capture.get(cv2.CAP_PROP_FPS)
        frames.append(frame)
