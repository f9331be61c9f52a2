import numpy as np

from lapland._scheme import IBUG68
from tests.drawn_faces import draw_face
from training.data import CropSpec, Faces, origin
from training.evaluate import evaluate, table

COMMON = ["helen/testset/1", "lfpw/testset/2"]


def report(names):
    rng = np.random.default_rng(0)
    images, landmarks = zip(*(draw_face(rng) for _ in names), strict=True)
    faces = Faces.from_landmarks(names, images, np.stack(landmarks), IBUG68)
    faces.detected = faces.labelled.copy()
    faces.detected[0] = np.nan  # missed

    def middle(crops):
        return np.full((len(crops), 68, 2), 39.5), np.linspace(1, 2, 68)[None].repeat(len(crops), 0)

    return evaluate(middle, CropSpec(), faces, IBUG68)


def test_subsets_are_reported_only_when_all_their_folders_are_there():
    assert set(report(COMMON)["mtcnn"]["subsets"]) == {"common"}
    assert report(COMMON[:1])["mtcnn"]["subsets"] == {}
    whole = report([*COMMON, "ibug/3", "afw/4"])["labels"]["subsets"]
    assert {name: figures["faces"] for name, figures in whole.items()} == {
        "common": 2,
        "challenge": 1,
        "full": 3,
    }


def test_missed_faces_are_counted_and_the_table_tells_it():
    found = report(COMMON)
    assert found["missed_by_mtcnn"] == 1
    assert table(found).startswith("2 faces, 1 missed by MTCNN")


def test_photos_of_300w_are_known_by_their_folders():
    assert origin([*COMMON, "afw/1"]) == "300w"
    assert origin([*COMMON, "mine/1"]) == "own"
