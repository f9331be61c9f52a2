"""`lapland predict`: drawings, lines, targets, and what it refuses."""

import json

import cv2
import numpy as np
import pytest

from lapland.cli.main import main
from tests.photos import put


def run(*arguments):
    return main([*map(str, arguments), "--threads", "1"])


def test_one_photo_is_drawn_in_this_folder(here, small, capsys):
    photo = put(here / "photos" / "ann.png", small)
    assert run("predict", photo) == 0
    out, err = capsys.readouterr()
    assert out == f"{photo}: 1 face, drawn in ann_landmarks.jpg\n"
    assert err == ""
    drawn = cv2.imread("ann_landmarks.jpg")
    assert drawn.shape == small.shape
    assert abs(drawn.astype(int) - small).max() > 100
    np.testing.assert_array_equal(cv2.imread(photo), small)


@pytest.mark.parametrize("name", ["out.png", "new/folder/out.jpg", "OUT.JPEG", "out.webp"])
def test_out_names_a_file_for_one_photo(here, small, name):
    photo = put(here / "ann.png", small)
    assert run("predict", photo, "-o", name) == 0
    assert cv2.imread(name).shape == small.shape


def test_out_names_a_folder(here, small):
    photo = put(here / "ann.png", small)
    (here / "is.jpg").mkdir()
    for folder in ("new/drawings", "is.jpg"):
        assert run("predict", photo, "-o", folder) == 0
        assert (here / folder / "ann_landmarks.jpg").is_file()


def test_files_and_folders_with_equal_names(here, small, capsys):
    put(here / "a" / "ann.png", small)
    put(here / "b" / "deep" / "ann.jpg", small)
    put(here / "b" / "grey.bmp", np.full((60, 60, 3), 99, np.uint8))
    (here / "b" / "notes.txt").write_text("no photo")
    (here / "b" / "folder.jpg").mkdir()
    assert run("predict", "a", "b", "a/ann.png", "-o", "out") == 0
    assert sorted(p.name for p in (here / "out").iterdir()) == [
        "ann_2_landmarks.jpg",
        "ann_landmarks.jpg",
        "grey_landmarks.jpg",
    ]
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3  # a photo that is named twice is done once
    assert [line.split(":")[1].split(",")[0] for line in lines] == [
        " 1 face",
        " 1 face",
        " 0 faces",
    ]


def test_no_photo_is_ever_overwritten(here, small, capsys):
    photo = put(here / "ann.jpg", small)
    before = (here / "ann.jpg").read_bytes()
    assert run("predict", photo, "-o", "ann.jpg") == 2
    assert "take the place of the photo" in capsys.readouterr().err
    # The name of one drawing is that of another photo.
    put(here / "ann_landmarks.jpg", small)
    assert run("predict", photo, "ann_landmarks.jpg") == 0
    assert (here / "ann.jpg").read_bytes() == before
    assert np.array_equal(
        cv2.imread("ann_landmarks.jpg"), cv2.imdecode(np.frombuffer(before, np.uint8), 1)
    )
    assert (here / "ann_2_landmarks.jpg").is_file()


def test_a_file_name_for_several_photos_is_refused(here, small, capsys):
    photos = [put(here / name, small) for name in ("a.png", "b.png")]
    assert run("predict", *photos, "-o", "out.jpg") == 2
    assert "-o out.jpg: expected a folder" in capsys.readouterr().err
    assert not (here / "out.jpg").exists()


def test_a_second_run_on_a_folder_does_not_draw_the_drawings(here, small):
    put(here / "a.png", small)
    for arguments in ([], ["-o", here / "drawn"]):
        for _ in range(2):
            assert run("predict", here, *arguments) == 0
    assert {path.name for path in here.rglob("*.*")} == {"a.png", "a_landmarks.jpg"}


def test_a_picture_that_cannot_be_written_is_no_name_of_a_folder(here, small, capsys):
    photo = put(here / "a.png", small)
    assert run("predict", photo, "-o", "out.gif") == 2
    assert "-o out.gif: expected a folder, or a file that ends in .bmp" in capsys.readouterr().err
    assert not (here / "out.gif").exists()


def test_lines_of_json(here, small, detector, capsys):
    photos = [put(here / "a.png", small), put(here / "b.png", small[:, ::-1])]
    assert run("predict", *photos, "--json") == 0
    out, err = capsys.readouterr()
    rows = [json.loads(line) for line in out.splitlines()]
    assert err == ""
    assert [row["photo"] for row in rows] == photos
    for row in rows:
        made_with = {"photo": row["photo"], "model": detector.model.name, "min_face": 40}
        assert made_with | detector.predict(row["photo"]).to_dict() == row
    assert sorted(p.name for p in here.iterdir()) == ["a.png", "b.png"]  # nothing is drawn


def test_json_and_drawings(here, small, capsys):
    photo = put(here / "a.png", small)
    assert run("predict", photo, "--json", "-o", "out") == 0
    assert len(json.loads(capsys.readouterr().out)["faces"]) == 1
    assert (here / "out" / "a_landmarks.jpg").is_file()


def test_a_wrong_file_among_good_ones(here, small, capsys):
    good = [put(here / name, small) for name in ("a.png", "z.png")]
    (here / "m.jpg").write_text("not a picture")
    assert run("predict", good[0], "m.jpg", "none.jpg", good[1]) == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 2
    first, second = err.splitlines()
    assert first.startswith("lapland: m.jpg: ")
    assert second == "lapland: none.jpg: there is no such file"
    assert (here / "z_landmarks.jpg").is_file()


def test_a_folder_without_photos(here, small, capsys):
    (here / "empty").mkdir()
    photo = put(here / "a.png", small)
    assert run("predict", "empty", photo) == 1
    out, err = capsys.readouterr()
    assert err.startswith("lapland: empty: holds no photo (")
    assert len(err.splitlines()) == len(out.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--width", "1/3", "--weights", "300w"], ["width must be one of", "'1/8'", "'1/3'"]),
        (["--model", "none.onnx"], ["none.onnx: there is no such model file"]),
        (["--model", "a.png"], ["a.png: is damaged or not an ONNX graph", "damaged"]),
        (["--min-face", "3"], ["min_face"]),
        (["--threads", "0"], ["threads"]),
    ],
)
def test_options_that_cannot_be(here, small, capsys, arguments, words):
    photo = put(here / "a.png", small)
    assert main(["predict", photo, *arguments]) == (1 if "--model" in arguments else 2)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("lapland: ")
    assert len(err.splitlines()) == 1
    for word in words:
        assert word in err


@pytest.mark.parametrize("out", ["file/below", "file/out.jpg"])
def test_targets_that_cannot_be_written(here, small, capsys, out):
    (here / "file").write_text("in the way")
    photo = put(here / "a.png", small)
    assert run("predict", photo, "-o", out) == 1
    err = capsys.readouterr().err
    assert "file" in err
    assert "cannot be written" in err
    assert len(err.splitlines()) == 1


def test_a_photo_too_wide_for_jpeg(here, capsys):
    photo = put(here / "wide.png", np.zeros((30, 66_000, 3), np.uint8))
    assert run("predict", photo) == 1
    assert "cannot write 66000 x 30 pixels as .jpg" in capsys.readouterr().err


def test_a_model_of_ones_own(here, small, peaks, capsys):
    photo = put(here / "a.png", small)
    assert run("predict", photo, "--model", peaks, "--json") == 0
    assert json.loads(capsys.readouterr().out)["scheme"] == "ibug68"
