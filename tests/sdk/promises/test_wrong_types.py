"""Arguments of a wrong type, or of a megabyte, give an error of lapland's, in a few lines."""

import numpy as np
import pytest

from lapland import Blinks, Detector, Faces, LaplandError, Tracker, blur, draw, read_scheme, track
from lapland.cli.main import main

LARGE = ["A" * 1_000_000, "line\n" * 200_000, [[1, 2, 3, 4]] * 50_000 + [[1]], np.zeros(1 << 20)]
WRONG = [*LARGE, "0.9", [0.5, 0.9], {}, object(), np.zeros(9), 1j, b"x" * 1_000_000, None]
WRONG += [10**400, "\0"]


@pytest.fixture(scope="module")
def faces(detector, image):
    return detector.predict(image)


CALLS = {
    "radius": lambda d, f, i, x: f.radius(x),
    "draw, radius": lambda d, f, i, x: draw(i, f, radius=x),
    "draw, faces": lambda d, f, i, x: draw(i, x),
    "draw, image": lambda d, f, i, x: draw(x, f),
    "predict": lambda d, f, i, x: d.predict(x),
    "boxes": lambda d, f, i, x: d.predict(i, boxes=x),
    "five_points": lambda d, f, i, x: d.predict(i, five_points=x),
    "predict_many": lambda d, f, i, x: list(d.predict_many(x)),
    **{
        f"Detector, {name}": lambda d, f, i, x, name=name: Detector(**{name: x})
        for name in ("width", "precision", "decoder", "model", "min_face", "thresholds")
    },
    **{
        f"Detector, {name}": lambda d, f, i, x, name=name: Detector(**{name: x})
        for name in ("pyramid_factor", "threads", "rgb", "min_confidence", "max_faces")
    },
    "Detector, detector": lambda d, f, i, x: Detector(detector=x),
    "Detector, turned": lambda d, f, i, x: Detector(turned=x),
    "Detector, looks": lambda d, f, i, x: Detector(looks=x),
    **{
        f"Tracker, {name}": lambda d, f, i, x, name=name: Tracker(d, **{name: x})
        for name in ("smoothing", "unsure", "search_every", "memory", "background", "clock")
    },
    "Tracker, detector": lambda d, f, i, x: Tracker(x),
    "use": lambda d, f, i, x: Tracker(d, background=False).use(x),
    "update": lambda d, f, i, x: Tracker(d, background=False).update(x),
    "time": lambda d, f, i, x: Tracker(d, background=False).update(i, x),
    "track": lambda d, f, i, x: next(iter(track(x))),
    "track, tracker": lambda d, f, i, x: next(iter(track("no.mp4", x))),
    "blur, image": lambda d, f, i, x: blur(x, f),
    "blur, faces": lambda d, f, i, x: blur(i, x),
    "blur, style": lambda d, f, i, x: blur(i, f, x),
    "draw, boxes": lambda d, f, i, x: draw(i, f, boxes=x),
    "draw, pose": lambda d, f, i, x: draw(i, f, pose=x),
    "draw, rgb": lambda d, f, i, x: draw(i, f, rgb=x),
    "part": lambda d, f, i, x: f.part(x),
    "mask": lambda d, f, i, x: f[0].mask(i, x),
    "chips": lambda d, f, i, x: f.chips(i, x),
    "chips, image": lambda d, f, i, x: f.chips(x),
    "pose": lambda d, f, i, x: f.pose(x),
    "to_dict": lambda d, f, i, x: f.to_dict(pose=x),
    "to_json": lambda d, f, i, x: f[0].to_dict(eyes=x),
    "to_coco": lambda d, f, i, x: f.to_coco(image_id=1, width=x, height=x),
    "from_dict": lambda d, f, i, x: Faces.from_dict(x),
    "from_json": lambda d, f, i, x: Faces.from_json(x),
    "empty": lambda d, f, i, x: Faces.empty(x),
    "Blinks": lambda d, f, i, x: Blinks(x),
    "Blinks, faces": lambda d, f, i, x: Blinks().update(x, 0.0),
    "Blinks, time": lambda d, f, i, x: Blinks().update(Faces.empty(), x),
    "Blinks, count": lambda d, f, i, x: Blinks().count(x),
    "Faces, boxes": lambda d, f, i, x: Faces(
        x, f.scores, f.five_points, f.landmarks, f.scales, f.scheme
    ),
    "Faces, scheme": lambda d, f, i, x: Faces(
        f.boxes, f.scores, f.five_points, f.landmarks, f.scales, x
    ),
}
# What None asks for there.
NONE = {"draw, radius", "boxes", "five_points", "Detector, model", "Detector, threads"}
NONE |= {"Tracker, detector", "Tracker, unsure", "Tracker, clock", "use", "time", "pose", "to_coco"}
NONE |= {f"Detector, {name}" for name in ("max_faces", "width", "precision", "thresholds")}


