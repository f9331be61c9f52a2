import numpy as np
import pytest

from lapland.schemes.aflw19 import AFLW19
from lapland.schemes.ibug68 import IBUG68
from tests.drawn_faces import draw_face, to_aflw19, write_folder, write_list
from training.data.pts import read_indexed_pts, read_pts
from training.data.readers import read_faces, read_folder, read_list, read_split

HEAD = "version: 1\nn_points:  2\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_folder(tmp_path_factory.mktemp("data") / "faces", 6)


def test_pts_coordinates_become_0_based(tmp_path):
    file = tmp_path / "a.pts"
    file.write_text(HEAD + "{\n1.000 1.000\n11.5 3\n}\n")
    np.testing.assert_array_equal(read_pts(file), [[0, 0], [10.5, 2]])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (HEAD + "1 1\n2 2\n", "between braces"),
        (HEAD + "{\n1 1\n2 2\n", "between braces"),
        (HEAD + "{\n1 1\n2\n}", "3 numbers for 2 points"),
        (HEAD + "{\n1 1\n2 x\n}", "expected numbers"),
        ("n_points two\n{\n1 1\n2 2\n}", "expected `n_points: NUMBER`"),
    ],
)
def test_wrong_pts_files_are_named(tmp_path, text, fault):
    file = tmp_path / "a.pts"
    file.write_text(text)
    with pytest.raises(ValueError, match=fault) as caught:
        read_pts(file)
    assert str(file) in str(caught.value)


def test_folder_is_read_whole_or_by_names(folder):
    faces = read_folder(folder, IBUG68)
    assert len(faces) == 6
    assert faces.landmarks.shape == (6, 68, 2)
    chosen = read_folder(folder, IBUG68, ["drawn/face_3"])
    assert chosen.names == ["drawn/face_3"]
    np.testing.assert_array_equal(chosen.landmarks[0], faces.landmarks[3])


def test_a_name_may_leave_out_folders_between(tmp_path):
    root = write_folder(tmp_path / "x" / "trainset", 2).parent
    faces = read_folder(root, IBUG68, ["trainset/face_1"])
    assert faces.names == ["trainset/drawn/face_1"]


def test_what_is_missing_is_named(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match="0 photos match 'drawn/face_9'"):
        read_folder(folder, IBUG68, ["drawn/face_9"])
    with pytest.raises(FileNotFoundError, match="no such folder"):
        read_folder(tmp_path / "none", IBUG68)
    with pytest.raises(FileNotFoundError, match=r"no photo with a \.pts file"):
        read_folder(tmp_path, IBUG68)


def test_another_number_of_points_is_refused(tmp_path):
    root = write_folder(tmp_path / "faces", 2)
    (root / "drawn/face_0.pts").write_text(HEAD + "{\n1 1\n2 2\n}")
    with pytest.raises(ValueError, match="2 points, but the scheme ibug68 has 68"):
        read_folder(root, IBUG68)


def test_split_file_lists_names(folder):
    assert read_split(folder / "splits/val.txt") == ["drawn/face_5"]


def test_a_split_of_names_is_read_from_the_folder(folder):
    faces = read_faces(folder, IBUG68, folder / "splits/val.txt")
    assert faces.names == ["drawn/face_5"]
    assert faces.boxes is None
    eyes = faces.landmarks[0, [36, 45]]
    assert faces.sizes[0] == np.linalg.norm(eyes[0] - eyes[1])
    assert len(read_faces(folder, IBUG68)) == 6


def test_a_face_without_a_size_is_named(tmp_path):
    root = write_folder(tmp_path / "faces", 2)
    (root / "drawn/face_1.pts").write_text("version: 1\nn_points: 68\n{\n" + "7 7\n" * 68 + "}\n")
    with pytest.raises(ValueError, match=r"drawn/face_1: errors are divided by .* is 0"):
        read_folder(root, IBUG68)


# The form of AFLW's 19 points


def test_rows_of_visible_points_become_0_based_and_the_others_nan(tmp_path):
    file = tmp_path / "image00002-0.pts"
    file.write_text("02 123.45 98.76 True\n04 1.00 1.00 True\n03 5.00 5.00 False\n")
    points = read_indexed_pts(file, 4)
    np.testing.assert_allclose(points[[1, 3]], [[122.45, 97.76], [0, 0]])
    assert np.isnan(points[[0, 2]]).all()


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ("02 1.0 2.0", "expected `index x y True`, found '02 1.0 2.0'"),
        ("02 1.0 two True", "expected `index x y True`"),
        ("02 1.0 2.0 yes", "expected True or False, found 'yes'"),
        ("20 1.0 2.0 True", "index 20 is not in 1 to 19"),
        ("00 1.0 2.0 True", "index 00 is not in 1 to 19"),
        ("01 1.0 2.0 True", "index 01 is listed twice"),
        ("02 1.0 nan True", "expected finite numbers, found 1.0 nan"),
    ],
)
def test_wrong_rows_of_points_are_named(tmp_path, row, fault):
    file = tmp_path / "a.pts"
    file.write_text(f"01 1.0 2.0 True\n{row}\n")
    with pytest.raises(ValueError, match=fault) as caught:
        read_indexed_pts(file, 19)
    assert f"{file}, line 2" in str(caught.value)


