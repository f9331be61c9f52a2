"""Faces and Face: validation, indexing, and the forms they are saved in."""

import copy
import pickle
from dataclasses import asdict, fields, replace

import numpy as np
import pytest

from lapland import IBUG68, Face, Faces, GeometryError, LaplandError
from tests.three_faces import SHAPES, arrays

FIELDS = ("boxes", "scores", "five_points", "landmarks", "scales")


def assert_equal(a, b):
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert a.scheme is b.scheme


def test_arrays_are_float32_copies_that_cannot_be_changed():
    given = arrays()
    faces = Faces(**given)
    for name in FIELDS:
        array = getattr(faces, name)
        assert array.dtype == np.float32
        assert not np.shares_memory(array, given[name])
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0
        with pytest.raises(ValueError, match="read-only"):
            getattr(faces[:2], name)[...] = 0
    with pytest.raises(ValueError, match="read-only"):
        faces[0].landmarks[0, 0] = 1
    with pytest.raises(AttributeError):
        faces.boxes = given["boxes"]
    given["boxes"][...] = 7  # the caller's own array stays writable and apart
    assert not (faces.boxes == 7).any()


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize("fault", ["fewer", "flat", "nan", "infinite"])
def test_wrong_arrays_are_named(name, fault):
    given = arrays()
    wrong = given[name]
    if fault == "fewer":
        wrong = wrong[:2]
    elif fault == "flat":
        wrong = wrong[..., None]
    else:
        wrong.flat[1] = np.nan if fault == "nan" else -np.inf
    given[name] = wrong
    blamed = "boxes" if (name, fault) == ("scores", "fewer") else name  # the scores say how many
    with pytest.raises(GeometryError, match=rf"^{blamed}: expected") as caught:
        Faces(**given)
    assert isinstance(caught.value, (LaplandError, ValueError))


def test_empty():
    none = Faces.empty()
    assert len(none) == 0
    assert [getattr(none, name).shape for name in FIELDS] == [
        (0, *SHAPES[name][1:]) for name in FIELDS
    ]
    assert list(none) == []
    assert none.to_dict() == {"scheme": "ibug68", "faces": []}
    assert repr(none) == "<0 faces, 68 landmarks each>"
    assert len(none[:1]) == len(none[[]]) == len(none[np.zeros(0, bool)]) == 0
    assert_equal(none, none[none.scores > 0.5])
    with pytest.raises(IndexError):
        none[0]


@pytest.mark.parametrize(
    ("index", "rows"),
    [
        (slice(1, None), [1, 2]),
        (slice(None, None, -1), [2, 1, 0]),
        (slice(5, 9), []),
        ([2, 0], [2, 0]),
        ([-1], [2]),
        ([], []),
        ((1, 1), [1, 1]),
        (np.array([1, 2], np.uint16), [1, 2]),
        ([True, False, True], [0, 2]),
        (np.array([False, False, False]), []),
    ],
)
def test_several_faces(faces, index, rows):
    some = faces[index]
    assert isinstance(some, Faces)
    assert len(some) == len(rows)
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(some, name), getattr(faces, name)[rows])


@pytest.mark.parametrize("index", [3, -4, [0, 3], [True, False], 1.5, "first", None])
def test_indices_that_make_no_sense(faces, index):
    with pytest.raises(IndexError):
        faces[index]


def test_iteration(faces):
    listed = list(faces)
    assert [type(face) for face in listed] == [Face] * 3
    assert [face.score for face in listed] == faces.scores.tolist()
    assert repr(faces) == "<3 faces, 68 landmarks each>"
    assert repr(faces[:1]) == "<1 face, 68 landmarks each>"


def test_faces_can_be_sent_to_another_process(faces):
    for again in (pickle.loads(pickle.dumps(faces)), copy.deepcopy(faces), copy.copy(faces)):
        assert_equal(again, faces)
        with pytest.raises(ValueError, match="read-only"):
            again.landmarks[...] = 0
    face = pickle.loads(pickle.dumps(faces[1]))
    np.testing.assert_array_equal(face.landmarks, faces.landmarks[1])
    assert face.scheme is IBUG68


@pytest.mark.parametrize("kind", ["shipped", "custom"])
def test_faces_are_dictionaries_for_dataclasses(faces, kind):
    scheme = faces.scheme if kind == "shipped" else replace(faces.scheme, name="another")
    for given in (replace(faces, scheme=scheme), replace(faces[1], scheme=scheme)):
        row = asdict(given)
        assert list(row) == [field.name for field in fields(given)]
        np.testing.assert_array_equal(row["landmarks"], given.landmarks)
        assert row["scheme"]["name"] == scheme.name
        assert row["scheme"]["groups"] == dict(scheme.groups)


# --- identities


@pytest.fixture
def tracked():
    return Faces(**arrays(), ids=[7, 2, 9])


def test_ids_are_none_but_in_a_video(faces, tracked):
    assert faces.ids is None
    assert faces[0].id is None
    assert faces[1:].ids is None
    assert Faces.empty().ids is None
    assert tracked.ids.dtype == np.int64
    with pytest.raises(ValueError, match="read-only"):
        tracked.ids[0] = 1


def test_the_callers_ids_stay_writable_and_apart():
    given = np.array([7, 2, 9], np.int64)  # of the dtype that the faces keep
    faces = Faces(**arrays(), ids=given)
    assert given.flags.writeable
    given[:] = 0
    assert faces.ids.tolist() == [7, 2, 9]


def test_ids_go_with_their_faces(tracked):
    assert tracked[1].id == 2
    assert type(tracked[1].id) is int
    assert [face.id for face in tracked] == [7, 2, 9]
    assert tracked[::-1].ids.tolist() == [9, 2, 7]
    assert tracked[tracked.ids == 9].ids.tolist() == [9]
    assert tracked[[]].ids.tolist() == []
    for again in (pickle.loads(pickle.dumps(tracked)), copy.deepcopy(tracked)):
        assert_equal(again, tracked)
        assert again.ids.tolist() == [7, 2, 9]
        with pytest.raises(ValueError, match="read-only"):
            again.ids[0] = 1
    assert pickle.loads(pickle.dumps(tracked[0])).id == 7


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        ([1, 2], r"ids: expected shape \(3,\), not \(2,\)"),
        ([[1, 2, 3]], "ids: expected shape"),
        ([1.0, 2.0, 3.0], "ids: expected whole numbers, not float64"),
        (["a", "b", "c"], "ids: expected whole numbers"),
        (4, "ids: expected shape"),
    ],
)
def test_wrong_ids(ids, words):
    with pytest.raises(GeometryError, match=words):
        Faces(**arrays(), ids=ids)