ANY_WHOLE = {"Detector, min_face", "Detector, max_faces", "Blinks, count"}


@pytest.mark.parametrize("call", CALLS)
def test_wrong_types(detector, faces, image, call):
    for value in WRONG:
        if value is None and call in NONE:
            continue
        if call == "blur, faces" and isinstance(value, dict):  # nothing to hide
            continue
        if isinstance(value, int) and call in ANY_WHOLE:
            continue
        with pytest.raises(LaplandError) as caught:
            CALLS[call](detector, faces, image, value)
        message = str(caught.value)
        assert len(message) < 700, message[:900]
        assert "\n" not in message


def test_paths_that_are_none(faces):
    for value in WRONG:
        if isinstance(value, str) and "\0" not in value:
            continue
        for call in (faces.save_pts, faces[0].save_pts, read_scheme):
            with pytest.raises(LaplandError) as caught:
                call(value)
            assert len(str(caught.value)) < 300


def test_paths_that_are_too_long(faces, tmp_path):
    for call in (faces.save_pts, faces[0].save_pts, read_scheme):
        with pytest.raises(LaplandError) as caught:
            call(tmp_path / ("A" * 1_000_000))
        assert len(str(caught.value)) < 300


LONG = ["A" * 100_000, "A" * 300, "-" * 300, "line\n" * 20_000]
COMMANDS = {
    "no command": lambda x: [x],
    "predict": lambda x: ["predict", x],
    "predict, -o": lambda x: ["predict", "no.jpg", "-o", f"{x}.jsonl"],
    "predict, --pts": lambda x: ["predict", "no.jpg", "--pts", x],
    "predict, --model": lambda x: ["predict", "no.jpg", "--model", x],
    "predict, --width": lambda x: ["predict", "no.jpg", f"--width={x}"],
    "predict, --detector": lambda x: ["predict", "no.jpg", f"--detector={x}"],
    "predict, --min-face": lambda x: ["predict", "no.jpg", "--min-face", x],
    "track": lambda x: ["track", x, "-o", "out.jsonl"],
    "track, -o": lambda x: ["track", "no.mp4", "-o", x],
    "track, a file of that name": lambda x: ["track", "no.mp4", "-o", f"{x}.csv"],
    "blur": lambda x: ["blur", x, "-o", "out"],
    "blur, -o": lambda x: ["blur", "no.jpg", "-o", f"{x}.jpg"],
    "webcam": lambda x: ["webcam", "--source", x, "--no-window", "--record", "out.mp4"],
    "webcam, --record": lambda x: ["webcam", "--source", "no.mp4", "--no-window", "--record", x],
    "benchmark": lambda x: ["benchmark", x],
    "benchmark, --size": lambda x: ["benchmark", f"--size={x}"],
    "models": lambda x: ["models", x],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_long_arguments_of_the_command(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for value in LONG:
        try:
            code = main(COMMANDS[command](value))
        except SystemExit as end:
            code = end.code
        assert code in (1, 2)
        said = capsys.readouterr().err
        assert len(said) < 1500
        assert said.count("A") < 230
        assert "Traceback" not in said