def test_list_of_faces_that_share_photos(tmp_path):
    root = write_list(tmp_path / "aflw", 6)
    faces = read_faces(root, AFLW19, root / "splits/train.txt")
    assert faces.names == [f"annotation/0/image0000{i // 2}-{i}" for i in range(5)]
    assert faces.images[0] is faces.images[1]
    assert faces.images[0] is not faces.images[2]
    rng = np.random.default_rng(0)
    for i in range(4):
        expected = to_aflw19(draw_face(rng)[1]) + np.array([200 * (i % 2), 0])
        seen = ~np.isnan(faces.landmarks[i, :, 0])
        np.testing.assert_allclose(faces.landmarks[i, seen], expected[seen], atol=0.0051)
        box = np.concatenate([expected.min(axis=0), expected.max(axis=0)])
        np.testing.assert_allclose(faces.boxes[i], box, atol=0.0051)
        assert faces.sizes[i] == pytest.approx(np.sqrt((box[2:] - box[:2]).prod()))
        assert seen.sum() == (19 if i % 2 == 0 else 12)
    # The size is the list's, whatever is visible.
    assert np.isfinite(faces.five_points).all()


def test_list_may_hold_absolute_paths_and_empty_lines(tmp_path):
    root = write_list(tmp_path / "aflw", 2)
    row = (root / "splits/val.txt").read_text().split(maxsplit=2)
    file = tmp_path / "absolute.txt"
    file.write_text(f"\n{root / row[0]} {root / row[1]} {row[2]}\n\n")
    faces = read_list(tmp_path / "elsewhere", AFLW19, file)
    assert faces.names == [str((root / row[1]).with_suffix(""))]


@pytest.mark.parametrize(
    ("change", "error", "fault"),
    [
        (
            lambda r: r[:6],
            ValueError,
            "expected `image_path annotation_path x1 y1 x2",
        ),
        (lambda r: [*r[:6], "large"], ValueError, "expected `image_path annotation_path"),
        (lambda r: [*r[:2], r[4], *r[3:]], ValueError, "with x1 < x2 and y1 < y2"),
        (lambda r: [*r[:6], "0"], ValueError, "face_size above 0, found 0"),
        (
            lambda r: ["images/none.png", *r[1:]],
            FileNotFoundError,
            "none.png: there is no",
        ),
        (lambda r: [r[1], *r[1:]], ValueError, "this is text; .* expected JPEG"),
        (lambda r: [r[0], "none.pts", *r[2:]], FileNotFoundError, "no such annotation file"),
        (lambda r: [r[0], "wrong.pts", *r[2:]], ValueError, "wrong.pts, line 1: expected `index"),
        (
            lambda r: [r[0], "ibug.pts", *r[2:]],
            ValueError,
            "2 points, but the scheme aflw19",
        ),
    ],
)
def test_wrong_rows_of_a_list_are_named(tmp_path, change, error, fault):
    root = write_list(tmp_path / "aflw", 4)
    (root / "wrong.pts").write_text("1 2 3\n")
    (root / "ibug.pts").write_text(HEAD + "{\n1 1\n2 2\n}")
    file = root / "splits/train.txt"
    rows = file.read_text().splitlines()
    file.write_text("\n".join([rows[0], " ".join(change(rows[1].split()))]))
    with pytest.raises(error, match=fault) as caught:
        read_faces(root, AFLW19, file)
    assert f"{file}, line 2: " in str(caught.value)


def test_a_face_without_a_visible_landmark_is_named(tmp_path):
    root = write_list(tmp_path / "aflw", 4)
    (root / "annotation/0/image00000-1.pts").write_text("\n")
    with pytest.raises(ValueError, match="image00000-1: none of its 19 landmarks is visible"):
        read_faces(root, AFLW19, root / "splits/train.txt")


def test_an_empty_list_is_refused(tmp_path):
    (tmp_path / "empty.txt").write_text("\n")
    with pytest.raises(ValueError, match="found none"):
        read_list(tmp_path, AFLW19, tmp_path / "empty.txt")
